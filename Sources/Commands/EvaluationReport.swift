internal import Primitives
internal import Report
internal import Training

/// An evaluation as text and as files.
struct EvaluationReport {
  var heading: String
  var evaluation: Evaluation
  var predictions: [Prediction]
  var classes: [String]

  /// Headline, report table, confusion matrix and what abstaining brings, with a final newline.
  var text: String {
    let shown = classes.map(terminalSafe)
    let table = ClassificationReport(evaluation, classes: classes, name: terminalSafe)
    let matrix = ConfusionMatrix(classes: shown, counts: evaluation.confusion)
    let selective = SelectiveReport(
      rows: evaluation.selective.map { ($0.threshold, $0.coverage, $0.accuracy) })
    let head = ([evaluation.headline] + evaluation.details).joined(separator: "\n")
    return [head + "\n", table.text(), matrix.text(), selective.text()].joined(separator: "\n")
  }

  /// More classes than this are a table that nobody reads at the end of a run.
  private static let fewClasses = 20
  /// Mistakes that are named at the end of a run.
  private static let shownMistakes = 3

  /// What one wants to know at the end of a run.
  ///
  /// The accuracy in per cent, the classes where they are few, the surest mistakes; a final newline. `noun` is what an image is called.
  func brief(of noun: String) -> String {
    let interval =
      "\(fixed(100 * evaluation.accuracyLow, 1))-\(fixed(100 * evaluation.accuracyHigh, 1))"
    var parts = [
      "accuracy \(percent(evaluation.accuracy)) (\(interval)) on "
        + counted(evaluation.images, noun) + "\n"
    ]
    if classes.count <= EvaluationReport.fewClasses {
      parts.append(
        ClassificationReport(evaluation, classes: classes, name: terminalSafe).text())
    }
    let worst = ShownAnswers(predictions).worst.prefix(EvaluationReport.shownMistakes)
    if !worst.isEmpty {
      parts.append(
        (["surest mistakes; test/report.txt has all figures:"] + worst.map(mistake))
          .map { $0 + "\n" }.joined())
    }
    return parts.joined(separator: "\n")
  }

  private func mistake(_ prediction: Prediction) -> String {
    let truth = prediction.trueIndex.map { classes[$0] } ?? ""
    let answer = prediction.top(1).first.map {
      "\(classes[$0.index]) \(percent(Double($0.probability)))"
    }
    return terminalSafe("  \(prediction.path): \(truth), answered \(answer ?? "")")
  }

  /// The files of an evaluation: name and text.
  var files: [(name: String, text: String)] {
    [
      (
        "report.txt",
        ([heading] + evaluation.cautions().map { "warning: " + $0 }).map { terminalSafe($0) + "\n" }
          .joined() + text
      ),
      ("report.json", evaluation.indentedJSON()),
      ("predictions.csv", Prediction.csv(predictions, classes: classes)),
      (PictureDigests.name, PictureDigests(of: predictions).text),
      (
        "confusion_matrix.csv",
        ConfusionMatrix(classes: classes, counts: evaluation.confusion).csv()
      ),
    ]
  }
}
