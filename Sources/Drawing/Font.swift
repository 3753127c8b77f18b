internal import Primitives

/// The letters of drawings: how wide they are and what they look like.
///
/// Both renderers lay text out by these widths; an SVG tells the browser how long each line is, so
/// that another font takes the same room.
package enum Font {
  /// Height of a capital in ems.
  package static let capHeight = 0.72
  /// Depth of a descender in ems.
  package static let descent = 0.2
  /// Height of a small letter in ems.
  static let smallHeight = 0.52

  /// A letter's outline and the room it takes.
  struct Glyph: Sendable {
    /// Width of the outline in hundredths of an em.
    var width: Double
    /// Space before it.
    var left: Double
    /// Space after it.
    var right: Double
    /// The pen's way on the grid.
    var strokes: [Path.Contour]

    /// From this letter's start to the next one's, in hundredths of an em.
    var advance: Double { left + width + right }
  }

  /// A character as it is drawn: a letter, perhaps with an accent over its middle.
  struct Sign: Sendable {
    var glyph: Glyph
    var accent: [Path.Contour] = []
    /// Grid units that the accent is moved up; capitals are higher.
    var lift = 0.0
  }

  /// Heavy letters stand this much further apart, in hundredths of an em.
  private static let boldSpace = 1.5

  /// Thickness of the strokes in ems.
  static func pen(bold: Bool) -> Double { bold ? 0.125 : 0.088 }

  /// The length of a line of text, in the unit of `size`, which is the height of an em.
  package static func width(_ text: String, size: Double, bold: Bool = false) -> Double {
    signs(text).reduce(0) { $0 + advance($1, bold: bold) } * size / 100
  }

  /// From a character's start to the next one's, in hundredths of an em.
  static func advance(_ sign: Sign, bold: Bool) -> Double {
    sign.glyph.advance + (bold && sign.glyph.advance > 0 ? boldSpace : 0)
  }

  /// The text, or as much of its start as fits `width` with an ellipsis.
  ///
  /// Controls and marks of direction are spelled out first. Characters are not cut apart. Nothing is
  /// left where not even the ellipsis fits.
  package static func shortened(
    _ text: String, to width: Double, size: Double, bold: Bool = false
  ) -> String {
    let text = terminalSafe(text)
    let limit = width + 1e-9
    guard self.width(text, size: size, bold: bold) > limit else { return text }
    let ellipsis = "…"
    var used = self.width(ellipsis, size: size, bold: bold)
    guard used <= limit else { return "" }
    var short = ""
    for character in text {
      used += self.width(String(character), size: size, bold: bold)
      guard used <= limit else { break }
      short.append(character)
    }
    while short.last == " " { short.removeLast() }
    return short + ellipsis
  }

  /// The characters of a text in order; marks that combine are put over the letter before.
  static func signs(_ text: String) -> [Sign] {
    var result: [Sign] = []
    for scalar in text.unicodeScalars {
      if let sign = table[scalar] {
        result.append(sign)
      } else if (0x300...0x36F).contains(scalar.value) {
        guard let accent = marks[scalar.value], let last = result.last, last.accent.isEmpty else {
          continue
        }
        result[result.count - 1].accent = accent
        result[result.count - 1].lift = lift(of: last.glyph, mark: scalar.value)
      } else if !isInvisible(scalar) {
        result.append(Sign(glyph: isWide(scalar) ? wideBox : box))
      }
    }
    return result
  }

  /// Marks below a letter stay; marks above a high one go up by what it is higher.
  private static func lift(of glyph: Glyph, mark: UInt32) -> Double {
    let top = glyph.strokes.flatMap(\.points).map(\.y).max() ?? 0
    return mark == 0x327 ? 0 : max(0, top - 100 * smallHeight)
  }

  /// Joiners and selectors of variants, which draw nothing.
  private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x200B...0x200D, 0x2060, 0xFE00...0xFE0F, 0xE0100...0xE01EF: true
    default: false
    }
  }

  /// Characters of East Asia and pictographs fill a square.
  private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE4F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
      true
    default: false
    }
  }

  /// The glyph for characters without an outline.
  private static let box = Glyph(width: 48, left: 8, right: 8, strokes: frame(48))
  private static let wideBox = Glyph(width: 88, left: 6, right: 6, strokes: frame(88))

  private static func frame(_ width: Double) -> [Path.Contour] {
    let corners = [Point(0, 0), Point(0, 72), Point(width, 72), Point(width, 0)]
    return [Path.Contour(points: corners, isClosed: true)]
  }

  private static let marks: [UInt32: [Path.Contour]] = {
    var result: [UInt32: [Path.Contour]] = [:]
    for line in FontOutlines.accents.split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1)
      guard parts.count == 2, let number = UInt32(parts[0], radix: 16) else { continue }
      result[number] = contours(parts[1])
    }
    return result
  }()

  private static let table: [Unicode.Scalar: Sign] = {
    var result: [Unicode.Scalar: Sign] = [:]
    let space = Sign(glyph: Glyph(width: 0, left: 14, right: 14, strokes: []))
    for scalar in " \u{A0}\u{2009}\u{202F}".unicodeScalars { result[scalar] = space }
    for line in FontOutlines.glyphs.split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 4)
      guard parts.count == 5, let scalar = parts[0].unicodeScalars.first else { continue }
      let sizes = parts[1...3].compactMap { Double($0) }
      guard sizes.count == 3 else { continue }
      result[scalar] = Sign(
        glyph: Glyph(
          width: sizes[0], left: sizes[1], right: sizes[2], strokes: contours(parts[4])))
    }
    for item in FontOutlines.composed.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
      let scalars = Array(item.unicodeScalars)
      var number = ""
      number.unicodeScalars.append(contentsOf: scalars.dropFirst(2))
      guard scalars.count == 6, let mark = UInt32(number, radix: 16),
        let accent = marks[mark], let base = result[scalars[1]]
      else { continue }
      result[scalars[0]] = Sign(
        glyph: base.glyph, accent: accent, lift: lift(of: base.glyph, mark: mark))
    }
    return result
  }()

  /// The strokes of an outline's text.
  private static func contours(_ text: Substring) -> [Path.Contour] {
    var path = Path()
    var end = Point(0, 0)
    for (command, numbers) in commands(text) {
      let points = stride(from: 0, to: numbers.count - 1, by: 2).map {
        Point(numbers[$0], numbers[$0 + 1])
      }
      guard let last = points.last else {
        path.close()
        continue
      }
      switch command {
      case "M": path.move(to: last)
      case "o":
        path.move(to: last)
        path.close()
      case "L": path.line(to: last)
      case "c" where points.count == 3: path.curve(points[0], points[1], to: last)
      default:
        let (k, rest) = (Path.quarter, 1 - Path.quarter)
        let (across, down) = (last.x - end.x, last.y - end.y)
        if command == "h" {
          path.curve(
            Point(end.x + k * across, end.y), Point(last.x, end.y + rest * down), to: last)
        } else {
          path.curve(
            Point(end.x, end.y + k * down), Point(end.x + rest * across, last.y), to: last)
        }
      }
      end = last
    }
    return path.contours { _ in 12 }
  }

  private static func commands(_ text: Substring) -> [(Character, [Double])] {
    var result: [(Character, [Double])] = []
    var digits = ""
    func finish() {
      if let number = Double(digits), !result.isEmpty {
        result[result.count - 1].1.append(number)
      }
      digits = ""
    }
    for character in text {
      if character.isLetter {
        finish()
        result.append((character, []))
      } else if character == " " {
        finish()
      } else {
        digits.append(character)
      }
    }
    finish()
    return result
  }
}
