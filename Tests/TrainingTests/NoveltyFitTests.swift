import CNN
import Classifier
import Compute
import Foundation
import ImageData
import Primitives
import TestSupport
import Testing
import Training

/// Features of images, a row each, and of which classes they are.
private struct Sample {
  var rows: [[Float]]
  var targets: [Int]

  /// Drawn features of `features` numbers, images of a class around its own place.
  init(_ counts: [Int], features: Int, spread: Double = 0.3, seed: UInt64 = 7) {
    var random = RandomValues(seed: seed)
    rows = []
    targets = []
    for (label, count) in counts.enumerated() {
      for _ in 0..<count {
        let noise: [Float] = random.normals(features)
        rows.append(
          (0..<features).map { j -> Float in
            let center = 1 + 0.5 * sin(Double(label * 5 + j))
            return Float(abs(center + spread * Double(noise[j])))
          })
        targets.append(label)
      }
    }
  }

  var classes: Int { (targets.max() ?? 0) + 1 }

  func folds(_ most: Int = NoveltyFit.folds) throws -> Folds {
    try Folds(
      targets: targets, groups: targets.indices.map { [UInt8($0 >> 8), UInt8($0 & 255)] },
      classes: classes, most: most)
  }

  /// All rows, one after the other.
  func memory() throws -> FloatMemory {
    let memory = try FloatMemory(count: rows.count * rows[0].count)
    memory.write(rows.flatMap { $0 }, at: 0)
    return memory
  }

  func detector(_ folds: Folds? = nil, threads: Int = 2) throws -> NoveltyDetector? {
    NoveltyFit.detector(
      try memory(), features: rows[0].count, targets: targets, classes: classes,
      folds: try folds ?? self.folds(), engine: try engine(threads: threads))
  }
}

/// The solution of a x = b by Gauss and Jordan's elimination.
private func solve(_ matrix: [[Double]], _ vector: [Double]) -> [Double] {
  var (a, b) = (matrix, vector)
  let size = b.count
  for p in 0..<size {
    let pivot = (p..<size).max { abs(a[$0][p]) < abs(a[$1][p]) } ?? p
    a.swapAt(p, pivot)
    b.swapAt(p, pivot)
    for row in 0..<size where row != p {
      let factor = a[row][p] / a[p][p]
      for column in p..<size { a[row][column] -= factor * a[p][column] }
      b[row] -= factor * b[p]
    }
  }
  return (0..<size).map { b[$0] / a[$0][$0] }
}

/// Distances to classes by the definition: the whole covariance, shrunk as Ledoit and Wolf say.
private func reference(_ sample: Sample, _ row: [Float]) -> [Double] {
  let features = row.count
  func roots(_ row: [Float]) -> [Double] { row.map { pow(Double($0), 0.25) } }
  let means = (0..<sample.classes).map { label -> [Double] in
    let own = zip(sample.rows, sample.targets).filter { $0.1 == label }.map { roots($0.0) }
    return (0..<features).map { j in own.reduce(0) { $0 + $1[j] } / Double(own.count) }
  }
  let deviations = zip(sample.rows, sample.targets).map { row, label in
    zip(roots(row), means[label]).map { $0 - $1 }
  }
  let count = Double(deviations.count)
  var covariance = (0..<features).map { i in
    (0..<features).map { j in deviations.reduce(0) { $0 + $1[i] * $1[j] } / count }
  }
  let mean = (0..<features).reduce(0) { $0 + covariance[$1][$1] } / Double(features)
  func squares(_ matrix: (Int, Int) -> Double) -> Double {
    (0..<features).reduce(0) { sum, i in
      (0..<features).reduce(sum) { $0 + matrix(i, $1) * matrix(i, $1) }
    }
  }
  let spread = squares { covariance[$0][$1] - ($0 == $1 ? mean : 0) }
  let noise = deviations.reduce(0) { sum, z in
    sum + squares { z[$0] * z[$1] - covariance[$0][$1] } / (count * count)
  }
  let share = min(noise, spread) / spread
  for i in 0..<features {
    for j in 0..<features {
      covariance[i][j] = (1 - share) * covariance[i][j] + (i == j ? share * mean : 0)
    }
  }
  return means.map { center in
    let z = zip(roots(row), center).map { $0 - $1 }
    let square = zip(z, solve(covariance, z)).reduce(0) { $0 + $1.0 * $1.1 }
    return (square / Double(features)).squareRoot()
  }
}

@Suite struct NoveltyFitTests {
  /// Fewer photos than features, and more.
  @Test(arguments: [([4, 5], 20), ([30, 40, 20], 6), ([2, 9], 4)])
  func `The distance is that of the whole covariance, shrunk`(counts: [Int], features: Int) throws {
    let sample = Sample(counts, features: features)
    let detector = try #require(try sample.detector())
    for row in Sample([3], features: features, spread: 1, seed: 9).rows + sample.rows.prefix(2) {
      let found = NoveltyMeter(detector).distances(of: row[...])
      let expected = reference(sample, row)
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-4 * (1 + $1) })
    }
  }

  /// By scikit-learn 1.x: `LedoitWolf(assume_centered=True).fit(roots - means).mahalanobis`.
  @Test func `The distances are scikit-learn's`() throws {
    var sample = Sample([1], features: 1)
    sample.rows = (0..<12).map { i -> [Float] in
      (0..<5).map { j -> Float in
        let wave = abs(sin(0.7 * Double(i) + 1.3 * Double(j)))
        return Float(j == i % 2 ? 2 * wave : wave)
      }
    }
    sample.targets = (0..<12).map { $0 % 2 }
    let detector = try #require(try sample.detector())
    let expected: [[Double]] = [
      [0.79917671, 0.72179155], [0.73491905, 0.79079254], [0.93808152, 1.10194883],
    ]
    for (i, distances) in expected.enumerated() {
      let row = (0..<5).map { j -> Float in Float(abs(cos(0.4 * Double(i) + 0.9 * Double(j)))) }
      let found = NoveltyMeter(detector).distances(of: row[...])
      #expect(zip(found, distances).allSatisfy { abs($0 - $1) < 1e-5 })
    }
  }

  @Test func `The known distances are those to detectors that had not seen the photo`() throws {
    let sample = Sample([9, 7], features: 5)
    let folds = try sample.folds(4)
    let detector = try #require(try sample.detector(folds))
    var expected: [Float] = []
    for (index, row) in sample.rows.enumerated() {
      var others = sample
      let kept = sample.rows.indices.filter { folds.ofImages[$0] != folds.ofImages[index] }
      others.rows = kept.map { sample.rows[$0] }
      others.targets = kept.map { sample.targets[$0] }
      expected.append(Float(reference(others, row).min() ?? 0))
    }
    let found = detector.arrays.distances
    #expect(found.count == 16)
    #expect(zip(found, expected.sorted()).allSatisfy { abs($0 - $1) < 1e-4 * (1 + $1) })
  }

  @Test func `Photos that were held out have the known distances where they are given`() throws {
    let sample = Sample([9, 7], features: 5)
    let held = Sample([3, 2], features: 5, spread: 0.6, seed: 12)
    func fitted(threads: Int) throws -> NoveltyDetector? {
      NoveltyFit.detector(
        try sample.memory(), features: 5, targets: sample.targets, classes: 2,
        unseen: try held.memory(), engine: try engine(threads: threads))
    }
    let detector = try #require(try fitted(threads: 2))
    let expected = held.rows.map { Float(reference(sample, $0).min() ?? 0) }.sorted()
    let found = detector.arrays.distances
    #expect(found.count == 5)
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-4 * (1 + $1) })
    // The rest is what it would be out of fold.
    let outOfFold = try sample.detector()
    #expect(detector.arrays.means == outOfFold?.arrays.means)
    #expect(try fitted(threads: 3) == detector)
  }

  @Test func `The bits do not depend on the threads`() throws {
    let sample = Sample([150, 160], features: 90)
    let one = try #require(try sample.detector(threads: 1))
    #expect(try sample.detector(threads: 3) == one)
    #expect(one.directionCount == 64 && one.arrays.distances.count == 310)
  }

  @Test func `About as many new photos are kept as were asked for, and others are not`() throws {
    let features = 40
    let sample = Sample([60, 60], features: features, spread: 0.15)
    let detector = try #require(try sample.detector())
    let threshold = detector.automaticThreshold
    func kept(_ rows: [[Float]]) -> Double {
      Double(rows.count { NoveltyMeter(detector).measure($0[...]).distance <= threshold })
        / Double(rows.count)
    }
    let own = kept(Sample([400, 400], features: features, spread: 0.15, seed: 11).rows)
    #expect(own > 0.88 && own < 0.995)
    // A third class, which no photo was of.
    let others = Sample([1, 1, 400], features: features, spread: 0.15, seed: 11).rows.dropFirst(2)
    #expect(kept(Array(others)) < 0.05)
  }

  @Test func `A feature that never varies does not disturb, and photos that do not have none`()
    throws
  {
    var sample = Sample([8, 2], features: 6)
    for index in sample.rows.indices { sample.rows[index][2] = 0.5 }
    let detector = try #require(try sample.detector())
    #expect(detector.arrays.distances.count == 10)
    let own = NoveltyMeter(detector).distances(of: sample.rows[0][...])
    #expect(own.allSatisfy { $0.isFinite })
    var strange = sample.rows[0]
    strange[2] = 5
    #expect(
      NoveltyMeter(detector).measure(strange[...]).distance > 2
        * NoveltyMeter(detector).measure(sample.rows[0][...]).distance)
    for index in sample.rows.indices { sample.rows[index] = [1, 0, 2, 3, 0, 1] }
    #expect(try sample.detector() == nil)
    // Of two photos per class each fold leaves one, which does not differ from its mean.
    #expect(try Sample([2, 2], features: 6).detector() == nil)
    #expect(try Sample([3, 2], features: 6).detector() != nil)
  }
}
