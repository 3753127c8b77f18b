package import Primitives

/// The accuracy of predictions by their probability, and their number.
package struct ReliabilityChart: Sendable, Hashable {
  package var title: String
  package var answers: ReliabilityBins
  /// Width in CSS pixels.
  package var width = Chart.width
  /// Height in CSS pixels.
  package var height = 400.0

  /// A chart of these predictions.
  package init(_ answers: ReliabilityBins, title: String = "Reliability") {
    self.answers = answers
    self.title = title
  }

  /// The chart as a drawing: accuracy above, counts below.
  package var scene: Scene {
    var scene = Scene(width: width, height: height, title: title)
    let filled = answers.bins.filter { $0.count > 0 }
    guard let most = filled.map(\.count).max() else {
      PlotFrame.nothing(&scene, title, "no predictions")
      return scene
    }
    let split = (height * 0.7).rounded()
    let upper = PlotFrame(
      &scene, title: title, x: Axis(title: "", range: 0...1),
      y: Axis(title: "accuracy", range: 0...1),
      legend: [
        LegendEntry(name: "correct", paint: .series(0), mark: .square(1)),
        LegendEntry(name: "overconfident", paint: .series(1), mark: .square(0.25)),
        LegendEntry(name: "underconfident", paint: .series(2), mark: .square(0.7)),
      ], height: split)
    for bin in filled {
      let (left, right) = (upper.column(of: bin.lower) + 1, upper.column(of: bin.upper) - 1)
      let (actual, claimed) = (upper.height(of: bin.accuracy), upper.height(of: bin.probability))
      scene.fill(
        Box(left: left, top: actual, width: right - left, height: upper.box.bottom - actual),
        .series(0))
      let gap = Box(
        left: left, top: min(actual, claimed), width: right - left, height: abs(actual - claimed))
      let paint: Paint = bin.probability > bin.accuracy ? .series(1) : .series(2)
      // Below the top of a bar the colour lies on the bar's, where it needs more strength.
      scene.fill(gap, paint, opacity: bin.probability > bin.accuracy ? 0.25 : 0.7)
      scene.line(Point(left, claimed), Point(right, claimed), Scene.Stroke(paint, width: 2))
    }
    scene.line(upper.point(0, 0), upper.point(1, 1), Scene.Stroke(.ink, dashes: [4, 4]))
    drawCounts(filled, most: most, below: split, in: upper, into: &scene)
    return scene
  }

  private func drawCounts(
    _ filled: [ReliabilityBins.Bin], most: Int, below top: Double, in upper: PlotFrame,
    into scene: inout Scene
  ) {
    let size = PlotFrame.TextSize.label
    let bottom = height - PlotFrame.margin - size - 7
    let area = Box(
      left: upper.box.left, top: top + size + 4, width: upper.box.width,
      height: max(1, bottom - top - size - 4))
    for bin in filled {
      let (left, right) = (upper.column(of: bin.lower) + 1, upper.column(of: bin.upper) - 1)
      let tall = max(1, Double(bin.count) / Double(most) * area.height)
      scene.fill(
        Box(left: left, top: area.bottom - tall, width: right - left, height: tall), .muted,
        opacity: 0.6)
    }
    scene.line(
      Point(area.left, area.bottom), Point(area.right, area.bottom), Scene.Stroke(.muted))
    for (value, at) in [(most, area.top), (0, area.bottom)] {
      scene.draw(
        Label(
          grouped(value), at: Point(area.left - 7, at), size: size, anchor: .end,
          align: .middle, paint: .muted))
    }
    scene.draw(
      Label(
        "images", within: area.height + 20,
        at: Point(PlotFrame.margin, area.middle.y), size: size, anchor: .middle, align: .top,
        upright: true))
    scene.draw(
      Label(
        "probability of the prediction; expected calibration error "
          + shown(answers.expectedCalibrationError, 4), within: area.width,
        at: Point(area.middle.x, height - PlotFrame.margin - Font.descent * size), size: size,
        anchor: .middle))
  }
}
