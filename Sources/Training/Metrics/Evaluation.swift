internal import Primitives

/// How well a classifier did on a set of images; `evaluate --json` and `test/report.json`.
package struct Evaluation: Codable, Sendable, Hashable {
  /// Precision, recall, F1 and the count of true members, of a class or an average.
  package struct Scores: Codable, Sendable, Hashable {
    /// Right answers of this class over all answers of this class; 0 without answers.
    package var precision: Double
    /// Right answers of this class over its members; 0 without members.
    package var recall: Double
    /// Harmonic mean of the two; 0 where both are.
    package var f1: Double
    /// Members of the class.
    package var support: Int
  }

  /// Images that were answered.
  package var images: Int
  /// Share of right answers.
  package var accuracy: Double
  /// Lower end of Wilson's 95 % interval of the accuracy.
  package var accuracyLow: Double
  /// Upper end of the interval.
  package var accuracyHigh: Double
  /// Mean of -log of the true class's probability.
  package var loss: Double
  /// Scores by class name.
  package var classes: [String: Scores]
  /// Plain mean over the classes.
  package var macro: Scores
  /// Mean over the classes weighted by support.
  package var weighted: Scores
  /// Area under the ROC curve of the second class; with more classes the mean over all classes of
  /// one against the rest.
  ///
  /// Nil where a class has no members, or all of them: there is no curve.
  package var auc: Double?
  /// Counts: rows true, columns predicted, in class order.
  package var confusion: [[Int]]
  /// Images that could not be read, not counted above.
  package var skipped: [SkippedImage]
  /// The K of the next figure; nil for 1.
  package var topK: Int?
  /// Share of images whose true class is among the K most probable.
  package var topKAccuracy: Double?

  enum CodingKeys: String, CodingKey {
    case images
    case accuracy
    case accuracyLow = "accuracy_low"
    case accuracyHigh = "accuracy_high"
    case loss
    case classes
    case macro
    case weighted
    case auc
    case confusion
    case skipped
    case topK = "top_k"
    case topKAccuracy = "top_k_accuracy"
  }

  /// Writes every key that scripts rely on, `auc` as null where there is none.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(images, forKey: .images)
    try container.encode(accuracy, forKey: .accuracy)
    try container.encode(accuracyLow, forKey: .accuracyLow)
    try container.encode(accuracyHigh, forKey: .accuracyHigh)
    try container.encode(loss, forKey: .loss)
    try container.encode(classes, forKey: .classes)
    try container.encode(macro, forKey: .macro)
    try container.encode(weighted, forKey: .weighted)
    try container.encode(auc, forKey: .auc)
    try container.encode(confusion, forKey: .confusion)
    try container.encode(skipped, forKey: .skipped)
    try container.encodeIfPresent(topK, forKey: .topK)
    try container.encodeIfPresent(topKAccuracy, forKey: .topKAccuracy)
  }

  /// One line of JSON without its newline.
  package func json() -> String { JSONText.line(self) }

  /// The same object indented, with a final newline.
  package func indentedJSON() -> String { JSONText.indented(self) }

  /// The first line of the text output: accuracy with its interval, loss, images.
  package var headline: String {
    "accuracy \(fixed(accuracy, 4)) (\(fixed(accuracyLow, 4))-\(fixed(accuracyHigh, 4))), "
      + "loss \(fixed(loss, 4)), \(images) images"
  }
}
