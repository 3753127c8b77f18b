/// A confusion matrix: one row per true class, one column per predicted class.
///
/// It is a collection of rows, and takes four bytes per cell. In JSON it is an array of rows.
package struct ConfusionCounts: Sendable, Hashable {
  /// The number of classes.
  package let classes: Int
  private var cells: [UInt32]

  /// No answers yet to images of the given number of classes.
  package init(classes: Int) {
    precondition(classes >= 0, "a number of classes")
    self.classes = classes
    cells = [UInt32](repeating: 0, count: classes * classes)
  }

  /// These counts; each row is as long as there are rows, and no count is negative.
  package init(_ rows: [[Int]]) {
    precondition(rows.allSatisfy { $0.count == rows.count }, "one row and one column per class")
    classes = rows.count
    cells = rows.joined().map(UInt32.init)
  }

  /// Counts a prediction in.
  package mutating func add(truth: Int, answer: Int) { cells[truth * classes + answer] += 1 }

  /// The number of images of one class predicted as another, or as their own.
  package subscript(truth: Int, answer: Int) -> Int { Int(cells[truth * classes + answer]) }

  /// Images of each class.
  package var members: [Int] { map { $0.reduce(0, +) } }

  /// Predictions of each class.
  package var answers: [Int] {
    var sums = [Int](repeating: 0, count: classes)
    for row in self {
      for (answer, count) in row.enumerated() { sums[answer] += count }
    }
    return sums
  }

  /// Correct predictions of each class.
  package var hits: [Int] { indices.map { self[$0, $0] } }

  /// Pairs of classes by how many images of the first were taken for the second, at most `limit`.
  package func mostConfused(limit: Int) -> [(truth: Int, answer: Int, count: Int)] {
    var pairs: [(truth: Int, answer: Int, count: Int)] = []
    func isBefore(_ a: (truth: Int, answer: Int, count: Int), _ b: (Int, Int, Int)) -> Bool {
      (b.2, a.truth, a.answer) < (a.count, b.0, b.1)
    }
    for (truth, row) in enumerated() {
      for (answer, count) in row.enumerated() where truth != answer && count > 0 {
        pairs.append((truth, answer, count))
      }
      // Of many pairs no more are kept than a row and the best.
      if pairs.count > limit + 4096 { pairs = Array(pairs.sorted(by: isBefore).prefix(limit)) }
    }
    return Array(pairs.sorted(by: isBefore).prefix(limit))
  }
}

extension ConfusionCounts: ExpressibleByArrayLiteral {
  package init(arrayLiteral rows: [Int]...) { self.init(rows) }
}

extension ConfusionCounts: RandomAccessCollection {
  package var startIndex: Int { 0 }
  package var endIndex: Int { classes }

  /// The row of a true class.
  package subscript(truth: Int) -> [Int] {
    cells[(truth * classes)..<((truth + 1) * classes)].map(Int.init)
  }
}

extension ConfusionCounts: Codable {
  package init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    var cells: [UInt32] = []
    var rows = 0
    while !container.isAtEnd {
      let row = try container.decode([UInt32].self)
      cells += row
      rows += 1
      guard cells.count == rows * row.count else {
        throw DecodingError.dataCorruptedError(
          in: container, debugDescription: "the rows of the matrix differ in length")
      }
    }
    guard cells.count == rows * rows else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "the matrix is not square")
    }
    (self.classes, self.cells) = (rows, cells)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    for row in self { try container.encode(row) }
  }

  /// The rows as JSON, without the memory that an encoder takes for every number.
  ///
  /// Each row stands on a line of its own, `indent` before it, or all on one where that is nil.
  package func json(indent: String? = nil) -> String {
    var text: [UInt8] = [UInt8(ascii: "[")]
    for (truth, row) in enumerated() {
      if truth > 0 { text.append(UInt8(ascii: ",")) }
      if let indent { text += Array("\n\(indent)  ".utf8) }
      text.append(UInt8(ascii: "["))
      for (answer, count) in row.enumerated() {
        if answer > 0 { text.append(UInt8(ascii: ",")) }
        text += Array(String(count).utf8)
      }
      text.append(UInt8(ascii: "]"))
    }
    if let indent, classes > 0 { text += Array("\n\(indent)".utf8) }
    text.append(UInt8(ascii: "]"))
    return String(decoding: text, as: UTF8.self)
  }
}
