internal import KernelTypes

/// Adam (Kingma and Ba 2015), in PyTorch's form: w -= rate · m̂ / (√v̂ + ε).
public class Adam: SteppingOptimizer {
  /// The learning rate.
  public var learningRate: Double
  /// The weight decay at a learning rate of 1; 0 except for `AdamW`.
  public let weightDecay: Double
  /// The number of steps done.
  public internal(set) var steps = 0
  /// This optimizer as a case of the closed set.
  public var form: OptimizerForm { .adam(self) }
  private let moments: AdamMoments

  /// Adam with the usual numbers; Keras takes ε = 1e-7.
  public convenience init(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999,
    epsilon: Double = 1e-8
  ) {
    self.init(
      learningRate, AdamMoments(beta1: beta1, beta2: beta2, epsilon: epsilon), weightDecay: 0)
  }

  fileprivate init(_ learningRate: Double, _ moments: AdamMoments, weightDecay: Double) {
    self.learningRate = learningRate
    self.moments = moments
    self.weightDecay = weightDecay
  }

  func prepare(for graph: Graph, kernels: KernelTable) throws(ModelError) {
    steps = 0
    try moments.prepare(count: graph.parameterFloats)
  }

  func step(_ update: ParameterUpdate) {
    steps += 1
    moments.step(update, number: steps, learningRate: learningRate, weightDecay: weightDecay)
  }

  var state: [(name: String, memory: FloatMemory)] { moments.state }
}

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019): w -= rate · decay · w as well.
///
/// Weights of two or more dimensions decay; biases and the numbers of normalizations do not.
public final class AdamW: Adam {
  /// AdamW with the usual numbers.
  public init(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999,
    epsilon: Double = 1e-8, weightDecay: Double = 0.01
  ) {
    super.init(
      learningRate, AdamMoments(beta1: beta1, beta2: beta2, epsilon: epsilon),
      weightDecay: weightDecay)
  }
}

extension Adam {
  /// The defaults of Adam without decay.
  static let numbers = OptimizerNumbers(moments: 2, rate: 1e-3, decay: 0, momentum: nil)
}

extension AdamW {
  /// The defaults.
  static let decayingNumbers = OptimizerNumbers(moments: 2, rate: 4e-3, decay: 0.05, momentum: nil)
}

/// The running means of gradients and of their squares.
final class AdamMoments {
  let beta1: Double
  let beta2: Double
  let epsilon: Double
  private(set) var first: FloatMemory?
  private var second: FloatMemory?

  init(beta1: Double, beta2: Double, epsilon: Double) {
    precondition((0..<1).contains(beta1) && (0..<1).contains(beta2), "betas are in 0..<1")
    precondition(epsilon > 0, "epsilon is positive")
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
  }

  func prepare(count: Int) throws(ModelError) {
    first = try FloatMemory(count: count)
    second = try FloatMemory(count: count)
  }

  func step(
    _ update: ParameterUpdate, number: Int, learningRate: Double, weightDecay: Double,
    where isChosen: (ParameterUpdate.Segment) -> Bool = { _ in true }
  ) {
    guard let first, let second else { return }
    let kernels = update.engine.kernels.optimizers
    update.on(update.segments.filter(isChosen)) { segment in
      let i = segment.start
      // Moments that started later have their own bias correction.
      let age = number - segment.stepsBefore
      let learningRate = learningRate * segment.rateFactor
      let rate = Float(learningRate / (1 - power(beta1, age)))
      let correction = Float(1 / (1 - power(beta2, age)).squareRoot())
      let keep = Float(1 - learningRate * weightDecay)
      kernels.adamStep(
        update.parameters + i, update.gradients + i, first.base + i, second.base + i,
        Float(beta1), Float(beta2), Float(epsilon), rate, correction, segment.decays ? keep : 1,
        segment.count)
    }
  }

  var state: [(name: String, memory: FloatMemory)] {
    guard let first, let second else { return [] }
    return [("firstMoment", first), ("secondMoment", second)]
  }
}

private func power(_ base: Double, _ exponent: Int) -> Double {
  var result = 1.0
  var factor = base
  var left = exponent
  while left > 0 {
    if left & 1 == 1 { result *= factor }
    factor *= factor
    left >>= 1
  }
  return result
}
