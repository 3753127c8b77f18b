import CNN
import Compute
import TestSupport
import Testing

/// Losses of images that are blends of two.
@Suite("Losses of mixtures")
struct MixtureLossTests {
  private func evaluate(
    _ loss: Loss, _ logits: [Float], _ targets: [Int32], _ mixture: TargetMixture?,
    weights: [Double]?
  ) throws -> (result: Loss.Result, gradient: [Float]) {
    let workers = try TestEngine.make().workers
    let gradient = GuardedBuffer(count: logits.count)
    let result = logits.withUnsafeBufferPointer {
      loss.evaluate(
        logits: $0, outputs: logits.count / targets.count, targets: targets, mixture: mixture,
        classWeights: weights, workers: workers, gradient: gradient.floats)
    }
    #expect(gradient.damage == nil)
    return (result, gradient.values)
  }

  private static let weights: [[Double]?] = [nil, [0.5, 2, 1, 3, 0.25]]

  @Test(arguments: [1, 2, 5], [0, 0.1])
  func `values and gradients are those of two weighted losses`(
    outputs: Int, smoothing: Double
  ) throws {
    for weights in MixtureLossTests.weights {
      var random = RandomValues(seed: 72, salt: outputs)
      let classes = max(2, outputs)
      let batch = 24
      let weights = weights.map { Array($0.prefix(classes)) }
      let targets = random.targets(batch, classes: classes)
      let others = random.targets(batch, classes: classes)
      let shares: [Float] = (0..<batch).map { Float($0) / Float(batch - 1) }
      let logits = random.normals(batch * outputs).map { 3 * $0 }
      let reference = ReferenceLoss(labelSmoothing: smoothing, classWeights: weights)
      func value(_ logits: [Double]) -> Double {
        reference.value(logits, targets, others, shares: shares.map(Double.init))
      }
      let wide = logits.map(Double.init)
      let (result, gradient) = try evaluate(
        .standard(outputs: outputs, labelSmoothing: smoothing), logits, targets,
        TargetMixture(targets: others, shares: shares), weights: weights)
      #expect(abs(result.loss - value(wide)) <= 1e-12 * (1 + value(wide)))
      let differences = GradientCheck.differences(at: wide, cotangent: [1]) { [value($0)] }
      let found = mismatch(
        actual: gradient, expected: differences,
        tolerance: Tolerance(absolute: 2e-9, relative: 1e-6))
      #expect(found == nil, "\(outputs) outputs, smoothing \(smoothing)")

      let right = targets.indices.filter { n in
        let label = shares[n] >= 0.5 ? targets[n] : others[n]
        let row = logits[(n * outputs)..<((n + 1) * outputs)]
        if outputs == 1 { return (row[n] > 0 ? 1 : 0) == label }
        return row.indices.max { row[$0] < row[$1] } == n * outputs + Int(label)
      }
      #expect(result.correct == right.count)
    }
  }

  @Test(arguments: [1, 3])
  func `a share of one is the loss without a mixture, bit for bit`(outputs: Int) throws {
    var random = RandomValues(seed: 73)
    let classes = max(2, outputs)
    let targets = random.targets(16, classes: classes)
    let others = random.targets(16, classes: classes)
    let logits = random.normals(16 * outputs)
    let weights = Array([0.5, 2, 3].prefix(classes))
    let loss = Loss.standard(outputs: outputs, labelSmoothing: 0.1)
    let plain = try evaluate(loss, logits, targets, nil, weights: weights)
    let whole = try evaluate(
      loss, logits, targets,
      TargetMixture(targets: others, shares: [Float](repeating: 1, count: 16)), weights: weights)
    #expect(plain.result == whole.result && plain.gradient == whole.gradient)
    let none = try evaluate(
      loss, logits, others,
      TargetMixture(targets: targets, shares: [Float](repeating: 0, count: 16)), weights: weights)
    #expect(plain.result == none.result && plain.gradient == none.gradient)
  }

  @Test func `PyTorch's soft targets give the same losses and gradients`() throws {
    let fixture = try Goldens.load("mixup")
    let cases = fixture.names.filter { $0.hasSuffix(".logits") }.map { $0.dropLast(7) }
    #expect(cases.count == 12)
    for name in cases {
      let logits = try fixture.tensor("\(name).logits")
      let weights =
        name.hasSuffix("Weighted") ? try fixture.values("\(name).weights").map(Double.init) : nil
      let (result, gradient) = try evaluate(
        .standard(
          outputs: logits.shape[1],
          labelSmoothing: Double(try fixture.scalar("\(name).labelSmoothing"))),
        logits.values.map { Float($0) }, try fixture.values("\(name).targets").map { Int32($0) },
        TargetMixture(
          targets: try fixture.values("\(name).others").map { Int32($0) },
          shares: try fixture.values("\(name).shares").map { Float($0) }), weights: weights)
      let expected = Double(try fixture.scalar("\(name).loss"))
      #expect(abs(result.loss - expected) <= 2e-7 * expected, "\(name)")
      let found = mismatch(
        actual: gradient, expected: try fixture.values("\(name).gradient"),
        tolerance: Tolerance(absolute: 1e-8, relative: 1e-6))
      #expect(found == nil, "\(name)")
    }
  }

  @Test func `mixtures that do not fit are refused, and one that fits trains`() throws {
    let network = try Network(input: Shape(features: 3), layers: [Dense(units: 4)])
    let session = try TrainingSession(
      network: network, optimizer: SGD(learningRate: 0.1), batchSize: 2,
      engine: TestEngine.make())
    let bad = [
      TargetMixture(targets: [1], shares: [1, 1]), TargetMixture(targets: [1, 1], shares: [1]),
      TargetMixture(targets: [1, 4], shares: [1, 1]),
      TargetMixture(targets: [1, -1], shares: [1, 1]),
      TargetMixture(targets: [1, 1], shares: [1, 1.5]),
      TargetMixture(targets: [1, 1], shares: [1, .nan]),
    ]
    let images: [Float] = [1, 2, 3, 4, 5, 6]
    for mixture in bad {
      #expect(throws: ModelError.self) {
        try session.step(images: images, targets: [0, 1], mixture: mixture)
      }
    }
    let mixture = TargetMixture(targets: [2, 3], shares: [0.75, 0.5])
    let losses = try (0..<40).map { _ in
      try session.step(images: images, targets: [0, 1], mixture: mixture).loss
    }
    // What is left is the targets' own entropy.
    #expect(losses[39] < losses[0] && losses[39] > 0.5 * (0.5623 + 0.6931) - 1e-3)
  }
}
