/// Text in comma-separated values (RFC 4180, with a bare newline at the end of a row).
package enum CSV {
  /// A row with its newline; fields that hold commas, quotation marks or line ends are quoted, and
  /// file names that are not UTF-8 spell their bytes (`String.spelledFileName`).
  package static func row(_ fields: [String]) -> String {
    fields.map { field($0.spelledFileName) }.joined(separator: ",") + "\n"
  }

  /// A class's name as a field that is text to every reader.
  ///
  /// One that a spreadsheet would take for a formula gets an apostrophe in front, and so does one
  /// that has apostrophes before that; what could steer a terminal is spelled out.
  package static func name(_ name: String) -> String {
    (isFormula(withoutApostrophes(name)) ? "'" : "") + controlsSpelled(name)
  }

  /// The class's name that a field of `name(_:)` stands for.
  package static func read(name field: String) -> String {
    field.hasPrefix("'") && isFormula(withoutApostrophes(field)) ? String(field.dropFirst()) : field
  }

  /// A path as a field: one that a spreadsheet would take for a formula begins with `./`, which
  /// leads to the same file; what could steer a terminal is spelled out.
  package static func path(_ path: String) -> String {
    (isFormula(path[...]) ? "./" : "") + controlsSpelled(path)
  }

  private static func withoutApostrophes(_ text: String) -> Substring {
    text.drop { $0 == "'" }
  }

  private static func isFormula(_ text: Substring) -> Bool {
    text.unicodeScalars.first.map { "=+-@\t\r＝＋－＠".unicodeScalars.contains($0) } ?? false
  }

  private static func field(_ text: String) -> String {
    let special = text.utf8.contains { [0x2C, 0x22, 0x0A, 0x0D].contains($0) }
    guard special else { return text }
    var quoted = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" { quoted += "\"" }
      quoted.unicodeScalars.append(scalar)
    }
    return quoted + "\""
  }
}
