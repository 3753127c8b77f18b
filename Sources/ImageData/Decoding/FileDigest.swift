/// The SHA-256 of a file in place, without memory of its own: of a million images each byte counts.
///
/// Digests are ordered as their bytes are.
package struct FileDigest: Sendable, Hashable, Comparable {
  /// Eight bytes each, the first of them the highest; all zero where there is no digest.
  private var words = SIMD4<UInt64>()

  /// Of a file that was not read.
  package init() {}

  /// The digest in `bytes`; none where these are empty.
  package init(_ bytes: [UInt8]) {
    precondition(bytes.isEmpty || bytes.count == FileDigest.count, "32 bytes or none")
    for (index, byte) in bytes.enumerated() {
      words[index / 8] = words[index / 8] << 8 | UInt64(byte)
    }
  }

  /// Bytes of a digest.
  static let count = 32

  package var isEmpty: Bool { words == SIMD4() }

  /// The bytes; empty where there is no digest.
  package var bytes: [UInt8] {
    isEmpty
      ? []
      : (0..<FileDigest.count).map {
        UInt8(truncatingIfNeeded: words[$0 / 8] >> UInt64(56 - 8 * ($0 % 8)))
      }
  }

  /// Eight bytes from a place that is a multiple of eight.
  func word(at start: Int) -> UInt64 { words[start / 8] }

  package static func < (a: FileDigest, b: FileDigest) -> Bool {
    for word in 0..<4 where a.words[word] != b.words[word] {
      return a.words[word] < b.words[word]
    }
    return false
  }
}
