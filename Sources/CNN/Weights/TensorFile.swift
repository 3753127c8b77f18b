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
    /// How a file holds the elements.
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

  /// The digest's name.
  package static let digestName = "__sha256__"
  static let metadataName = "__metadata__"
  static let digestBytes = 32
  static let headerLimit = 1 << 20
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
    var entries: [String] = []
    if !metadata.isEmpty {
      let members = metadata.sorted { TensorFile.precedes($0.key, $1.key) }
        .map { StrictJSON.quoted($0.key) + ":" + StrictJSON.quoted($0.value) }
      entries.append("\"\(TensorFile.metadataName)\":{" + members.joined(separator: ",") + "}")
    }
    var offset = 0
    func entry(_ name: String, type: ElementType, shape: [Int]) -> String {
      let bytes = shape.reduce(type.bytes, *)
      defer { offset += bytes }
      let extents = shape.map(String.init).joined(separator: ",")
      return StrictJSON.quoted(name) + ":{\"dtype\":\"\(type.rawValue)\",\"shape\":[\(extents)],"
        + "\"data_offsets\":[\(offset),\(offset + bytes)]}"
    }
    let arrays = tensors.flatMap(\.arrays).sorted { TensorFile.comesFirst($0, $1) }
    for array in arrays { entries.append(entry(array.name, type: array.type, shape: array.shape)) }
    if hasDigest {
      entries.append(
        entry(TensorFile.digestName, type: .byte, shape: [TensorFile.digestBytes]))
    }
    var header = Array(("{" + entries.joined(separator: ",") + "}").utf8)
    header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)

    var file: [UInt8] = []
    file.reserveCapacity(8 + header.count + offset)
    for shift in stride(from: 0, to: 64, by: 8) {
      file.append(UInt8(truncatingIfNeeded: header.count >> shift))
    }
    file += header
    for array in arrays { array.append(to: &file) }
    guard hasDigest else { return file }
    var digest = SHA256()
    digest.update(file)
    // In its place: a sum of two arrays would be a second file in memory.
    file += digest.finalize()
    return file
  }

  private static func comesFirst(_ a: StoredArray, _ b: StoredArray) -> Bool {
    a.type.bytes == b.type.bytes ? precedes(a.name, b.name) : a.type.bytes > b.type.bytes
  }

  /// Byte order of the UTF-8 spelling, which no locale or Unicode version changes.
  static func precedes(_ a: String, _ b: String) -> Bool {
    a.utf8.lexicographicallyPrecedes(b.utf8)
  }
}
