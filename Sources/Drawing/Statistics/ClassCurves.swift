internal import Primitives

/// Curves of every class against the rest, and their averages.
package struct ClassCurves: Sendable, Hashable {
  /// The curves of each class; nil for one without members, or without others.
  package let classes: [RankCurves?]
  /// The curves of all pairs of image and class together.
  package let micro: RankCurves?

  /// Name of the curve over all pairs.
  static let microName = "micro average"
  /// Name of the mean curve.
  static let macroName = "macro average"
  /// Up to this many classes have a curve each in a chart.
  private static let fewClasses = 6
  /// This many of the worst are shown of more classes.
  private static let worstClasses = 4
  /// Steps of the mean curves.
  private static let steps = 200

  /// Curves of predictions: a probability per class for each image, and its true class.
  package init(probabilities: [[Double]], truths: [Int], classes count: Int) {
    precondition(
      probabilities.count == truths.count && probabilities.allSatisfy { $0.count == count },
      "one probability per class and a true class for each image")
    classes = RankCounter.classes(probabilities: probabilities, truths: truths, count: count)
      .map { $0.ranks.map(RankCurves.init) }
    guard count > ClassCurves.fewClasses else {
      micro = nil
      return
    }
    let answers = zip(probabilities, truths)
    var all = RankCounter(members: answers.map { $0[$1] })
    for (row, truth) in answers {
      for (index, score) in row.enumerated() where index != truth { all.add(other: score) }
    }
    micro = all.ranks.map(RankCurves.init)
  }

  func shownROC(names: [String]) -> [CurveChart.Curve] {
    shown(names: names, area: \.rocArea, points: \.roc) { curves, x in
      curves.truePositiveRate(at: x)
    }
  }

  /// The curves of precision over recall that a chart shows.
  func shownPrecisionRecall(names: [String]) -> [CurveChart.Curve] {
    shown(names: names, area: \.averagePrecision, points: \.precisionSteps) { curves, x in
      curves.precision(at: x)
    }
  }

  /// Of two classes the second, of a few all, of many the averages and the worst.
  private func shown(
    names: [String], area: (RankCurves) -> Double, points: (RankCurves) -> [Point],
    value: (RankCurves, Double) -> Double
  ) -> [CurveChart.Curve] {
    precondition(names.count == classes.count, "one name per class")
    let all = zip(names, classes).compactMap { name, curves in
      curves.map { CurveChart.Curve(name: name, points: points($0), area: area($0)) }
    }
    if classes.count == 2 { return all.suffix(1) }
    guard classes.count > ClassCurves.fewClasses, !all.isEmpty else { return all }
    let known = classes.compactMap { $0 }
    let mean = (0...ClassCurves.steps).map { step in
      let x = Double(step) / Double(ClassCurves.steps)
      return Point(x, known.reduce(0) { $0 + value($1, x) } / Double(known.count))
    }
    let macro = CurveChart.Curve(
      name: ClassCurves.macroName, points: mean,
      area: known.reduce(0) { $0 + area($1) } / Double(known.count), isAverage: true)
    let micro = self.micro.map { curves in
      CurveChart.Curve(
        name: ClassCurves.microName, points: points(curves), area: area(curves), isAverage: true)
    }
    let worst = all.enumerated().sorted {
      ($0.element.area, $0.offset) < ($1.element.area, $1.offset)
    }
    return [macro] + (micro.map { [$0] } ?? [])
      + worst.prefix(ClassCurves.worstClasses).map(\.element)
  }
}
