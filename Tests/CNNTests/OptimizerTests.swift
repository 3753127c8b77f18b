import CNN
import TestSupport
import Testing

@Suite("Optimizers and training steps")
struct OptimizerTests {
  private static let input = Shape(height: 6, width: 6, channels: 3)
  private static let layers: [any Layer] = [
    Conv2D(filters: 7), BatchNorm(), ReLU(), Flatten(), Dense(units: 5), ReLU(), Dense(units: 3),
  ]

  private func batch(_ salt: Int, count: Int = 4) -> (images: [Float], targets: [Int32]) {
    var random = RandomValues(seed: 81, salt: salt)
    return (
      random.normals(count * OptimizerTests.input.count), random.targets(count, classes: 3)
    )
  }

  /// Steps a network and, with the gradients that it used, the reference; compares after each.
  private func check(
    _ optimizer: any Optimizer, rates: [Double],
    reference: (inout [Double], [Double], Double, [Bool]) -> Void
  ) throws {
    let network = try Network(
      input: OptimizerTests.input, layers: OptimizerTests.layers, seed: 3)
    let session = try TrainingSession(
      network: network, optimizer: optimizer, batchSize: 4, engine: TestEngine.make())
    let names = network.tensorNames.filter { session.gradient(of: $0) != nil }
    let values = { names.flatMap { network.values(of: $0) ?? [] } }
    // Weights of two and more dimensions decay.
    let decays = names.flatMap { name in
      let shape = network.shape(of: name) ?? []
      return [Bool](repeating: shape.count > 1, count: shape.reduce(1, *))
    }
    var wanted = values().map(Double.init)
    for (step, rate) in rates.enumerated() {
      optimizer.learningRate = rate
      let (images, targets) = batch(step)
      _ = try session.step(images: images, targets: targets)
      #expect(optimizer.steps == step + 1)
      let gradients = names.flatMap { session.gradient(of: $0) ?? [] }
      #expect(gradients.contains { $0 != 0 })
      reference(&wanted, gradients.map(Double.init), rate, decays)
      let found = mismatch(
        actual: values(), expected: wanted,
        tolerance: Tolerance(absolute: 2e-7 * Double(step + 1), relative: 1e-6))
      #expect(found == nil, "step \(step)")
    }
  }

  private let rates = [1e-2, 1e-2, 3e-3, 0, 1e-1, 1e-2, 1e-2, 1e-2]

  @Test(arguments: [1e-7, 1e-8, 1e-3])
  func `Adam takes PyTorch's steps at any learning rate`(epsilon: Double) throws {
    var reference = ReferenceAdam(epsilon: epsilon)
    try check(Adam(epsilon: epsilon), rates: rates) {
      reference.step(&$0, $1, learningRate: $2, decays: $3)
    }
  }

  @Test func `AdamW decays weights but neither biases nor normalizations`() throws {
    var reference = ReferenceAdam(beta2: 0.99, weightDecay: 0.3)
    try check(AdamW(beta2: 0.99, weightDecay: 0.3), rates: rates) {
      reference.step(&$0, $1, learningRate: $2, decays: $3)
    }
  }

  @Test(arguments: [(0.0, false), (0.9, false), (0.9, true)], [0, 0.1])
  func `gradient descent takes PyTorch's steps`(
    numbers: (Double, Bool), decay: Double
  ) throws {
    let (momentum, nesterov) = numbers
    var reference = ReferenceSGD(momentum: momentum, nesterov: nesterov, weightDecay: decay)
    let optimizer = SGD(
      learningRate: 1, momentum: momentum, nesterov: nesterov, weightDecay: decay)
    try check(optimizer, rates: rates) {
      reference.step(&$0, $1, learningRate: $2, decays: $3)
    }
  }

  @Test func `a new session begins the optimizer anew`() throws {
    let optimizer = Adam(learningRate: 1e-2)
    var results: [[Float]] = []
    for _ in 0..<2 {
      let network = try Network(
        input: OptimizerTests.input, layers: OptimizerTests.layers, seed: 3)
      let session = try TrainingSession(
        network: network, optimizer: optimizer, batchSize: 4, engine: TestEngine.make())
      #expect(optimizer.steps == 0)
      for step in 0..<3 {
        let (images, targets) = batch(step)
        _ = try session.step(images: images, targets: targets)
      }
      results.append(network.tensorNames.flatMap { network.values(of: $0) ?? [] })
    }
    #expect(bitMismatch(results[1], results[0]) == nil)
  }

  @Test func `clipping scales all gradients by one factor, and only long ones`() throws {
    let network = try Network(
      input: OptimizerTests.input, layers: OptimizerTests.layers, seed: 3)
    let (images, targets) = batch(0)
    func gradients(clip: Double?) throws -> (norm: Double?, values: [Float]) {
      let session = try TrainingSession(
        network: network, optimizer: SGD(learningRate: 0), batchSize: 4, engine: TestEngine.make(),
        clipGradientNorm: clip)
      let norm = try session.step(images: images, targets: targets).gradientNorm
      return (norm, network.tensorNames.flatMap { session.gradient(of: $0) ?? [] })
    }
    let whole = try gradients(clip: nil)
    let norm = whole.values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    #expect(whole.norm == nil)
    let long = try gradients(clip: norm / 4)
    #expect(abs((long.norm ?? 0) - norm) < 1e-9 * norm)
    let found = mismatch(
      actual: long.values, expected: whole.values.map { Double($0) / 4 },
      tolerance: Tolerance(absolute: 1e-30, relative: 3e-7))
    #expect(found == nil)
    let short = try gradients(clip: norm * 1.01)
    #expect(bitMismatch(short.values, whole.values) == nil)
  }

  @Test func `a loss that is not finite leaves the parameters and the optimizer`() throws {
    let network = try Network(
      input: OptimizerTests.input, layers: OptimizerTests.layers, seed: 3)
    let optimizer = Adam(learningRate: 1e-2)
    let session = try TrainingSession(
      network: network, optimizer: optimizer, batchSize: 4, engine: TestEngine.make())
    let names = network.tensorNames.filter { session.gradient(of: $0) != nil }
    let values = { names.flatMap { network.values(of: $0) ?? [] } }
    let before = values()
    let (images, targets) = batch(0)
    let result = try session.step(images: images.map { _ in .nan }, targets: targets)
    #expect(!result.loss.isFinite)
    #expect(optimizer.steps == 0)
    #expect(bitMismatch(values(), before) == nil)
  }

  @Test func `training has the same bits on one, two and three threads and twice in a row`() throws
  {
    var results: [[Float]] = []
    for threads in TestEngine.threadCounts + [2] {
      let network = try Network(
        input: OptimizerTests.input, layers: OptimizerTests.layers + [Dropout(0.3)], seed: 3)
      let session = try TrainingSession(
        network: network, optimizer: AdamW(learningRate: 1e-2), batchSize: 4,
        engine: TestEngine.make(threads: threads), seed: 9, clipGradientNorm: 1)
      var losses: [Float] = []
      for step in 0..<6 {
        let (images, targets) = batch(step, count: step == 5 ? 3 : 4)
        losses.append(Float(try session.step(images: images, targets: targets).loss))
      }
      results.append(losses + network.tensorNames.flatMap { network.values(of: $0) ?? [] })
    }
    for result in results { #expect(bitMismatch(result, results[0]) == nil) }
  }

  @Test func `a small network learns eight images by heart`() throws {
    let network = try Network(
      input: OptimizerTests.input, layers: OptimizerTests.layers, seed: 5)
    let session = try TrainingSession(
      network: network, optimizer: Adam(learningRate: 1e-2), batchSize: 8,
      engine: TestEngine.make())
    let (images, targets) = batch(7, count: 8)
    var last = try session.step(images: images, targets: targets)
    for _ in 0..<400 { last = try session.step(images: images, targets: targets) }
    #expect(last.loss < 0.02)
    #expect(last.correct == 8)
  }
}
