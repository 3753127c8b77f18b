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
  /// Area under the ROC curve; more than two classes: the mean of one against the rest. Nil where
  /// a class has no members.
  package var auc: Double?
  /// Counts: rows true, columns predicted, in class order.
  package var confusion: [[Int]]
  /// Images that could not be read, not counted above.
  package var skipped: [SkippedImage]
  /// The K of the next figure; nil for 1.
  package var topK: Int?
  /// Share of images whose true class is among the K most probable.
  package var topKAccuracy: Double?
  /// The classes in order (not part of the JSON object).
  package var classNames: [String] { [] }

  /// One line of JSON without its newline.
  package func json() -> String { "" }

  /// The same object indented, with a final newline.
  package func indentedJSON() -> String { "" }

  /// `accuracy 0.9550 (0.9402-0.9663), loss 0.1312, 1000 images`
  package var headline: String { "" }
}
