/// One field of a comma-separated line, quoted where RFC 4180 asks for it.
func csvField(_ text: String) -> String {
  let special = text.unicodeScalars.contains {
    $0 == "," || $0 == "\"" || $0 == "\n" || $0 == "\r"
  }
  guard special else { return text }
  var quoted = "\""
  for scalar in text.unicodeScalars {
    if scalar == "\"" { quoted += "\"" }
    quoted.unicodeScalars.append(scalar)
  }
  return quoted + "\""
}
