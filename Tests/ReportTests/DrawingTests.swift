import Drawing
import Foundation
import Primitives
import Testing

/// The share of each pixel that an outline covers.
private func shares(_ outline: [Point], width: Int, height: Int) -> [Double] {
  var coverage = Coverage(width: width, height: height)
  coverage.add(outline)
  var result = [Double](repeating: 0, count: width * height)
  for y in 0..<height { coverage.row(y) { x, share in result[y * width + x] = share } }
  return result
}

/// The area of a convex outline inside a rectangle: what Sutherland and Hodgman's clipping leaves.
private func area(_ outline: [Point], in box: Box) -> Double {
  var points = outline
  let edges: [(Point) -> Double] = [
    { $0.x - box.left }, { box.right - $0.x }, { $0.y - box.top }, { box.bottom - $0.y },
  ]
  for inside in edges {
    var kept: [Point] = []
    for (a, b) in zip(points, points.dropFirst() + points.prefix(1)) {
      let (da, db) = (inside(a), inside(b))
      if da >= 0 { kept.append(a) }
      if (da >= 0) != (db >= 0) {
        let t = da / (da - db)
        kept.append(Point(a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t))
      }
    }
    points = kept
  }
  let doubled = zip(points, points.dropFirst() + points.prefix(1)).reduce(0) {
    $0 + $1.0.x * $1.1.y - $1.1.x * $1.0.y
  }
  return abs(doubled) / 2
}

@Suite struct CoverageTests {
  @Test("A convex outline covers of each pixel what cutting it to the pixel's square leaves")
  func exactAreas() {
    var numbers = Numbers(1)
    let (width, height) = (9, 7)
    for trial in 0..<200 {
      // Three to seven points of an ellipse are convex; some lie outside on every side.
      let center = Point(numbers.next() * 12 - 1.5, numbers.next() * 10 - 1.5)
      let radii = Point(0.1 + 6 * numbers.next(), 0.1 + 6 * numbers.next())
      let angles = (0..<(3 + trial % 5)).map { _ in 2 * Double.pi * numbers.next() }.sorted()
      var outline = angles.map {
        Point(center.x + radii.x * cos($0), center.y + radii.y * sin($0))
      }
      if trial % 2 == 1 { outline.reverse() }
      let actual = shares(outline, width: width, height: height)
      for y in 0..<height {
        for x in 0..<width {
          let pixel = Box(left: Double(x), top: Double(y), width: 1, height: 1)
          let expected = area(outline, in: pixel)
          #expect(
            abs(actual[y * width + x] - expected) < 1e-9, "trial \(trial), pixel \(x), \(y)")
        }
      }
    }
  }

  @Test("Upright edges on the grid and between it are exact, also beyond the right edge")
  func rectangles() {
    for (left, right) in [(1.0, 3.0), (0.25, 3.75), (-2, 2.5), (3.5, 9), (0, 4), (4, 6)] {
      let box = [Point(left, 0.5), Point(right, 0.5), Point(right, 2), Point(left, 2)]
      let actual = shares(box, width: 4, height: 2)
      for x in 0..<4 {
        let part = max(0, min(right, Double(x + 1)) - max(left, Double(x)))
        #expect(abs(actual[x] - part / 2) < 1e-12)
        #expect(abs(actual[4 + x] - part) < 1e-12)
      }
    }
  }
}

@Suite struct StrokeTests {
  /// How much ink a drawing holds, in pixels.
  private func ink(_ scale: Double, _ draw: (inout Scene) -> Void) -> Double {
    var scene = Scene(width: 60, height: 40, title: "")
    draw(&scene)
    let picture = scene.picture(scale: scale)
    let white = Double(picture.pixels.reduce(0) { $0 + 255 - Int($1) })
    let full = Theme.light.color(.ink)
    return white / Double(3 * 255 - Int(full.red) - Int(full.green) - Int(full.blue))
  }

  @Test(
    "Lines have the area of their length times their width, at each scale", arguments: [1.0, 2])
  func areas(scale: Double) {
    let unit = scale * scale
    let line = ink(scale) { scene in
      scene.line(Point(10, 8), Point(40, 30), Scene.Stroke(.ink, width: 3))
    }
    #expect(abs(line / unit - 3 * (30.0 * 30 + 22 * 22).squareRoot()) < 0.5)
    let ring = ink(scale) { scene in
      scene.draw(
        Path(circle: Point(30, 20), radius: 12), stroke: Scene.Stroke(.ink, width: 4))
    }
    #expect(abs(ring / unit - 2 * Double.pi * 12 * 4) < 3)
    let square = ink(scale) { scene in
      scene.draw(
        Path(Box(left: 10, top: 10, width: 20, height: 16)), stroke: Scene.Stroke(.ink, width: 2))
    }
    #expect(abs(square / unit - (22 * 18 - 18 * 14)) < 0.5)
    let dashes = ink(scale) { scene in
      scene.line(
        Point(5, 20), Point(45, 20), Scene.Stroke(.ink, width: 2, dashes: [6, 4]))
    }
    #expect(abs(dashes / unit - 4 * 6 * 2) < 0.5)
  }

  /// The distance of a place from a straight line between two points.
  private func far(_ place: Point, _ a: Point, _ b: Point) -> Double {
    let (dx, dy) = (b.x - a.x, b.y - a.y)
    let along = ((place.x - a.x) * dx + (place.y - a.y) * dy) / (dx * dx + dy * dy)
    let t = max(0, min(1, along))
    return hypot(place.x - a.x - t * dx, place.y - a.y - t * dy)
  }

  @Test("A line that turns back sharply or crosses itself has no holes")
  func sharpTurns() {
    for points in [
      [Point(10, 20), Point(50, 20), Point(10, 20.5)],
      [Point(10, 10), Point(50, 30), Point(50, 10), Point(10, 30)],
      (0...80).map { Point(10 + Double($0) / 2, 20 + ($0 % 2 == 0 ? 0 : 3)) },
    ] {
      var scene = Scene(width: 60, height: 40, title: "")
      scene.draw(Path(points), stroke: Scene.Stroke(.ink, width: 4))
      let picture = scene.picture()
      // The middle of every straight piece is covered.
      for (a, b) in zip(points, points.dropFirst()) {
        let (x, y) = (Int((a.x + b.x) / 2), Int((a.y + b.y) / 2))
        #expect(picture.pixels[3 * (y * 60 + x)] < 60, "\(x), \(y)")
      }
      // Nothing is further away than the corner of a join.
      for pixel in 0..<(60 * 40) where picture.pixels[3 * pixel] < 200 {
        let place = Point(Double(pixel % 60) + 0.5, Double(pixel / 60) + 0.5)
        let distance = zip(points, points.dropFirst()).map { far(place, $0, $1) }.min() ?? 0
        #expect(distance < 2 * 1.6 + 0.8, "\(place)")
      }
    }
  }

  @Test("A path of one point shows")
  func singlePoint() {
    #expect(ink(1) { $0.draw(Path([Point(20, 20)]), stroke: Scene.Stroke(.ink, width: 4)) } > 10)
  }
}

@Suite struct FontTests {
  private func picture(_ text: String, size: Double = 20, bold: Bool = false) -> RGBImage {
    var scene = Scene(width: 60, height: 40, title: "")
    scene.draw(Label(text, at: Point(10, 30), size: size, bold: bold))
    return scene.picture()
  }

  @Test("Every letter of ASCII and Latin-1 has an outline of its own")
  func letters() {
    let box = picture("\u{0416}")
    var seen: [RGBImage: Character] = [:]
    for value in UInt32(0x21)...0xFF {
      guard let scalar = Unicode.Scalar(value), value < 0x7F || scalar.properties.isAlphabetic
      else { continue }
      guard value != 0xAA, value != 0xBA else { continue }
      let drawn = picture(String(scalar))
      #expect(drawn != box, "\(scalar) has no outline")
      #expect(seen[drawn] == nil, "\(scalar) looks like \(seen[drawn] ?? " ")")
      seen[drawn] = Character(scalar)
    }
    #expect(seen.count > 94 + 60)
  }

  @Test("Letters stay between the left end and the width that was measured")
  func widths() {
    for text in ["Hamburgefonstiv", "WAVE", "iiiiii", "0123456789", "ÄÖÜß éèê", "@%&"] {
      for bold in [false, true] {
        let width = Font.width(text, size: 40, bold: bold)
        var scene = Scene(width: width + 40, height: 80, title: "")
        scene.draw(Label(text, at: Point(20, 55), size: 40, bold: bold))
        let picture = scene.picture()
        for y in 0..<picture.height {
          for x in 0..<picture.width where picture.pixels[3 * (y * picture.width + x)] < 200 {
            #expect(x >= 19 && Double(x) <= width + 21, "\(text) at \(x), \(y)")
          }
        }
      }
    }
    #expect(Font.width("abc", size: 22) == 2 * Font.width("abc", size: 11))
  }

  @Test("A letter and a mark that combines look like the letter with its accent")
  func combining() {
    for text in ["é", "Ä", "ñ", "ç", "å"] {
      #expect(
        picture(text.decomposedStringWithCanonicalMapping)
          == picture(text.precomposedStringWithCanonicalMapping))
      #expect(
        Font.width(text.decomposedStringWithCanonicalMapping, size: 10)
          == Font.width(text, size: 10))
    }
  }

  @Test("A shortened text fits, keeps as much as it can, and is whole where there is room")
  func shortening() {
    let text = "a very long na\u{308}me of a class 👩‍👩‍👧 and more"
    for width in stride(from: 0.0, through: 400, by: 7) {
      let short = Font.shortened(text, to: width, size: 11)
      #expect(Font.width(short, size: 11) <= width + 1e-6)
      if short != text, !short.isEmpty {
        #expect(short.hasSuffix("…"))
        #expect(text.hasPrefix(short.dropLast()))
      }
    }
    #expect(Font.shortened(text, to: 1000, size: 11) == text)
    #expect(Font.shortened(text, to: Font.width(text, size: 11), size: 11) == text)
  }
}

@Suite struct PictureScalingTests {
  @Test("The same size keeps every pixel, another keeps an even colour and the mean")
  func scaling() {
    var numbers = Numbers(5)
    let noise = RGBImage(
      width: 12, height: 8, pixels: (0..<288).map { _ in UInt8(numbers.next() * 256) })
    #expect(noise.resized(width: 12, height: 8) == noise)
    let plain = RGBImage(
      width: 5, height: 3, pixels: [UInt8](repeating: 77, count: 45))
    #expect(plain.resized(width: 13, height: 2).pixels.allSatisfy { $0 == 77 })
    let small = noise.resized(width: 1, height: 1)
    for channel in 0..<3 {
      let values = stride(from: channel, to: 288, by: 3).map { Int(noise.pixels[$0]) }
      let mean = Double(values.reduce(0, +)) / 96
      #expect(abs(Double(small.pixels[channel]) - mean) < 40)
    }
    let fitted = noise.fitted(into: 6)
    #expect(fitted.width == 6 && fitted.height == 4)
  }
}
