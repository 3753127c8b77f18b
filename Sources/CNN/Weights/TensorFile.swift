internal import Primitives

/// Named arrays of floats and a map of strings, as a file in the safetensors format.
///
/// Layout: 8 bytes little-endian with the header's length, the header in JSON padded with spaces
/// to a multiple of 8, then the arrays' bytes without gaps. The last array, `__sha256__`, is the
/// SHA-256 of all bytes before it: the format has no check of its own. The digest finds damage;
/// it proves nothing about who wrote the file.
///
/// An array is stored as `F32`, as `F16`, or as `I8` with an `F32` array `NAME.scale` beside it that
/// holds one factor for each place of the last extent, which is the output channel of every layer's
/// weights: value = byte · factor.
///
/// An array `__training_images__` of `U8 [N, 8]` may stand beside them; it is no part of the network.
///
/// The bytes depend on the content alone: metadata are sorted by name, arrays by the size of their
/// elements, the largest first, then by name. So every array begins at a multiple of its element.
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
    /// `storage` must be able to hold them, as `reduced(to:)` sees to.
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
  /// The name of the array of bytes that says which images a model was trained on.
  package static let imagesName = "__training_images__"
  static let metadataName = "__metadata__"
  static let digestBytes = 32
  /// Bytes that tell an image, and images at most.
  package static let imageBytes = 8
  package static let imageLimit = 1 << 22
  /// Bytes that a header may have, unless a reader says otherwise.
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

  /// The file's bytes, its digest included unless it is for programs that know every array's name.
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
    // In its place: a sum of two arrays would be a second file in memory.
    file += digest.finalize()
    return file
  }

  /// The first bytes of a file of such arrays in the file's order, and how many bytes follow them.
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
    var head: [UInt8] = []
    head.reserveCapacity(Layout.prefixBytes + header.count)
    for shift in stride(from: 0, to: 64, by: 8) {
      head.append(UInt8(truncatingIfNeeded: header.count >> shift))
    }
    return (head + header, offset)
  }

  /// Asks the reader itself whether it would take a file of such arrays of floats, before there is
  /// one; returns how many bytes the file would have.
  ///
  /// `headerLimit` is the reader's. The error is the one that the reader would throw.
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
