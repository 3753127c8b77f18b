public import Compute
internal import KernelTypes
package import Ranks

/// Trains a network batch by batch.
///
/// A class, because it owns memory: gradients, the optimizer's moments and one arena for
/// activations, all allocated at the start. The same batches in the same order give the same bits
/// on any number of threads.
public final class TrainingSession {
  /// The network that is trained.
  public let network: Network
  /// The optimizer.
  public let optimizer: any Optimizer
  private let stepping: any SteppingOptimizer
  private let loss: Loss
  private let classWeights: [Double]?
  private let clipNorm: Double?
  private let seed: UInt64
  private var executor: Executor
  /// The shape of the training images; the largest one until `resize`.
  package private(set) var input: Shape
  private let gradients: FloatMemory
  private var trained: TrainedSegments
  /// The matrices that each of several processes steps, if that is more than the others cost.
  private let shares: MatrixShares?
  /// The optimizer's steps before the backbone began to move.
  private var backboneStepsBefore = 0
  /// The processes that train together, each on a part of the batch.
  package let group: Group
  private let sharesStatistics: Bool
  /// The learning rate factor of the backbone, all layers before the classifier; 0 freezes it.
  ///
  /// A frozen backbone runs with its running statistics and without dropout, does not change, and
  /// has no backward pass. May change between steps, and only if the network has an
  /// `Architecture.head`.
  package var backboneRate = 1.0 {
    didSet {
      if oldValue == 0 { backboneStepsBefore = optimizer.steps }
      prepareBackbone()
    }
  }
  /// The learning rate factor of the backbone's first layer, from which the others' rise to
  /// `backboneRate`; nil: it is the same for all.
  ///
  /// For the same networks as `backboneRate`; no factor where that is 0.
  package var stemRate: Double? {
    didSet { prepareBackbone() }
  }
  /// Whether normalizations use the running statistics, which then stay; the default is the batch's.
  package var freezesStatistics = false
  /// Measures the time of a step's parts, if not nil.
  package var profile: StepProfile? {
    get { executor.profile }
    set { executor.profile = newValue }
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

  /// - largestInput: the largest shape of training images; nil for the network's own.
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
    let count = network.parameters.count
    if let shared = group.sharedFloats(count) {
      gradients = FloatMemory(shared)
    } else {
      gradients = try FloatMemory(count: count)
    }
    if case .muon = optimizer.form {
      shares = group.sharedFloats(count).map { MatrixShares($0) }
    } else {
      shares = nil
    }
    trained = TrainedSegments(of: network.graph)
    try stepping.prepare(for: network.graph, kernels: engine.kernels)
  }

  /// Trains on images of another size from the next step on, with the same weights.
  ///
  /// Reuses the activations' memory if it is large enough. Errors: the network cannot take images
  /// of that size, or not with the same weights.
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

  /// Divides the parameters into segments of equal learning rate.
  private func cutSegments(_ head: ClassifierHead) {
    trained = TrainedSegments(
      of: network.graph, head: head, first: backboneRate == 0 ? 0 : stemRate ?? backboneRate,
      last: backboneRate, stepsBefore: backboneStepsBefore)
  }

  /// Bytes that the session takes in addition to the network: activations, gradients, moments.
  public var memoryBytes: Int {
    executor.memoryBytes + gradients.byteCount + stepping.memoryBytes + (shares?.byteCount ?? 0)
  }

  // MARK: Steps

  /// One step on a batch of images (batch x height x width x channels) and their classes.
  ///
  /// `mixture` gives the second classes if the images are blends of two.
  public func step(
    images: [Float], targets: [Int32], mixture: TargetMixture? = nil
  ) throws(ModelError) -> StepResult {
    let expected = targets.count * input.count
    guard images.count == expected, !targets.isEmpty else {
      throw .length(of: "images", expected: expected, found: images.count)
    }
    guard targets.count <= executor.capacity else {
      throw .length(of: "targets", expected: executor.capacity, found: targets.count)
    }
    try loss.check(targets, outputs: network.outputs)
    if let mixture { try mixture.check(targets, loss, outputs: network.outputs) }
    return images.withUnsafeBufferPointer { step(pixels: $0, targets: targets, mixture: mixture) }
  }

  /// One step on a batch that is already in place; the number of images is that of the targets.
  ///
  /// If the loss is not finite, the parameters do not change. Each of several processes passes its
  /// own part of the batch, which may be empty, and `place`; loss and correct predictions are those
  /// of the whole batch. If `group.check` throws, the result is meaningless.
  package func step(
    pixels: UnsafeBufferPointer<Float>, targets: [Int32], mixture: TargetMixture? = nil,
    place: BatchPlace? = nil
  ) -> StepResult {
    precondition(
      pixels.count >= targets.count * input.count, "a batch too short")
    precondition(
      group.isAlone == (place == nil), "several processes, and only they, have a place")
    guard !targets.isEmpty else {
      let blank = [Float](repeating: 0, count: input.count)
      return blank.withUnsafeBufferPointer { step($0, targets, mixture, place, batch: 1) }
    }
    return step(pixels, targets, mixture, place, batch: targets.count)
  }

  private var mode: PassMode {
    .training(seed: seed, step: optimizer.steps, freezesStatistics: freezesStatistics)
  }

  private func step(
    _ pixels: UnsafeBufferPointer<Float>, _ targets: [Int32], _ mixture: TargetMixture?,
    _ place: BatchPlace?, batch: Int
  ) -> StepResult {
    guard let images = pixels.baseAddress else {
      preconditionFailure("a batch without memory")
    }
    let share = place.map {
      BatchShare(
        group: group, place: $0, isPresent: !targets.isEmpty, sharesStatistics: sharesStatistics)
    }
    var seconds = StepSeconds()
    let clock = ContinuousClock()
    let mode = mode
    let start = clock.now
    // The forward pass changes the statistics, even if the loss is not finite.
    defer { network.noteChange() }
    executor.forward(images: images, batch: batch, mode: mode, share: share)
    let result = lossAndGradient(targets, mixture, share, batch: batch)
    profile?.lap(.loss)
    let afterForward = clock.now
    seconds.forward = (afterForward - start).inSeconds
    guard result.loss.isFinite else {
      return StepResult(
        loss: result.loss, correct: result.correct, fault: .loss(result.loss), seconds: seconds)
    }
    clearGradients()
    profile?.lap(.clearing)
    computeGradients(images, batch: batch, mode, share)
    let afterBackward = clock.now
    seconds.backward = (afterBackward - afterForward).inSeconds
    let norm = clipGradients()
    stepping.step(
      ParameterUpdate(
        parameters: network.parameters.base, gradients: Input(gradients.base),
        segments: trained.segments, matrices: trained.matrices, shares: shares,
        engine: executor.engine))
    profile?.lap(.optimizer)
    let fault = isFiniteAfterStep ? nil : fault
    seconds.optimizer = (clock.now - afterBackward).inSeconds
    return StepResult(
      loss: result.loss, correct: result.correct, gradientNorm: norm, fault: fault,
      seconds: seconds)
  }

  /// The whole batch's loss and count of correct predictions, and this part's gradient of the
  /// logits.
  private func lossAndGradient(
    _ targets: [Int32], _ mixture: TargetMixture?, _ share: BatchShare?, batch: Int
  ) -> Loss.Result {
    let outputs = network.outputs
    let count = targets.count * outputs
    if targets.isEmpty { executor.logitsGradient.update(repeating: 0, count: batch * outputs) }
    var result = loss.evaluate(
      logits: UnsafeBufferPointer(start: executor.logits, count: count),
      outputs: outputs, targets: targets, mixture: mixture, classWeights: classWeights,
      whole: share?.place.whole, workers: executor.engine.workers,
      gradient: UnsafeMutableBufferPointer(start: executor.logitsGradient, count: count))
    guard share != nil else { return result }
    let all = group.gatherNumbers([result.loss, Double(result.correct)])
    result.loss = stride(from: 0, to: all.count, by: 2).reduce(0) { $0 + all[$1] }
    result.correct = stride(from: 1, to: all.count, by: 2).reduce(0) { $0 + Int(all[$1]) }
    return result
  }

  private func computeGradients(
    _ images: Input, batch: Int, _ mode: PassMode, _ share: BatchShare?
  ) {
    guard let share else {
      executor.backward(images: images, batch: batch, mode: mode, gradients: gradients.base)
      return
    }
    var sums = GradientSums(share, gradients, executor.engine)
    executor.backward(
      images: images, batch: batch, mode: mode, gradients: gradients.base, share: share
    ) { sums.advance(to: $0) }
    sums.finish()
    if !sharesStatistics, !freezesStatistics { averageStatistics(share) }
    group.finishSums()
  }

  /// Each process has its own running statistics; inference uses their mean.
  private func averageStatistics(_ share: BatchShare) {
    let statistics = network.statistics
    if !share.isPresent { statistics.base.update(repeating: 0, count: statistics.count) }
    group.sum(statistics.base, statistics.count)
    group.finishSums()
    let present = min(share.place.whole, group.count)
    executor.engine.kernels.elementwise.scale(
      statistics.base, 1 / Float(present), statistics.count)
  }

  private func clearGradients() {
    executor.engine.stretches(gradients.count) { start, count in
      (gradients.base + start).update(repeating: 0, count: count)
    }
  }

  /// Scales the gradients down to the clipping norm.
  private func clipGradients() -> Double? {
    guard let clipNorm else { return nil }
    let kernels = executor.engine.kernels.elementwise
    let norm = trained.sumOfSquares(gradients, executor.engine).squareRoot()
    if norm > clipNorm {
      let factor = Float(clipNorm / norm)
      executor.engine.stretches(gradients.count) { start, count in
        kernels.scale(gradients.base + start, factor, count)
      }
    }
    return norm
  }

  /// Whether all numbers are finite after a step: one that is not finite in a gradient or moment
  /// makes the parameter that it updates not finite, or has stopped the optimizer.
  private var isFiniteAfterStep: Bool {
    stepping.isFinite && trained.sumOfSquares(network.parameters, executor.engine).isFinite
      && executor.engine.kernels.elementwise.sumOfSquares(
        Input(network.statistics.base), network.statistics.count
      ).isFinite
  }

  /// The first non-finite number.
  private var fault: NonFiniteNumber? {
    if let name = network.nonFinite(in: gradients, as: .parameters) { return .gradient(name) }
    for (_, memory) in stepping.state {
      if let name = network.nonFinite(in: memory, as: .parameters) { return .moment(name) }
    }
    let name =
      network.nonFinite(in: network.parameters, as: .parameters)
      ?? network.nonFinite(in: network.statistics, as: .statistics)
    // The sum of squares may overflow without a non-finite number.
    return .weight(name ?? "the network")
  }

  // MARK: State

  private var memory: [(name: String, memory: FloatMemory)] {
    network.slabs + stepping.state.map { ("optimizer." + $0.name, $0.memory) }
  }

  /// The state between two steps.
  package var state: State {
    State(
      steps: optimizer.steps, backboneStepsBefore: backboneStepsBefore,
      backboneRate: backboneRate,
      slabs: Dictionary(
        uniqueKeysWithValues: memory.map { ($0.name, $0.memory.values(0..<$0.memory.count)) }))
  }

  /// Continues from a state: the next steps give the same bits as in the original session.
  ///
  /// Errors: numbers of another network or of another optimizer.
  package func restore(_ state: State) throws(ModelError) {
    try copyIn(state.slabs, to: memory)
    stepping.steps = state.steps
    // Whether the backbone was frozen is decided by the last step's rate, not by a new session's.
    if network.architecture.head != nil { backboneRate = state.backboneRate }
    backboneStepsBefore = state.backboneStepsBefore
    if let head = network.architecture.head { cutSegments(head) }
    network.noteChange()
  }

  // MARK: Tests

  /// One forward and backward pass in training mode with a given gradient of the logits.
  ///
  /// Parameter gradients are added to those already there, unless `clears`.
  package func propagate(
    images: [Float], cotangent: [Float], clears: Bool = true
  ) -> (output: [Float], inputGradient: [Float]?) {
    let sample = input.count
    let batch = images.count / sample
    precondition(cotangent.count == batch * network.outputs, "one cotangent per logit")
    let mode = mode
    defer { network.noteChange() }
    return images.withUnsafeBufferPointer { pixels in
      guard let base = pixels.baseAddress else { return ([], nil) }
      executor.forward(images: base, batch: batch, mode: mode)
      let output = Array(
        UnsafeBufferPointer(start: executor.logits, count: cotangent.count))
      executor.logitsGradient.update(from: cotangent, count: cotangent.count)
      if clears { clearGradients() }
      executor.backward(images: base, batch: batch, mode: mode, gradients: gradients.base)
      let dx = executor.inputGradient.map {
        Array(UnsafeBufferPointer(start: $0, count: images.count))
      }
      return (output, dx)
    }
  }

  /// The gradient of a tensor after the last backward pass.
  package func gradient(of name: String) -> [Float]? {
    guard let slot = network.slot(name), slot.slab == .parameters else { return nil }
    return gradients.values(slot.range)
  }
}
