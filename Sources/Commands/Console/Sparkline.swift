/// A row of numbers as a small curve of one line of text: `▁▂▄▆▇█`, or in ASCII `_.-=*#`.
package enum Sparkline {
  private static let blocks = Array("▁▂▃▄▅▆▇█")
  private static let plain = Array("_.-=+*%#")

  /// The curve of `values`, at most `cells` wide: of more values each cell is a mean of neighbours.
  ///
  /// The lowest and the highest value get the lowest and the highest mark; where all are the same
  /// they get one in the middle. What is no number is a blank.
  package static func text(_ values: [Double], cells: Int, isUnicode: Bool = true) -> String {
    let means = means(values, cells: max(1, cells))
    let marks = isUnicode ? blocks : plain
    let known = means.filter(\.isFinite)
    guard let least = known.min(), let most = known.max() else {
      return String(repeating: " ", count: means.count)
    }
    return String(
      means.map { value -> Character in
        guard value.isFinite else { return " " }
        guard most > least else { return marks[marks.count / 2] }
        let place = (value - least) / (most - least) * Double(marks.count - 1)
        return marks[Int(place.rounded())]
      })
  }

  private static func means(_ values: [Double], cells: Int) -> [Double] {
    guard values.count > cells else { return values }
    return (0..<cells).map { cell in
      let part = values[(cell * values.count / cells)..<((cell + 1) * values.count / cells)]
      let known = part.filter(\.isFinite)
      return known.isEmpty ? .nan : known.reduce(0, +) / Double(known.count)
    }
  }
}
