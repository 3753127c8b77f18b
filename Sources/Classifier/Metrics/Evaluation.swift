package import Primitives

/// The metrics of a classifier on a set of images; `evaluate --json` and `test/report.json`.
package struct Evaluation: Codable, Sendable, Hashable {
  /// Precision, recall, F1 and the count of true members, of a class or an average.
  package struct Scores: Codable, Sendable, Hashable {
    /// Correct predictions of this class over all predictions of this class; 0 without answers.
    package var precision: Double
    /// Correct predictions of this class over its members; 0 without members.
    package var recall: Double
    /// Harmonic mean of the two; 0 where both are.
    package var f1: Double
    /// Members of the class.
    package var support: Int
  }

  /// The result of always predicting the class with the most images.
  package struct Baseline: Codable, Sendable, Hashable {
    /// That class.
    package var name: String
    /// Its share of the images.
    package var accuracy: Double
    /// Whether the accuracy's interval lies above that accuracy.
    package var isBeaten: Bool

    enum CodingKeys: String, CodingKey {
      case name = "class"
      case accuracy
      case isBeaten = "beaten"
    }
  }

  /// Evaluated images that a model has been trained on.
  package struct Seen: Codable, Sendable, Hashable {
    /// That model: the one that answers, or the one that it was made from.
    package var model: String
    /// The number of images.
    package var images: Int

    /// So many images that the model of that name was trained on.
    package init(model: String, images: Int) {
      self.model = model
      self.images = images
    }
  }

  package var images: Int
  /// Share of correct predictions.
  package var accuracy: Double
  /// The views of an image that were averaged.
  package var tta: TestTimeAugmentation
  /// Share of correct predictions for the images alone; the same as `accuracy` without mirrored
  /// views.
  package var accuracyPlain: Double
  /// Lower end of Wilson's 95 % interval of the accuracy.
  package var accuracyLow: Double
  /// Upper end of the interval.
  package var accuracyHigh: Double
  /// Mean of -log of the true class's probability, the temperature applied.
  package var loss: Double
  /// Brier's score of the probabilities; nil without answers.
  @AlwaysWritten package var brier: Double?
  /// The divisor of the logits.
  package var temperature: Double
  /// Expected calibration error of the probabilities.
  package var ece: Double
  /// The expected calibration error at a temperature of 1.
  package var eceUncalibrated: Double
  /// Coverage and accuracy where answers below a probability are not given.
  package var selective: [Reliability.Selective]
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
  @AlwaysWritten package var auc: Double?
  /// Counts: rows true, columns predicted, in class order.
  package var confusion: ConfusionCounts
  /// Images that could not be read, not counted above.
  package var skipped: [SkippedImage]
  /// The K of the next figure; nil for 1.
  package var topK: Int?
  /// Share of images whose true class is among the K most probable.
  package var topKAccuracy: Double?

  /// The result of a constant prediction; nil if all images are of one class, and in records of
  /// earlier versions.
  package var baseline: Baseline?
  /// Images that were trained on; nil if nobody knows what was.
  package var seen: Seen?
  /// How well photos of no class are told from these; nil where none were shown.
  package var others: NoveltyFigures?

  enum CodingKeys: String, CodingKey {
    case images, tta, accuracy
    case accuracyPlain = "accuracy_plain"
    case accuracyLow = "accuracy_low"
    case accuracyHigh = "accuracy_high"
    case loss, brier, temperature, ece
    case eceUncalibrated = "ece_uncalibrated"
    case selective, classes, macro, weighted, auc, confusion, skipped
    case topK = "top_k"
    case topKAccuracy = "top_k_accuracy"
    case baseline
    case seen = "seen_in_training"
    case others
  }

  /// One line of JSON without its newline.
  package func json() -> String { withCounts(in: JSONText.line, indent: nil) }

  /// The same object indented, with a final newline.
  package func indentedJSON() -> String { withCounts(in: JSONText.indented, indent: "  ") }

  /// The text of everything, the confusion matrix written row by row: of a thousand classes an
  /// encoder would take a hundred megabytes for it.
  private func withCounts(in text: (Evaluation) -> String, indent: String?) -> String {
    var rest = self
    rest.confusion = ConfusionCounts(classes: 0)
    let text = text(rest)
    // Only the key itself stands in bare quotation marks and before an array.
    let key = indent == nil ? "\"confusion\":[" : "\"confusion\" : ["
    guard let place = text.firstRange(of: key),
      let end = text[place.upperBound...].firstIndex(of: "]")
    else { preconditionFailure("the confusion matrix has no place in \(text)") }
    return text[..<place.upperBound].dropLast() + confusion.json(indent: indent)
      + text[text.index(after: end)...]
  }

  /// The accuracy with its interval: `97.3 % (96.1-98.1)`.
  package var accuracyText: String { percent(accuracy, from: accuracyLow, to: accuracyHigh) }

  /// Accuracy with its interval, and loss.
  package var figures: String {
    "accuracy \(fixed(accuracy, 4)) (\(fixed(accuracyLow, 4))-\(fixed(accuracyHigh, 4))), "
      + "loss \(fixed(loss, 4))"
  }

  /// The first line of the text output.
  package var headline: String { "\(figures), \(images) \(images == 1 ? "image" : "images")" }

  /// The lines under it: what mirrored views brought, and how far the probabilities can be trusted.
  package var details: [String] {
    let plain =
      tta == .plain
      ? [] : ["mirrored views averaged; on the plain images accuracy \(fixed(accuracyPlain, 4))"]
    let before =
      temperature == 1
      ? "" : " (\(fixed(eceUncalibrated, 4)) without the temperature of \(temperature))"
    let ranking = auc.map { ", area under the ROC curve \(fixed($0, 4))" } ?? ""
    let scores = brier.map { ["Brier score \(fixed($0, 4))" + ranking] } ?? []
    let error = "expected calibration error \(fixed(ece, 4))" + before
    return plain + [error] + scores + (others?.lines ?? [])
  }
}
