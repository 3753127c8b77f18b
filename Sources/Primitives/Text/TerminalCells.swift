/// The number of terminal cells of a text: two for wide East Asian characters and emoji, none for
/// combining marks.
package func terminalCells(_ text: String) -> Int {
  text.reduce(0) { $0 + cells($1) }
}

private func cells(_ character: Character) -> Int {
  guard let first = character.unicodeScalars.first else { return 0 }
  // U+FE0F asks for the image of a sign that is also a letter.
  if isWide(first) || character.unicodeScalars.contains("\u{FE0F}") { return 2 }
  switch first.properties.generalCategory {
  case .nonspacingMark, .enclosingMark, .format: return 0
  default: return 1
  }
}

/// The blocks that Unicode's East Asian Width calls wide or full.
private func isWide(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF,
    0xA000...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
    0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F1E6...0x1F1FF, 0x20000...0x3FFFD:
    true
  default: scalar.properties.isEmojiPresentation
  }
}
