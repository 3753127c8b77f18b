internal import Classifier
internal import Primitives
internal import Report
internal import Training

/// An evaluation as text and as files.
struct EvaluationReport {
  private let result: EvaluationResult
  /// Photos of no class, where `evaluation` has figures of them.
  private let others: [Prediction]
  /// Images that a report shows besides those of `ShownAnswers`.
  private let alsoShown: [String]

  /// More classes than these are too many for the terminal: it shows the worst.
  private static let fewClasses = 20
  /// Classes and pairs of classes that the terminal then shows.
  private static let shown = 10
  /// Pairs of classes in report.txt, where the matrix would be too wide.
  private static let listedPairs = 100

  init(of result: EvaluationResult, others: [Prediction] = [], alsoShown: [String] = []) {
    (self.result, self.others, self.alsoShown) = (result, others, alsoShown)
  }

  private var evaluation: Evaluation { result.evaluation }
  private var classes: [String] { result.classes }

  /// The text for the terminal, with a final newline; of many classes only the worst, and `rest`
  /// says where to find all of them.
  func text(rest: String) -> String {
    guard classes.count > EvaluationReport.fewClasses else {
      return sections(table.text(), matrix.text())
    }
    return sections(worstClasses, mostConfused) + "\n\(terminalSafe(rest))\n"
  }

  private var worstClasses: String {
    "the \(EvaluationReport.shown) of \(grouped(classes.count)) classes with the lowest F1\n\n"
      + table.worst(EvaluationReport.shown).text()
  }

  private var mostConfused: String { matrix.confusedText(limit: EvaluationReport.shown) }

  /// The text of report.txt: every class, and the matrix where lines of text can hold it.
  private var wholeText: String {
    classes.count > EvaluationReport.fewClasses
      ? sections(table.text(), matrix.confusedText(limit: EvaluationReport.listedPairs))
        + "\nthe full matrix is in confusion_matrix.csv\n"
      : sections(table.text(), matrix.text())
  }

  /// Headline, table, what is confused and what abstaining brings, with a final newline.
  private func sections(_ table: String, _ confusion: String) -> String {
    let head = ([evaluation.headline] + evaluation.details).joined(separator: "\n")
    return [head + "\n", table, confusion, evaluation.selectiveText].joined(separator: "\n")
  }

  private var table: ClassificationReport {
    ClassificationReport(evaluation, classes: classes, name: terminalSafe)
  }

  private var matrix: ConfusionMatrix {
    ConfusionMatrix(classes: classes, counts: evaluation.confusion)
  }

  /// Writes the files of an evaluation into a folder that is there.
  ///
  /// Each is written in one step: a reader meets the old one or the new one. `place` stands before
  /// their names.
  func write(to folder: RunFolder, place: String = "") throws(TrainingError) {
    let head = ([result.heading] + evaluation.cautions().map { "warning: " + $0 })
      .map { terminalSafe($0) + "\n" }.joined()
    try folder.write(head + wholeText, to: place + "report.txt")
    try folder.write(evaluation.indentedJSON(), to: place + "report.json")
    try folder.write(
      rows: Prediction.csvRows(result.predictions, classes: classes), to: place + "predictions.csv")
    try folder.write(
      PictureDigests(of: result.predictions, others: alsoShown).text,
      to: place + PictureDigests.name)
    try folder.write(rows: matrix.csvRows, to: place + "confusion_matrix.csv")
    if let figures = evaluation.others {
      try folder.write(
        rows: NoveltyFigures.csvRows(
          others, classes: classes, threshold: figures.distance.threshold),
        to: place + "others.csv")
    }
  }
}
