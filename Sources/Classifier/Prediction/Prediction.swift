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
  /// All that is known of the probabilities where they are not, as in a table of many classes.
  package var excerpt: Excerpt?

  /// A part of a prediction's probabilities.
  package struct Excerpt: Codable, Sendable, Hashable {
    /// The most probable class.
    package var index: Int
    package var probability: Double
    /// That of the true class.
    package var ofTruth: Double

    /// The most probable class, its probability and that of the true class.
    package init(index: Int, probability: Double, ofTruth: Double) {
      (self.index, self.probability, self.ofTruth) = (index, probability, ofTruth)
    }
  }

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
    if let excerpt { return excerpt.index }
    guard var greatest = probabilities.first else { return nil }
    var index = 0
    for (place, probability) in probabilities.enumerated() where probability > greatest {
      (index, greatest) = (place, probability)
    }
    return index
  }

  package var probability: Double? {
    excerpt?.probability ?? index.map { probabilities[$0] }
  }

  /// The probability of the true class where both are known.
  package var probabilityOfTruth: Double? {
    trueIndex.flatMap { index == nil ? nil : probability(of: $0) }
  }

  /// The probability of a class; of an excerpt's classes those are known that it names.
  func probability(of index: Int) -> Double {
    guard let excerpt else { return probabilities[index] }
    return index == excerpt.index ? excerpt.probability : excerpt.ofTruth
  }

  /// The label of the image alone, whether or not its mirror image was seen too.
  package var plainIndex: Int? {
    guard let plainLogits else { return index }
    if plainLogits.count == 1 { return plainLogits[0] > 0 ? 1 : 0 }
    return plainLogits.max().flatMap { plainLogits.firstIndex(of: $0) }
  }

  /// The probability of a class at another temperature, where the logits are known.
  func probability(of index: Int, temperature: Double) -> Double {
    guard !logits.isEmpty else { return probability(of: index) }
    return CNN.probability(of: index, logits: logits, temperature: temperature)
  }

  /// The most probable class by the logits at a temperature, with its probability.
  func likeliest(temperature: Double) -> (index: Int, probability: Double) {
    var shares = Prediction(path: "")
    shares.probabilities =
      CNN.probabilities(logits: logits, outputs: logits.count, temperature: temperature)[0]
    let index = shares.index ?? 0
    return (index, shares.probabilities[index])
  }

  /// Whether the most probable class is less probable than `threshold`; false without a prediction.
  package func abstains(below threshold: Double) -> Bool {
    probability.map { $0 < threshold } ?? false
  }

  /// Whether it lies farther from all classes than `threshold`; false where that is not measured.
  package func isRejected(above threshold: Double?) -> Bool {
    guard let threshold, let novelty else { return false }
    return novelty.distance > threshold
  }

  /// The `count` most probable classes, most probable first, ties in class order.
  package func top(_ count: Int) -> [(index: Int, probability: Double)] {
    if count == 1 { return index.map { [($0, probability(of: $0))] } ?? [] }
    // Of many classes the few are found in one pass: those that come later lose a tie.
    if count < 16 {
      var best: [(index: Int, probability: Double)] = []
      for (index, probability) in probabilities.enumerated() {
        if best.count == count, let last = best.last, !(probability > last.probability) { continue }
        let place = best.firstIndex { probability > $0.probability } ?? best.count
        best.insert((index, probability), at: place)
        if best.count > count { best.removeLast() }
      }
      return best
    }
    return probabilities.enumerated()
      .sorted { $0.element > $1.element || ($0.element == $1.element && $0.offset < $1.offset) }
      .prefix(count).map { ($0.offset, $0.element) }
  }

  /// Of more classes predictions.csv has the most probable alone: of a thousand classes and 50,000
  /// images all probabilities would be a gigabyte of text.
  package static let mostColumns = 256
  /// Their number.
  private static let likeliest = 5

  /// The first columns of predictions.csv.
  private static let firstColumns = ["path", "true", "pred", "probability"]

  /// The columns of predictions.csv.
  package static func columns(classes: [String]) -> [String] {
    classes.count > mostColumns
      ? excerptColumns : firstColumns + classes.map { CSV.name("p_" + $0) }
  }

  /// The columns of predictions.csv with more than `mostColumns` classes.
  package static let excerptColumns =
    firstColumns + ["true_probability"]
    + (2...likeliest).flatMap { ["pred_\($0)", "probability_\($0)"] }

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
      let start = [
        CSV.path(prediction.path), prediction.trueIndex.map { CSV.name(classes[$0]) } ?? "",
        CSV.name(classes[index]),
        "\(prediction.probability(of: index))",
      ]
      guard classes.count > mostColumns else {
        return CSV.row(start + prediction.probabilities.map { "\($0)" })
      }
      let others = prediction.top(likeliest).dropFirst()
      return CSV.row(
        start + [prediction.probabilityOfTruth.map { "\($0)" } ?? ""]
          + others.flatMap { [CSV.name(classes[$0.index]), "\($0.probability)"] })
    }
  }
}
