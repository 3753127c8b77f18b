internal import Classifier
internal import Primitives
internal import Report
internal import Training

extension RunReport {
  /// The evaluation section of a report.
  static func evaluated(_ answers: RecordedAnswers, of name: String) -> Evaluated {
    let evaluation = answers.evaluation
    return Evaluated(
      name: name, classes: answers.classes, truths: answers.predictions.compactMap(\.trueIndex),
      probabilities: answers.predictions.map(\.probabilities), images: evaluation.images,
      scores: ClassificationReport(evaluation, classes: answers.classes),
      confusion: evaluation.confusion,
      interval: evaluation.accuracyLow...evaluation.accuracyHigh, loss: evaluation.loss,
      brier: evaluation.brier, facts: facts(of: answers),
      cautions: evaluation.cautions())
  }

  private static func facts(of answers: RecordedAnswers) -> [ReportPage.Fact] {
    let evaluation = answers.evaluation
    var facts = [
      ReportPage.Fact(
        "Correct predictions", "\(grouped(answers.right)) of \(grouped(evaluation.images))")
    ]
    if let auc = evaluation.auc {
      let kind = answers.classes.count > 2 ? "mean of one class versus the rest" : ""
      facts.append(
        ReportPage.Fact(
          "Area under the ROC curve", fixed(auc, 4) + (kind.isEmpty ? "" : ", " + kind)))
    }
    var error = fixed(evaluation.ece, 4)
    if answers.isComplete, evaluation.temperature != 1 {
      error +=
        " (\(fixed(evaluation.eceUncalibrated, 4)) without the temperature of "
        + "\(evaluation.temperature))"
    }
    facts.append(ReportPage.Fact("Expected calibration error", error))
    if answers.isComplete, evaluation.tta != .plain {
      facts.append(
        ReportPage.Fact(
          "Mirrored views",
          "averaged; on the plain images accuracy is \(fixed(100 * evaluation.accuracyPlain, 1)) %")
      )
    }
    if let topK = evaluation.topK, let share = evaluation.topKAccuracy {
      facts.append(ReportPage.Fact("Top-\(topK) accuracy", fixed(100 * share, 1) + " %"))
    }
    if !evaluation.skipped.isEmpty {
      facts.append(ReportPage.Fact("Could not be read", "\(grouped(evaluation.skipped.count))"))
    }
    return facts
  }

  /// Takes pictures of images beside their predictions.
  mutating func show(
    _ tiles: (worst: [Tile], leastSure: [Tile], examples: [Tile], unread: [String])
  ) {
    (worstMistakes, leastSure, examples) = (tiles.worst, tiles.leastSure, tiles.examples)
  }
}

extension RecordedAnswers {
  /// The number of correct predictions.
  fileprivate var right: Int {
    evaluation.confusion.hits.reduce(0, +)
  }
}

extension ClassificationReport {
  /// The scores of an evaluation; `name` gives a class the name that is shown.
  init(_ evaluation: Evaluation, classes: [String], name: (String) -> String = { $0 }) {
    func row(_ name: String, _ scores: Evaluation.Scores) -> Row {
      Row(
        name: name, precision: scores.precision, recall: scores.recall, f1: scores.f1,
        support: scores.support)
    }
    self.init(
      classes: classes.compactMap { label in
        evaluation.classes[label].map { row(name(label), $0) }
      },
      accuracy: evaluation.accuracy, macro: row("macro avg", evaluation.macro),
      weighted: row("weighted avg", evaluation.weighted))
  }
}
