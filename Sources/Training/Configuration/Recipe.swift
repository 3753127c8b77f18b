/// A named set of choices; options override single ones.
package enum Recipe: String, Sendable, Codable, CaseIterable {
  /// r18h with a moving average, sized for a few thousand photos.
  case standard = "default"
  /// The Keras tutorial, number for number.
  case seed
  /// The tutorial with batch normalization and dropout.
  case seedBN = "seed-bn"
  /// The default's network for a first look.
  case quick
  /// The default's network for the last points.
  case best

  /// Whether this is one of the tutorial's recipes, which validate on the test set.
  package var isSeed: Bool { self == .seed || self == .seedBN }
}
