extension TensorFile {
  /// The type of an array's elements in a file, by its name in the header.
  package enum ElementType: String, Sendable, Hashable {
    /// 32-bit floating point.
    case single = "F32"
    /// 16-bit floating point.
    case half = "F16"
    /// Signed bytes, to be multiplied by the factors of another array.
    case signedByte = "I8"
    /// The upper half of 32-bit floating point; only in files of other programs.
    case brain = "BF16"
    /// 64-bit whole numbers; only in files of and for other programs, where they count batches.
    case long = "I64"
    /// Bytes; only of the digest and of what tells images.
    case byte = "U8"

    /// Bytes of an element.
    package var bytes: Int {
      switch self {
      case .long: 8
      case .single: 4
      case .half, .brain: 2
      case .signedByte, .byte: 1
      }
    }
  }

  /// Whose files are read, and so what is found in them.
  package enum Origin: Sendable {
    /// This program's: arrays in the header's order.
    case own
    /// Another program's: arrays in any order, and of other types.
    case foreign

    /// The types that arrays can have, the digest apart.
    var types: [ElementType] {
      switch self {
      case .own: [.single, .half, .signedByte]
      case .foreign: [.single, .half, .brain, .long]
      }
    }

    /// The types as a message names them.
    var typeNames: String {
      switch self {
      case .own: "type F32, F16 or I8"
      case .foreign: "type F32, F16 or BF16"
      }
    }
  }

  /// The number format of an array's elements.
  package enum Storage: Sendable, Hashable {
    /// As they are.
    case single
    /// As whole numbers of 64 bits; for other programs only.
    case long
    /// In 16 bits.
    case half
    /// As bytes, of whole numbers from 0 to 255.
    case octets
    /// In 8 bits, with one factor for each place of the last extent.
    case bytes(scales: [Float])
  }

  /// The number format of weights, as for `export --dtype`.
  package enum Precision: String, Sendable, Hashable, CaseIterable {
    /// As they are.
    case single = "f32"
    /// In 16 bits.
    case half = "f16"
    /// In 8 bits.
    case bytes = "i8"
  }

  /// The end of the name of the array with another array's factors.
  static let scaleSuffix = ".scale"

  /// The same with weights rounded to what `precision` can hold.
  ///
  /// Only arrays of two and more extents are rounded: biases and what normalizations keep are few
  /// numbers that every output depends on. With 8 bits per channel's factor is its largest
  /// magnitude over 127. Error: a weight that 16 bits cannot hold.
  package func reduced(to precision: Precision) throws(TensorFileError) -> TensorFile {
    var file = self
    for (index, tensor) in tensors.enumerated() {
      file.tensors[index] =
        tensor.shape.count < 2 || precision == .single
        ? Tensor(name: tensor.name, shape: tensor.shape, values: tensor.values)
        : precision == .half ? try tensor.inHalves() : tensor.inBytes()
    }
    return file
  }
}

extension TensorFile.Tensor {
  /// Rounded to the nearest of 16 bits, ties to even.
  fileprivate func inHalves() throws(TensorFileError) -> TensorFile.Tensor {
    var rounded = self
    rounded.storage = .half
    for (index, value) in values.enumerated() {
      let half = Float16(value)
      guard half.isFinite else { throw .notInHalves(name: name, index: index, value: value) }
      rounded.values[index] = Float(half)
    }
    return rounded
  }

  /// Rounded to whole multiples from -127 to 127 of each channel's factor.
  fileprivate func inBytes() -> TensorFile.Tensor {
    let channels = shape.last ?? 1
    var largest = [Float](repeating: 0, count: channels)
    for (index, value) in values.enumerated() {
      largest[index % channels] = max(largest[index % channels], abs(value))
    }
    // A channel of zeros has a factor, too.
    let scales = largest.map { max($0 / 127, .leastNormalMagnitude) }
    var rounded = self
    rounded.storage = .bytes(scales: scales)
    for (index, value) in values.enumerated() {
      let scale = scales[index % channels]
      rounded.values[index] = Float(TensorFile.byte(value, scale)) * scale
    }
    return rounded
  }

  /// The arrays of the file that hold this one.
  var arrays: [TensorFile.StoredArray] {
    switch storage {
    case .single:
      return [TensorFile.StoredArray(name, .single, shape, values)]
    case .long:
      return [TensorFile.StoredArray(name, .long, shape, values)]
    case .half:
      return [TensorFile.StoredArray(name, .half, shape, values)]
    case .octets:
      return [TensorFile.StoredArray(name, .byte, shape, values)]
    case .bytes(let scales):
      precondition(scales.count == shape.last, "\(name): a factor for each channel")
      let multiples = values.enumerated().map { index, value in
        Float(TensorFile.byte(value, scales[index % scales.count]))
      }
      return [
        TensorFile.StoredArray(name, .signedByte, shape, multiples),
        TensorFile.StoredArray(name + TensorFile.scaleSuffix, .single, [scales.count], scales),
      ]
    }
  }
}

extension TensorFile {
  fileprivate static func byte(_ value: Float, _ scale: Float) -> Int8 {
    Int8(max(-128, min(127, (value / scale).rounded(.toNearestOrEven))))
  }

  /// An array as it stands in a file; every value is one that its type can hold.
  struct StoredArray {
    let name: String
    let type: ElementType
    let shape: [Int]
    let values: [Float]

    init(_ name: String, _ type: ElementType, _ shape: [Int], _ values: [Float]) {
      self.name = name
      self.type = type
      self.shape = shape
      self.values = values
    }

    /// Adds the elements' bytes, the lowest first.
    func append(to file: inout [UInt8]) {
      switch type {
      case .single:
        // A key path would be walked for each of millions of elements.
        append(values.lazy.map { $0.bitPattern.littleEndian }, to: &file)
      case .half:
        append(values.lazy.map { Float16($0).bitPattern.littleEndian }, to: &file)
      case .brain:
        append(values.lazy.map { UInt16($0.bitPattern >> 16).littleEndian }, to: &file)
      case .long:
        append(values.lazy.map { Int64($0).littleEndian }, to: &file)
      case .signedByte, .byte:
        append(values.lazy.map { UInt8(truncatingIfNeeded: Int($0)) }, to: &file)
      }
    }

    private func append(
      _ words: some Sequence<some FixedWidthInteger>, to file: inout [UInt8]
    ) {
      Array(words).withUnsafeBytes { file.append(contentsOf: $0) }
    }
  }
}
