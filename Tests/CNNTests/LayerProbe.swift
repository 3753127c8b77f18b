import CNN
import Compute
import TestSupport

/// Layers alone in a network, driven with inputs and output gradients of a test's own.
struct LayerProbe {
  let network: Network
  let session: TrainingSession
  let batch: Int
  let engine: Engine

  /// What one training pass gave.
  struct Pass {
    var output: [Float]
    var inputGradient: [Float]
    var gradients: [String: [Float]]
  }

  /// `layers` over inputs of the extent `input`; random values in every parameter.
  init(
    _ layers: [any Layer], input: Shape, batch: Int, engine: Engine, seed: UInt64 = 0
  ) throws {
    let network = try Network(input: input, layers: layers)
    self.network = network
    self.batch = batch
    self.engine = engine
    // Never stepped: the loss and the optimizer play no part.
    session = try TrainingSession(
      network: network, loss: .softmaxCrossEntropy(), optimizer: SGD(learningRate: 0),
      batchSize: batch, engine: engine, seed: seed, inputGradient: true)
    for (index, name) in network.tensorNames.enumerated() {
      var random = RandomValues(seed: 51, salt: index)
      let count = (network.shape(of: name) ?? []).reduce(1, *)
      // Variances are positive.
      let values =
        name.hasSuffix("Variance")
        ? random.floats(count, in: 0.5...2)
        : random.normals(count)
      try network.setValues(values, of: name)
    }
  }

  /// Numbers in one input and in one output of the whole batch.
  var inputCount: Int { batch * network.architecture.input.count }
  var outputCount: Int { batch * network.outputs }

  /// The values of a tensor, in Double.
  func tensor(_ name: String) -> [Double] { (network.values(of: name) ?? []).map(Double.init) }

  /// One forward and backward pass in training mode.
  func pass(_ x: [Float], _ dy: [Float], clears: Bool = true) -> Pass {
    let (output, dx) = session.propagate(images: x, cotangent: dy, clears: clears)
    var gradients: [String: [Float]] = [:]
    for name in network.tensorNames { gradients[name] = session.gradient(of: name) }
    return Pass(output: output, inputGradient: dx ?? [], gradients: gradients)
  }

  /// The output in inference mode.
  func inference(_ x: [Float], batch: Int? = nil) throws -> [Float] {
    let size = batch ?? self.batch
    return try InferenceSession(network: network, batchSize: size, engine: engine).logits(for: x)
  }
}

/// The bound for one value: a part of the sum of its terms' magnitudes.
///
/// Float rounds at 2^-24 = 6e-8; the sums of the tests' layers lose a few of these.
let sumTolerance = Tolerance(absolute: 1e-30, relative: 1e-6)
