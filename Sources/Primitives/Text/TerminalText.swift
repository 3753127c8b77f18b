/// Whether a terminal could interpret this scalar as a command, or show text out of order.
///
/// Those are controls (C0, DEL, C1), line separators and bidirectional marks.
package func steersTerminal(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0x00...0x1F, 0x7F...0x9F: true
  case 0x061C, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069, 0xFEFF: true
  default: false
  }
}

/// Text with everything that could steer a terminal spelled out, as `\n` or `\u{1b}`, and with the
/// bytes of file names that are not UTF-8 as `\xff`.
///
/// Names of files and classes come from strangers; one of them must stay one visible line.
package func terminalSafe(_ text: String) -> String {
  guard text.unicodeScalars.contains(where: { fileNameByte($0) != nil }) else {
    return controlsSpelled(text)
  }
  var result = ""
  for scalar in controlsSpelled(text).unicodeScalars {
    if let byte = fileNameByte(scalar) {
      result += spelledByte(byte)
    } else {
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// Text with everything that could steer a terminal spelled out; what stands for bytes of file names
/// stays.
func controlsSpelled(_ text: String) -> String {
  guard text.unicodeScalars.contains(where: steersTerminal) else { return text }
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case _ where !steersTerminal(scalar): result.unicodeScalars.append(scalar)
    case "\n": result += "\\n"
    case "\r": result += "\\r"
    case "\t": result += "\\t"
    default: result += "\\u{" + String(scalar.value, radix: 16) + "}"
    }
  }
  return result
}

/// The same, and no more of it than a limit, so that nobody's text fills a screen or a log.
package func terminalSafe(_ text: String, most limit: Int) -> String {
  let scalars = text.unicodeScalars
  guard let end = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex),
    end != scalars.endIndex
  else { return terminalSafe(text) }
  return terminalSafe(String(scalars[..<end])) + "…"
}

/// Characters of a line of messages or of a log: more than the longest path.
package let longestLine = 8000
