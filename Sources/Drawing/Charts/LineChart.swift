/// Values over steps: loss, accuracy or learning rate over epochs.
package struct LineChart: Sendable, Hashable {
  package struct Line: Sendable, Hashable {
    package var name: String
    /// Its points from left to right; one that is not finite is a gap.
    package var points: [Point]
    package var paint: Paint
    package var isDashed: Bool

    /// A line through these points, whose coordinates are values.
    package init(_ name: String, points: [Point], paint: Paint, dashed: Bool = false) {
      self.name = name
      self.points = points
      self.paint = paint
      isDashed = dashed
    }

    /// A line of one value per step, the first at `start`; nil is a gap.
    package init(
      _ name: String, values: [Double?], from start: Int = 1, paint: Paint, dashed: Bool = false
    ) {
      let points = zip(start..., values).compactMap { step, value in
        Point(Double(step), value ?? .nan)
      }
      self.init(name, points: points, paint: paint, dashed: dashed)
    }
  }

  /// A step worth pointing out.
  package struct Mark: Sendable, Hashable {
    package var x: Double
    package var name: String

    package init(x: Double, name: String) {
      self.x = x
      self.name = name
    }
  }

  package var title: String
  package var xTitle: String
  package var yTitle: String
  package var format: TickFormat
  package var lines: [Line]
  /// Steps pointed out with an upright line.
  package var marks: [Mark]
  /// Whether the axis starts at 0.
  package var startsAtZero: Bool
  /// Width in CSS pixels.
  package var width = Chart.width
  /// Height in CSS pixels.
  package var height = Chart.height

  /// A chart of these lines.
  package init(
    title: String, xTitle: String = "epoch", yTitle: String, format: TickFormat = .number,
    lines: [Line], marks: [Mark] = [], startsAtZero: Bool = false
  ) {
    self.title = title
    self.xTitle = xTitle
    self.yTitle = yTitle
    self.format = format
    self.lines = lines
    self.marks = marks
    self.startsAtZero = startsAtZero
  }

  /// With fewer points than this each is marked.
  private static let markedPoints = 13
  private static let dashes = [6.0, 4.0]

  /// The chart as a drawing.
  package var scene: Scene {
    var scene = Scene(width: width, height: height, title: title)
    let pieces = lines.map { LineChart.pieces($0.points) }
    let points = pieces.joined().joined()
    guard let x = span(points.map(\.x)), let y = span(points.map(\.y)) else {
      PlotFrame.nothing(&scene, title, "no values")
      return scene
    }
    let isWhole = points.allSatisfy { $0.x == $0.x.rounded() }
    let frame = PlotFrame(
      &scene, title: title,
      x: Axis(title: xTitle, range: widened(x, by: 1), format: isWhole ? .whole : .number),
      y: Axis(title: yTitle, range: valueRange(y), format: format),
      legend: lines.count > 1 || !marks.isEmpty
        ? lines.filter { line in line.points.contains { $0.y.isFinite } }.map(entry) : [])
    for (row, mark) in marks.filter({ x.contains($0.x) }).enumerated() {
      draw(mark, row, places: points.map { frame.point($0.x, $0.y) }, into: &scene, frame)
    }
    for (line, pieces) in zip(lines, pieces) {
      for piece in pieces { draw(piece, of: line, into: &scene, frame) }
    }
    return scene
  }

  private func entry(_ line: Line) -> LegendEntry {
    LegendEntry(
      name: line.name, paint: line.paint,
      mark: .line(dashes: line.isDashed ? LineChart.dashes : []))
  }

  /// Runs of finite points.
  private static func pieces(_ points: [Point]) -> [[Point]] {
    points.split { !$0.x.isFinite || !$0.y.isFinite }.map(Array.init)
  }

  private func span(_ values: [Double]) -> ClosedRange<Double>? {
    guard let low = values.min(), let high = values.max() else { return nil }
    return low...high
  }

  /// A range that is not a point.
  private func widened(_ range: ClosedRange<Double>, by amount: Double) -> ClosedRange<Double> {
    range.lowerBound < range.upperBound
      ? range : (range.lowerBound - amount)...(range.upperBound + amount)
  }

  private func valueRange(_ values: ClosedRange<Double>) -> ClosedRange<Double> {
    let low = startsAtZero ? min(0, values.lowerBound) : values.lowerBound
    let tenth = abs(values.upperBound) / 10
    let around = format == .percent ? max(tenth, 0.05) : tenth > 0 ? tenth : 1
    let range = widened(low...max(low, values.upperBound), by: around)
    let rounded = Ticks.rounded(range, count: 5)
    guard format == .percent, values.lowerBound >= 0, values.upperBound <= 1 else {
      return rounded
    }
    return max(0, rounded.lowerBound)...min(1, rounded.upperBound)
  }

  private func draw(
    _ piece: [Point], of line: Line, into scene: inout Scene, _ frame: PlotFrame
  ) {
    let places = piece.map { frame.point($0.x, $0.y) }
    if places.count > 1 {
      scene.draw(
        Path(PlotFrame.thinned(places)),
        stroke: Scene.Stroke(
          line.paint, width: 2, cap: line.isDashed ? .butt : .round,
          dashes: line.isDashed ? LineChart.dashes : []))
    }
    guard places.count == 1 || line.points.count < LineChart.markedPoints else { return }
    for place in places {
      scene.draw(
        Path(circle: place, radius: 3), fill: Scene.Fill(line.isDashed ? .page : line.paint),
        stroke: Scene.Stroke(line.paint, width: 1.5))
    }
  }

  /// An upright line with its name on the side with more room, at the end further from the data.
  private func draw(
    _ mark: Mark, _ row: Int, places: [Point], into scene: inout Scene, _ frame: PlotFrame
  ) {
    let at = frame.column(of: mark.x)
    scene.line(
      Point(at, frame.box.top), Point(at, frame.box.bottom),
      Scene.Stroke(.muted, dashes: [2, 3]))
    let isLeft = at > frame.box.middle.x
    let room = (isLeft ? at - frame.box.left : frame.box.right - at) - 8
    let size = PlotFrame.TextSize.note
    let name = Font.shortened(mark.name, to: room, size: size)
    let width = Font.width(name, size: size) + 5
    let near = places.filter {
      isLeft ? $0.x <= at && $0.x >= at - width : $0.x >= at && $0.x <= at + width
    }
    let high = near.map(\.y).min() ?? frame.box.bottom
    let low = near.map(\.y).max() ?? frame.box.top
    let isBelow = high - frame.box.top < frame.box.bottom - low
    let offset = 3 + 13 * Double(row)
    scene.draw(
      Label(
        name,
        at: Point(
          at + (isLeft ? -5 : 5),
          isBelow ? frame.box.bottom - offset - Font.descent * size : frame.box.top + offset),
        size: size, anchor: isLeft ? .end : .start, align: isBelow ? .baseline : .top,
        paint: .muted))
  }
}

/// Sizes that charts share.
package enum Chart {
  /// Width of a chart in CSS pixels: a phone's screen shows it nearly unscaled.
  package static let width = 460.0
  /// Height of a chart in CSS pixels.
  package static let height = 300.0
}
