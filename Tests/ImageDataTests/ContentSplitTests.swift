import ImageData
import Primitives
import Testing

extension ContentSplit {
  /// The splits of images with digests, groups and classes.
  func assign(
    _ images: [(digest: [UInt8], group: String?, classIndex: Int)], alike: [(Int, Int)] = []
  ) -> [Split] {
    assign(DividedImages(images), alike: alike)
  }
}

/// How the training folder's images are dealt to the splits.
@Suite struct ContentSplitTests {
  typealias Image = (digest: [UInt8], group: String?, classIndex: Int)

  /// `count` images of a class, all different; `first` makes other ones.
  private func images(_ count: Int, of classIndex: Int, from first: Int = 0) -> [Image] {
    (0..<count).map { (SHA256.digest(Array("\(classIndex) \(first + $0)".utf8)), nil, classIndex) }
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
    let copies =
      originals.map { (digest: $0.digest, group: $0.group, classIndex: 1) } + originals + originals
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

/// How images that belong together stay together.
@Suite struct GroupedSplitTests {
  /// Images of two classes in groups of one to seven.
  private var images: [(digest: [UInt8], group: String?, classIndex: Int)] {
    var images: [(digest: [UInt8], group: String?, classIndex: Int)] = []
    for classIndex in 0..<2 {
      for group in 0..<40 {
        for file in 0...(group % 7) {
          let digest = SHA256.digest(Array("\(classIndex) \(group) \(file)".utf8))
          images += [(digest, "c\(classIndex)g\(group)", classIndex)]
        }
      }
    }
    return images
  }

  @Test func `No group is divided, and the parts are near what is asked for`() {
    for content in [
      ContentSplit(validation: 0.2, test: 0.1), ContentSplit(validation: 0.5),
      ContentSplit(validation: 0.2, test: 0.3, rule: .independent),
    ] {
      let splits = content.assign(images)
      let groups = Dictionary(grouping: zip(images, splits)) { $0.0.group }
      for (group, members) in groups {
        #expect(Set(members.map(\.1)).count == 1, "\(group ?? "")")
      }
      guard content.rule == .stratified else { continue }
      for classIndex in 0..<2 {
        let own = zip(images, splits).filter { $0.0.classIndex == classIndex }.map(\.1)
        for (split, share) in [(Split.val, content.validation), (.test, content.test)] {
          // The largest groups are of seven images: half of one may be missing.
          let wanted = (share * Double(own.count)).rounded()
          #expect(abs(Double(own.count { $0 == split }) - wanted) <= 3.5, "\(share)")
        }
      }
    }
  }

  @Test func `Equal files connect the groups that have them, in any order`() {
    let shared = SHA256.digest(Array("shared".utf8))
    let linked = images + [(shared, "c0g3", 0), (shared, "c1g5", 1), (shared, "c1g8", 1)]
    let content = ContentSplit(validation: 0.3, test: 0.3)
    let splits = content.assign(linked)
    let together = zip(linked, splits).filter {
      ["c0g3", "c1g5", "c1g8"].contains($0.0.group)
    }
    #expect(Set(together.map(\.1)).count == 1)
    let back = content.assign(linked.reversed())
    #expect(splits == back.reversed())
  }

  @Test func `A class of one group gives nothing, and groups of one image change nothing else`() {
    let content = ContentSplit(validation: 0.3)
    let whole = (0..<30).map { number in
      (digest: SHA256.digest(Array("\(number)".utf8)), group: Optional("all"), classIndex: 0)
    }
    #expect(content.assign(whole).allSatisfy { $0 == .train })
    let alone = images.map { (digest: $0.digest, group: String?.none, classIndex: $0.classIndex) }
    let named = images.enumerated().map {
      (
        digest: $0.element.digest, group: Optional("\($0.offset)"),
        classIndex: $0.element.classIndex
      )
    }
    let counts = [alone, named].map { content.assign($0).count { $0 == .val } }
    #expect(counts[0] == counts[1])
  }

  @Test func `Units are named by groups, which equal files join, and otherwise by the file`() {
    func digest(_ byte: UInt8) -> [UInt8] { [UInt8](repeating: byte, count: 32) }
    func units(_ images: [(UInt8, String?)]) -> [[UInt8]] {
      DividedImages(images.map { (digest($0.0), $0.1, 0) }).units().map(\.bytes)
    }
    #expect(units([(1, nil), (2, nil), (1, nil)]) == [digest(1), digest(2), digest(1)])
    let joined = units([(1, "a"), (2, "a"), (2, "b"), (3, "b"), (4, nil), (5, "c")])
    #expect(Set(joined.prefix(4)).count == 1 && Set(joined).count == 3)
    #expect(joined[4] == digest(4))
    #expect(joined[5] == SHA256.digest(Array("c".utf8)))
  }

  @Test
  func `Images that are the same picture stay together, in any order, and name no one's unit`() {
    let all = images.map { (digest: $0.digest, group: String?.none, classIndex: $0.classIndex) }
    let pairs = stride(from: 0, to: all.count - 40, by: 7).map { ($0, $0 + 33) }
    let content = ContentSplit(validation: 0.3, test: 0.2)
    let splits = content.assign(all, alike: pairs)
    #expect(pairs.allSatisfy { splits[$0.0] == splits[$0.1] })
    #expect(pairs.contains { content.assign(all)[$0.0] != content.assign(all)[$0.1] })
    let last = all.count - 1
    let back = content.assign(all.reversed(), alike: pairs.map { (last - $0.1, last - $0.0) })
    #expect(splits == back.reversed())
    // Copies of a file are together without a pair, and one changes nothing.
    let twice = all + [all[3]]
    #expect(content.assign(twice, alike: [(3, all.count)]) == content.assign(twice))
    let units = DividedImages(all).units(alike: pairs).map(\.bytes)
    #expect(units[1] == all[1].digest && units[0] == units[33] && units[0] != all[0].digest)
  }

  @Test func `A class of two or three keeps an image that goes with none of another class`() {
    let large = (0..<40).map { number in
      (digest: SHA256.digest(Array("l\(number)".utf8)), group: String?.none, classIndex: 0)
    }
    for share in [0.1, 0.3, 0.6] {
      for seed in 0..<30 {
        let small = (0..<2).map { number in
          (
            digest: SHA256.digest(Array("s\(seed) \(number)".utf8)), group: String?.none,
            classIndex: 1
          )
        }
        // Both are the same picture as one of the first class each.
        let splits = ContentSplit(validation: share).assign(
          large + small, alike: [(seed, 40), ((seed + 1) % 40, 41)])
        #expect(splits.suffix(2).contains(.train))
      }
    }
  }

  @Test func `A group is what the expression captures, or else matches`() throws {
    let name = { (pattern: String, path: String) in try ImageGroups(pattern).name(of: path) }
    #expect(try name("([^/_]*)_[^/]*$", "train/cats/tom_01.jpg") == "tom")
    #expect(try name("cats|dogs", "train/cats/tom_01.jpg") == "cats")
    #expect(try name("(\\w+)/(\\w+)_", "train/cats/tom_01.jpg") == "cats\0tom")
    #expect(try name("house(\\d+)", "train/cats/tom_01.jpg") == nil)
    #expect(throws: (any Error).self) { try ImageGroups("([a-z") }
  }
}
