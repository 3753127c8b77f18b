/// Receiver operating characteristics, or precision over recall, with the areas under the curves.
package struct CurveChart: Sendable, Hashable {
  /// The kind of curve.
  package enum Kind: Sendable, Hashable {
    /// True positive over false positive rate.
    case roc
    /// Precision over recall.
    case precisionRecall
  }

  package struct Curve: Sendable, Hashable {
    /// A class or an average.
    package var name: String
    /// Its points in order, both coordinates 0...1.
    package var points: [Point]
    /// The area under it.
    package var area: Double
    package var isAverage = false
  }

  package var kind: Kind
  package var title: String
  package var curves: [Curve]
  /// Width in CSS pixels.
  package var width = Chart.width
  /// Height in CSS pixels.
  package var height = 380.0

  /// A chart of these curves.
  package init(kind: Kind, title: String? = nil, curves: [Curve]) {
    self.kind = kind
    self.title = title ?? (kind == .roc ? "ROC" : "Precision and recall")
    self.curves = curves
  }

  /// A chart of a classifier's curves: all of them for a few classes, else the averages and the
  /// classes of the least areas.
  package init(kind: Kind, title: String? = nil, classes: ClassCurves, names: [String]) {
    self.init(
      kind: kind, title: title,
      curves: kind == .roc
        ? classes.shownROC(names: names) : classes.shownPrecisionRecall(names: names))
  }

  /// The chart as a drawing.
  package var scene: Scene {
    var scene = Scene(width: width, height: height, title: title)
    let curves = curves.filter { curve in
      curve.points.contains { $0.x.isFinite && $0.y.isFinite }
    }
    guard !curves.isEmpty else {
      PlotFrame.nothing(&scene, title, "no class has both positive and negative images")
      return scene
    }
    let isROC = kind == .roc
    let averages = curves.count { $0.isAverage }
    let looks = curves.indices.map { index in
      look(curves[index], classIndex: curves[..<index].count { !$0.isAverage }, averages: averages)
    }
    let frame = PlotFrame(
      &scene, title: title,
      x: Axis(title: isROC ? "false positive rate" : "recall", range: 0...1),
      y: Axis(title: isROC ? "true positive rate" : "precision", range: 0...1),
      legend: zip(curves, looks).map { curve, look in
        LegendEntry(
          name: CurveChart.legendName(curve), paint: look.paint,
          mark: .line(dashes: look.dashes))
      })
    if isROC {
      scene.line(frame.point(0, 0), frame.point(1, 1), Scene.Stroke(.muted, dashes: [2, 3]))
    }
    for (curve, look) in zip(curves, looks) {
      let points = curve.points.filter { $0.x.isFinite && $0.y.isFinite }
      scene.draw(
        Path(PlotFrame.thinned(points.map { frame.point($0.x, $0.y) })), stroke: look)
    }
    return scene
  }

  /// A name that leaves room for the area.
  private static func legendName(_ curve: Curve) -> String {
    Font.shortened(curve.name, to: 150, size: PlotFrame.TextSize.label) + " "
      + shown(curve.area, 4)
  }

  /// Averages are drawn in ink, the second one broken; classes have colours, then dashes too.
  private func look(_ curve: Curve, classIndex: Int, averages: Int) -> Scene.Stroke {
    if curve.isAverage {
      return Scene.Stroke(
        .ink, width: 2, dashes: curve.name.hasPrefix(ClassCurves.microName) ? [6, 4] : [])
    }
    return Scene.Stroke(
      .series(classIndex), width: 2, dashes: classIndex < Paint.seriesCount ? [] : [6, 2])
  }
}
