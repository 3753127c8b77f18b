import CNN
import Primitives
import TestSupport

/// Bytes of numbers that are none, by the type of the array.
private let strange: [String: [[UInt8]]] = [
  "F32": [[0, 0, 0xC0, 0x7F], [0, 0, 0x80, 0x7F], [0, 0, 0x80, 0xFF], [1, 0, 0x80, 0x7F]],
  "F16": [[0, 0x7E], [0, 0x7C], [0, 0xFC], [1, 0x7C]],
]

extension HostileModel {
  /// The bytes of an array in the data.
  fileprivate func place(_ member: Int) throws -> Range<Int> {
    guard case .array(let offsets)? = header[member].value["data_offsets"],
      let begin = offsets[0].natural, let end = offsets[1].natural
    else { throw TestFailure("no offsets") }
    return begin..<end
  }

  /// Writes over an element of an array.
  fileprivate mutating func write(
    _ element: [UInt8], to member: Int, _ stream: inout RandomStream
  ) throws {
    let place = try place(member)
    let start = place.lowerBound + element.count * stream.index(below: place.count / element.count)
    data.replaceSubrange(start..<(start + element.count), with: element)
  }
}

/// An array that says which images a model was trained on.
private func images(_ values: [Float], _ shape: [Int]) -> TensorFile.Tensor {
  TensorFile.Tensor(
    name: TensorFile.imagesName, shape: shape, values: values, storage: .octets)
}

extension HostileKind {
  /// Weights that are no numbers, and factors that are wrong; shapes and digest are right.
  static let ofWeights: [HostileKind] = [
    parts("a weight that is no number") { model, stream in
      let places = model.arrays.filter { model.header[$0].value["dtype"] != .string("I8") }
      let place = stream.pick(places)
      guard case .string(let type)? = model.header[place].value["dtype"] else { return }
      try model.write(stream.pick(strange[type] ?? []), to: place, &stream)
    },
    HostileKind(name: "a factor that is not above zero, or no number") { file, stream in
      var model = try HostileModel(
        try TensorFile(decoding: file).reduced(to: .bytes).encoded())
      let scales = model.arrays.filter { model.header[$0].key.hasSuffix("s.scale") }
      let values: [Float] = [0, -0.0, -1, .nan, .infinity, -.leastNonzeroMagnitude]
      let bits = stream.pick(values).bitPattern
      try model.write(
        (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }, to: stream.pick(scales),
        &stream)
      return model.bytes
    },
    HostileKind(name: "weights of bytes without their factors") { file, stream in
      var model = try HostileModel(
        try TensorFile(decoding: file).reduced(to: .bytes).encoded())
      let scales = model.arrays.filter { model.header[$0].key.hasSuffix("s.scale") }
      model.header[stream.pick(scales)].key = stream.pick(["scale", "layers.0.scales", "x"])
      return model.bytes
    },
    content("an array less") { file, stream in
      file.tensors.remove(at: stream.index(below: file.tensors.count))
    },
    content("an array more") { file, stream in
      let count = 1 + stream.index(below: 1000)
      let name = stream.pick(["x", "layers.9.filters", "layers.0.filters.", "é"])
      file.tensors.append(
        TensorFile.Tensor(name: name, shape: [count], values: [Float](repeating: 0, count: count)))
    },
    content("two arrays that have changed their names") { file, stream in
      // Of all pairs these differ in shape.
      let pairs = [
        ("layers.0.filters", "layers.4.body.0.filters"), ("layers.7.weights", "layers.1.scale"),
      ]
      let (first, second) = stream.pick(pairs)
      for place in file.tensors.indices {
        if file.tensors[place].name == first {
          file.tensors[place].name = second
        } else if file.tensors[place].name == second {
          file.tensors[place].name = first
        }
      }
    },
    content("no arrays") { file, _ in file.tensors = [] },
    content("images that are told twice or out of order") { file, stream in
      let rows = stream.pick([[5, 5], [9, 5], [1, 3, 2], [0, 0]] as [[Float]])
      file.tensors.append(
        images(rows.flatMap { [Float](repeating: $0, count: 8) }, [rows.count, 8]))
    },
    content("images in rows of another length") { file, stream in
      let length = stream.pick([1, 4, 7, 9, 32])
      file.tensors.append(images([Float](repeating: 1, count: 3 * length), [3, length]))
    },
    content("images that are told in numbers of another kind") { file, _ in
      file.tensors.append(
        TensorFile.Tensor(
          name: TensorFile.imagesName, shape: [1, 8], values: [1, 2, 3, 4, 5, 6, 7, 8]))
    },
    content("bytes under a name that has no meaning") { file, stream in
      var odd = images([Float](repeating: 1, count: 8), [1, 8])
      odd.name = stream.pick(["__images__", "training_images", "layers.0.filters.", "x"])
      file.tensors.append(odd)
    },
  ]
}
