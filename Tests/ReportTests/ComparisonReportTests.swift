import Classifier
import Drawing
import Report
import Testing

@Suite struct ComparisonReportTests {
  private func report(_ test: McNemarTest, epochs: [RunReport.Epoch] = []) -> ComparisonReport {
    func evaluation(_ accuracy: Double) -> Evaluation {
      var evaluation = Evaluation(predictions: [], classes: ["cats", "dogs"])
      evaluation.accuracy = accuracy
      (evaluation.accuracyLow, evaluation.accuracyHigh) = (accuracy - 0.02, accuracy + 0.02)
      return evaluation
    }
    return ComparisonReport(
      title: "A and B", first: ("<A>", evaluation(0.9), epochs),
      second: ("B", evaluation(0.85), epochs), test: test)
  }

  @Test("The sentence says whether chance explains the difference")
  func verdict() {
    let clear = report(
      McNemarTest(bothRight: 800, onlyFirst: 100, onlySecond: 50, bothWrong: 50))
    #expect(clear.verdict.contains("more than chance"))
    #expect(clear.verdict.contains("correct on 50 images"))
    #expect(clear.verdict.hasPrefix("<A> is better: ") && clear.verdict.hasSuffix("(p < 0.0001)."))
    let unclear = report(
      McNemarTest(bothRight: 800, onlyFirst: 10, onlySecond: 9, bothWrong: 50))
    #expect(unclear.verdict.contains("chance alone"))
    #expect(unclear.verdict.hasPrefix("No significant difference: "))
    #expect(unclear.verdict.hasSuffix("(p = 1.0000)."))
    let same = report(McNemarTest(bothRight: 8, onlyFirst: 0, onlySecond: 0, bothWrong: 5))
    #expect(same.verdict == "No significant difference: both are correct on the same images.")
  }

  @Test("The page is well-formed, and its charts hold both trainings")
  func page() throws {
    let epochs = try recordedEpochs(
      (1...9).map { "\($0),\(1 / Double($0)),0.5,\(2 / Double($0)),0.6,0.1,1,1" })
    let report = report(
      McNemarTest(bothRight: 800, onlyFirst: 100, onlySecond: 50, bothWrong: 50), epochs: epochs)
    #expect(report.plots.map(\.name) == ["loss", "accuracy"])
    for plot in report.plots {
      #expect(faults(plot.scene) == [])
      for text in ["<A>, training", "B, validation"] {
        #expect(plot.scene.labels.contains { $0.text == text })
      }
    }
    let elements = try #require(MarkupReader.elements(try report.html()))
    #expect(elements.filter { $0.name == "h2" }.map(\.text) == ["Summary", "Training"])
    #expect(elements.contains { $0.text == "<A>: right" })
  }
}
