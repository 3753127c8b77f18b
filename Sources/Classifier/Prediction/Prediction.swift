internal import CNN
internal import Primitives

/// A model's prediction for one image, or why there is none.
package struct Prediction: Codable, Sendable, Hashable {
  /// The file as it was named.
  package var path: String
  /// The true class's index where it is known.
  package var trueIndex: Int?
  /// The logits: one for two classes, else one per class.
  ///
  /// With mirrored views the mean of the two.
  package var logits: [Float]
  /// The logits of the image alone where `logits` is a mean.
  package var plainLogits: [Float]?
  /// Probability of each class in class order, the model's temperature applied; empty where the image could not be read.
  package var probabilities: [Double]
  /// How far it lies from the classes; nil where that is not measured.
  package var novelty: NoveltyDetector.Measure?
  /// The reason why the image could not be read.
  package var failure: SkippedImage?

  /// A prediction, or with `failure` none.
  package init(
    path: String, trueIndex: Int? = nil, logits: [Float] = [], plainLogits: [Float]? = nil,
    probabilities: [Double] = [], novelty: NoveltyDetector.Measure? = nil,
    failure: SkippedImage? = nil
  ) {
    self.path = path
    self.trueIndex = trueIndex
    self.logits = logits
    self.plainLogits = plainLogits
    self.probabilities = probabilities
    self.novelty = novelty
    self.failure = failure
  }

  /// The most probable class, on a tie the first; nil if the image could not be read.
  package var index: Int? {
    probabilities.indices.max { probabilities[$0] < probabilities[$1] }
      .flatMap { best in probabilities.firstIndex { $0 == probabilities[best] } ?? best }
  }

  /// The label of the image alone, whether or not its mirror image was seen too.
  package var plainIndex: Int? {
    guard let plainLogits else { return index }
    if plainLogits.count == 1 { return plainLogits[0] > 0 ? 1 : 0 }
    return plainLogits.max().flatMap { plainLogits.firstIndex(of: $0) }
  }

  /// The same prediction with the probabilities of another temperature.
  func with(temperature: Double) -> Prediction {
    guard !logits.isEmpty else { return self }
    var copy = self
    copy.probabilities =
      CNN.probabilities(logits: logits, outputs: logits.count, temperature: temperature)[0]
    return copy
  }

  /// Whether the most probable class is less probable than `threshold`; false without a prediction.
  package func abstains(below threshold: Double) -> Bool {
    index.map { probabilities[$0] < threshold } ?? false
  }

  /// Whether it lies farther from all classes than `threshold`; false where that is not measured.
  package func isRejected(above threshold: Double?) -> Bool {
    guard let threshold, let novelty else { return false }
    return novelty.distance > threshold
  }

  /// The `count` most probable classes, most probable first, ties in class order.
  package func top(_ count: Int) -> [(index: Int, probability: Double)] {
    probabilities.enumerated()
      .sorted { $0.element > $1.element || ($0.element == $1.element && $0.offset < $1.offset) }
      .prefix(count).map { ($0.offset, $0.element) }
  }

  /// The columns of predictions.csv.
  package static func columns(classes: [String]) -> [String] {
    ["path", "true", "pred", "probability"] + classes.map { CSV.name("p_" + $0) }
  }

  /// The rows of predictions.csv, made one by one: a header and a row an answered image.
  ///
  /// Probabilities have the digits that give the same number back.
  package static func csvRows(
    _ predictions: [Prediction], classes: [String]
  ) -> some Sequence<String> {
    (-1..<predictions.count).lazy.compactMap { row -> String? in
      if row < 0 { return CSV.row(columns(classes: classes)) }
      let prediction = predictions[row]
      guard let index = prediction.index else { return nil }
      return CSV.row(
        [
          CSV.path(prediction.path), prediction.trueIndex.map { CSV.name(classes[$0]) } ?? "",
          CSV.name(classes[index]),
          "\(prediction.probabilities[index])",
        ] + prediction.probabilities.map { "\($0)" })
    }
  }
}
