/// Help pages as text for a terminal.
enum HelpText {
  /// A page, filled into lines of 80 to 100 columns.
  static func text(_ page: HelpPage, columns: Int) -> String {
    let width = min(100, max(80, columns))
    var lines: [String] = []
    for block in page.blocks {
      switch block {
      case .usage(let line): lines += ["", "Usage: " + line]
      case .paragraph(let text): lines += [""] + wrapped(text, indent: 0, width: width)
      case .heading(let text): lines += ["", text + ":"]
      case .row(let term, let meaning, let column):
        lines += row(term, meaning, column: column, width: width)
      case .example(let line, let meaning): lines += ["  " + line, "      " + meaning]
      }
    }
    return lines.drop(while: \.isEmpty).joined(separator: "\n") + "\n"
  }

  /// A term and its meaning, in two columns; a long term has its own line.
  private static func row(
    _ term: String, _ meaning: String, column: Int, width: Int
  ) -> [String] {
    var lines = wrapped(meaning, indent: column, width: width)
    if term.count + 2 > column {
      lines.insert(term, at: 0)
    } else {
      lines[0] =
        term + String(repeating: " ", count: column - term.count) + lines[0].dropFirst(column)
    }
    return lines
  }

  /// Words filled into lines of at most `width` columns, each line indented.
  static func wrapped(_ text: String, indent: Int, width: Int) -> [String] {
    let margin = String(repeating: " ", count: indent)
    var lines: [String] = []
    var line = margin
    for word in text.split(separator: " ") {
      if line.count > indent, line.count + 1 + word.count > width {
        lines.append(line)
        line = margin
      }
      line += (line.count > indent ? " " : "") + word
    }
    return lines + [line]
  }
}
