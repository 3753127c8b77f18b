import Drawing
import FoundationEssentials
import Primitives
import Report
import Testing

/// Figures of scikit-learn and statsmodels, written by Fixtures/generate_statistics.py.
private struct Statistics: Decodable {
  struct Curves: Decodable {
    var roc: [[Double]]
    var roc_area: Double
    var precision_recall: [[Double]]
    var average_precision: Double
  }

  struct Histogram: Decodable {
    var members: [Int]
    var others: [Int]
  }

  struct Case: Decodable {
    var name: String
    var classes: Int
    var truths: [Int]
    var probabilities: [[Double]]
    var curves: [Curves]
    var macro_roc_area: Double
    var micro_roc_area: Double
    var micro_average_precision: Double
    var brier: Double
    var log_loss: Double
    var histograms: [Histogram]
  }

  struct Paired: Decodable {
    var table: [Int]
    var exact: Double
    var statistic: Double?
    var pvalue: Double?
  }

  var cases: [Case]
  var paired: [Paired]

  static func read() throws -> Statistics {
    let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    let data = try Data(contentsOf: URL(filePath: "/\(folder)/Fixtures/statistics.json"))
    return try JSONDecoder().decode(Statistics.self, from: data)
  }
}

/// Whether two numbers differ by less than 1e-9 of the expected one, or of 1 for small ones.
private func agree(_ actual: Double?, _ expected: Double?) -> Bool {
  guard let actual, let expected else { return actual == nil && expected == nil }
  return abs(actual - expected) <= 1e-9 * max(1, abs(expected))
}

@Suite struct StatisticsTests {
  @Test("ROC, precision over recall and their areas are scikit-learn's, point by point")
  func curves() throws {
    let reference = try Statistics.read()
    #expect(reference.cases.count == 3)
    for item in reference.cases {
      let curves = ClassCurves(
        probabilities: item.probabilities, truths: item.truths, classes: item.classes)
      for (index, expected) in item.curves.enumerated() {
        let scored = zip(item.probabilities, item.truths).map { ($0[index], $1 == index) }
        let actual = try #require(RankCurves(scored))
        for curves in [actual, try #require(curves.classes[index])] {
          #expect(agree(curves.rocArea, expected.roc_area), "\(item.name)")
          #expect(agree(curves.averagePrecision, expected.average_precision), "\(item.name)")
        }
        for (points, pairs) in [
          (actual.roc, expected.roc), (actual.precisionRecall, expected.precision_recall),
        ] {
          #expect(points.count == pairs.count, "\(item.name)")
          #expect(zip(points, pairs).allSatisfy { agree($0.x, $1[0]) && agree($0.y, $1[1]) })
        }
      }
      #expect(agree(curves.macroROCArea, item.macro_roc_area))
      if item.classes > 6 {
        #expect(agree(curves.micro?.rocArea, item.micro_roc_area))
        #expect(agree(curves.micro?.averagePrecision, item.micro_average_precision))
      }
    }
  }

  @Test("Brier's score, log loss and histograms are scikit-learn's and numpy's")
  func scores() throws {
    for item in try Statistics.read().cases {
      let (p, t) = (item.probabilities, item.truths)
      #expect(agree(ProbabilityScores.brier(probabilities: p, truths: t), item.brier))
      #expect(agree(ProbabilityScores.logLoss(probabilities: p, truths: t), item.log_loss))
      let panels = ProbabilityHistogram.panels(
        probabilities: p, truths: t, names: (0..<item.classes).map { "\($0)" })
      for (panel, expected) in zip(panels, item.histograms) {
        #expect(panel.members == expected.members && panel.others == expected.others)
      }
    }
    #expect(
      ProbabilityHistogram.counts(of: [0, 0.25, 0.5, 1, 1.5, .nan], bins: 4) == [1, 1, 1, 1])
    #expect(ProbabilityScores.brier(probabilities: [], truths: []) == nil)
  }

  @Test("McNemar's tests are statsmodels'")
  func mcNemar() throws {
    let paired = try Statistics.read().paired
    #expect(paired.count == 7)
    for item in paired {
      let test = McNemarTest(
        bothRight: item.table[0], onlyFirst: item.table[1], onlySecond: item.table[2],
        bothWrong: item.table[3])
      #expect(agree(test.exactPValue, item.exact), "\(item.table): \(test.exactPValue)")
      #expect(agree(test.chiSquare, item.statistic))
      #expect(agree(test.chiSquarePValue, item.pvalue))
    }
    let none = McNemarTest(bothRight: 4, onlyFirst: 0, onlySecond: 0, bothWrong: 0)
    #expect(none.exactPValue == 1 && none.chiSquare == nil)
    let counted = McNemarTest(
      first: [true, true, false, false, true], second: [true, false, true, false, false])
    #expect(
      counted == McNemarTest(bothRight: 1, onlyFirst: 2, onlySecond: 1, bothWrong: 1))
  }

  @Test("A class without members, or without others, has no curve, and nothing is not a number")
  func degenerate() {
    #expect(RankCurves([]) == nil)
    #expect(RankCurves([(0.5, true), (0.4, true)]) == nil)
    #expect(RankCurves([(0.5, false)]) == nil)
    let ties = RankCurves([(0.5, true), (0.5, false), (.nan, true)])
    #expect(ties?.rocArea == 0.5 && ties?.averagePrecision == 0.5)
    let curves = ClassCurves(
      probabilities: [[1, 0, 0], [0, 1, 0]], truths: [0, 1], classes: 3)
    #expect(curves.classes[2] == nil && curves.macroROCArea == nil)
    #expect(faults(CurveChart(kind: .roc, classes: curves, names: ["a", "b", "c"]).scene) == [])
  }
}

extension ClassCurves {
  /// Mean area under the ROC curves; nil if a class has no curve.
  fileprivate var macroROCArea: Double? {
    let areas = classes.compactMap { $0?.rocArea }
    guard areas.count == classes.count, !areas.isEmpty else { return nil }
    return areas.reduce(0, +) / Double(areas.count)
  }
}
