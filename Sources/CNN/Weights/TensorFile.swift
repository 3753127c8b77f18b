internal import Primitives

/// Named arrays of floats and a map of strings, as a file in the safetensors format.
///
/// Layout: 8 bytes little-endian with the header's length, the header in JSON padded with spaces to
/// a multiple of 8, then the arrays' bytes without gaps. The last array, `__sha256__`, is the
/// SHA-256 of all bytes before it: the format has no check of its own. The digest detects damage;
/// it does not prove who wrote the file.
///
/// An array is stored as `F32`, as `F16`, or as `I8` with an `F32` array `NAME.scale` beside it
/// that holds one scale per index of the last extent, which is the output channel of every layer's
/// weights: value = byte · scale.
///
/// There may be an array `__training_images__` of `U8 [N, 8]`, and arrays `__novelty__.NAME` of
/// `F32`, which are not part of the network.
///
/// The bytes depend only on the content: metadata are sorted by name, arrays by the size of their
/// elements, largest first, then by name. So every array is aligned to its elements.
package struct TensorFile: Sendable, Hashable {
  /// An array with its name.
  package struct Tensor: Sendable, Hashable {
    /// The name, unique in its file.
    package var name: String
    /// The extents, outermost first.
    package var shape: [Int]
    /// The elements, the last extent running fastest.
    package var values: [Float]
    package var storage: Storage

    /// An array; `values` are as many as the product of `shape`.
    ///
    /// `storage` must be able to hold them; `reduced(to:)` ensures that.
    package init(name: String, shape: [Int], values: [Float], storage: Storage = .single) {
      precondition(shape.reduce(1, *) == values.count, "\(name): values do not fill \(shape)")
      self.name = name
      self.shape = shape
      self.values = values
      self.storage = storage
    }
  }

  /// The arrays; sorted by name after decoding.
  package var tensors: [Tensor]
  /// Anything else, as strings.
  package var metadata: [String: String]

  package static let digestName = "__sha256__"
  /// The name of the array of training image digests.
  package static let imagesName = "__training_images__"
  /// The beginning of the names of a novelty detector's arrays.
  package static let noveltyPrefix = "__novelty__."
  static let metadataName = "__metadata__"
  static let digestBytes = 32
  /// Bytes per image digest, and the maximum number of images.
  package static let imageBytes = 8
  package static let imageLimit = 1 << 22
  /// The default limit for a header's bytes.
  package static let headerLimit = 1 << 20
  static let countLimit = 10_000
  static let rankLimit = 8
  static let nameLimit = 256

  /// A file's content.
  package init(tensors: [Tensor], metadata: [String: String] = [:]) {
    self.tensors = tensors
    self.metadata = metadata
  }

  /// The array of that name.
  package subscript(name: String) -> Tensor? { tensors.first { $0.name == name } }

  /// The file's bytes, with its digest unless `hasDigest` is false, as other programs may reject an
  /// unknown array.
  package func encoded(hasDigest: Bool = true) -> [UInt8] {
    let arrays = tensors.flatMap(\.arrays).sorted { TensorFile.comesFirst($0, $1) }
    let (head, dataBytes) = TensorFile.head(
      arrays.map { ($0.name, $0.type, $0.shape) }, metadata, hasDigest: hasDigest)
    var file: [UInt8] = []
    file.reserveCapacity(head.count + dataBytes)
    file += head
    for array in arrays { array.append(to: &file) }
    guard hasDigest else { return file }
    var digest = SHA256()
    digest.update(file)
    // In place: `+` would make a second copy of the file in memory.
    file += digest.finalize()
    return file
  }

  /// The header of a file with these arrays in the file's order, and the number of bytes that
  /// follow.
  private static func head(
    _ arrays: [(name: String, type: ElementType, shape: [Int])], _ metadata: [String: String],
    hasDigest: Bool
  ) -> (bytes: [UInt8], dataBytes: Int) {
    var entries: [String] = []
    if !metadata.isEmpty {
      let members = metadata.sorted { TensorFile.precedes($0.key, $1.key) }
        .map { JSON.quoted($0.key) + ":" + JSON.quoted($0.value) }
      entries.append("\"\(TensorFile.metadataName)\":{" + members.joined(separator: ",") + "}")
    }
    var offset = 0
    for array in arrays + (hasDigest ? [(digestName, .byte, [digestBytes])] : []) {
      let bytes = array.shape.reduce(array.type.bytes, *)
      let extents = array.shape.map(String.init).joined(separator: ",")
      entries.append(
        JSON.quoted(array.name)
          + ":{\"dtype\":\"\(array.type.rawValue)\",\"shape\":[\(extents)],"
          + "\"data_offsets\":[\(offset),\(offset + bytes)]}")
      offset += bytes
    }
    var header = Array(("{" + entries.joined(separator: ",") + "}").utf8)
    header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    return (header.count.littleEndianBytes + header, offset)
  }

  /// Checks that a file with these arrays of floats could be read again, before it is written;
  /// returns its size in bytes.
  ///
  /// `headerLimit` is the reader's limit. Throws the reader's error.
  @discardableResult
  package static func checkReadable(
    _ arrays: [(name: String, shape: [Int])], metadata: [String: String],
    headerLimit: Int = headerLimit
  ) throws(TensorFileError) -> Int {
    let (head, dataBytes) = head(
      arrays.sorted { precedes($0.name, $1.name) }.map { ($0.name, .single, $0.shape) }, metadata,
      hasDigest: true)
    let size = head.count + dataBytes
    let end = try Layout.headerEnd(prefix: head.prefix(8), fileBytes: size, limit: headerLimit)
    _ = try Layout(head: Array(head[..<end]), fileBytes: size)
    return size
  }

  private static func comesFirst(_ a: StoredArray, _ b: StoredArray) -> Bool {
    a.type.bytes == b.type.bytes ? precedes(a.name, b.name) : a.type.bytes > b.type.bytes
  }

  /// Byte order of the UTF-8 spelling, which no locale or Unicode version changes.
  static func precedes(_ a: String, _ b: String) -> Bool {
    a.utf8.lexicographicallyPrecedes(b.utf8)
  }
}

extension TensorFile {
  /// The type of an array's elements in a file, by its name in the header.
  package enum ElementType: String, Sendable, Hashable {
    /// 32-bit floating point.
    case single = "F32"
    /// 16-bit floating point.
    case half = "F16"
    /// Signed bytes, to be multiplied by the scales in another array.
    case signedByte = "I8"
    /// The upper half of 32-bit floating point; only in files of other programs.
    case brain = "BF16"
    /// 64-bit integers; only in files from and for other programs, as batch counts.
    case long = "I64"
    /// Bytes; only for the digest and the image digests.
    case byte = "U8"

    package var bytes: Int {
      switch self {
      case .long: 8
      case .single: 4
      case .half, .brain: 2
      case .signedByte, .byte: 1
      }
    }
  }

  /// The program that wrote a file.
  package enum Origin: Sendable {
    /// This program's: arrays in the header's order.
    case own
    /// Another program's: arrays in any order, and of other types.
    case foreign

    /// The types of arrays, except the digest.
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
    /// 32-bit floats.
    case single
    /// 64-bit integers; for other programs only.
    case long
    /// 16-bit floats.
    case half
    /// Unsigned bytes, from integers of 0 to 255.
    case octets
    /// 8-bit integers, with one scale per index of the last extent.
    case bytes(scales: [Float])
  }

  /// The number format of weights, as for `export --dtype`.
  package enum Precision: String, Sendable, Hashable, CaseIterable {
    /// 32-bit floats.
    case single = "f32"
    /// 16-bit floats.
    case half = "f16"
    /// 8-bit integers with scales.
    case bytes = "i8"
  }

  /// The suffix of the name of an array's scales.
  static let scaleSuffix = ".scale"

  /// The same file with weights rounded to `precision`.
  ///
  /// Only arrays of two or more extents are rounded: biases and normalizations are few numbers that
  /// every output depends on. With 8 bits a channel's scale is its largest magnitude over 127.
  /// Error: a weight that 16 bits cannot hold.
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

  /// Rounded to integer multiples, from -127 to 127, of each channel's scale.
  fileprivate func inBytes() -> TensorFile.Tensor {
    let channels = shape.last ?? 1
    var largest = [Float](repeating: 0, count: channels)
    for (index, value) in values.enumerated() {
      largest[index % channels] = max(largest[index % channels], abs(value))
    }
    // A channel of zeros needs a scale, too.
    let scales = largest.map { max($0 / 127, .leastNormalMagnitude) }
    var rounded = self
    rounded.storage = .bytes(scales: scales)
    for (index, value) in values.enumerated() {
      let scale = scales[index % channels]
      rounded.values[index] = Float(TensorFile.byte(value, scale)) * scale
    }
    return rounded
  }

  /// The arrays that store this one in the file.
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

  /// An array as stored in a file; its type can hold every value exactly.
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

    /// Appends the elements in little-endian order.
    func append(to file: inout [UInt8]) {
      switch type {
      case .single:
        // A closure, because a key path would be slow for millions of elements.
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
