internal import KernelTypes

/// Stochastic gradient descent with momentum (Polyak 1964, Nesterov 1983), in PyTorch's form.
///
/// d = gradient + decay · w, b = momentum · b + d, and w -= rate · (d + momentum · b) with
/// Nesterov's look ahead, w -= rate · b without. Only weights of two or more dimensions decay.
public final class SGD: SteppingOptimizer {
  /// The learning rate.
  public var learningRate: Double
  /// The momentum: the factor of the previous step.
  public let momentum: Double
  /// Whether to use Nesterov's momentum.
  public let nesterov: Bool
  /// The weight decay.
  public let weightDecay: Double
  /// The number of steps done.
  public internal(set) var steps = 0
  /// This optimizer as a case of the closed set.
  public var form: OptimizerForm { .sgd(self) }
  private var velocity: FloatMemory?

  /// Gradient descent with steps of `learningRate`.
  public init(
    learningRate: Double, momentum: Double = 0.9, nesterov: Bool = true, weightDecay: Double = 0
  ) {
    precondition((0..<1).contains(momentum), "momentum is in 0..<1")
    self.learningRate = learningRate
    self.momentum = momentum
    self.nesterov = nesterov
    self.weightDecay = weightDecay
  }

  func prepare(for graph: Graph, kernels: KernelTable) throws(ModelError) {
    steps = 0
    velocity = try FloatMemory(count: graph.parameterFloats)
  }

  func step(_ update: ParameterUpdate) {
    guard let velocity else { return }
    steps += 1
    let kernels = update.engine.kernels.optimizers
    update.onEverySegment { segment in
      let i = segment.start
      kernels.momentumStep(
        update.parameters + i, update.gradients + i, velocity.base + i, Float(momentum), nesterov,
        segment.decays ? Float(weightDecay) : 0, Float(learningRate * segment.rateFactor),
        segment.count)
    }
  }

  var state: [(name: String, memory: FloatMemory)] {
    velocity.map { [("velocity", $0)] } ?? []
  }
}

extension SGD {
  /// The defaults.
  ///
  /// The decay is as large a part of a step, at its rate, as AdamW's: the usual 5e-4 at 0.1.
  static let numbers = OptimizerNumbers(moments: 1, rate: 0.1, decay: 5e-4, momentum: 0.9)
}
