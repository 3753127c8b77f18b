/// The SHA-256 of a file in place, without memory of its own: of a million images each byte counts.
struct FileDigest: Sendable, Hashable {
  /// The 32 bytes in their order; all zero where there is no digest.
  private var words = SIMD4<UInt64>()

  /// Of a file that was not read.
  init() {}

  /// The digest in `bytes`; none where these are empty.
  init(_ bytes: [UInt8]) {
    precondition(bytes.isEmpty || bytes.count == FileDigest.count, "32 bytes or none")
    for (index, byte) in bytes.enumerated() {
      words[index / 8] |= UInt64(byte) << (8 * (index % 8))
    }
  }

  /// Bytes of a digest.
  static let count = 32

  var isEmpty: Bool { words == SIMD4() }

  /// The bytes; empty where there is no digest.
  var bytes: [UInt8] {
    isEmpty
      ? []
      : (0..<FileDigest.count).map { UInt8(truncatingIfNeeded: words[$0 / 8] >> (8 * ($0 % 8))) }
  }
}
