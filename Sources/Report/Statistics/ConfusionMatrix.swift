package import Primitives

/// A confusion matrix as text and as CSV.
package struct ConfusionMatrix: Sendable {
  package var classes: [String]
  /// Counts: rows true, columns predicted.
  package var counts: ConfusionCounts

  /// A matrix of these counts; rows and columns are as many as the classes.
  package init(classes: [String], counts: ConfusionCounts) {
    precondition(
      counts.classes == classes.count, "a confusion matrix has one row and one column per class")
    self.classes = classes
    self.counts = counts
  }

  /// The longest a row's name is shown.
  private static let nameLimit = 40

  /// The matrix as text with labelled axes and a final newline.
  ///
  /// Columns carry the classes' names where the lines stay within `width` characters; else
  /// numbers, which the rows explain, in as many blocks of columns as it takes.
  package func text(width: Int = 100) -> String {
    let names = classes.map { shortened(terminalSafe($0), ConfusionMatrix.nameLimit) }
    let title = "confusion matrix (rows: true class, columns: predicted class)\n\n"
    let named = layout(rowLabels: names, columnLabels: names)
    if named.lineWidth(columns: classes.count) <= width {
      return title + block(named, columns: classes.indices)
    }
    let digits = String(classes.count).count
    let numbered = layout(
      rowLabels: zip(1..., names).map { rightAligned(String($0), digits) + " " + $1 },
      columnLabels: classes.indices.map { String($0 + 1) })
    let perBlock = max(1, (width - numbered.lineWidth(columns: 0)) / numbered.cellWidth)
    let blocks = classes.indices.parts(of: perBlock).map { block(numbered, columns: $0) }
    return title + blocks.joined(separator: "\n")
  }

  /// The rows of the matrix as CSV, made one by one: a header of predicted classes, a row a true
  /// class; of more than `ConfusionCounts.mostRows` classes a row a pair that is not 0.
  package var csvRows: some Sequence<String> {
    let pairs = counts.isWrittenAsPairs ? counts.pairs : nil
    return (-1..<(pairs?.count ?? classes.count)).lazy.map { row in
      guard let pairs else {
        return CSV.row(
          row < 0
            ? ["true \\ predicted"] + classes.map(CSV.name)
            : [CSV.name(classes[row])] + counts[row].map(String.init))
      }
      return CSV.row(
        row < 0
          ? ["true", "predicted", "images"]
          : [
            CSV.name(classes[pairs[row].truth]), CSV.name(classes[pairs[row].answer]),
            String(pairs[row].count),
          ])
    }
  }

  package func csv() -> String { csvRows.joined() }

  /// The pairs of classes that are taken for each other most, a line each, with a final newline.
  package func confusedText(limit: Int) -> String {
    let pairs = counts.mostConfused(limit: limit)
    guard !pairs.isEmpty else { return "no class is confused with another\n" }
    let rows = pairs.map { pair in
      [
        shortened(terminalSafe(classes[pair.truth]), ConfusionMatrix.nameLimit),
        shortened(terminalSafe(classes[pair.answer]), ConfusionMatrix.nameLimit),
        String(pair.count),
        fixed(100 * Double(pair.count) / Double(counts[pair.truth].reduce(0, +)), 1) + " %",
      ]
    }
    let header = ["true class", "predicted", "images", "of the class"]
    let widths = header.indices.map { column in
      ([header] + rows).map { $0[column].unicodeScalars.count }.max() ?? 0
    }
    func line(_ cells: [String]) -> String {
      leftAligned(cells[0], widths[0]) + "  " + leftAligned(cells[1], widths[1])
        + "  " + rightAligned(cells[2], widths[2]) + "  " + rightAligned(cells[3], widths[3]) + "\n"
    }
    let title = pairs.count == 1 ? "the pair" : "the \(pairs.count) pairs"
    return "\(title) of most confused classes\n\n" + ([header] + rows).map(line).joined()
  }

  private struct Layout {
    var rowLabels: [String]
    var columnLabels: [String]
    var labelWidth: Int
    var cellWidth: Int

    /// Characters in a line of the given number of columns; "true  " stands before the rows'
    /// labels.
    func lineWidth(columns: Int) -> Int { 6 + labelWidth + columns * cellWidth }
  }

  private func layout(rowLabels: [String], columnLabels: [String]) -> Layout {
    let greatest = counts.joined().max() ?? 0
    let labels = columnLabels.map(\.unicodeScalars.count)
    return Layout(
      rowLabels: rowLabels, columnLabels: columnLabels,
      labelWidth: rowLabels.map(\.unicodeScalars.count).max() ?? 0,
      cellWidth: 2 + max(String(greatest).count, labels.max() ?? 0))
  }

  private func block(_ layout: Layout, columns: Range<Int>) -> String {
    let indent = String(repeating: " ", count: 6 + layout.labelWidth)
    var text = indent + "  predicted\n" + indent
    for column in columns {
      text += rightAligned(layout.columnLabels[column], layout.cellWidth)
    }
    text += "\n"
    for (row, label) in layout.rowLabels.enumerated() {
      text += (row == 0 ? "true  " : "      ") + leftAligned(label, layout.labelWidth)
      for column in columns {
        text += rightAligned(String(counts[row][column]), layout.cellWidth)
      }
      text += "\n"
    }
    return text
  }
}
