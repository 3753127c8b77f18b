import Classifier
import FoundationEssentials
import Report
import Testing

/// Texts of scikit-learn, written by Fixtures/generate_reports.py.
private struct Reports: Decodable {
  struct Row: Decodable {
    var name: String
    var scores: Evaluation.Scores

    enum CodingKeys: String, CodingKey {
      case name
    }

    init(from decoder: any Decoder) throws {
      name = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .name)
      scores = try Evaluation.Scores(from: decoder)
    }
  }

  struct Case: Decodable {
    var name: String
    var digits: Int
    var accuracy: Double
    var classes: [Row]
    var macro: Row
    var weighted: Row
    var text: String
  }

  var cases: [Case]

  static func read() throws -> Reports {
    let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    let data = try Data(contentsOf: URL(filePath: "/\(folder)/Fixtures/reports.json"))
    return try JSONDecoder().decode(Reports.self, from: data)
  }
}

@Test("The classification report is scikit-learn's, character by character")
func reportMatchesScikitLearn() throws {
  let reports = try Reports.read()
  #expect(reports.cases.count == 4)
  for reference in reports.cases {
    let names = reference.classes.map(\.name)
    var evaluation = Evaluation(predictions: [], classes: names)
    evaluation.accuracy = reference.accuracy
    evaluation.classes = Dictionary(
      uniqueKeysWithValues: reference.classes.map { ($0.name, $0.scores) })
    (evaluation.macro, evaluation.weighted) = (reference.macro.scores, reference.weighted.scores)
    let report = ClassificationReport(evaluation, classes: names)
    #expect(report.text(digits: reference.digits) == reference.text, "\(reference.name)")
  }
}

@Test("A line end in a class name does not break the report's table")
func reportKeepsLines() {
  let evaluation = Evaluation(predictions: [], classes: ["a\nb"])
  let text = ClassificationReport(evaluation, classes: ["a\nb"]).text()
  #expect(text.split(separator: "\n").count == 5)
  #expect(text.contains("a\\nb"))
}
