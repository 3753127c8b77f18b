import CNN
import TestSupport
import Testing

/// Whole networks give the same bits however the work is divided.
@Suite("Same bits")
struct DeterminismTests {
  private static let methods = [ConvolutionMethod.auto, .direct, .winograd]

  private func network(seed: UInt64 = 5) throws -> Network {
    try Network(.preset("r18h", size: 32), seed: seed)
  }

  private func images(_ count: Int, _ network: Network) -> [Float] {
    var random = RandomValues(seed: 95)
    return random.normals(count * network.architecture.input.count)
  }

  /// Every number of a network.
  private func numbers(_ network: Network) -> [Float] {
    network.tensorNames.flatMap { network.values(of: $0) ?? [] }
  }

  /// A network after some steps, so that no statistic is what it started as; and the losses.
  private func trained(
    threads: Int, method: ConvolutionMethod, steps: Int = 3
  ) throws -> (network: Network, losses: [Float]) {
    let network = try network()
    let session = try TrainingSession(
      network: network, optimizer: Adam(), batchSize: 6,
      engine: TestEngine.make(threads: threads, convolution: method), seed: 9,
      clipGradientNorm: 1)
    let pixels = images(6, network)
    var losses: [Float] = []
    for step in 0..<steps {
      let result = try session.step(images: pixels, targets: [0, 1, 1, 0, 1, step == 0 ? 1 : 0])
      losses += [Float(result.loss), Float(result.gradientNorm ?? .nan)]
    }
    return (network, losses)
  }

  @Test(arguments: methods)
  func `training takes the same steps on 1, 2, 3 and 8 threads`(method: ConvolutionMethod) throws {
    let expected = try trained(threads: 1, method: method)
    #expect(expected.losses.allSatisfy { $0.isFinite })
    let start = try network()
    #expect(bitMismatch(numbers(expected.network), numbers(start)) != nil)
    for threads in [2, 3, 8] {
      let found = try trained(threads: threads, method: method)
      #expect(bitMismatch(found.losses, expected.losses) == nil, "\(threads) threads")
      #expect(
        bitMismatch(numbers(found.network), numbers(expected.network)) == nil,
        "\(threads) threads")
    }
  }

  @Test func `a batch smaller than planned takes the steps of a session of its size`() throws {
    // Of 40 images the tiles are too many to be in memory together; of 28 they just are not. On one
    // thread what lies behind the scratch memory is in use, so that writing past it shows.
    let count = 28
    let layers: [any Layer] = [
      Conv2D(filters: 128, padding: .explicit(1), useBias: false), BatchNorm(), ReLU(),
      Conv2D(filters: 128, padding: .explicit(1), useBias: false), BatchNorm(), ReLU(),
      GlobalAveragePool2D(), Dense(units: 1),
    ]
    let input = Shape(height: 10, width: 10, channels: 128)
    func trained(capacity: Int) throws -> [Float] {
      let network = try Network(input: input, layers: layers, seed: 3)
      let session = try TrainingSession(
        network: network, optimizer: SGD(learningRate: 0.1), batchSize: capacity,
        engine: TestEngine.make(threads: 1, convolution: .winograd))
      let pixels = images(count, network)
      let targets = (0..<count).map { Int32($0 % 3 / 2) }
      for _ in 0..<3 { _ = try session.step(images: pixels, targets: targets) }
      return numbers(network)
    }
    let expected = try trained(capacity: count)
    #expect(expected.allSatisfy { $0.isFinite })
    #expect(bitMismatch(try trained(capacity: 40), expected) == nil)
  }

  @Test(arguments: methods)
  func `an answer is the same in any batch, on any threads, layer by layer or image by image`(
    method: ConvolutionMethod
  ) throws {
    let network = try trained(threads: 2, method: .auto, steps: 2).network
    let pixels = images(32, network)
    var expected: [Float]?
    for threads in [1, 2, 8] {
      let engine = try TestEngine.make(threads: threads, convolution: method)
      for batch in [1, 3, 32] {
        let session = try InferenceSession(network: network, batchSize: batch, engine: engine)
        let logits = try session.logits(for: pixels)
        #expect(logits.count == 32 && logits.allSatisfy { $0.isFinite })
        let wanted = expected ?? logits
        expected = wanted
        #expect(bitMismatch(logits, wanted) == nil, "batch \(batch), \(threads) threads")
      }
    }
    #expect(Set(expected ?? []).count == 32, "images have answers of their own")
  }

  @Test func `late layers that take more images at a time than early ones give the same answers`()
    throws
  {
    // Of 224 pixels one image's early maps fill a cache; later layers take three, then six.
    let network = try Network(.preset("resnet18", size: 224, outputs: 5), seed: 4)
    let pixels = images(9, network)
    let single = try InferenceSession(
      network: network, batchSize: 1, engine: TestEngine.make(threads: 2))
    let expected = try single.logits(for: pixels)
    #expect(Set(expected).count == 45 && expected.allSatisfy { $0.isFinite })
    for (threads, batch) in [(1, 9), (2, 5), (3, 9)] {
      let session = try InferenceSession(
        network: network, batchSize: batch, engine: TestEngine.make(threads: threads))
      let found = try session.logits(for: pixels)
      #expect(bitMismatch(found, expected) == nil, "\(threads) threads, batches of \(batch)")
    }
  }

  /// What a session that was made before a change answers after it.
  private func expectNoticed(
    _ change: String, _ network: Network, _ sessions: [InferenceSession], _ pixels: [Float],
    _ former: inout [Float]
  ) throws {
    for session in sessions {
      let fresh = try InferenceSession(
        network: network, batchSize: session.batchSize, engine: TestEngine.make())
      let wanted = try fresh.logits(for: pixels)
      let found = try session.logits(for: pixels)
      #expect(bitMismatch(found, wanted) == nil, "\(change), batch \(session.batchSize)")
      #expect(bitMismatch(wanted, former) != nil, "\(change) changes the answers")
    }
    former = try sessions[0].logits(for: pixels)
  }

  @Test func `a session notices every way in which weights change`() throws {
    let network = try network()
    let engine = try TestEngine.make()
    // One that keeps its weights packed at once, one that does from the second image on.
    let sessions = try [8, 1].map {
      try InferenceSession(network: network, batchSize: $0, engine: engine)
    }
    let training = try TrainingSession(
      network: network, optimizer: SGD(learningRate: 0.1), batchSize: 4, engine: engine)
    let pixels = images(4, network)
    var former = try sessions[0].logits(for: pixels)
    for _ in 0..<2 {
      _ = try training.step(images: pixels, targets: [0, 1, 1, 0])
      try expectNoticed("a step", network, sessions, pixels, &former)
    }
    for name in ["layers.0.filters", "layers.1.scale", "layers.1.runningVariance"] {
      let values = try #require(network.values(of: name))
      try network.setValues(values.map { 1.25 * $0 + 0.125 }, of: name)
      try expectNoticed("setting \(name)", network, sessions, pixels, &former)
    }
    network.interpolate(toward: try self.network(seed: 6), weight: 0.5, engine: engine)
    try expectNoticed("interpolation", network, sessions, pixels, &former)
    // It changes the statistics, and with them the folded weights.
    _ = training.propagate(images: pixels, cotangent: [1, 1, 1, 1])
    try expectNoticed("a forward pass in training", network, sessions, pixels, &former)
  }
}
