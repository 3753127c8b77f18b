internal import Primitives

/// One of the two axes of a chart.
struct Axis {
  var title: String
  /// The numbers at its ends.
  var range: ClosedRange<Double>
  var format = TickFormat.number
}

/// A number with a fixed count of decimals; a dash for what is no number.
package func shown(_ value: Double, _ digits: Int) -> String {
  value.isFinite ? fixed(value, digits) : "–"
}

/// Title, legend, axes and grid of a chart, and where its data go.
package struct PlotFrame {
  /// Sizes of text in CSS pixels.
  package enum TextSize {
    package static let title = 14.0
    package static let label = 11.0
    package static let note = 10.0
  }

  /// Space around everything.
  static let margin = 12.0
  /// The area of the data.
  let box: Box
  let x: Axis
  let y: Axis

  /// Draws what surrounds the data into a scene.
  ///
  /// `height` ends the chart before the scene does, for another chart below.
  init(
    _ scene: inout Scene, title: String, x: Axis, y: Axis, legend: [LegendEntry] = [],
    height: Double? = nil
  ) {
    self.x = x
    self.y = y
    let size = TextSize.label
    let bottomEdge = height ?? scene.height
    var top = PlotFrame.heading(&scene, title)
    top = Legend(entries: legend).draw(
      into: &scene, left: PlotFrame.margin, top: top, width: scene.width - 2 * PlotFrame.margin)
    let bottom = bottomEdge - PlotFrame.margin - (x.title.isEmpty ? 0 : size + 7) - size - 8
    let plotHeight = max(1, bottom - top - 6)
    let yTicks = Ticks(y.range, count: max(2, Int(plotHeight / 34)), format: y.format)
    let labelWidth = yTicks.labels.map { Font.width($0, size: size) }.max() ?? 0
    let left = PlotFrame.margin + (y.title.isEmpty ? 0 : size + 9) + labelWidth + 7
    let right = scene.width - PlotFrame.margin - 8
    box = Box(left: left, top: top + 6, width: max(1, right - left), height: plotHeight)

    for (value, label) in zip(yTicks.values, yTicks.labels) {
      let at = self.height(of: value)
      let middle = PlotFrame.pixelMiddle(at)
      scene.line(Point(box.left, middle), Point(box.right, middle), Scene.Stroke(.faint))
      scene.draw(
        Label(
          label, at: Point(box.left - 7, at), size: size, anchor: .end, align: .middle,
          paint: .muted))
    }
    drawColumnTicks(&scene)
    let base = PlotFrame.pixelMiddle(box.bottom)
    scene.line(Point(box.left, base), Point(box.right, base), Scene.Stroke(.muted))
    scene.draw(
      Label(
        x.title, within: box.width,
        at: Point(box.middle.x, bottomEdge - PlotFrame.margin - Font.descent * size), size: size,
        anchor: .middle))
    scene.draw(
      Label(
        y.title, within: box.height,
        at: Point(PlotFrame.margin, box.middle.y), size: size, anchor: .middle, align: .top,
        upright: true))
  }

  /// The middle of the pixel at a coordinate: a line of one pixel there is sharp.
  private static func pixelMiddle(_ at: Double) -> Double { (at - 0.5).rounded() + 0.5 }

  /// Draws the title and gives the height below it.
  static func heading(_ scene: inout Scene, _ title: String) -> Double {
    let room = scene.width - 2 * margin
    scene.draw(
      Label(
        title, within: room,
        at: Point(margin, margin), size: TextSize.title, align: .top, bold: true))
    return title.isEmpty ? margin : margin + TextSize.title + 10
  }

  /// Draws a title, and in the middle below it that there is nothing to show.
  static func nothing(_ scene: inout Scene, _ title: String, _ text: String) {
    let top = heading(&scene, title)
    note(&scene, text, below: top)
  }

  /// Says in the middle of what is below a height that there is nothing to show.
  static func note(_ scene: inout Scene, _ text: String, below top: Double) {
    let box = Box(left: 0, top: top, width: scene.width, height: max(1, scene.height - top))
    scene.draw(
      Label(
        text, within: box.width - 8, at: box.middle,
        size: TextSize.label, anchor: .middle, align: .middle, paint: .muted))
  }

  /// As many ticks under the plot as leave room between their labels.
  private func drawColumnTicks(_ scene: inout Scene) {
    let size = TextSize.label
    var count = max(1, Int(box.width / 44))
    var ticks = Ticks(x.range, count: count, format: x.format)
    func fits() -> Bool {
      var end = -Double.infinity
      for (value, label) in zip(ticks.values, ticks.labels) {
        let (at, half) = (column(of: value), Font.width(label, size: size) / 2)
        if at - half < end + 10 { return false }
        end = at + half
      }
      return true
    }
    while count > 1, !fits() {
      count -= 1
      ticks = Ticks(x.range, count: count, format: x.format)
    }
    for (value, label) in zip(ticks.values, ticks.labels) {
      let at = column(of: value)
      let middle = PlotFrame.pixelMiddle(at)
      scene.line(
        Point(middle, box.bottom + 1), Point(middle, box.bottom + 5), Scene.Stroke(.muted))
      let width = Font.width(label, size: size)
      let center = min(at, scene.width - 2 - width / 2)
      scene.draw(
        Label(
          label, at: Point(center, box.bottom + 8), size: size, anchor: .middle, align: .top,
          paint: .muted))
    }
  }

  /// The place of a value of x; values outside the axis are drawn at its ends.
  func column(of value: Double) -> Double { box.left + share(value, x.range) * box.width }

  func height(of value: Double) -> Double { box.bottom - share(value, y.range) * box.height }

  /// The place of a pair of values.
  func point(_ x: Double, _ y: Double) -> Point { Point(column(of: x), height(of: y)) }

  private func share(_ value: Double, _ range: ClosedRange<Double>) -> Double {
    let span = range.upperBound - range.lowerBound
    return span > 0 ? max(0, min(1, (value - range.lowerBound) / span)) : 0.5
  }

  /// Points without those that lie within half a pixel of the one before; the last one stays.
  static func thinned(_ points: [Point]) -> [Point] {
    var result: [Point] = []
    for point in points where result.last.map({ ($0 - point).length >= 0.5 }) ?? true {
      result.append(point)
    }
    if let last = points.last, let kept = result.last, kept != last {
      if result.count > 1 { result.removeLast() }
      result.append(last)
    }
    return result
  }
}
