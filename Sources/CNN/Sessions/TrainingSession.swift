public import Compute
package import Ranks

/// Trains a network batch by batch.
///
/// A class, because it owns memory: gradients, the optimizer's moments and one arena for
/// activations, all taken at the start. The same batches in the same order give the same bits on
/// any number of threads.
public final class TrainingSession {
  /// The network that is trained.
  public let network: Network
  /// The optimizer.
  public let optimizer: any Optimizer
  let stepping: any SteppingOptimizer
  let loss: Loss
  let classWeights: [Double]?
  let clipNorm: Double?
  let seed: UInt64
  var executor: Executor
  /// The extent of the images that steps are made on; the largest until `resize`.
  package private(set) var input: Shape
  let gradients: FloatMemory
  var segments: [ParameterUpdate.Segment]
  var matrices: [ParameterUpdate.Matrix]
  var squares: [Double]
  /// The optimizer's steps before the backbone began to move.
  var backboneStepsBefore = 0
  /// The processes that make each step together, each on a part of the batch.
  package let group: Group
  let sharesStatistics: Bool
  /// The factor of the learning rate before the classifier; 0 freezes what lies there.
  ///
  /// A frozen backbone runs with its stored statistics and without dropout, nothing of it changes,
  /// and the backward pass ends at the classifier. To be changed between steps, and only for a
  /// network with an `Architecture.head`.
  package var backboneRate = 1.0 {
    didSet {
      if oldValue == 0 { backboneStepsBefore = optimizer.steps }
      prepareBackbone()
    }
  }
  /// Takes the time of a step's parts; nil costs nothing.
  package var profile: StepProfile? {
    get { executor.profile }
    set { executor.profile = newValue }
  }

  /// The result of one step.
  public struct StepResult: Sendable {
    /// Mean loss of the batch.
    public var loss: Double
    /// Samples of the batch whose class was right before the step.
    public var correct: Int
    /// The gradients' norm over all parameters, where clipping computes it.
    public var gradientNorm: Double?
    /// The number that is not finite, which makes the step unusable.
    package var fault: NonFiniteNumber?
    package var seconds: StepSeconds
  }

  /// The time spent in each part of a step.
  package struct StepSeconds: Sendable {
    package var forward = 0.0
    package var backward = 0.0
    package var optimizer = 0.0
  }

  /// A session for batches of up to `batchSize` images.
  ///
  /// - loss: by default what fits the outputs: binary or softmax cross-entropy.
  /// - seed: keys dropout.
  /// - clipGradientNorm: longer gradients are scaled down to this norm.
  /// - classWeights: a factor for the loss of each class.
  public convenience init(
    network: Network, loss: Loss? = nil, optimizer: any Optimizer, batchSize: Int, engine: Engine,
    seed: UInt64 = 0, clipGradientNorm: Double? = nil, classWeights: [Double]? = nil
  ) throws(ModelError) {
    try self.init(
      network: network, loss: loss, optimizer: optimizer, batchSize: batchSize, engine: engine,
      seed: seed, clipGradientNorm: clipGradientNorm, classWeights: classWeights,
      group: Group())
  }

  /// - largestInput: the largest extent of images that steps are made on; the network's own if nil.
  package init(
    network: Network, largestInput: Shape? = nil, loss: Loss?, optimizer: any Optimizer,
    batchSize: Int, engine: Engine,
    seed: UInt64 = 0, clipGradientNorm: Double? = nil, classWeights: [Double]? = nil,
    inputGradient: Bool = false, group: Group = Group(), sharesStatistics: Bool = true
  ) throws(ModelError) {
    let stepping = optimizer.form.stepping
    let loss = loss ?? .standard(outputs: network.outputs)
    if case .binaryCrossEntropy = loss, network.outputs != 1 {
      throw .tensor(
        name: "logits", expected: "1 for binary cross-entropy", found: "\(network.outputs)")
    }
    if let classWeights, classWeights.count != loss.classes(outputs: network.outputs) {
      throw .length(
        of: "class weights", expected: loss.classes(outputs: network.outputs),
        found: classWeights.count)
    }
    self.group = group
    self.sharesStatistics = sharesStatistics
    self.network = network
    self.loss = loss
    self.optimizer = optimizer
    self.stepping = stepping
    self.seed = seed
    self.classWeights = classWeights
    clipNorm = clipGradientNorm
    input = largestInput ?? network.architecture.input
    let graph =
      input == network.architecture.input
      ? network.graph : try network.architecture.graph(for: input)
    executor = try Executor(
      graph: graph, parameters: network.parameters, statistics: network.statistics, packed: nil,
      capacity: batchSize, engine: engine, isTraining: true, inputGradient: inputGradient)
    gradients = try FloatMemory(count: network.parameters.count)
    segments = ParameterUpdate.segments(of: network.graph) { _ in (1, 0) }
    matrices = ParameterUpdate.matrices(of: network.graph)
    squares = [Double](repeating: 0, count: segments.count)
    try stepping.prepare(for: network.graph, kernels: engine.kernels)
  }

  /// Makes the next steps on images of another extent, with the same weights.
  ///
  /// The activations stay in the memory that was taken for the largest extent wherever they fit. Errors: a network that has other weights for images of that extent, or does not take them.
  package func resize(to input: Shape) throws(ModelError) {
    guard input != self.input else { return }
    executor = try executor.resized(
      graph: network.architecture.graph(for: input), network: network)
    self.input = input
  }

  private func prepareBackbone() {
    guard let head = network.architecture.head else {
      preconditionFailure("a network without a classifier has no backbone")
    }
    precondition(backboneRate >= 0 && backboneRate.isFinite, "a factor of the rate")
    executor.frozenNodes = backboneRate == 0 ? head.firstNode(of: network.graph) : 0
    cutSegments(head)
  }

  /// Cuts the parameters into stretches that move at one rate.
  func cutSegments(_ head: ClassifierHead) {
    segments = ParameterUpdate.segments(of: network.graph) { slot in
      head.owns(tensor: slot.name) ? (1, 0) : (backboneRate, backboneStepsBefore)
    }
    matrices = ParameterUpdate.matrices(of: network.graph) { slot in
      head.owns(tensor: slot.name) ? 1 : backboneRate
    }
    squares = [Double](repeating: 0, count: segments.count)
  }

  /// Bytes that the session takes beside the network: activations, gradients, moments.
  public var memoryBytes: Int {
    executor.memoryBytes + gradients.byteCount + stepping.memoryBytes
  }
}

extension Duration {
  /// The duration as a number of seconds.
  package var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
