import Glibc
internal import Primitives

/// A colour in sRGB.
package struct Color: Sendable, Hashable {
  /// Red, 0...255.
  package var red: UInt8
  /// Green, 0...255.
  package var green: UInt8
  /// Blue, 0...255.
  package var blue: UInt8

  /// The colour 0xRRGGBB.
  package init(_ hex: UInt32) {
    red = UInt8(truncatingIfNeeded: hex >> 16)
    green = UInt8(truncatingIfNeeded: hex >> 8)
    blue = UInt8(truncatingIfNeeded: hex)
  }

  /// The colour of these parts.
  init(red: UInt8, green: UInt8, blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  /// As CSS writes it, such as `#0072b2`.
  var css: String { "#" + hexadecimal([red, green, blue]) }

  /// This colour laid over another with an opacity of 0...1, as browsers do it.
  func over(_ below: Color, _ opacity: Double) -> Color {
    func mix(_ a: UInt8, _ b: UInt8) -> UInt8 {
      UInt8(max(0, min(255, Double(b) + (Double(a) - Double(b)) * opacity)).rounded())
    }
    return Color(
      red: mix(red, below.red), green: mix(green, below.green), blue: mix(blue, below.blue))
  }
}

/// The paint of an element, by its role, so that it fits a light and a dark page.
package enum Paint: Sendable, Hashable {
  /// Text and axes.
  case ink
  /// Text beside the point.
  case muted
  /// Lines of a grid.
  case faint
  case page
  /// Boxes on the page.
  case surface
  /// Series of data, 0 and up; after the last colour they repeat.
  case series(Int)
  /// The strong end of the scale of correct predictions.
  case heat
  /// The strong end of the scale of wrong predictions.
  case wrongHeat
  /// Text on a strong colour.
  case onHeat
  /// Correct.
  case good
  /// Wrong.
  case bad

  /// Series with colours of their own.
  static let seriesCount = 6

  /// Name of the CSS variable, without its dashes.
  var name: String {
    switch self {
    case .ink: "ink"
    case .muted: "muted"
    case .faint: "faint"
    case .page: "page"
    case .surface: "surface"
    case .series(let index): "series\(index % Paint.seriesCount)"
    case .heat: "heat"
    case .wrongHeat: "wrong-heat"
    case .onHeat: "on-heat"
    case .good: "good"
    case .bad: "bad"
    }
  }

  /// Every paint once.
  static let all: [Paint] =
    [.ink, .muted, .faint, .page, .surface, .heat, .wrongHeat, .onHeat, .good, .bad]
    + (0..<seriesCount).map { .series($0) }
}

/// Colours of the paints on a light or a dark page.
package enum Theme: Sendable, Hashable {
  /// Dark on white.
  case light
  /// Light on near black.
  case dark

  /// The colour of a paint.
  ///
  /// The series are those of Okabe and Ito (Color Universal Design, 2008), which people with any
  /// common colour blindness tell apart, without yellow and black; some are darkened or lightened
  /// until they stand out from the page at 3 : 1.
  package func color(_ paint: Paint) -> Color {
    let isLight = self == .light
    switch paint {
    case .ink: return Color(isLight ? 0x1B1F24 : 0xECEFF3)
    case .muted: return Color(isLight ? 0x59626D : 0xA3ADB9)
    case .faint: return Color(isLight ? 0xE1E5EA : 0x31373F)
    case .page: return Color(isLight ? 0xFFFFFF : 0x14171B)
    case .surface: return Color(isLight ? 0xF4F6F8 : 0x1F242A)
    case .heat: return Color(isLight ? 0x0B559F : 0x2B7BBA)
    case .wrongHeat: return Color(isLight ? 0xB34A00 : 0xC2571A)
    case .onHeat: return Color(0xFFFFFF)
    case .good: return Color(isLight ? 0x007F5C : 0x2BC39A)
    case .bad: return Color(isLight ? 0xC44A00 : 0xF0803C)
    case .series(let index):
      let light: [UInt32] = [0x0072B2, 0xD55E00, 0x009E73, 0xB8659A, 0xB97F00, 0x2E95CF]
      let dark: [UInt32] = [0x4AA3DF, 0xF0803C, 0x2BC39A, 0xDE9CC2, 0xF0B429, 0x8FD3F7]
      return Color((isLight ? light : dark)[index % Paint.seriesCount])
    }
  }
}

extension Color {
  /// The luminance of the colour, 0...1, by the definition of sRGB.
  var luminance: Double {
    func linear(_ byte: UInt8) -> Double {
      let value = Double(byte) / 255
      return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
  }

  /// The ratio of contrast of two colours, 1...21, by the Web Content Accessibility Guidelines 2.
  func contrast(with other: Color) -> Double {
    let (a, b) = (luminance, other.luminance)
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)
  }
}
