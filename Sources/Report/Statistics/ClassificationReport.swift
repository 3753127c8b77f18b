internal import Primitives

/// A table of precision, recall, F1 and support in scikit-learn's layout.
package struct ClassificationReport: Sendable {
  /// One line of the table.
  package struct Row: Sendable {
    /// The class's or the average's name.
    package var name: String
    package var precision: Double
    package var recall: Double
    /// Its F1.
    package var f1: Double
    /// Its members.
    package var support: Int

    /// A line of the table.
    package init(name: String, precision: Double, recall: Double, f1: Double, support: Int) {
      self.name = name
      self.precision = precision
      self.recall = recall
      self.f1 = f1
      self.support = support
    }
  }

  /// A line per class.
  package var classes: [Row]
  /// Share of correct predictions.
  package var accuracy: Double
  /// The plain mean.
  package var macro: Row
  /// The mean weighted by support.
  package var weighted: Row

  /// A table of these lines.
  package init(classes: [Row], accuracy: Double, macro: Row, weighted: Row) {
    self.classes = classes
    self.accuracy = accuracy
    self.macro = macro
    self.weighted = weighted
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
      (classes[$0].f1, classes[$0].recall, $0) < (classes[$1].f1, classes[$1].recall, $1)
    }
  }

  /// The table as text, with a final newline.
  ///
  /// The layout is that of scikit-learn's `classification_report`, character by character.
  package func text(digits: Int = 2) -> String {
    let names = (classes + [macro, weighted]).map { terminalSafe($0.name).unicodeScalars.count }
    let width = max(names.max() ?? 0, "weighted avg".count, digits)
    func line(_ name: String, _ cells: [String]) -> String {
      rightAligned(terminalSafe(name), width) + " "
        + cells.map { " " + rightAligned($0, 9) }.joined() + "\n"
    }
    func line(_ row: Row) -> String {
      let numbers = [row.precision, row.recall, row.f1].map { fixed($0, digits) }
      return line(row.name, numbers + [String(row.support)])
    }
    return line("", ["precision", "recall", "f1-score", "support"]) + "\n"
      + classes.map { line($0) }.joined() + "\n"
      + line("accuracy", ["", "", fixed(accuracy, digits), String(macro.support)])
      + line(macro) + line(weighted)
  }
}
