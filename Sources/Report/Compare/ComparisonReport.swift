package import Classifier
package import Drawing
internal import Primitives
internal import Training

/// Two classifiers on the same images, as a page.
package struct ComparisonReport: Sendable {
  /// One of the two: its name, its figures, and its training where it is known.
  package typealias Side = (name: String, evaluation: Evaluation, epochs: [RunReport.Epoch])

  package var title: String
  /// A line under it, such as which images.
  package var subtitle = ""
  /// The first classifier.
  package var first: Side
  package var second: Side
  /// The comparison of correct predictions.
  package var test: McNemarTest
  /// Images that only the second has right.
  package var gained: [Tile] = []
  /// Images that only the first has right.
  package var lost: [Tile] = []
  /// More about the comparison.
  package var facts: [Fact] = []
  package var commands: [String] = []

  /// A comparison of two classifiers.
  package init(title: String, first: Side, second: Side, test: McNemarTest) {
    self.title = title
    self.first = first
    self.second = second
    self.test = test
  }

  /// Differences less probable than this by chance count as such.
  package static let significance = 0.05

  /// Whether the exact test finds a significant difference.
  package var tellsApart: Bool { test.exactPValue < ComparisonReport.significance }

  /// The result of the exact test, in a sentence.
  package var verdict: String {
    let (gained, lost) = (test.onlySecond, test.onlyFirst)
    guard gained + lost > 0 else {
      return "No significant difference: both are correct on the same images."
    }
    let counts =
      "\(second.name) is correct on \(counted(gained, "image")) that \(first.name) gets wrong, "
      + "and wrong on \(counted(lost, "image")) that \(first.name) gets right"
    let chance = ComparisonReport.pText(test.exactPValue)
    return tellsApart
      ? "\(gained > lost ? second.name : first.name) is better: \(counts), more than chance "
        + "would explain (\(chance))."
      : "No significant difference: \(counts), which chance alone would explain (\(chance))."
  }

  /// A probability with as many digits as matter: `p = 0.0312`.
  package static func pText(_ value: Double) -> String {
    value < 0.0001 ? "p < 0.0001" : "p = " + shown(value, 4)
  }

  /// A difference of shares in percentage points, with its sign.
  package static func points(_ difference: Double) -> String {
    (difference < 0 ? "−" : "+") + shown(abs(100 * difference), 1)
  }

  /// Loss and accuracy of the two, side by side: names of files without `.png` and drawings.
  package var plots: [RunReport.Plot] {
    func lines(_ value: (RunReport.Epoch) -> Double?, dashed: Bool, _ what: String)
      -> [LineChart.Line]
    {
      [(first, Paint.series(0)), (second, Paint.series(1))].compactMap { side, paint in
        let points = side.epochs.map { Point(Double($0.epoch), value($0) ?? .nan) }
        guard points.contains(where: { $0.y.isFinite }) else { return nil }
        let name = Font.shortened(side.name, to: 120, size: PlotFrame.TextSize.label)
        return LineChart.Line(name + ", " + what, points: points, paint: paint, dashed: dashed)
      }
    }
    let charts = [
      (
        "loss",
        LineChart(
          title: "Loss", yTitle: "cross-entropy",
          lines: lines({ $0.valLoss }, dashed: false, "validation")
            + lines({ $0.loss }, dashed: true, "training"), startsAtZero: true)
      ),
      (
        "accuracy",
        LineChart(
          title: "Accuracy", yTitle: "accuracy", format: .percent,
          lines: lines({ $0.valAccuracy }, dashed: false, "validation")
            + lines({ $0.accuracy }, dashed: true, "training"))
      ),
    ]
    return charts.compactMap { name, chart in chart.lines.isEmpty ? nil : (name, chart.scene) }
  }

  /// The page: what the test says, curves, and the images whose prediction changed.
  var page: ReportPage {
    func headline(_ side: Side) -> ReportPage.Headline {
      ReportPage.Headline(
        name: side.name, value: percent(side.evaluation.accuracy),
        note: side.evaluation.intervalNote)
    }
    let interval = test.differenceInterval
    let chiSquare = test.chiSquare.flatMap { statistic in
      test.chiSquarePValue.map { "\(shown(statistic, 3)), \(ComparisonReport.pText($0))" }
    }
    let summary: [ReportPage.Block] = [
      .headline([
        headline(first), headline(second),
        ReportPage.Headline(
          name: "Difference",
          value: ComparisonReport.points(
            second.evaluation.accuracy - first.evaluation.accuracy),
          note: "percentage points, 95 % interval \(ComparisonReport.points(interval.lowerBound)) "
            + "to \(ComparisonReport.points(interval.upperBound))"),
        ReportPage.Headline(
          name: "McNemar's exact test", value: ComparisonReport.pText(test.exactPValue),
          note: "probability by chance"),
      ]),
      .text(verdict),
      .table(
        ReportPage.Table(
          columns: ["images", "\(second.name): right", "\(second.name): wrong"],
          rows: [
            ["\(first.name): right"] + [test.bothRight, test.onlyFirst].map { grouped($0) },
            ["\(first.name): wrong"] + [test.onlySecond, test.bothWrong].map { grouped($0) },
          ])),
      .facts(
        title: "",
        (chiSquare.map { [("Chi-square with continuity correction", $0)] } ?? [])
          + facts),
    ]
    return ReportPage(
      title: title, subtitle: subtitle,
      sections: [
        ReportPage.Section(title: "Summary", blocks: summary),
        ReportPage.Section(
          title: "Training", blocks: [.figures(plots.map { ReportPage.Figure(scene: $0.scene) })]),
        ReportPage.Section(
          title: "Images whose prediction changed",
          blocks: [
            gallery(gained, right: second, wrong: first, of: test.onlySecond),
            gallery(lost, right: first, wrong: second, of: test.onlyFirst),
          ]),
        ReportPage.Section(title: "How to reproduce it", blocks: [.commands(commands)]),
      ])
  }

  private func gallery(
    _ tiles: [Tile], right: Side, wrong: Side, of total: Int
  ) -> ReportPage.Block {
    let note = tiles.count < total ? "\(tiles.count) of \(counted(total, "image"))." : ""
    return .gallery(
      ReportPage.Gallery(
        title: "\(right.name) right, \(wrong.name) wrong", note: note, tiles: tiles))
  }

  /// The whole page as one file of HTML.
  package func html() throws(PNGError) -> String { try page.html() }
}
