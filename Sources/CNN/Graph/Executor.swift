internal import KernelTypes

/// Runs a network's graph on batches of up to a planned size, in one arena.
///
/// A class, because it owns memory. Everything is planned at the start: a pass allocates nothing.
final class Executor {
  let graph: Graph
  /// The index of the graph's first node in the whole network, for weights and times.
  private let firstNode: Int
  let engine: Engine
  let capacity: Int
  private let isTraining: Bool
  private let arena: FloatMemory
  private let scratch: Scratch
  private let plan: ExecutionPlan
  private let parameters: FloatMemory
  private let statistics: FloatMemory
  /// Packed weights that the passes share; nil: each pass packs its own.
  var packed: PackedWeights?
  /// Measures the time of every node's passes, if not nil.
  var profile: StepProfile?
  /// The number of leading nodes that run as in inference and have no backward pass.
  ///
  /// Only the first later node may read their output.
  var frozenNodes = 0

  /// - capacity: the largest batch.
  /// - inputGradient: whether to compute the gradient of the images, for tests.
  convenience init(
    network: Network, capacity: Int, engine: Engine, isTraining: Bool, inputGradient: Bool = false
  ) throws(ModelError) {
    try self.init(
      graph: network.graph, parameters: network.parameters, statistics: network.statistics,
      packed: nil, capacity: capacity, engine: engine, isTraining: isTraining,
      inputGradient: inputGradient)
  }

  init(
    graph: Graph, firstNode: Int = 0, parameters: FloatMemory, statistics: FloatMemory,
    packed: PackedWeights?, capacity: Int, engine: Engine, isTraining: Bool,
    inputGradient: Bool = false, reusing other: Executor? = nil
  ) throws(ModelError) {
    guard (1...65_536).contains(capacity) else {
      throw .invalid(
        layer: "batch", field: "size", expected: "in 1...65536", found: "\(capacity)")
    }
    self.graph = graph
    self.firstNode = firstNode
    self.parameters = parameters
    self.statistics = statistics
    self.packed = packed
    self.engine = engine
    self.capacity = capacity
    self.isTraining = isTraining
    plan = ExecutionPlan(
      graph, capacity: capacity, kernels: engine.kernels, threads: engine.threads,
      isTraining: isTraining, inputGradient: inputGradient)
    // Reuses the memory of an executor that is no longer needed, if it is large enough.
    arena =
      if let other, other.arena.count >= plan.total { other.arena } else {
        try FloatMemory(count: plan.total)
      }
    scratch = Scratch(
      shared: arena.base + plan.sharedScratch, workers: arena.base + plan.workerScratch,
      workerStep: plan.workerStep)
  }

  /// An executor of the same weights for another image size.
  ///
  /// It reuses this one's memory if that is enough; this one must not be used afterwards.
  func resized(graph: Graph, network: Network) throws(ModelError) -> Executor {
    let other = try Executor(
      graph: graph, parameters: network.parameters, statistics: network.statistics,
      packed: nil, capacity: capacity, engine: engine, isTraining: isTraining,
      inputGradient: plan.gradients[0] >= 0, reusing: self)
    other.profile = profile
    other.frozenNodes = frozenNodes
    return other
  }

  var memoryBytes: Int { arena.byteCount }

  /// The logits of the last forward pass.
  var logits: Input { Input(view(plan.values[graph.output])) }

  /// The memory for the gradient of the logits, written by the loss before the backward pass.
  var logitsGradient: Output { view(plan.gradients[graph.output]) }

  /// The images' gradient after a backward pass, if requested.
  var inputGradient: Input? {
    plan.gradients[0] < 0 ? nil : Input(view(plan.gradients[0]))
  }

  private func view(_ offset: Int) -> Output { arena.base + max(0, offset) }

  private func value(_ id: Int, _ images: Input) -> Activation {
    guard id > 0 else { return Activation(base: images) }
    guard let step = plan.deferredBy[id],
      let normalization = graph.nodes[step].operation as? BatchNormOperation
    else { return Activation(base: Input(view(plan.values[id]))) }
    var source = value(graph.nodes[step].inputs[0], images)
    source.normalization = normalization.deferred(saved: Input(view(plan.saved[step])))
    return source
  }

  private func measurements(_ step: Int?, _ batch: Int) -> Measurements? {
    guard let step, plan.measurements[step] >= 0 else { return nil }
    let node = graph.nodes[step]
    return node.operation.measuredTasks(batch: batch, kernels: engine.kernels).map {
      Measurements(
        base: view(plan.measurements[step]),
        channels: graph.shapes[node.output].channels, tasks: $0)
    }
  }

  /// Computes the logits of `batch` images, in `result` or in the executor's own memory.
  func forward(
    images: Input, batch: Int, mode: PassMode, share: BatchShare? = nil, into result: Output? = nil
  ) {
    precondition(batch >= 1 && batch <= capacity, "a batch larger than planned")
    for (step, node) in graph.nodes.enumerated() {
      profile?.enter(firstNode + step)
      let mode = step < frozenNodes ? .inference : mode
      let first = value(node.inputs[0], images)
      node.operation.forward(
        ForwardPass(
          engine: engine, batch: batch, mode: mode, share: share, input: first,
          secondInput: node.inputs.count > 1 ? value(node.inputs[1], images) : first,
          target: target(of: node.output, result), saved: view(plan.saved[step]),
          scratch: scratch,
          parameters: Input(parameters.base), statistics: statistics.base,
          packed: packed?.weights(ofNode: firstNode + step),
          inputMeasurements: measurements(plan.measuredBy[step], batch),
          outputMeasurements: mode.measuresBatch ? measurements(step, batch) : nil,
          profile: profile))
      profile?.lap(node.operation.work.forward)
    }
    profile?.enter(nil)
  }

  /// The memory of a value; nil for a deferred one.
  private func target(of value: Int, _ result: Output?) -> Output? {
    guard plan.deferredBy[value] == nil else { return nil }
    guard value == graph.output, let result else { return view(plan.values[value]) }
    return result
  }

  /// Adds the parameters' gradients to `gradients`, given the gradient of the logits.
  ///
  /// Calls `done(start)` once every gradient from `start` on is complete.
  func backward(
    images: Input, batch: Int, mode: PassMode, gradients: Output, share: BatchShare? = nil,
    done: (_ start: Int) -> Void = { _ in }
  ) {
    precondition(isTraining, "planned for inference only")
    for (step, node) in graph.nodes.enumerated().reversed()
    where step >= frozenNodes && !plan.isTakenOver[step] {
      profile?.enter(step)
      let first = value(node.inputs[0], images)
      node.operation.backward(
        BackwardPass(
          engine: engine, batch: batch, mode: mode, share: share,
          input: first, secondInput: node.inputs.count > 1 ? value(node.inputs[1], images) : first,
          output: Input(view(plan.values[node.output])),
          outputGradient: view(plan.gradients[gradientSource(step)]),
          pooled: pooled(plan.normalizedBy[step] ?? step),
          normalizationGradient: normalizationGradient(step), isJoined: plan.isJoined[step],
          inputSums: plan.summedFor[step].flatMap { sums($0, batch) },
          outputSums: sums(step, batch),
          inputGradient: target(step, node, 0),
          secondInputGradient: node.inputs.count > 1 ? target(step, node, 1) : nil,
          saved: view(plan.saved[step]), scratch: scratch,
          parameters: Input(parameters.base), gradients: gradients, profile: profile))
      profile?.lap(node.operation.work.backward)
      done(step == 0 ? 0 : graph.nodes[step - 1].parametersEnd)
    }
    profile?.enter(nil)
  }

  /// The value whose gradient a node's backward pass reads: its output, or what fused nodes make of
  /// it.
  private func gradientSource(_ step: Int) -> Int {
    let normalization = plan.normalizedBy[step] ?? step
    return graph.nodes[plan.pooledBy[normalization] ?? normalization].output
  }

  private func normalizationGradient(_ step: Int) -> Activation.NormalizationGradient? {
    guard let reader = plan.normalizedBy[step],
      let normalization = graph.nodes[reader].operation as? BatchNormOperation
    else { return nil }
    return normalization.deferredGradient(
      saved: Input(view(plan.saved[reader])), x: Input(view(plan.values[graph.nodes[step].output])))
  }

  /// The sums of a normalization's gradient that its reader takes.
  private func sums(_ normalization: Int, _ batch: Int) -> NormalizationSums? {
    guard let reader = plan.summedFor.firstIndex(of: normalization),
      let convolution = graph.nodes[reader].operation as? ConvolutionOperation
    else { return nil }
    return NormalizationSums(
      base: view(plan.sums[normalization]),
      channels: graph.shapes[graph.nodes[normalization].output].channels,
      parts: convolution.joinedParts(batch: batch))
  }

  private func pooled(_ step: Int) -> PooledGradient? {
    guard let pool = plan.pooledBy[step],
      let operation = graph.nodes[pool].operation as? MaxPoolOperation
    else { return nil }
    return PooledGradient(
      codes: MaxPoolOperation.codes(view(plan.saved[pool])), shape: operation.shape)
  }

  private func target(_ step: Int, _ node: Graph.Node, _ place: Int) -> GradientTarget? {
    let offset = plan.gradients[node.inputs[place]]
    let producer = frozenNodes > 0 ? graph.producer(of: node.inputs[place]) : nil
    let isFrozen = producer.map { $0 < frozenNodes } ?? false
    return offset < 0 || isFrozen
      ? nil : GradientTarget(base: view(offset), accumulates: plan.accumulates[step][place])
  }
}
