import Primitives
import Testing

@Suite("Ranks of many classes")
struct RankCounterTests {
  /// Answers with ties, with a class that has no members and scores that are no numbers.
  private func answers(_ images: Int, classes: Int) -> (rows: [[Double]], truths: [Int]) {
    var random = RandomStream(seed: 3, purpose: .subset, sample: classes)
    let rows = (0..<images).map { image in
      (0..<classes).map { _ -> Double in
        let bits: UInt64 = random.next()
        return image % 50 == 49 ? .nan : Double(bits % 12) / 12
      }
    }
    return (rows, (0..<images).map { $0 % (classes - 1) })
  }

  @Test("The areas are those of sorting all scores of each class", arguments: [2, 3, 9])
  func areas(classes: Int) throws {
    let (rows, truths) = answers(300, classes: classes)
    let counters = RankCounter.classes(probabilities: rows, truths: truths, count: classes)
    for index in 0..<classes {
      let scored = zip(rows, truths).map { (score: $0[index], isMember: $1 == index) }
      let sorted = RankSteps(scored)
      let counted = counters[index].ranks
      #expect((counted == nil) == (sorted == nil), "class \(index)")
      guard let sorted, let counted else { continue }
      #expect(counted.area == sorted.area)
      #expect(counted.members == sorted.members && counted.others == sorted.others)
      #expect(counted.steps.last == sorted.steps.last)
      // Where the members change the steps are the same; where they do not one of many is left.
      let changes = sorted.steps.indices.filter { place in
        sorted.steps[place].members != (place > 0 ? sorted.steps[place - 1].members : 0)
      }.map { sorted.steps[$0] }
      #expect(changes.allSatisfy(counted.steps.contains))
      #expect(counted.steps.count <= 2 * changes.count + 1)
    }
    #expect(counters[classes - 1].ranks == nil)
  }

  @Test("What is kept grows with the images, not with images times classes")
  func size() throws {
    let (rows, truths) = answers(200, classes: 40)
    let distinct = rows.map { row in row.map { $0 + .random(in: 0..<1e-6) } }
    let counters = RankCounter.classes(probabilities: distinct, truths: truths, count: 40)
    let steps = counters.compactMap { $0.ranks?.steps.count }.reduce(0, +)
    #expect(steps <= 2 * 200 + 40)
  }
}

@Suite("Confusion counts")
struct ConfusionCountsTests {
  private let counts: ConfusionCounts = [[5, 1, 0], [2, 7, 2], [0, 0, 0]]

  @Test("Rows, columns and the diagonal are the members, the answers and the hits")
  func sums() {
    #expect(counts.members == [6, 11, 0] && counts.answers == [7, 8, 2])
    #expect(counts.hits == [5, 7, 0] && counts[1, 2] == 2 && counts[1] == [2, 7, 2])
    var more = counts
    more.add(truth: 2, answer: 0)
    #expect(more[2] == [1, 0, 0] && more != counts)
  }

  @Test("The pairs confused most come first, equal ones in the order of the classes")
  func confused() {
    let pairs = counts.mostConfused(limit: 2)
    #expect(pairs.map(\.truth) == [1, 1] && pairs.map(\.answer) == [0, 2])
    #expect(counts.mostConfused(limit: 9).map(\.count) == [2, 2, 1])
    // Of more pairs than are kept at a time.
    let many = ConfusionCounts((0..<90).map { a in (0..<90).map { a == $0 ? 0 : a * 90 + $0 } })
    let best = many.mostConfused(limit: 3)
    #expect(best.map(\.count) == [89 * 90 + 88, 89 * 90 + 87, 89 * 90 + 86])
  }

  @Test("Of many classes the pairs that are not 0 are written, and read back")
  func pairs() throws {
    #expect(counts.pairs.map(\.count) == [5, 1, 2, 7, 2] && !counts.isWrittenAsPairs)
    var many = ConfusionCounts(classes: ConfusionCounts.mostRows + 1)
    many.add(truth: 3, answer: 1000)
    many.add(truth: 3, answer: 3)
    many.add(truth: 3, answer: 1000)
    #expect(many.json() == "{\"classes\":1001,\"pairs\":[[3,3,1],[3,1000,2]]}")
    for text in [many.json(), many.json(indent: "  "), JSONText.line(many)] {
      #expect(try JSONText.value(ConfusionCounts.self, from: text) == many)
    }
    for pairs in ["[[3,1001,1]]", "[[3,3]]", "[[3,3,0]]", "[[3,3,1],[3,3,1]]"] {
      let text = "{\"classes\":1001,\"pairs\":\(pairs)}"
      #expect(throws: (any Error).self) {
        _ = try JSONText.value(ConfusionCounts.self, from: text)
      }
    }
  }
}
