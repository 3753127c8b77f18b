internal import Primitives

/// The split of a training folder by the content of its images.
///
/// Of every class its part is held out: the images whose SHA-256 comes first. Validation and test
/// go by different digits of it. Equal files count as one and stay together, and so do the images
/// of a group (`ImageGroups`), of which the group's name is what SHA-256 is taken of, and those that
/// are the same picture (`NearDuplicates`).
package struct ContentSplit: Codable, Sendable, Hashable {
  /// The part held out for validation, 0 for none.
  package var validation: Double
  /// The part held out for testing, 0 for none.
  package var test: Double
  /// The part of the training folder's images to use at all, class by class.
  package var fraction: Double
  package var rule: SplitRule
  /// The regular expression that names an image's group; nil where there are no groups.
  package var groupBy: String?
  /// What becomes of near-duplicates; nil in runs of earlier versions, which ignored them.
  package var nearDuplicates: NearDuplicatePolicy?
  /// Whether the images that stay in training are divided into folds.
  package var hasFolds: Bool
  /// The fold that is the test, and no other images are; nil for none.
  package var fold: Fold?

  /// One fold of several.
  package struct Fold: Codable, Sendable, Hashable {
    /// From 1.
    package var number: Int
    package var count: Int

    package init(_ number: Int, of count: Int) { (self.number, self.count) = (number, count) }
  }

  package init(
    validation: Double = 0, test: Double = 0, fraction: Double = 1, rule: SplitRule = .stratified,
    groupBy: String? = nil, nearDuplicates: NearDuplicatePolicy? = nil, hasFolds: Bool = false,
    fold: Fold? = nil
  ) {
    (self.validation, self.test, self.fraction, self.rule) = (validation, test, fraction, rule)
    (self.groupBy, self.nearDuplicates) = (groupBy, nearDuplicates)
    (self.hasFolds, self.fold) = (hasFolds, fold)
  }

  /// Whether images have to be compared: they are divided, and near-duplicates are not to be.
  var comparesImages: Bool {
    nearDuplicates == .together && (validation > 0 || test > 0 || hasFolds || fold != nil)
  }

  /// Bytes that comparing images takes while they are loaded: what the search holds of each, its hash
  /// and number in arrays that may have grown to twice what is needed, and the tiny copies that are
  /// kept in memory.
  package func comparingBytes(images: Int) -> Int {
    guard comparesImages else { return 0 }
    let known = MemoryLayout<UInt64>.stride + MemoryLayout<Int32>.stride
    return images * (NearDuplicates.bytesPerImage + 2 * known)
      + min(images, TinyCopies.mostInMemory) * PerceptualHash.count
  }

  /// The order in which images are taken into a fraction.
  package static func rank(_ digest: FileDigest) -> Double {
    part(digest, at: 16)
  }

  /// The parts that are held out, in the order in which they are chosen, each with the digits of
  /// the digest that choose.
  private var heldOut: [(split: Split, share: Double, digits: Int)] {
    [(Split.test, test, 8), (.val, validation, 0)].filter { $0.1 > 0 }
  }

  /// Eight bytes of a digest as a number in [0, 1).
  private static func part(_ digest: FileDigest, at start: Int) -> Double {
    Double(digest.word(at: start) >> 11) * 0x1p-53
  }
}

/// What becomes of images that are the same picture, saved again, resized or slightly cropped, where
/// images are divided.
package enum NearDuplicatePolicy: String, Codable, Sendable, CaseIterable {
  /// They stay in one split and fold.
  case together
  /// They are divided like others.
  case ignore
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
    if let fold {
      left = used.map { $0 - ($0 + fold.count - 1) / fold.count }
      numbers[.test] = all - left.reduce(0, +)
    }
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
  func likelySplit(of digest: FileDigest, among count: Int) -> Split {
    var left = count
    for (split, share, digits) in heldOut {
      let number = ContentSplit.number(share, of: count)
      let limit = rule == .independent ? share : Double(number) / Double(max(1, left))
      if ContentSplit.part(digest, at: digits) < limit { return split }
      left -= number
    }
    return .train
  }

  /// The splits of a training folder's images, by their digests, groups and classes.
  ///
  /// Images of several classes that must stay together count for the first of these, so that no two
  /// splits get them. Every class keeps an image to train on.
  ///
  /// - alike: pairs of images that are the same picture.
  package func assign(_ images: DividedImages, alike: [(Int, Int)] = []) -> [Split] {
    let images = images.joining(alike)
    guard rule == .stratified else {
      return images.indices.map { likelySplit(of: images.unit(of: $0), among: 0) }
    }
    var units = DivisionUnits(images)
    for image in folded(images) { units.splits[units.unit(of: image)] = .test }
    units.countTrained()
    let counts = units.ofClasses.map { units.filesLeft(of: $0) }
    for (split, share, digits) in heldOut {
      func ordered(_ chosen: [Int32]) -> [Int32] {
        chosen.map { (ContentSplit.part(units.name(of: $0), at: digits), $0) }
          // Units are numbered in the order of their digests.
          .sorted { $0 < $1 }.map(\.1)
      }
      // The first of a class that gives none of its own.
      var firsts: [Int32] = []
      for (members, count) in zip(units.ofClasses, counts) {
        let left = ordered(members.filter { units.splits[Int($0)] == nil })
        let number = ContentSplit.number(share, of: count)
        for unit in ContentSplit.first(number, of: left, units) { units.hold(unit, split) }
        if number == 0, left.count > 1 { firsts.append(left[0]) }
      }
      let number = ContentSplit.pooled(share, counts)
      for unit in ordered(firsts).prefix(number) { units.hold(unit, split) }
    }
    return images.indices.map { units.splits[units.unit(of: $0)] ?? .train }
  }

  /// The images of the fold that is the test; none where there are no folds.
  private func folded(_ images: DividedImages) -> [Int] {
    guard let fold,
      let folds = try? Folds(
        targets: images.classes.map { Int($0) },
        groups: images.indices.map { images.unit(of: $0).bytes },
        classes: Int(images.classes.max() ?? 0) + 1, most: fold.count)
    else { return [] }
    return images.indices.filter { folds.ofImages[$0] == fold.number - 1 }
  }

  /// The units in order that bring the images nearer to `number`, each one; never all units.
  ///
  /// The smallest is taken where every one would be too large.
  private static func first(_ number: Int, of left: [Int32], _ units: DivisionUnits) -> [Int32] {
    var taken: [Int32] = []
    var images = 0
    for unit in left where taken.count < left.count - 1 && images < number {
      let files = units.files(of: unit)
      if images + files - number <= number - images {
        taken.append(unit)
        images += files
      }
    }
    guard taken.isEmpty, number > 0, left.count > 1 else { return taken }
    return left.min { units.files(of: $0) < units.files(of: $1) }.map { [$0] } ?? []
  }
}
