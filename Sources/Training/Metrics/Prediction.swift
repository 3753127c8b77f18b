/// A model's answer for one image, or why there is none.
package struct Prediction: Sendable, Hashable {
  /// The file as it was named.
  package var path: String
  /// The true class's index where it is known.
  package var trueIndex: Int?
  /// Probability of each class in class order; empty where the image could not be read.
  package var probabilities: [Float]
  /// Why the image could not be read.
  package var failure: SkippedImage?

  /// The most probable class; on a tie the first. Nil where the image could not be read.
  package var index: Int? {
    guard let most = probabilities.max() else { return nil }
    return probabilities.firstIndex(of: most)
  }

  /// The `count` most probable classes, most probable first, ties in class order.
  package func top(_ count: Int) -> [(index: Int, probability: Float)] {
    probabilities.enumerated()
      .sorted { $0.element > $1.element || ($0.element == $1.element && $0.offset < $1.offset) }
      .prefix(count).map { ($0.offset, $0.element) }
  }

  /// The text of predictions.csv: a header and a row an answered image.
  package static func csv(_ predictions: [Prediction], classes: [String]) -> String { "" }
}
