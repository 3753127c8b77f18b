package import Classifier
internal import Primitives

/// A table of precision, recall, F1 and support in scikit-learn's layout.
package struct ClassificationReport {
  var classes: [(name: String, scores: Evaluation.Scores)]
  /// The plain mean, and the mean weighted by support.
  let averages: [(name: String, scores: Evaluation.Scores)]
  /// Share of correct predictions.
  private let accuracy: Double

  /// The scores of an evaluation; `name` gives a class the name that is shown.
  package init(
    _ evaluation: Evaluation, classes: [String], name: (String) -> String = { $0 }
  ) {
    self.classes = classes.compactMap { label in
      evaluation.classes[label].map { (name(label), $0) }
    }
    averages = [("macro avg", evaluation.macro), ("weighted avg", evaluation.weighted)]
    accuracy = evaluation.accuracy
  }

  /// The table of the classes with the least F1 alone, the worst first, and of the averages; of
  /// equal ones that with the least recall comes first, then the first.
  package func worst(_ count: Int) -> ClassificationReport {
    var table = self
    table.classes = worstFirst.prefix(count).map { classes[$0] }
    return table
  }

  /// The places of the classes, as `worst` has them.
  var worstFirst: [Int] {
    classes.indices.sorted {
      let (a, b) = (classes[$0].scores, classes[$1].scores)
      return (a.f1, a.recall, $0) < (b.f1, b.recall, $1)
    }
  }

  /// The table as text, with a final newline.
  ///
  /// The layout is that of scikit-learn's `classification_report`, character by character.
  package func text(digits: Int = 2) -> String {
    let names = (classes + averages).map { terminalSafe($0.name).unicodeScalars.count }
    let width = max(names.max() ?? 0, "weighted avg".count, digits)
    func line(_ name: String, _ cells: [String]) -> String {
      rightAligned(terminalSafe(name), width) + " "
        + cells.map { " " + rightAligned($0, 9) }.joined() + "\n"
    }
    func line(_ name: String, _ row: Evaluation.Scores) -> String {
      let numbers = [row.precision, row.recall, row.f1].map { fixed($0, digits) }
      return line(name, numbers + [String(row.support)])
    }
    let support = averages[0].scores.support
    return line("", ["precision", "recall", "f1-score", "support"]) + "\n"
      + classes.map { line($0.name, $0.scores) }.joined() + "\n"
      + line("accuracy", ["", "", fixed(accuracy, digits), String(support)])
      + averages.map { line($0.name, $0.scores) }.joined()
  }
}
