import Primitives
import Report
import Testing

@Test("Two classes make a table with named rows and columns")
func smallMatrix() {
  let matrix = ConfusionMatrix(classes: ["cats", "dogs"], counts: [[478, 22], [9, 491]])
  #expect(
    matrix.text() == """
      confusion matrix (rows: true class, columns: predicted class)

                  predicted
                  cats  dogs
      true  cats   478    22
            dogs     9   491

      """)
}

@Test(
  "Columns get numbers where names do not fit, and every count stays readable",
  arguments: [
    2, 5, 30, 200,
  ])
func largeMatrix(classes: Int) {
  let names = (1...classes).map { "a long name of a flower number \($0)" }
  let counts = (0..<classes).map { row in (0..<classes).map { row * classes + $0 } }
  let text = ConfusionMatrix(classes: names, counts: ConfusionCounts(counts)).text(width: 100)
  let lines = text.split(separator: "\n")
  #expect(lines.allSatisfy { $0.count <= 100 })
  // Each true class's counts, read back from all of its lines, are its row.
  for row in [0, classes / 2, classes - 1] {
    let label = classes == 2 ? names[row] : "\(row + 1) \(names[row]) "
    let cells = lines.filter { $0.contains(label) || $0.hasSuffix(label) }.flatMap { line in
      line.split(separator: names[row].dropFirst(0))[1].split(separator: " ").compactMap { Int($0) }
    }
    #expect(cells == counts[row], "row \(row) of \(classes)")
  }
}

@Test("The CSV quotes names as RFC 4180 has it")
func csv() {
  let matrix = ConfusionMatrix(classes: ["a,b", "c\"d"], counts: [[1, 2], [3, 4]])
  #expect(
    matrix.csv() == """
      true \\ predicted,"a,b","c""d"
      "a,b",1,2
      "c""d",3,4

      """)
}
