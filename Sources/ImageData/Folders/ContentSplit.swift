/// The split of a training folder by the content of its images.
///
/// Of every class its part is held out: the images whose SHA-256 comes first. Validation and test
/// go by different digits of it. Equal files count as one and stay together.
package struct ContentSplit: Codable, Sendable, Hashable {
  /// The part held out for validation, 0 for none.
  package var validation: Double
  /// The part held out for testing, 0 for none.
  package var test: Double
  /// The part of the training folder's images to use at all, class by class.
  package var fraction: Double
  package var rule: SplitRule

  package init(
    validation: Double = 0, test: Double = 0, fraction: Double = 1, rule: SplitRule = .stratified
  ) {
    (self.validation, self.test, self.fraction, self.rule) = (validation, test, fraction, rule)
  }

  /// The order in which images are taken into a fraction.
  package static func rank(_ digest: [UInt8]) -> Double {
    part(digest, at: 16)
  }

  /// The parts that are held out, in the order in which they are chosen, each with the digits of
  /// the digest that choose.
  private var heldOut: [(split: Split, share: Double, digits: Int)] {
    [(Split.test, test, 8), (.val, validation, 0)].filter { $0.1 > 0 }
  }

  /// Eight bytes of a digest as a number in [0, 1).
  private static func part(_ digest: [UInt8], at start: Int) -> Double {
    let bits = digest[start..<(start + 8)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Double(bits >> 11) * 0x1p-53
  }
}

/// The rule by which images are held out.
package enum SplitRule: String, Codable, Sendable, CaseIterable {
  /// Of each class its part, by the order of the images' digests.
  case stratified
  /// Each image by its own digest alone, as version 0.1.0 did; runs of it continue so.
  case independent
}

// MARK: How many

extension ContentSplit {
  /// A class of the given number of images always gives one.
  private static let enough = 5

  /// The number of images held out of a class of `count`: rounded, at least one if there are
  /// enough, and never all.
  private static func number(_ share: Double, of count: Int) -> Int {
    let rounded = Int((share * Double(count)).rounded())
    return max(0, min(count - 1, count >= enough ? max(1, rounded) : rounded))
  }

  /// The number of classes, among those too small to hold out one image each, that hold one out
  /// nevertheless: the share of all their images.
  private static func pooled(_ share: Double, _ counts: [Int]) -> Int {
    let small = counts.filter { $0 > 1 && number(share, of: $0) == 0 }
    return min(small.count, Int((share * Double(small.reduce(0, +))).rounded()))
  }

  /// The number of images of a training folder in each split, if no two are equal.
  ///
  /// `counts` has those of each class. With two parts and classes of two to four images one more or
  /// less of these may be held out.
  package func numbers(of counts: [Int]) -> [Split: Int] {
    let used = counts.map { count in
      fraction < 1 && count > 0 ? max(1, Int((fraction * Double(count)).rounded())) : count
    }
    let all = used.reduce(0, +)
    var numbers: [Split: Int] = [:]
    var left = used
    for (split, share, _) in heldOut {
      guard rule == .stratified else {
        numbers[split] = Int((Double(all) * share).rounded(.up))
        continue
      }
      let own = zip(used, left).map { min(ContentSplit.number(share, of: $0), max(0, $1 - 1)) }
      left = zip(left, own).map { $0 - $1 }
      let firsts = zip(used, left).count { ContentSplit.number(share, of: $0) == 0 && $1 > 1 }
      numbers[split] = own.reduce(0, +) + min(firsts, ContentSplit.pooled(share, used))
    }
    numbers[.train] = max(0, all - numbers.values.reduce(0, +))
    return numbers
  }
}

// MARK: Which

extension ContentSplit {
  /// The split to which an image most likely belongs, before the digests of its class are known.
  ///
  /// `count` is their number. By the independent rule this is certain.
  func likelySplit(of digest: [UInt8], among count: Int) -> Split {
    var left = count
    for (split, share, digits) in heldOut {
      let number = ContentSplit.number(share, of: count)
      let limit = rule == .independent ? share : Double(number) / Double(max(1, left))
      if ContentSplit.part(digest, at: digits) < limit { return split }
      left -= number
    }
    return .train
  }

  /// The splits of a training folder's images, by their digests and classes.
  ///
  /// An image that several classes have counts for the first of them, so that no two splits get it.
  package func assign(_ images: [(digest: [UInt8], classIndex: Int)]) -> [Split] {
    guard rule == .stratified else {
      return images.map { likelySplit(of: $0.digest, among: 0) }
    }
    var owners: [[UInt8]: Int] = [:]
    for image in images {
      owners[image.digest] = min(owners[image.digest] ?? image.classIndex, image.classIndex)
    }
    // In an order that no listing decides.
    let groups = Dictionary(grouping: owners.keys) { owners[$0] ?? 0 }
      .sorted { $0.key < $1.key }.map(\.value)
    var chosen: [[UInt8]: Split] = [:]
    for (split, share, digits) in heldOut {
      // The first of a class that gives none of its own.
      var firsts: [Ranked] = []
      for members in groups {
        let left = members.filter { chosen[$0] == nil }
          .map { Ranked(rank: ContentSplit.part($0, at: digits), digest: $0) }.sorted()
        let number = ContentSplit.number(share, of: members.count)
        for image in left.prefix(min(number, left.count - 1)) { chosen[image.digest] = split }
        if number == 0, left.count > 1 { firsts.append(left[0]) }
      }
      let number = ContentSplit.pooled(share, groups.map(\.count))
      for image in firsts.sorted().prefix(number) { chosen[image.digest] = split }
    }
    return images.map { chosen[$0.digest] ?? .train }
  }

  /// A digest by its place in the order of choice.
  private struct Ranked: Comparable {
    var rank: Double
    var digest: [UInt8]

    static func < (a: Ranked, b: Ranked) -> Bool {
      a.rank != b.rank ? a.rank < b.rank : a.digest.lexicographicallyPrecedes(b.digest)
    }
  }
}
