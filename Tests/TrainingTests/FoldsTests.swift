import ImageData
import Primitives
import Testing
import Training

private func keys(_ groups: [Int]) -> [[UInt8]] { groups.map { [UInt8($0)] } }

/// Images of each class in each fold.
private func held(_ folds: Folds, _ targets: [Int], classes: Int) -> [[Int]] {
  (0..<folds.count).map { fold in
    (0..<classes).map { label in
      targets.indices.count { folds.ofImages[$0] == fold && targets[$0] == label }
    }
  }
}

@Test("Folds hold an equal part of every class")
func foldsAreStratified() throws {
  let targets =
    [Int](repeating: 0, count: 23) + [Int](repeating: 1, count: 50)
    + [Int](repeating: 2, count: 10)
  let folds = try Folds(targets: targets, groups: keys(Array(targets.indices)), classes: 3)
  #expect(folds.count == 5 && folds.groups == targets.count)
  for counts in held(folds, targets, classes: 3) {
    #expect([4, 5].contains(counts[0]) && counts[1] == 10 && counts[2] == 2)
  }
}

@Test("Images of a group stay together, whatever their classes")
func foldsKeepGroups() throws {
  let targets = (0..<60).map { $0 % 3 }
  let groups = (0..<60).map { $0 / 4 }
  let folds = try Folds(targets: targets, groups: keys(groups), classes: 3)
  #expect(folds.groups == 15)
  for group in 0..<15 {
    #expect(
      Set(targets.indices.filter { groups[$0] == group }.map { folds.ofImages[$0] }).count == 1)
  }
  for counts in held(folds, targets, classes: 3) { #expect(counts.reduce(0, +) == 12) }
}

@Test("Another round divides otherwise, as evenly, and keeps groups together")
func foldsOfAnotherRound() throws {
  let targets = (0..<90).map { $0 % 3 }
  let digests = (0..<90).map { SHA256.digest([UInt8($0 / 2)]) }
  let rounds = try (0..<3).map { round in
    try Folds(targets: targets, groups: digests, classes: 3, round: round)
  }
  #expect(Set(rounds).count == 3)
  for folds in rounds {
    #expect(folds.groups == 45 && folds.count == 5)
    for image in stride(from: 0, to: 90, by: 2) {
      #expect(folds.ofImages[image] == folds.ofImages[image + 1])
    }
    for counts in held(folds, targets, classes: 3) {
      #expect(counts.allSatisfy { (5...7).contains($0) })
    }
  }
}

@Test("A class of two or three images keeps one to train on in every fold")
func foldsOfSmallClasses() throws {
  for small in [2, 3] {
    let targets = [Int](repeating: 0, count: 40) + [Int](repeating: 1, count: small)
    let folds = try Folds(targets: targets, groups: keys(Array(targets.indices)), classes: 2)
    #expect(folds.count == 5)
    for counts in held(folds, targets, classes: 2) { #expect(counts[1] <= 1) }
  }
  let pairs = try Folds(targets: [0, 0, 1, 1], groups: keys([0, 1, 2, 3]), classes: 2)
  #expect(pairs.count == 2)
}

@Test(
  "A tenth of twenty is two in every fold, and a class of three has none without one to train on")
func foldsOfTwenty() throws {
  let targets = [Int](repeating: 0, count: 20) + [1, 1, 1]
  let folds = try Folds(
    targets: targets, groups: keys(Array(targets.indices)), classes: 2, most: 10)
  #expect(folds.count == 10)
  for counts in held(folds, targets, classes: 2) {
    #expect(counts[0] == 2 && counts[1] <= 1)
  }
}

@Test("Folds do not depend on the order of the images")
func foldsOfAnyOrder() throws {
  let targets = (0..<40).map { $0 % 2 }
  let folds = try Folds(targets: targets, groups: keys(Array(0..<40)), classes: 2)
  let turned = try Folds(
    targets: targets.reversed(), groups: keys(Array((0..<40).reversed())), classes: 2)
  #expect(folds.ofImages == turned.ofImages.reversed())
}

@Test("A class that is one image, copies of one or one group has no folds")
func foldsOfOneGroup() {
  #expect(throws: Folds.Problem.oneGroup(class: 1, images: 1)) {
    try Folds(targets: [0, 0, 1], groups: keys([0, 1, 2]), classes: 2)
  }
  #expect(throws: Folds.Problem.oneGroup(class: 0, images: 3)) {
    try Folds(targets: [0, 0, 0, 1, 1], groups: keys([7, 7, 7, 1, 2]), classes: 2)
  }
  #expect(throws: Folds.Problem.oneGroup(class: 2, images: 0)) {
    try Folds(targets: [0, 0, 1, 1], groups: keys([0, 1, 2, 3]), classes: 3)
  }
}
