package import Primitives

extension Scene {
  /// The drawing as an image of the given number of pixels per CSS pixel.
  package func picture(scale: Double = 1, theme: Theme = .light) -> RGBImage {
    precondition(scale > 0, "a picture has pixels")
    var canvas = Canvas(
      width: max(1, Int((width * scale).rounded())),
      height: max(1, Int((height * scale).rounded())), scale: scale, theme: theme)
    for element in elements { canvas.draw(element) }
    return RGBImage(width: canvas.width, height: canvas.height, pixels: canvas.pixels)
  }

  /// The drawing as a PNG file; the same drawing gives the same bytes.
  package func png(scale: Double = 1, theme: Theme = .light) throws(PNGError) -> [UInt8] {
    try picture(scale: scale, theme: theme).png()
  }
}

/// Pixels that a drawing is painted on.
private struct Canvas {
  let width: Int
  let height: Int
  let scale: Double
  let theme: Theme
  /// Red, green and blue, row by row.
  var pixels: [UInt8]

  init(width: Int, height: Int, scale: Double, theme: Theme) {
    self.width = width
    self.height = height
    self.scale = scale
    self.theme = theme
    let page = theme.color(.page)
    pixels = [UInt8](repeating: 0, count: 3 * width * height)
    for i in 0..<(width * height) { put(page, 3 * i) }
  }

  mutating func draw(_ element: Scene.Element) {
    switch element {
    case .path(let path, let fill, let stroke):
      let contours = path.contours(scale: scale).map { contour in
        Path.Contour(points: contour.points.map { $0 * scale }, isClosed: contour.isClosed)
      }
      if let fill { paint(contours.map(\.points), theme.color(fill.paint), fill.opacity) }
      if let stroke {
        let stroker = Stroker(half: stroke.width * scale / 2, cap: stroke.cap)
        let pieces = contours.flatMap { $0.dashed(stroke.dashes.map { $0 * scale }) }
        paint(pieces.flatMap(stroker.outlines), theme.color(stroke.paint), 1)
      }
    case .rectangle(let box, let fill):
      let corners = Path(box).contours(scale: scale).map { $0.points.map { $0 * scale } }
      paint(corners, theme.color(fill.paint), fill.opacity)
    case .label(let label): draw(label)
    case .picture(let picture, let box): draw(picture, box)
    }
  }

  private mutating func draw(_ label: Label) {
    let size = label.size * scale
    let before =
      switch label.anchor {
      case .start: 0.0
      case .middle: label.width / 2
      case .end: label.width
      }
    // The baseline lies between two rows of pixels, or two columns where the text is upright.
    let origin = label.place * scale
    var along = -before * scale
    for sign in Font.signs(label.text) {
      let outlines = Font.outlines(sign, size: size, bold: label.isBold).map { outline in
        outline.map { point in
          label.isUpright
            ? Point(origin.x.rounded() + point.y, origin.y - along - point.x)
            : Point(origin.x + along + point.x, origin.y.rounded() + point.y)
        }
      }
      paint(outlines, theme.color(label.paint), 1)
      along += Font.advance(sign, bold: label.isBold) * size / 100
    }
  }

  private mutating func draw(_ picture: RGBImage, _ box: Box) {
    let left = Int((box.left * scale).rounded())
    let top = Int((box.top * scale).rounded())
    let wide = max(1, Int((box.right * scale).rounded()) - left)
    let high = max(1, Int((box.bottom * scale).rounded()) - top)
    let scaled = picture.resized(width: wide, height: high)
    for y in max(0, top)..<max(0, top, min(height, top + high)) {
      for x in max(0, left)..<max(0, left, min(width, left + wide)) {
        let source = 3 * ((y - top) * wide + x - left)
        for channel in 0..<3 {
          pixels[3 * (y * width + x) + channel] = scaled.pixels[source + channel]
        }
      }
    }
  }

  /// Fills outlines given in pixels.
  private mutating func paint(_ outlines: [[Point]], _ color: Color, _ opacity: Double) {
    var low = Point(.infinity, .infinity)
    var high = Point(-.infinity, -.infinity)
    for point in outlines.joined() {
      low = Point(min(low.x, point.x), min(low.y, point.y))
      high = Point(max(high.x, point.x), max(high.y, point.y))
    }
    let left = max(0, low.x.rounded(.down))
    let top = max(0, low.y.rounded(.down))
    let right = min(Double(width), high.x.rounded(.up))
    let bottom = min(Double(height), high.y.rounded(.up))
    guard right > left, bottom > top else { return }
    var coverage = Coverage(width: Int(right - left), height: Int(bottom - top))
    for outline in outlines { coverage.add(outline.map { Point($0.x - left, $0.y - top) }) }
    for y in 0..<coverage.height {
      let start = (Int(top) + y) * width + Int(left)
      coverage.row(y) { x, share in
        let at = 3 * (start + x)
        let below = Color(red: pixels[at], green: pixels[at + 1], blue: pixels[at + 2])
        put(color.over(below, share * opacity), at)
      }
    }
  }

  private mutating func put(_ color: Color, _ at: Int) {
    pixels[at] = color.red
    pixels[at + 1] = color.green
    pixels[at + 2] = color.blue
  }
}

extension Path.Contour {
  /// The parts of the line that a pattern of strokes and gaps leaves; without one the line itself.
  func dashed(_ pattern: [Double]) -> [Path.Contour] {
    guard pattern.count > 1, pattern.allSatisfy({ $0 > 0 }) else { return [self] }
    var parts: [Path.Contour] = []
    var rest = pattern[0]
    var step = 0
    var part = [points[0]]
    for (a, b) in zip(points, points.dropFirst() + (isClosed ? [points[0]] : [])) {
      let length = (b - a).length
      var done = 0.0
      while length - done > rest {
        done += rest
        part.append(a + (b - a) * (done / length))
        if step % 2 == 0 { parts.append(Path.Contour(points: part, isClosed: false)) }
        part = Array(part.suffix(1))
        step += 1
        rest = pattern[step % pattern.count]
      }
      rest -= length - done
      part.append(b)
    }
    if step % 2 == 0, part.count > 1 { parts.append(Path.Contour(points: part, isClosed: false)) }
    return parts
  }
}
