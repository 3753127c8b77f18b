internal import Primitives

/// The ranking metrics of one class: ROC, precision over recall, and their areas.
package struct RankCurves: Sendable, Hashable {
  /// False (x) and true (y) positive rates from (0, 0) to (1, 1), a point a threshold.
  package let roc: [Point]
  /// The area under the ROC curve by trapezoids.
  package let rocArea: Double
  /// Recall (x) and precision (y) from (0, 1) on, a point a threshold, recall growing.
  package let precisionRecall: [Point]
  /// Average precision: the sum over thresholds of precision times the recall gained.
  ///
  /// No interpolation, as scikit-learn's `average_precision_score`.
  package let averagePrecision: Double

  /// The curves of scores and of who is a member; nil without members or without others.
  ///
  /// Equal scores are one threshold. Scores that are not finite are omitted.
  package init?(_ scored: [(score: Double, isMember: Bool)]) {
    guard let ranks = RankSteps(scored) else { return nil }
    self.init(ranks)
  }

  /// The curves of steps that were counted.
  init(_ ranks: RankSteps) {
    var roc = [Point(0, 0)]
    var precisionRecall = [Point(0, 1)]
    var average = 0.0
    for step in ranks.steps {
      let point = Point(
        Double(step.others) / Double(ranks.others), Double(step.members) / Double(ranks.members))
      let precision = Double(step.members) / Double(step.members + step.others)
      average += (point.y - roc[roc.count - 1].y) * precision
      roc.append(point)
      precisionRecall.append(Point(point.y, precision))
    }
    self.roc = roc
    rocArea = ranks.area
    self.precisionRecall = precisionRecall
    averagePrecision = average
  }

  /// Precision over recall as the steps whose area is the average precision.
  var precisionSteps: [Point] {
    zip(precisionRecall, precisionRecall.dropFirst()).flatMap { a, b in
      [Point(a.x, b.y), b]
    }
  }

  /// The greatest true positive rate at a false positive rate, lines drawn between the points.
  func truePositiveRate(at x: Double) -> Double { RankCurves.value(of: roc, at: x) }

  /// The curve's value at x, on an upright piece the last one.
  private static func value(of curve: [Point], at x: Double) -> Double {
    let next = curve.indices.partitioningIndex { curve[$0].x > x }
    guard next > 0 else { return curve[0].y }
    guard next < curve.count else { return curve[next - 1].y }
    let (a, b) = (curve[next - 1], curve[next])
    return a.y + (x - a.x) / (b.x - a.x) * (b.y - a.y)
  }

  /// The precision of the threshold that reaches a recall.
  func precision(at recall: Double) -> Double {
    let points = 1..<(precisionRecall.count - 1)
    return precisionRecall[
      points.partitioningIndex { precisionRecall[$0].x >= recall - 1e-12 }
    ].y
  }
}
