import CNN
import Compute
import Glibc
import ImageData
import Primitives
import TestSupport
import Testing
import Training

/// Features that `make_logistic_goldens.py` has too.
private func features(images: Int, features: Int, classes: Int) -> [Double] {
  (0..<images).flatMap { i in
    (0..<features).map { j in
      sin(0.7 * Double(i) + 1.3 * Double(j)) + (j == i % classes ? 0.8 : 0)
    }
  }
}

private func data(
  images: Int = 30, features count: Int = 4, classes: Int, folds: [Int]? = nil,
  targets: [Int]? = nil, threads: Int = 2
) throws -> LogisticData {
  let rows = try FloatMemory(count: images * count)
  rows.write(
    features(images: images, features: count, classes: classes).map { Float($0) }, at: 0)
  return LogisticData(
    rows, features: count, targets: targets ?? (0..<images).map { $0 % classes },
    folds: folds ?? [Int](repeating: 0, count: images), classes: classes,
    engine: try engine(threads: threads))
}

/// Brings a fit to its minimum.
private func solve(_ fit: LogisticData.Fit, _ data: LogisticData) throws -> LogisticData.Fit {
  var fit = fit
  var search = QuasiNewton(from: fit.coefficients, tolerance: 1e-5)
  while !search.isDone {
    fit.coefficients = search.trial
    let result = try data.evaluate([fit])[0]
    search.take(value: result.value, gradient: result.gradient)
  }
  fit.coefficients = search.point
  return fit
}

private func fit(
  _ data: LogisticData, penalty: Double = 0.5, heldOut: Int? = nil
) -> LogisticData.Fit {
  LogisticData.Fit(
    coefficients: (0..<data.coefficientCount).map { 0.3 * cos(2 * Double($0)) },
    penalty: penalty, heldOut: heldOut)
}

@Test("The search finds the minimum of a badly scaled quadratic function")
func searchOnQuadratic() {
  let scales = (0..<12).map { pow(10, Double($0) / 3) }
  var search = QuasiNewton(
    from: [Double](repeating: 1, count: scales.count), tolerance: 1e-6)
  var evaluations = 0
  while !search.isDone, evaluations < 1000 {
    evaluations += 1
    let moved = search.trial.enumerated().map { $1 - Double($0) }
    search.take(
      value: zip(scales, moved).reduce(3) { $0 + $1.0 * $1.1 * $1.1 / 2 },
      gradient: zip(scales, moved).map(*))
  }
  #expect(evaluations < 200)
  #expect(
    mismatch(
      actual: search.point, expected: scales.indices.map(Double.init),
      tolerance: Tolerance(absolute: 1e-5)) == nil)
  #expect(abs(search.value - 3) < 1e-9)
}

@Test("The gradient of a fit is that of its value", arguments: [2, 3, 5])
func logisticGradient(classes: Int) throws {
  let data = try data(images: 12, features: 5, classes: classes, folds: (0..<12).map { $0 % 4 })
  let fit = fit(data, heldOut: 1)
  let gradient = try data.evaluate([fit])[0].gradient
  let step = 1e-2
  let differences = try fit.coefficients.indices.map { index in
    var (up, down) = (fit, fit)
    up.coefficients[index] += step
    down.coefficients[index] -= step
    let values = try data.evaluate([up, down]).map(\.value)
    return (values[0] - values[1]) / (2 * step)
  }
  let found = mismatch(
    actual: gradient, expected: differences,
    tolerance: Tolerance(absolute: 5e-4, relative: 5e-4, scale: .largest))
  #expect(found == nil, "\(found.map(\.description) ?? "")")
}

@Test("Layers are those of scikit-learn's LogisticRegression")
func logisticGoldens() throws {
  // Tests/Scripts/make_logistic_goldens.py
  let goldens: [(classes: Int, penalty: Double, weights: [Double], bias: [Double])] = [
    (2, 0.5, [-1.654944, 1.459086, -1.349042, 0.284716], [0.06248]),
    (
      3, 0.02,
      [
        4.988859, -2.919796, -2.069063, 1.41666, 2.961817, -4.378478, 2.266837, -3.549046, 1.28221,
        4.172609, 1.236278, -5.408887,
      ], [-1.921256, 0.576607, 1.344649]
    ),
  ]
  for golden in goldens {
    let data = try data(classes: golden.classes)
    let start = LogisticData.Fit(
      coefficients: [Double](repeating: 0, count: data.coefficientCount), penalty: golden.penalty)
    let layer = data.layer(try solve(start, data))
    let tolerance = Tolerance(absolute: 1e-3, relative: 1e-3)
    for (own, expected) in [(layer.weights, golden.weights), (layer.bias, golden.bias)] {
      let found = mismatch(actual: own, expected: expected, tolerance: tolerance)
      #expect(found == nil, "\(golden.classes) classes: \(found.map(\.description) ?? "")")
    }
  }
}

@Test("A layer gives the features as they were the logits that its fit gives")
func layerOfFit() throws {
  let data = try data(classes: 3)
  let fit = fit(data)
  let layer = data.layer(fit)
  let x = features(images: 30, features: 4, classes: 3)
  var expected: [Double] = []
  for image in 0..<30 {
    for output in 0..<3 {
      var sum = Double(layer.bias[output])
      for feature in 0..<4 {
        let weight = Double(layer.weights[feature * 3 + output])
        sum += Double(Float(x[image * 4 + feature])) * weight
      }
      expected.append(sum)
    }
  }
  #expect(
    mismatch(
      actual: try data.logits([fit])[0], expected: expected, tolerance: Tolerance(absolute: 1e-4))
      == nil)
}

@Test("Images of the fold that is held out change nothing of a fit")
func heldOutImages() throws {
  let folds = (0..<30).map { $0 % 3 }
  let targets = (0..<30).map { $0 % 2 }
  let other = (0..<30).map { folds[$0] == 1 ? 1 - targets[$0] : targets[$0] }
  let values = try [targets, other].map { targets in
    let data = try data(classes: 2, folds: folds, targets: targets)
    return try data.evaluate([fit(data, heldOut: 1), fit(data, heldOut: 2)])
  }
  #expect(values[0][0].value == values[1][0].value)
  #expect(values[0][0].gradient == values[1][0].gradient)
  #expect(values[0][1].value != values[1][1].value)
}

@Test("Fits are the same to the bit on any number of threads, alone and together")
func logisticThreads() throws {
  var all: [[UInt64]] = []
  for threads in TestEngine.threadCounts {
    let folds = (0..<200).map { $0 % 4 }
    let data = try data(images: 200, features: 40, classes: 3, folds: folds, threads: threads)
    let results = try data.evaluate([fit(data), fit(data, penalty: 0.1, heldOut: 2)])
    all.append(results.flatMap { [$0.value.bitPattern] + $0.gradient.map(\.bitPattern) })
    let alone = try data.evaluate([fit(data, penalty: 0.1, heldOut: 2)])[0]
    #expect(abs(alone.value - results[1].value) < 1e-4 * results[1].value)
  }
  #expect(all.allSatisfy { $0 == all[0] })
}

@Test("Labels without meaning are learnt by heart and not predicted out of fold")
func crossValidationOfChance() throws {
  let count = 90
  var stream = RandomStream(seed: 3, purpose: .shuffle, epoch: 0)
  let order = stream.shuffledIndices(count)
  let targets = (0..<count).map { order[$0] % 2 }
  let folds = try Folds(
    targets: targets, groups: (0..<count).map { [UInt8($0)] }, classes: 2)
  let rows = try FloatMemory(count: count * 200)
  rows.write(
    (0..<(count * 200)).map { Float(sin(Double($0 * $0 % 10_007))) }, at: 0)
  let data = LogisticData(
    rows, features: 200, targets: targets, folds: folds.ofImages, classes: 2,
    engine: try engine())
  let solution = try CrossValidation(
    data, targets: targets.map { Int32($0) }, classes: 2, folds: folds)
  let right = zip(solution.logits, targets).count { ($0[0] > 0) == ($1 == 1) }
  #expect(Double(right) / Double(count) < 0.7)
  #expect(solution.penalty == solution.path.min { $0.loss < $1.loss }?.penalty)
  #expect(solution.path.count >= 3)
}

@Test("A cross-validation ends when it is told to")
func crossValidationStops() throws {
  struct Enough: Error {}
  let targets = (0..<30).map { $0 % 2 }
  let folds = try Folds(targets: targets, groups: (0..<30).map { [UInt8($0)] }, classes: 2)
  let data = try data(classes: 2, folds: folds.ofImages)
  var rounds = 0
  #expect(throws: Enough.self) {
    _ = try CrossValidation(
      data, targets: targets.map { Int32($0) }, classes: 2, folds: folds
    ) {
      rounds += 1
      if rounds == 4 { throw Enough() }
    }
  }
  #expect(rounds == 4)
}
