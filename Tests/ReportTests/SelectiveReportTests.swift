import Report
import Testing

@Test("The table of thresholds has aligned columns, and a dash where nothing is answered")
func selectiveTable() {
  let report = SelectiveReport(rows: [(0.5, 1, 0.955), (0.99, 0, nil)])
  #expect(
    report.text() == """
      predictions and accuracy with --abstain-below

        probability    predicted     accuracy
               0.50       1.0000       0.9550
               0.99       0.0000            -

      """)
}
