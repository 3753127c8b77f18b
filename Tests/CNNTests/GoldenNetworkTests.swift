import CNN
import TestSupport
import Testing

/// Whole networks at reduced width and size against PyTorch's tensors: logits, loss, every
/// gradient, and what ten steps of each optimizer make of every parameter.
@Suite("Goldens: networks")
struct GoldenNetworkTests {
  struct Golden: Sendable, CustomStringConvertible {
    var file: String
    var architecture: Architecture
    var description: String { file }
  }

  static let all = [
    Golden(
      file: "seed",
      architecture: .seed(size: 23, outputs: 1, dropout: 0, width: 12, hidden: 32)),
    Golden(
      file: "seed-bn",
      architecture: .seedWithNormalization(
        size: 23, outputs: 1, dropout: 0, width: 12, hidden: 32)),
    Golden(
      file: "r18h",
      architecture: .residual(name: "r18h", width: 4, blocks: 2, size: 36, outputs: 3, dropout: 0)),
  ]

  /// Images of one training batch; the fixtures hold two of them, used in turn.
  private let batch = 6

  private func network(_ golden: Golden, _ fixture: Fixture) throws -> Network {
    let network = try Network(golden.architecture)
    #expect(fixture.names(after: "initial.").sorted() == network.tensorNames.sorted())
    for name in network.tensorNames {
      let tensor = try fixture.tensor("initial.\(name)")
      #expect(tensor.shape == network.shape(of: name), "\(name)")
      try network.setValues(tensor.values, of: name)
    }
    return network
  }

  private func session(
    _ network: Network, _ fixture: Fixture, _ optimizer: any Optimizer,
    _ method: ConvolutionMethod
  ) throws -> TrainingSession {
    let smoothing = Double(try fixture.scalar("labelSmoothing"))
    return try TrainingSession(
      network: network, loss: .standard(outputs: network.outputs, labelSmoothing: smoothing),
      optimizer: optimizer, batchSize: batch,
      engine: TestEngine.make(convolution: method))
  }

  /// The images and targets of batch `number`.
  private func part(
    _ fixture: Fixture, _ number: Int
  ) throws -> (images: [Float], targets: [Int32]) {
    let images = try fixture.values("images")
    let half = images.count / 2
    let targets = try fixture.values("targets").map { Int32($0) }
    return (
      Array(images[(number * half)..<((number + 1) * half)]),
      Array(targets[(number * batch)..<((number + 1) * batch)])
    )
  }

  @Test(arguments: all, [ConvolutionMethod.direct, .winograd])
  func `logits of both modes, the loss and every gradient`(
    golden: Golden, method: ConvolutionMethod
  ) throws {
    let fixture = try Goldens.load(golden.file)
    let network = try network(golden, fixture)
    let inference = try InferenceSession(
      network: network, batchSize: 5, engine: TestEngine.make(convolution: method))
    let logits = try inference.logits(for: try fixture.values("images"))
    // By Winograd's method they lie up to 7e-6 from PyTorch's.
    let close = Tolerance(
      absolute: 1e-6, relative: method == .direct ? 5e-6 : 2e-5, scale: .largest)
    let found = mismatch(
      actual: logits, expected: try fixture.values("inferenceLogits"), tolerance: close)
    #expect(found == nil, "inference logits, \(method)")

    let session = try session(network, fixture, SGD(learningRate: 0), method)
    let (images, targets) = try part(fixture, 0)
    let result = try session.step(images: images, targets: targets)
    let expected = Double(try fixture.scalar("loss"))
    #expect(abs(result.loss - expected) <= 2e-6 * expected)
    for name in fixture.names(after: "gradient.") {
      // A bias before a normalization has no effect: its gradient is zero but for rounding.
      let found = mismatch(
        actual: session.gradient(of: name) ?? [], expected: try fixture.values("gradient.\(name)"),
        tolerance: Tolerance(absolute: 1e-6, relative: 5e-5, scale: .largest))
      #expect(found == nil, "gradient of \(name)")
    }
    let copy = try self.network(golden, fixture)
    let again = try self.session(copy, fixture, SGD(learningRate: 0), method)
    let output = again.propagate(
      images: images, cotangent: [Float](repeating: 0, count: batch * network.outputs)
    ).output
    let training = mismatch(
      actual: output, expected: try fixture.values("logits"), tolerance: close)
    #expect(training == nil, "training logits, \(method)")
  }

  private func optimizer(_ name: String, _ numbers: [Float]) -> any Optimizer {
    let n = numbers.map(Double.init)
    switch name {
    case "adam":
      return Adam(learningRate: n[0], beta1: n[1], beta2: n[2], epsilon: n[3])
    case "adamw":
      return AdamW(
        learningRate: n[0], beta1: n[1], beta2: n[2], epsilon: n[3], weightDecay: n[4])
    default:
      return SGD(learningRate: n[0], momentum: n[1], nesterov: true, weightDecay: n[2])
    }
  }

  @Test(arguments: all, ["adam", "adamw", "sgd"])
  func `ten steps of every optimizer`(golden: Golden, choice: String) throws {
    let fixture = try Goldens.load(golden.file)
    // Adam divides a gradient by its own size: one that is rounding alone becomes a whole step,
    // and by Winograd's method more of them are.
    let methods: [ConvolutionMethod] = choice == "sgd" ? [.direct, .winograd] : [.direct]
    for method in methods {
      try checkSteps(golden, choice, method, fixture)
    }
  }

  private func checkSteps(
    _ golden: Golden, _ choice: String, _ method: ConvolutionMethod, _ fixture: Fixture
  ) throws {
    let network = try network(golden, fixture)
    let optimizer = optimizer(choice, try fixture.values("\(choice).numbers"))
    let session = try session(network, fixture, optimizer, method)
    var losses: [Float] = []
    for step in 0..<10 {
      let (images, targets) = try part(fixture, step % 2)
      losses.append(Float(try session.step(images: images, targets: targets).loss))
    }
    let lossMismatch = mismatch(
      actual: losses, expected: try fixture.values("\(choice).losses"),
      tolerance: Tolerance(absolute: 1e-5, relative: 1e-5))
    #expect(lossMismatch == nil, "losses")
    for name in network.tensorNames {
      // Adam divides the gradient of a bias before a normalization, which is rounding alone, by
      // its own size: such a bias may take up to ten whole steps, without any effect.
      let isIdle = golden.file == "seed-bn" && ["layers.0.bias", "layers.4.bias"].contains(name)
      let idle = isIdle && choice != "sgd" ? 10 * optimizer.learningRate : 0
      // A tenth of that reaches the running mean behind it.
      let mean = golden.file == "seed-bn" && name.hasSuffix("runningMean") && choice != "sgd"
      let found = mismatch(
        actual: network.values(of: name) ?? [],
        expected: try fixture.values("\(choice).final.\(name)"),
        tolerance: Tolerance(
          absolute: 5e-5 + idle + (mean ? optimizer.learningRate : 0), relative: 1e-5))
      #expect(found == nil, "\(name) after ten steps, \(method)")
    }
  }
}
