internal import Primitives

/// For each class how probable it was held for its members and for the others.
package struct HistogramChart: Sendable, Hashable {
  /// The two distributions of one class.
  package struct Panel: Sendable, Hashable {
    package var name: String
    /// Members by the probability of the class, in bins of one width from 0 to 1.
    package var members: [Int]
    /// Images of other classes in the same bins.
    package var others: [Int]

    /// The counts of one class.
    package init(name: String, members: [Int], others: [Int]) {
      precondition(members.count == others.count, "the same bins for both")
      self.name = name
      self.members = members
      self.others = others
    }
  }

  package var title: String
  package var panels: [Panel]
  /// Classes at most; the drawing says how many are omitted.
  package var maximumPanels = 12
  /// Width in CSS pixels.
  package var width = 720.0

  /// A chart of these classes.
  package init(title: String = "Probability of each class", panels: [Panel]) {
    self.title = title
    self.panels = panels
  }

  private static let panelHeight = 150.0
  private static let leastWidth = 200.0

  /// The chart as a drawing: a panel a class, in rows.
  package var scene: Scene {
    let shown = Array(panels.prefix(maximumPanels))
    let columns = max(1, min(shown.count, Int(width / HistogramChart.leastWidth)))
    let rows = max(1, (shown.count + columns - 1) / columns)
    let room = width - 2 * PlotFrame.margin
    let head = PlotFrame.margin + PlotFrame.TextSize.title + 10 + 3 * 17 + 10
    var scene = Scene(
      width: width, height: head + Double(rows) * HistogramChart.panelHeight + 26, title: title)
    var top = PlotFrame.heading(&scene, title)
    guard !shown.isEmpty else {
      PlotFrame.note(&scene, "no predictions", below: top)
      return scene
    }
    top =
      Legend(entries: [
        LegendEntry(name: "images of the class", paint: .series(0), mark: .square(1)),
        LegendEntry(name: "images of other classes", paint: .series(1), mark: .square(0.25)),
      ]).draw(into: &scene, left: PlotFrame.margin, top: top, width: room) + 6
    let wide = room / Double(columns)
    for (index, panel) in shown.enumerated() {
      let box = Box(
        left: PlotFrame.margin + Double(index % columns) * wide,
        top: top + Double(index / columns) * HistogramChart.panelHeight,
        width: wide - 18, height: HistogramChart.panelHeight - 12)
      draw(panel, into: &scene, box)
    }
    let left = panels.count - shown.count
    let bottom = top + Double(rows) * HistogramChart.panelHeight
    scene.height = bottom + 26
    let size = PlotFrame.TextSize.note
    let text =
      "share of the images per probability bin"
      + (left > 0 ? "; \(left) more classes are not shown" : "")
    scene.draw(
      Label(
        text, within: room,
        at: Point(PlotFrame.margin, bottom + 4), size: size, align: .top, paint: .muted))
    return scene
  }

  private func draw(_ panel: Panel, into scene: inout Scene, _ box: Box) {
    let size = PlotFrame.TextSize.label
    scene.draw(
      Label(
        panel.name, within: box.width,
        at: Point(box.left, box.top), size: size, align: .top, bold: true))
    let plot = Box(
      left: box.left, top: box.top + 18, width: box.width, height: box.height - 18 - 18)
    let members = shares(panel.members)
    let others = shares(panel.others)
    let most = max(members.max() ?? 0, others.max() ?? 0)
    for share in [0.5, 1] {
      let at = plot.bottom - share * plot.height
      scene.line(Point(plot.left, at), Point(plot.right, at), Scene.Stroke(.faint))
    }
    let step = plot.width / Double(max(1, members.count))
    func bar(_ index: Int, _ share: Double) -> Box {
      let tall = most > 0 ? share / most * plot.height : 0
      return Box(
        left: plot.left + Double(index) * step, top: plot.bottom - tall,
        width: max(0.5, step - 1), height: tall)
    }
    for (index, share) in members.enumerated() { scene.fill(bar(index, share), .series(0)) }
    for (index, share) in others.enumerated() where share > 0 {
      let box = bar(index, share)
      scene.fill(box, .series(1), opacity: 0.25)
      scene.line(
        Point(box.left, box.top), Point(box.right, box.top), Scene.Stroke(.series(1), width: 2))
    }
    scene.line(
      Point(plot.left, plot.bottom), Point(plot.right, plot.bottom), Scene.Stroke(.muted))
    let count = panel.members.reduce(0, +)
    let texts: [(String, Double, Label.Anchor)] = [
      ("0", plot.left, .start),
      (counted(count, "image"), plot.middle.x, .middle),
      ("1", plot.right, .end),
    ]
    for (text, x, anchor) in texts {
      scene.draw(
        Label(
          text, at: Point(x, plot.bottom + 6), size: PlotFrame.TextSize.note, anchor: anchor,
          align: .top, paint: .muted))
    }
  }

  private func shares(_ counts: [Int]) -> [Double] {
    let total = counts.reduce(0, +)
    return counts.map { total > 0 ? Double($0) / Double(total) : 0 }
  }
}
