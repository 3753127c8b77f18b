/// Text in comma-separated values (RFC 4180, with a bare newline at the end of a row).
package enum CSV {
  /// A row with its newline; fields that hold commas, quotation marks or line ends are quoted, and
  /// file names that are not UTF-8 spell their bytes (`String.spelledFileName`).
  package static func row(_ fields: [String]) -> String {
    fields.map { field($0.spelledFileName) }.joined(separator: ",") + "\n"
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
