import Classifier
import Foundation
import Report
import Testing

@Test("The table of thresholds has aligned columns, and a dash where nothing is answered")
func selectiveTable() throws {
  var evaluation = Evaluation(predictions: [], classes: ["a", "b"])
  let rows = """
    [{"threshold": 0.5, "coverage": 1, "accuracy": 0.955}, {"threshold": 0.99, "coverage": 0}]
    """
  evaluation.selective = try JSONDecoder().decode(
    [Reliability.Selective].self, from: Data(rows.utf8))
  #expect(
    evaluation.selectiveText == """
      predictions and accuracy with --abstain-below

        probability    predicted     accuracy
               0.50       1.0000       0.9550
               0.99       0.0000            -

      """)
}
