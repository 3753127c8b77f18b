/// A word as a shell reads it back, quoted where it has to be.
package func shellWord(_ text: String) -> String {
  let isPlain =
    !text.isEmpty
    && text.unicodeScalars.allSatisfy { scalar in
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9", "/", ".", "-", "_", "+", ":", "@", "%", ",", "=": true
      // Letters of other scripts mean nothing to a shell.
      case _ where scalar.value > 0x7F: scalar.properties.isAlphabetic
      default: false
      }
    }
  if isPlain, !text.hasPrefix("-") { return text }
  return "'" + text.replacing("'", with: "'\\''") + "'"
}
