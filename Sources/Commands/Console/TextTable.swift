internal import Primitives

/// Rows of cells as lines of text, every column as wide as its widest cell.
struct TextTable {
  private let header: [String]
  private let rows: [[String]]
  private let leftColumns: Int
  private let widths: [Int]

  /// - leftColumns: as many columns stand to the left, the others, numbers, to the right.
  init(header: [String], rows: [[String]], leftColumns: Int) {
    self.header = header
    self.rows = rows
    self.leftColumns = leftColumns
    widths = header.indices.map { column in
      ([header] + rows).map { terminalCells($0[column]) }.max() ?? 0
    }
  }

  /// A line as wide as the table.
  var rule: String {
    String(repeating: "─", count: widths.reduce(2 * (widths.count - 1), +))
  }

  /// The header, a rule and the rows.
  var lines: [String] { [line(header), rule] + rows.map(line) }

  private func line(_ cells: [String]) -> String {
    zip(cells.indices, cells).map { column, cell in
      if column < leftColumns, column + 1 == cells.count { return cell }
      let space = String(repeating: " ", count: widths[column] - terminalCells(cell))
      return column < leftColumns ? cell + space : space + cell
    }.joined(separator: "  ")
  }
}
