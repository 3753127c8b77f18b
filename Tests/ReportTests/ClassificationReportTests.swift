import FoundationEssentials
import Report
import Testing

/// Texts of scikit-learn, written by Fixtures/generate_reports.py.
private struct Reports: Decodable {
  struct Row: Decodable {
    var name: String
    var precision: Double
    var recall: Double
    var f1: Double
    var support: Int

    var row: ClassificationReport.Row {
      ClassificationReport.Row(
        name: name, precision: precision, recall: recall, f1: f1, support: support)
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
    let report = ClassificationReport(
      classes: reference.classes.map(\.row), accuracy: reference.accuracy,
      macro: reference.macro.row, weighted: reference.weighted.row)
    #expect(report.text(digits: reference.digits) == reference.text, "\(reference.name)")
  }
}

@Test("A line end in a class name does not break the report's table")
func reportKeepsLines() {
  let row = ClassificationReport.Row(
    name: "a\nb", precision: 1, recall: 1, f1: 1, support: 1)
  let text = ClassificationReport(classes: [row], accuracy: 1, macro: row, weighted: row).text()
  #expect(text.split(separator: "\n").count == 5)
  #expect(text.contains("a\\nb"))
}
