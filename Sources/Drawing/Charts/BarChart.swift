internal import Primitives

/// Amounts side by side, such as where the time went.
package struct BarChart: Sendable, Hashable {
  /// One amount.
  package struct Bar: Sendable, Hashable {
    package var name: String
    /// The value; without a bar unless above 0.
    package var value: Double
    /// The text beside the bar.
    package var text: String
  }

  package var title: String
  /// The bars from top to bottom.
  package var bars: [Bar]
  /// Width in CSS pixels.
  package var width = Chart.width

  /// A chart of these bars.
  package init(title: String, bars: [Bar]) {
    self.title = title
    self.bars = bars
  }

  /// A chart of time: seconds and percentages beside each bar.
  package init(title: String = "Where the time went", seconds: [(name: String, seconds: Double)]) {
    let shown = seconds.map { ($0.name, $0.seconds.isFinite ? max(0, $0.seconds) : 0) }
    let total = shown.reduce(0) { $0 + $1.1 }
    self.init(
      title: title,
      bars: shown.map { name, seconds in
        let percent = total > 0 ? fixed(100 * seconds / total, 1) + " %" : "0 %"
        return Bar(name: name, value: seconds, text: BarChart.duration(seconds) + " · " + percent)
      })
  }

  private static let rowHeight = 24.0
  private static let size = PlotFrame.TextSize.label

  /// A length of time such as `0.42 s`, `12.3 s`, `3 min 20 s` or `2 h 05 min`.
  package static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "–" }
    if seconds > 0, seconds < 0.005 { return fixed(1000 * seconds, 2) + " ms" }
    if seconds < 9.995 { return fixed(seconds, 2) + " s" }
    if seconds < 59.95 { return fixed(seconds, 1) + " s" }
    let whole = Int(seconds.rounded())
    if whole < 3600 { return "\(whole / 60) min \(zeroPadded(whole % 60, 2)) s" }
    let minutes = (whole + 30) / 60
    return "\(minutes / 60) h \(zeroPadded(minutes % 60, 2)) min"
  }

  /// The chart as a drawing.
  package var scene: Scene {
    var scene = Scene(width: width, height: Chart.height, title: title)
    let top = PlotFrame.heading(&scene, title)
    let most = bars.map(\.value).filter(\.isFinite).max() ?? 0
    guard !bars.isEmpty else {
      PlotFrame.note(&scene, "no values", below: top)
      return scene
    }
    scene.height = top + Double(bars.count) * BarChart.rowHeight + PlotFrame.margin
    let names = bars.map {
      Font.shortened($0.name, to: width * 0.3, size: BarChart.size)
    }
    let nameWidth = names.map { Font.width($0, size: BarChart.size) }.max() ?? 0
    let texts = bars.map {
      Font.shortened($0.text, to: width * 0.35, size: BarChart.size)
    }
    let textWidth = texts.map { Font.width($0, size: BarChart.size) }.max() ?? 0
    let left = PlotFrame.margin + nameWidth + 8
    let room = max(1, width - PlotFrame.margin - left - textWidth - 8)
    for (row, bar) in bars.enumerated() {
      let middle = top + (Double(row) + 0.5) * BarChart.rowHeight
      let share = most > 0 && bar.value.isFinite ? max(0, bar.value / most) : 0
      scene.draw(
        Label(
          names[row], at: Point(left - 8, middle), size: BarChart.size, anchor: .end,
          align: .middle))
      scene.fill(
        Box(left: left, top: middle - 7, width: room * share, height: 14), .series(0))
      scene.draw(
        Label(
          texts[row], at: Point(left + room * share + 6, middle), size: BarChart.size,
          align: .middle, paint: .muted))
    }
    scene.line(
      Point(left, top), Point(left, scene.height - PlotFrame.margin), Scene.Stroke(.muted))
    return scene
  }
}
