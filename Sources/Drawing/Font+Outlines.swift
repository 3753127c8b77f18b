extension Font {
  /// Closed outlines of one character at a size, from its start on the baseline, y downwards.
  ///
  /// `size` is in pixels. The baseline, the heights of small letters and capitals and the depth of
  /// descenders are brought to whole pixels, so that horizontal strokes are sharp.
  static func outlines(_ sign: Sign, size: Double, bold: Bool) -> [[Point]] {
    let pen = max(1, Font.pen(bold: bold) * size)
    let glyph = sign.glyph
    let scale = size / 100
    let inner = max(0, glyph.width * scale - pen)
    let rows = RowGrid(size: size, pen: pen)
    let dotFactor = bold ? 1.1 : 1.3
    func outlines(_ contour: Path.Contour, _ place: (Point) -> Point) -> [[Point]] {
      let half = pen / 2 * (contour.points.count == 1 ? dotFactor : 1)
      return Stroker(half: half, cap: .square).outlines(
        Path.Contour(points: contour.points.map(place), isClosed: contour.isClosed))
    }
    let letter = glyph.strokes.flatMap { contour in
      outlines(contour) { point in
        let share = glyph.width > 0 ? point.x / glyph.width : 0
        return Point(glyph.left * scale + pen / 2 + share * inner, -rows.height(point.y))
      }
    }
    let middle = (glyph.left + glyph.width / 2) * scale
    let accent = sign.accent.flatMap { contour in
      outlines(contour) { point in
        Point(middle + point.x * scale, -rows.height(point.y + sign.lift))
      }
    }
    return letter + accent
  }

  /// The heights of the outlines' grid, in pixels above the baseline.
  private struct RowGrid {
    /// Heights of the grid and of the image, upwards.
    private var steps: [(grid: Double, pixels: Double)]

    init(size: Double, pen: Double) {
      let half = pen / 2
      steps = [
        (-100 * Font.descent, half - (Font.descent * size).rounded()),
        (0, half),
        (100 * Font.smallHeight, (Font.smallHeight * size).rounded() - half),
        (100 * Font.capHeight, (Font.capHeight * size).rounded() - half),
      ]
    }

    func height(_ y: Double) -> Double {
      let upper = steps.dropFirst().firstIndex { y <= $0.grid } ?? steps.count - 1
      let (a, b) = (steps[upper - 1], steps[upper])
      return a.pixels + (y - a.grid) / (b.grid - a.grid) * (b.pixels - a.pixels)
    }
  }
}
