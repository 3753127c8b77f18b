/// The division of images into folds: each fold is held out once, while the others are trained on.
///
/// Stratified by class, and images of one group stay in one fold. Every class keeps an image to
/// train on in each fold.
package struct Folds: Sendable, Hashable {
  package let ofImages: [Int]
  package let count: Int
  package let groups: Int

  /// Folds at most, unless others are asked for.
  package static let most = 5

  /// A line about fewer folds than were asked for; nil if there are as many.
  package static func line(reduced asked: Int, to count: Int, isGrouped: Bool) -> String? {
    count >= asked
      ? nil
      : "--folds \(asked) is reduced to \(count): no class has more than \(count) "
        + (isGrouped ? "groups of images" : "different images")
  }

  /// The reason why there are no folds.
  package enum Problem: Error, Hashable {
    /// All images of a class are in one group, which cannot be both held out and trained on.
    case oneGroup(class: Int, images: Int)
    /// The groups of a class are so mixed with others that a fold would hold all of its images.
    case wholeClass(class: Int)
  }

  /// Folds of images with classes and the keys of their groups.
  ///
  /// Large groups are dealt first, equal ones in the order of their keys: each to the fold with the
  /// fewest images of its classes so far, of equal ones to that with the fewest images.
  ///
  /// - most: folds at most; there are no more than groups in the class with the most.
  /// - round: another one has other folds, as it orders keys from another of their bytes on.
  package init(
    targets: [Int], groups keys: [[UInt8]], classes: Int, most: Int = Folds.most,
    round: Int = 0
  ) throws(Problem) {
    precondition(keys.count == targets.count, "a group per image")
    let keys = keys.map { key in
      let start = key.isEmpty ? 0 : 8 * round % key.count
      return Array(key[start...] + key[..<start])
    }
    var members: [[UInt8]: [Int]] = [:]
    for (image, key) in keys.enumerated() { members[key, default: []].append(image) }
    let ordered = members.sorted {
      $0.value.count != $1.value.count
        ? $0.value.count > $1.value.count : $0.key.lexicographicallyPrecedes($1.key)
    }
    var groupsOfClass = [Int](repeating: 0, count: classes)
    for (_, images) in ordered {
      for label in Set(images.map { targets[$0] }) { groupsOfClass[label] += 1 }
    }
    if let label = groupsOfClass.firstIndex(where: { $0 < 2 }) {
      throw .oneGroup(class: label, images: targets.count { $0 == label })
    }
    let count = min(most, groupsOfClass.max() ?? most)
    var held = [[Int]](repeating: [Int](repeating: 0, count: classes), count: count)
    var totals = [Int](repeating: 0, count: count)
    var folds = [Int](repeating: 0, count: targets.count)
    for (_, images) in ordered {
      var ofClasses: [Int: Int] = [:]
      for image in images { ofClasses[targets[image], default: 0] += 1 }
      func cost(_ fold: Int) -> (Int, Int, Int) {
        (ofClasses.reduce(0) { $0 + $1.value * held[fold][$1.key] }, totals[fold], fold)
      }
      let fold = (0..<count).min { cost($0) < cost($1) } ?? 0
      for image in images { folds[image] = fold }
      for (label, number) in ofClasses { held[fold][label] += number }
      totals[fold] += images.count
    }
    for label in 0..<classes {
      let all = held.reduce(0) { $0 + $1[label] }
      if held.contains(where: { $0[label] == all }) { throw .wholeClass(class: label) }
    }
    (ofImages, self.count, groups) = (folds, count, ordered.count)
  }
}
