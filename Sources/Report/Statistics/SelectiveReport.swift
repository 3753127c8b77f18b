package import Classifier
internal import Primitives

extension Evaluation {
  /// The accuracy's interval, as a note beside it.
  var intervalNote: String { "95 % interval \(percent(accuracyLow)) to \(percent(accuracyHigh))" }

  /// A table of what remains, and how right it is, where unsure predictions are not given; with a
  /// final newline.
  package var selectiveText: String {
    func line(_ cells: [String]) -> String {
      cells.map { rightAligned($0, 13) }.joined() + "\n"
    }
    return "predictions and accuracy with --abstain-below\n\n"
      + line(["probability", "predicted", "accuracy"])
      + selective.map { row in
        line([
          fixed(row.threshold, 2), fixed(row.coverage, 4),
          row.accuracy.map { fixed($0, 4) } ?? "-",
        ])
      }.joined()
  }
}
