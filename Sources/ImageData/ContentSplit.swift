/// How the pictures of the training folder are dealt to the splits by their content.
///
/// Each picture's SHA-256 decides for itself: equal files stay together, and adding files moves
/// no other. Validation and test look at different digits of the digest.
package struct ContentSplit: Codable, Sendable, Hashable {
  /// The part held out for validation, 0 for none.
  package var validation: Double
  /// The part held out for testing, 0 for none.
  package var test: Double
  /// The part of the training folder's pictures to use at all, class by class.
  package var fraction: Double

  /// The given parts.
  package init(validation: Double = 0, test: Double = 0, fraction: Double = 1) {
    self.validation = validation
    self.test = test
    self.fraction = fraction
  }

  /// Where a picture of the training folder belongs; `digest` is the SHA-256 of its file.
  package func split(of digest: [UInt8]) -> Split {
    if ContentSplit.part(digest, at: 8) < test { return .test }
    if ContentSplit.part(digest, at: 0) < validation { return .val }
    return .train
  }

  /// The order in which pictures are taken into a fraction.
  package static func rank(_ digest: [UInt8]) -> Double {
    part(digest, at: 16)
  }

  /// Eight bytes of a digest as a number in [0, 1).
  private static func part(_ digest: [UInt8], at start: Int) -> Double {
    let bits = digest[start..<(start + 8)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Double(bits >> 11) * 0x1p-53
  }
}
