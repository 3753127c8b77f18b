internal import Primitives

/// A model's answer for one image, or why there is none.
package struct Prediction: Sendable, Hashable {
  /// The file as it was named.
  package var path: String
  /// The true class's index where it is known.
  package var trueIndex: Int?
  /// What the network gave: one logit for two classes, else one a class.
  package var logits: [Float]
  /// Probability of each class in class order; empty where the image could not be read.
  package var probabilities: [Double]
  /// Why the image could not be read.
  package var failure: SkippedImage?

  /// An answer, or with `failure` none.
  package init(
    path: String, trueIndex: Int? = nil, logits: [Float] = [], probabilities: [Double] = [],
    failure: SkippedImage? = nil
  ) {
    self.path = path
    self.trueIndex = trueIndex
    self.logits = logits
    self.probabilities = probabilities
    self.failure = failure
  }

  /// The most probable class, on a tie the first; nil where the image could not be read.
  package var index: Int? {
    probabilities.indices.max { probabilities[$0] < probabilities[$1] }
      .flatMap { best in probabilities.firstIndex { $0 == probabilities[best] } ?? best }
  }

  /// The `count` most probable classes, most probable first, ties in class order.
  package func top(_ count: Int) -> [(index: Int, probability: Double)] {
    probabilities.enumerated()
      .sorted { $0.element > $1.element || ($0.element == $1.element && $0.offset < $1.offset) }
      .prefix(count).map { ($0.offset, $0.element) }
  }

  /// The text of predictions.csv: a header and a row an answered image.
  ///
  /// Probabilities have the digits that give the same number back.
  package static func csv(_ predictions: [Prediction], classes: [String]) -> String {
    var text = CSV.row(["path", "true", "pred", "probability"] + classes.map { "p_" + $0 })
    for prediction in predictions {
      guard let index = prediction.index else { continue }
      text += CSV.row(
        [
          prediction.path, prediction.trueIndex.map { classes[$0] } ?? "", classes[index],
          "\(prediction.probabilities[index])",
        ] + prediction.probabilities.map { "\($0)" })
    }
    return text
  }
}
