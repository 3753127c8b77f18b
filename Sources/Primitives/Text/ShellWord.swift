/// A word as a shell reads it back, quoted where it has to be.
///
/// A file name that is not UTF-8 is written as bash and zsh read it, once `terminalSafe` has spelled
/// its bytes.
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
  if text.unicodeScalars.contains(where: { fileNameByte($0) != nil }) {
    return "$'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
  }
  return "'" + text.replacing("'", with: "'\\''") + "'"
}

/// A path as a shell and a command read it: one that begins with a minus is no option.
package func shellPath(_ path: String) -> String {
  shellWord(path.hasPrefix("-") ? "./" + path : path)
}
