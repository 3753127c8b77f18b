/// A confusion matrix: one row per true class, one column per predicted class.
///
/// It is a collection of rows, and holds the cells alone that are not 0: no more than there are
/// images, whatever the number of classes.
package struct ConfusionCounts: Sendable, Hashable {
  package let classes: Int
  /// The counts of each true class by the predicted one.
  private var rows: [[Int: UInt32]]

  /// One cell that is not 0.
  package typealias Pair = (truth: Int, answer: Int, count: Int)

  /// The matrix of more classes is written as pairs of classes, without the cells that are 0.
  package static let mostRows = 1_000

  /// Whether the matrix is written as pairs.
  package var isWrittenAsPairs: Bool { classes > ConfusionCounts.mostRows }

  /// No answers yet to images of the given number of classes.
  package init(classes: Int) {
    precondition(classes >= 0, "a number of classes")
    self.classes = classes
    rows = [[Int: UInt32]](repeating: [:], count: classes)
  }

  /// These counts; each row is as long as there are rows, and no count is negative.
  package init(_ rows: [[Int]]) {
    precondition(rows.allSatisfy { $0.count == rows.count }, "one row and one column per class")
    self.init(classes: rows.count)
    for (truth, row) in rows.enumerated() {
      for (answer, count) in row.enumerated() where count != 0 {
        self.rows[truth][answer] = UInt32(count)
      }
    }
  }

  package mutating func add(truth: Int, answer: Int) { rows[truth][answer, default: 0] += 1 }

  /// The number of images of one class predicted as another, or as their own.
  package subscript(truth: Int, answer: Int) -> Int { Int(rows[truth][answer] ?? 0) }

  /// The cells that are not 0, in the order of rows and columns.
  package var pairs: [Pair] {
    rows.enumerated().flatMap { truth, row in
      row.sorted { $0.key < $1.key }.map { (truth, $0.key, Int($0.value)) }
    }
  }

  /// Images of each class.
  package var members: [Int] { rows.map { $0.values.reduce(0) { $0 + Int($1) } } }

  /// Predictions of each class.
  package var answers: [Int] {
    var sums = [Int](repeating: 0, count: classes)
    for row in rows {
      for (answer, count) in row { sums[answer] += Int(count) }
    }
    return sums
  }

  /// Correct predictions of each class.
  package var hits: [Int] { indices.map { self[$0, $0] } }

  /// Pairs of classes by how many images of the first were taken for the second, at most `limit`.
  package func mostConfused(limit: Int) -> [Pair] {
    let confused = pairs.filter { $0.truth != $0.answer }.sorted {
      ($1.count, $0.truth, $0.answer) < ($0.count, $1.truth, $1.answer)
    }
    return Array(confused.prefix(limit))
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
    var cells = [Int](repeating: 0, count: classes)
    for (answer, count) in rows[truth] { cells[answer] = Int(count) }
    return cells
  }
}

/// In JSON the matrix is an array of rows; of more than `mostRows` classes an object with their
/// number, and `pairs` of true class, predicted class and images.
extension ConfusionCounts: Codable {
  private enum CodingKeys: String, CodingKey { case classes, pairs }

  /// More classes than any model has.
  private static let classLimit = 1 << 20

  package init(from decoder: any Decoder) throws {
    if let container = try? decoder.container(keyedBy: CodingKeys.self) {
      try self.init(pairsIn: container)
      return
    }
    var container = try decoder.unkeyedContainer()
    var found: [[Int: UInt32]] = []
    var length: Int?
    while !container.isAtEnd {
      let row = try container.decode([UInt32].self)
      guard row.count == length ?? row.count else {
        throw DecodingError.dataCorruptedError(
          in: container, debugDescription: "the rows of the matrix differ in length")
      }
      length = row.count
      var cells: [Int: UInt32] = [:]
      for (answer, count) in row.enumerated() where count > 0 { cells[answer] = count }
      found.append(cells)
    }
    guard found.count == length ?? 0 else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "the matrix is not square")
    }
    self.init(classes: found.count)
    rows = found
  }

  private init(pairsIn container: KeyedDecodingContainer<CodingKeys>) throws {
    let classes = try container.decode(Int.self, forKey: .classes)
    let pairs = try container.decode([[Int]].self, forKey: .pairs)
    guard (0...ConfusionCounts.classLimit).contains(classes) else {
      throw DecodingError.dataCorruptedError(
        forKey: .classes, in: container, debugDescription: "a number of classes is expected")
    }
    self.init(classes: classes)
    for pair in pairs {
      guard pair.count == 3, (0..<classes).contains(pair[0]), (0..<classes).contains(pair[1]),
        let count = UInt32(exactly: pair[2]), count > 0, rows[pair[0]][pair[1]] == nil
      else {
        throw DecodingError.dataCorruptedError(
          forKey: .pairs, in: container,
          debugDescription: "two classes and a number of images are expected, each pair once")
      }
      rows[pair[0]][pair[1]] = count
    }
  }

  package func encode(to encoder: any Encoder) throws {
    if isWrittenAsPairs {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(classes, forKey: .classes)
      try container.encode(pairs.map { [$0.truth, $0.answer, $0.count] }, forKey: .pairs)
      return
    }
    var container = encoder.unkeyedContainer()
    for row in self { try container.encode(row) }
  }

  /// The matrix as JSON, without the memory that an encoder takes for every number.
  ///
  /// Each row or pair stands on a line of its own, `indent` before it, or all on one where that is
  /// nil.
  package func json(indent: String? = nil) -> String {
    guard isWrittenAsPairs else { return ConfusionCounts.json(self, indent: indent) }
    let pairs = ConfusionCounts.json(
      pairs.lazy.map { [$0.truth, $0.answer, $0.count] }, indent: indent.map { $0 + "  " })
    guard let indent else { return "{\"classes\":\(classes),\"pairs\":\(pairs)}" }
    return "{\n\(indent)  \"classes\" : \(classes),\n\(indent)  \"pairs\" : \(pairs)\n\(indent)}"
  }

  private static func json(_ rows: some Sequence<[Int]>, indent: String?) -> String {
    var text: [UInt8] = [UInt8(ascii: "[")]
    var isFirst = true
    for row in rows {
      if !isFirst { text.append(UInt8(ascii: ",")) }
      isFirst = false
      if let indent { text += Array("\n\(indent)  ".utf8) }
      text.append(UInt8(ascii: "["))
      for (place, count) in row.enumerated() {
        if place > 0 { text.append(UInt8(ascii: ",")) }
        text += Array(String(count).utf8)
      }
      text.append(UInt8(ascii: "]"))
    }
    if let indent, !isFirst { text += Array("\n\(indent)".utf8) }
    text.append(UInt8(ascii: "]"))
    return String(decoding: text, as: UTF8.self)
  }
}
