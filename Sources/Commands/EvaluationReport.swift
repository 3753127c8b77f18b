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

  /// The files of an evaluation: name and text.
  var files: [(name: String, text: String)] {
    [
      ("report.txt", terminalSafe(heading) + "\n" + text),
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
