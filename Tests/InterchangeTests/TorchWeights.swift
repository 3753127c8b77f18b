/// Weights of public networks by a formula, and the file that holds them.
///
/// Shapes and bytes are written down here without the product's help. The formula is that of
/// Tests/Scripts/make_resnet_goldens.py.
struct TorchWeights {
  struct Tensor {
    var name: String
    var type = "F32"
    var shape: [Int]
    var bytes: [UInt8]
  }

  /// In the order of their names.
  var tensors: [Tensor] = []

  init(tensors: [Tensor]) { self.tensors = tensors }

  /// Every tensor of a residual network with so many classes, the counts of batches among them.
  init(blocks: [Int], classes: Int) {
    var listed = TorchWeights.shapes(blocks: blocks, classes: classes).map { ($0.key, $0.value) }
    for (name, _) in listed where name.hasSuffix("running_mean") {
      listed.append((name.dropLast("running_mean".count) + "num_batches_tracked", []))
    }
    self.init(listed, head: "fc")
  }

  /// Every tensor of a list; `head` is the name of the last layer.
  init(_ listed: [(name: String, shape: [Int])], head: String) {
    let counts = listed.filter { $0.name.hasSuffix("num_batches_tracked") }.map(\.name)
    let sorted = listed.filter { !counts.contains($0.name) }.sorted { $0.name < $1.name }
    for (key, (name, shape)) in sorted.enumerated() {
      let count = shape.reduce(1, *)
      var values = TorchWeights.uniform(count, key: key + 1)
      if shape.count > 1 {
        let limit = Float((6 / Double(count / shape[0])).squareRoot())
        values = values.map { $0 * limit }
      } else {
        values = values.map { $0 * 0.25 + TorchWeights.base(of: name, head: head) }
      }
      tensors.append(Tensor(name: name, shape: shape, bytes: TorchWeights.bytes(values)))
    }
    for name in counts {
      tensors.append(
        Tensor(name: name, type: "I64", shape: [], bytes: [7] + Array(repeating: 0, count: 7)))
    }
    tensors.sort { $0.name < $1.name }
  }

  /// What a vector's numbers lie about.
  private static func base(of name: String, head: String) -> Float {
    if name.hasSuffix("running_var") { return 1 }
    if name.hasSuffix("weight") { return 0.75 }
    return name.hasSuffix("running_mean") || name == "\(head).bias" ? 0 : 2
  }

  private static func shapes(blocks: [Int], classes: Int) -> [String: [Int]] {
    var shapes = [
      "conv1.weight": [64, 3, 7, 7], "fc.weight": [classes, 512], "fc.bias": [classes],
    ]
    func normalize(_ name: String, _ channels: Int) {
      for part in ["weight", "bias", "running_mean", "running_var"] {
        shapes["\(name).\(part)"] = [channels]
      }
    }
    normalize("bn1", 64)
    for (stage, count) in blocks.enumerated() {
      let channels = 64 << stage
      for block in 0..<count {
        let name = "layer\(stage + 1).\(block)"
        let halves = stage > 0 && block == 0
        let inputs = halves ? channels / 2 : channels
        shapes["\(name).conv1.weight"] = [channels, inputs, 3, 3]
        shapes["\(name).conv2.weight"] = [channels, channels, 3, 3]
        normalize("\(name).bn1", channels)
        normalize("\(name).bn2", channels)
        guard halves else { continue }
        shapes["\(name).downsample.0.weight"] = [channels, inputs, 1, 1]
        normalize("\(name).downsample.1", channels)
      }
    }
    return shapes
  }

  /// Numbers from -1 to 1, multiples of 2^-23: SplitMix64 of (key, place).
  static func uniform(_ count: Int, key: Int) -> [Float] {
    (0..<count).map { place in
      var z = (UInt64(place) &+ UInt64(key) << 32 &+ 1) &* 0x9E37_79B9_7F4A_7C15
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      z ^= z >> 31
      return Float(z >> 40) * 0x1p-23 - 1
    }
  }

  static func bytes(_ values: [Float]) -> [UInt8] {
    values.flatMap { value in (0..<4).map { UInt8(value.bitPattern >> (8 * $0) & 0xFF) } }
  }

  subscript(name: String) -> Tensor? {
    get { tensors.first { $0.name == name } }
    set {
      tensors.removeAll { $0.name == name }
      if let newValue { tensors.append(newValue) }
    }
  }

  /// A tensor's floats.
  func values(_ name: String) -> [Float] {
    let bytes = self[name]?.bytes ?? []
    return stride(from: 0, to: bytes.count, by: 4).map { start in
      Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) })
    }
  }

  /// The floats cut to the 16 bits of another type.
  func converted(to type: String, _ convert: (Float) -> UInt16) -> TorchWeights {
    var result = self
    for (index, tensor) in tensors.enumerated() where tensor.type == "F32" {
      result.tensors[index].type = type
      result.tensors[index].bytes = values(tensor.name).flatMap { value in
        let half = convert(value)
        return [UInt8(half & 0xFF), UInt8(half >> 8)]
      }
    }
    return result
  }

  /// The file, its header in the order of the tensors and their bytes in it or turned round.
  func file(backwards: Bool = false) -> [UInt8] {
    var offset = 0
    var places: [String: Range<Int>] = [:]
    let order = backwards ? tensors.reversed() : tensors
    for tensor in order {
      places[tensor.name] = offset..<(offset + tensor.bytes.count)
      offset += tensor.bytes.count
    }
    let entries = tensors.map { tensor in
      let place = places[tensor.name] ?? 0..<0
      return "\"\(tensor.name)\":{\"dtype\":\"\(tensor.type)\",\"shape\":\(tensor.shape),"
        + "\"data_offsets\":[\(place.lowerBound),\(place.upperBound)]}"
    }
    let header = Array(
      "{\"__metadata__\":{\"format\":\"pt\"},\(entries.joined(separator: ","))}".utf8)
    let length = (0..<8).map { UInt8(header.count >> (8 * $0) & 0xFF) }
    return length + header + order.flatMap(\.bytes)
  }
}
