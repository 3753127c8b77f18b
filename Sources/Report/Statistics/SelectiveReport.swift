internal import Primitives

/// A table of what remains, and how right it is, where unsure predictions are not given.
package struct SelectiveReport: Sendable {
  /// Least probability that is a prediction, share of images answered, share of these that is
  /// right.
  package var rows: [(threshold: Double, coverage: Double, accuracy: Double?)]

  /// A table of these lines.
  package init(rows: [(threshold: Double, coverage: Double, accuracy: Double?)]) {
    self.rows = rows
  }

  /// The table as text, with a final newline.
  package func text() -> String {
    func line(_ cells: [String]) -> String {
      cells.map { rightAligned($0, 13) }.joined() + "\n"
    }
    return "predictions and accuracy with --abstain-below\n\n"
      + line(["probability", "predicted", "accuracy"])
      + rows.map { row in
        line([
          fixed(row.threshold, 2), fixed(row.coverage, 4),
          row.accuracy.map { fixed($0, 4) } ?? "-",
        ])
      }.joined()
  }
}
