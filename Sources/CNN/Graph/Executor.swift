internal import KernelTypes

/// Runs a network's graph on batches of up to a planned size, in one arena.
///
/// A class, because it owns memory. Everything is planned at the start: a pass takes no memory.
final class Executor {
  let graph: Graph
  /// The place of the graph's first node in the whole network's, by which weights and times go.
  private let firstNode: Int
  let engine: Engine
  let capacity: Int
  private let isTraining: Bool
  private let arena: FloatMemory
  private let scratch: Scratch
  private let plan: ExecutionPlan
  private let parameters: FloatMemory
  private let statistics: FloatMemory
  /// Weights that are kept as the forward passes read them; nil: each pass packs them anew.
  var packed: PackedWeights?
  /// Takes the time of every node's passes; nil costs nothing.
  var profile: StepProfile?
  /// So many of the first nodes run as in inference, and have no backward pass.
  ///
  /// No later node but the first may read what they give.
  var frozenNodes = 0

  /// - capacity: the largest batch.
  /// - inputGradient: whether the gradient of the images is wanted, for tests.
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
    // Where another executor is no longer used, its memory serves this one, if it is enough.
    arena =
      if let other, other.arena.count >= plan.total { other.arena } else {
        try FloatMemory(count: plan.total)
      }
    scratch = Scratch(
      shared: arena.base + plan.sharedScratch, workers: arena.base + plan.workerScratch,
      workerStep: plan.workerStep)
  }

  /// An executor of a network of the same weights over another extent of images, in this one's
  /// memory where that is enough; this one is not to be used any more.
  func resized(graph: Graph, network: Network) throws(ModelError) -> Executor {
    let other = try Executor(
      graph: graph, parameters: network.parameters, statistics: network.statistics,
      packed: nil, capacity: capacity, engine: engine, isTraining: isTraining,
      inputGradient: plan.gradients[0] >= 0, reusing: self)
    other.profile = profile
    other.frozenNodes = frozenNodes
    return other
  }

  /// Bytes of the arena.
  var memoryBytes: Int { arena.byteCount }

  /// The logits of the last forward pass.
  var logits: Input { Input(view(plan.values[graph.output])) }

  /// The memory for the gradient of the logits, written by the loss before the backward pass.
  var logitsGradient: Output { view(plan.gradients[graph.output]) }

  /// The images' gradient after a backward pass, where it was asked for.
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

  /// Computes the logits of `batch` images, into memory of its own if not told where.
  func forward(
    images: Input, batch: Int, mode: PassMode, share: BatchShare? = nil, into result: Output? = nil
  ) {
    precondition(batch >= 1 && batch <= capacity, "a batch larger than planned")
    for (step, node) in graph.nodes.enumerated() {
      profile?.enter(firstNode + step)
      let first = value(node.inputs[0], images)
      node.operation.forward(
        ForwardPass(
          engine: engine, batch: batch, mode: step < frozenNodes ? .inference : mode,
          share: share, input: first,
          secondInput: node.inputs.count > 1 ? value(node.inputs[1], images) : first,
          target: target(of: node.output, result), saved: view(plan.saved[step]),
          scratch: scratch,
          parameters: Input(parameters.base), statistics: statistics.base,
          packed: packed?.weights(ofNode: firstNode + step),
          inputMeasurements: measurements(plan.measuredBy[step], batch),
          outputMeasurements: step < frozenNodes ? nil : measurements(step, batch),
          profile: profile))
      profile?.lap(node.operation.work.forward)
    }
    profile?.enter(nil)
  }

  /// The memory for a value; nil for one that is left to its readers.
  private func target(of value: Int, _ result: Output?) -> Output? {
    guard plan.deferredBy[value] == nil else { return nil }
    guard value == graph.output, let result else { return view(plan.values[value]) }
    return result
  }

  /// Adds to `gradients` those of the last forward pass, given that of the logits.
  ///
  /// `done` is told from where on all of them are computed.
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
          normalizationGradient: normalizationGradient(step),
          inputGradient: target(step, node, 0),
          secondInputGradient: node.inputs.count > 1 ? target(step, node, 1) : nil,
          saved: view(plan.saved[step]), scratch: scratch,
          parameters: Input(parameters.base), gradients: gradients, profile: profile))
      profile?.lap(node.operation.work.backward)
      done(step == 0 ? 0 : graph.nodes[step - 1].parametersEnd)
    }
    profile?.enter(nil)
  }

  /// The value whose gradient a node's backward pass reads: its output, or what others make of it.
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
