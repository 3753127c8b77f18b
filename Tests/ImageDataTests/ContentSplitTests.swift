import ImageData
import Primitives
import Testing

/// How the training folder's images are dealt to the splits.
@Suite struct ContentSplitTests {
  typealias Image = (digest: [UInt8], classIndex: Int)

  /// `count` images of a class, all different; `first` makes other ones.
  private func images(_ count: Int, of classIndex: Int, from first: Int = 0) -> [Image] {
    (0..<count).map { (SHA256.digest(Array("\(classIndex) \(first + $0)".utf8)), classIndex) }
  }

  private func count(_ splits: [Split], _ split: Split) -> Int { splits.count { $0 == split } }

  @Test(
    "A tenth of a class is held out, rounded, and at least one of five",
    arguments: [
      (1, 0), (5, 1), (6, 1), (10, 1), (14, 1), (15, 2), (20, 2), (24, 2), (25, 3), (34, 3),
      (35, 4), (100, 10), (1004, 100),
    ])
  func tenth(images count: Int, held: Int) {
    let content = ContentSplit(validation: 0.1)
    let splits = content.assign(images(count, of: 0) + images(20, of: 1))
    #expect(self.count(Array(splits.prefix(count)), .val) == held)
    #expect(self.count(Array(splits.suffix(20)), .val) == 2)
    #expect(content.numbers(of: [count, 20])[.val] == held + 2)
  }

  @Test("Both parts are exact, and do not overlap")
  func both() {
    let content = ContentSplit(validation: 0.2, test: 0.1)
    let splits = content.assign(images(200, of: 0) + images(40, of: 1))
    for (range, size) in [(0..<200, 200), (200..<240, 40)] {
      #expect(count(Array(splits[range]), .test) == size / 10)
      #expect(count(Array(splits[range]), .val) == size / 5)
    }
    #expect(content.numbers(of: [200, 40]) == [.test: 24, .val: 48, .train: 168])
  }

  @Test("Of classes with very few images some give one, and each keeps one to train on")
  func tiny() {
    let all = (0..<1200).flatMap { images(2, of: $0) }
    let splits = ContentSplit(validation: 0.1).assign(all)
    #expect(count(splits, .val) == 240)
    for label in 0..<1200 {
      #expect(splits[2 * label] == .train || splits[2 * label + 1] == .train)
    }
    let counts = [Int](repeating: 2, count: 1200)
    #expect(ContentSplit(validation: 0.1).numbers(of: counts)[.val] == 240)
    // One alone is never taken, however large the part is.
    let single = ContentSplit(validation: 0.6, test: 0.3).assign(
      images(1, of: 0) + images(1, of: 1))
    #expect(single == [.train, .train])
  }

  @Test("Whatever the parts are, every class keeps an image to train on")
  func neverAll() {
    for size in 1...12 {
      for step in 1..<18 {
        let validation = 0.05 * Double(step)
        let content = ContentSplit(validation: validation, test: 0.94 - validation)
        let splits = content.assign(images(size, of: 0) + images(3, of: 1))
        #expect(splits.prefix(size).contains(.train) && splits.suffix(3).contains(.train))
        let expected = content.numbers(of: [size, 3])[.train] ?? 0
        #expect(abs(expected - count(splits, .train)) <= 1)
      }
    }
  }

  @Test("The order of a listing changes nothing")
  func order() {
    let all = images(57, of: 0) + images(3, of: 1) + images(4, of: 2) + images(200, of: 3)
    let content = ContentSplit(validation: 0.13, test: 0.07)
    let splits = content.assign(all)
    for seed in 0..<5 {
      var order = Array(all.indices)
      var generator = RandomStream(seed: UInt64(seed), purpose: .initialization)
      for index in order.indices.dropFirst().reversed() {
        order.swapAt(index, Int(generator.next() % UInt64(index + 1)))
      }
      let again = content.assign(order.map { all[$0] })
      #expect(again == order.map { splits[$0] })
    }
  }

  @Test("Equal files count as one and stay together, those of two classes too")
  func copies() {
    let originals = images(20, of: 0)
    let others = images(20, of: 1)
    let content = ContentSplit(validation: 0.1)
    let alone = content.assign(originals + others)
    let copies = originals.map { (digest: $0.digest, classIndex: 1) } + originals + originals
    let splits = content.assign(originals + others + copies)
    #expect(Array(splits.prefix(40)) == alone)
    for place in 0..<3 {
      let start = 40 + 20 * place
      #expect(Array(splits[start..<(start + 20)]) == Array(splits.prefix(20)))
    }
  }

  @Test("An image that comes moves one other of its class at most for each part held out")
  func stability() {
    for (content, most) in [
      (ContentSplit(validation: 0.1), 1), (ContentSplit(test: 0.2), 1),
      (ContentSplit(validation: 0.15, test: 0.1), 2),
    ] {
      let all = images(300, of: 0)
      let other = images(50, of: 1)
      var before = content.assign(Array(all.prefix(5)) + other)
      var moves = 0
      for size in 6...300 {
        let after = content.assign(Array(all.prefix(size)) + other)
        let moved = zip(before.prefix(size - 1), after).count { $0 != $1 }
        #expect(moved <= most)
        moves += moved
        #expect(Array(after.suffix(50)) == Array(before.suffix(50)))
        before = after
      }
      // Most come without moving any.
      #expect(moves < 150 * most)
    }
  }

  @Test("The rule of version 0.1.0 goes by each digest alone")
  func independent() {
    let content = ContentSplit(validation: 0.1, test: 0.2, rule: .independent)
    let all = images(500, of: 0)
    func part(_ digest: [UInt8], _ start: Int) -> Double {
      let bits = digest[start..<(start + 8)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      return Double(bits >> 11) / 9_007_199_254_740_992
    }
    for (image, split) in zip(all, content.assign(all)) {
      let expected: Split =
        part(image.digest, 8) < 0.2 ? .test : part(image.digest, 0) < 0.1 ? .val : .train
      #expect(split == expected)
    }
  }
}
