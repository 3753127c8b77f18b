/// `text` with spaces before it up to `width` characters, counted as Python counts them.
func rightAligned(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.unicodeScalars.count)) + text
}

/// `text` with spaces after it up to `width` characters.
func leftAligned(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(0, width - text.unicodeScalars.count))
}

/// `text` cut to `width` characters with an ellipsis where it is longer.
func shortened(_ text: String, _ width: Int) -> String {
  guard text.unicodeScalars.count > width else { return text }
  var short = ""
  short.unicodeScalars.append(contentsOf: text.unicodeScalars.prefix(width - 1))
  return short + "…"
}
