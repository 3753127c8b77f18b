internal import CNN
internal import Primitives

/// A model file that is open for reading, its header read and checked.
struct ModelFile {
  /// What the header says.
  let layout: TensorFile.Layout
  private let path: String
  private let file: InputFile
  private let head: [UInt8]
  private let digest: Range<Int>

  static let sizeLimit = 1 << 31

  /// Opens a file and reads its header strictly.
  init(_ path: String) throws(TrainingError) {
    self.path = path
    file = try InputFile(path, limit: ModelFile.sizeLimit)
    let size = file.size
    let prefix = try file.bytes(0..<min(size, TensorFile.Layout.prefixBytes))
    let end = try ModelFile.naming(path) { () throws(TensorFileError) in
      try TensorFile.Layout.headerEnd(prefix: prefix, fileBytes: size)
    }
    let head = try file.bytes(0..<end)
    self.head = head
    (layout, digest) = try ModelFile.naming(path) { () throws(TensorFileError) in
      let layout = try TensorFile.Layout(head: head, fileBytes: size)
      guard let digest = layout.digest else { throw .noDigest }
      return (layout, digest)
    }
  }

  /// Reads all weights to where the network keeps them; every shape must be the network's.
  ///
  /// The digest is computed meanwhile and beyond, of the same bytes: the network must not change
  /// before it is confirmed.
  func read(into network: Network) throws(TrainingError) -> PendingDigest {
    let storage = network.storage
    let sum = BackgroundDigest(head: head, owner: network)
    for place in layout.tensors {
      guard let values = storage[place.name]?.values, 4 * values.count == place.bytes.count else {
        throw TrainingError(.internal, "\(path): \(place.name) has no place in the network")
      }
      let bytes = UnsafeMutableRawBufferPointer(values)
      try file.read(into: bytes, at: place.bytes.lowerBound)
      sum.add(UnsafeRawBufferPointer(bytes))
      try ModelFile.naming(path) { () throws(TensorFileError) in
        try TensorFile.checkFinite(UnsafeBufferPointer(values), name: place.name)
      }
    }
    return PendingDigest(path: path, sum: sum, expected: try file.bytes(digest))
  }

  /// Reads the whole file again, to tell damage from content that is not right.
  func checkDigest() throws(TrainingError) {
    var sum = SHA256()
    let step = 1 << 20
    for start in stride(from: 0, to: digest.lowerBound, by: step) {
      sum.update(try file.bytes(start..<min(start + step, digest.lowerBound)))
    }
    let found = sum.finalize()
    let expected = try file.bytes(digest)
    try ModelFile.naming(path) { () throws(TensorFileError) in
      try TensorFile.check(digest: found, expected: expected)
    }
  }

  /// Runs `body`; what it says of the bytes is said of the file of that name.
  fileprivate static func naming<Value>(
    _ path: String, _ body: () throws(TensorFileError) -> Value
  ) throws(TrainingError) -> Value {
    do throws(TensorFileError) {
      return try body()
    } catch {
      throw TrainingError(
        .badData, "\(path) is no model of cnnctl, or a damaged one: \(error)",
        expected: "a file that cnnctl train wrote, whole: RUN/weights/best.safetensors",
        advice: "a fresh copy of the file")
    }
  }
}

/// A digest that is still being computed, and the one that the file holds.
///
/// A class, because it owns the thread that computes.
final class PendingDigest {
  private let path: String
  private let sum: BackgroundDigest
  private let expected: [UInt8]

  fileprivate init(path: String, sum: BackgroundDigest, expected: [UInt8]) {
    self.path = path
    self.sum = sum
    self.expected = expected
  }

  /// Waits for the digest, and throws if the bytes are not those that were written.
  func confirm() throws(TrainingError) {
    let found = sum.finish()
    try ModelFile.naming(path) { () throws(TensorFileError) in
      try TensorFile.check(digest: found, expected: expected)
    }
  }
}
