internal import KernelInterface
internal import KernelSelection

/// Runs a network's graph on batches of up to a planned size, in one arena.
///
/// A class, because it owns memory. Everything is planned at the start: a pass takes no memory.
final class Executor {
  let network: Network
  let engine: Engine
  let capacity: Int
  private let isTraining: Bool
  private let arena: FloatMemory
  private let scratch: Scratch
  /// Places in the arena; negative for values without one.
  private var valueOffsets: [Int]
  private var gradientOffsets: [Int]
  private var savedOffsets: [Int]
  /// For each node and each of its inputs: whether its gradient is added to.
  private var accumulates: [[Bool]]
  /// Takes the time of every node's passes; nil costs nothing.
  var profile: StepProfile?

  /// - capacity: the largest batch.
  /// - inputGradient: whether the gradient of the images is wanted, for tests.
  init(
    network: Network, capacity: Int, engine: Engine, isTraining: Bool, inputGradient: Bool = false
  ) throws(ModelError) {
    guard (1...65_536).contains(capacity) else {
      throw .invalid(
        layer: "batch", field: "size", expected: "in 1...65536", found: "\(capacity)")
    }
    self.network = network
    self.engine = engine
    self.capacity = capacity
    self.isTraining = isTraining
    let graph = network.graph
    let last = graph.nodes.count - 1
    let end = isTraining ? 2 * graph.nodes.count - 1 : last
    var plan = MemoryPlan()

    // A value lives from its node's forward step to the last step that reads it.
    var lifeEnds = graph.valueCounts.map { _ in -1 }
    var needs: [OperationNeeds] = []
    for (step, node) in graph.nodes.enumerated() {
      let need = node.operation.needs(batch: capacity, kernels: engine.kernels)
      needs.append(need)
      lifeEnds[node.output] = max(lifeEnds[node.output], step)
      for value in node.inputs { lifeEnds[value] = max(lifeEnds[value], step) }
      guard isTraining else { continue }
      let backward = end - step
      if need.readsOutput { lifeEnds[node.output] = max(lifeEnds[node.output], backward) }
      if need.readsInput {
        for value in node.inputs { lifeEnds[value] = max(lifeEnds[value], backward) }
      }
    }
    lifeEnds[graph.output] = max(lifeEnds[graph.output], min(end, last + 1))

    var values = graph.valueCounts.map { _ in -1 }
    var gradients = values
    var saved = graph.nodes.map { _ in -1 }
    for (step, node) in graph.nodes.enumerated() {
      values[node.output] = plan.reserve(
        graph.valueCounts[node.output] * capacity, from: step, through: lifeEnds[node.output])
      guard isTraining else { continue }
      saved[step] = plan.reserve(needs[step].saved, from: step, through: end - step)
      // The gradient of a value lives from its last reader's backward step to its own node's.
      let reader = graph.nodes.lastIndex { $0.inputs.contains(node.output) }
      gradients[node.output] = plan.reserve(
        graph.valueCounts[node.output] * capacity, from: reader.map { end - $0 } ?? last,
        through: end - step)
    }
    if inputGradient, isTraining {
      gradients[0] = plan.reserve(graph.valueCounts[0] * capacity, from: 0, through: end + 1)
    }
    let shared = plan.reserve(needs.map(\.shared).max() ?? 0, from: 0, through: end)
    // One cache line between the threads' parts.
    let workerStep = ((needs.map(\.perWorker).max() ?? 0) + 31) / 16 * 16
    let workers = plan.reserve(workerStep * engine.threads, from: 0, through: end)
    plan.place()
    arena = try FloatMemory(count: plan.total)
    scratch = Scratch(
      shared: arena.base + plan.offset(of: shared), workers: arena.base + plan.offset(of: workers),
      workerStep: workerStep)
    let offset: (Int) -> Int = { $0 < 0 ? -1 : plan.offset(of: $0) }
    valueOffsets = values.map(offset)
    gradientOffsets = gradients.map(offset)
    savedOffsets = saved.map(offset)

    var written: Set<Int> = []
    accumulates = graph.nodes.map { $0.inputs.map { _ in false } }
    for (step, node) in graph.nodes.enumerated().reversed() {
      for (place, value) in node.inputs.enumerated() {
        accumulates[step][place] = !written.insert(value).inserted
      }
    }
  }

  /// Bytes of the arena.
  var memoryBytes: Int { arena.count * MemoryLayout<Float>.stride }

  /// The logits of the last forward pass.
  var logits: Input { Input(view(valueOffsets[network.graph.output])) }

  /// Where the loss writes the gradient of the logits before the backward pass.
  var logitsGradient: Output { view(gradientOffsets[network.graph.output]) }

  /// The images' gradient after a backward pass, where it was asked for.
  var inputGradient: Input? { gradientOffsets[0] < 0 ? nil : Input(view(gradientOffsets[0])) }

  private func view(_ offset: Int) -> Output { arena.base + max(0, offset) }

  private func value(_ id: Int, _ images: Input) -> Activation {
    Activation(base: id == 0 ? images : Input(view(valueOffsets[id])))
  }

  /// Computes the logits of `batch` images.
  func forward(images: Input, batch: Int, mode: PassMode) {
    precondition(batch >= 1 && batch <= capacity, "a batch larger than planned")
    for (step, node) in network.graph.nodes.enumerated() {
      profile?.enter(step)
      let first = value(node.inputs[0], images)
      node.operation.forward(
        ForwardPass(
          engine: engine, batch: batch, mode: mode, input: first,
          secondInput: node.inputs.count > 1 ? value(node.inputs[1], images) : first,
          output: view(valueOffsets[node.output]), saved: view(savedOffsets[step]),
          scratch: scratch, parameters: Input(network.parameters.base),
          statistics: network.statistics.base, profile: profile))
      profile?.lap(node.operation.work.forward)
    }
    profile?.enter(nil)
  }

  /// Adds to `gradients` those of the last forward pass, given that of the logits.
  func backward(images: Input, batch: Int, mode: PassMode, gradients: Output) {
    precondition(isTraining, "planned for inference only")
    for (step, node) in network.graph.nodes.enumerated().reversed() {
      profile?.enter(step)
      node.operation.backward(
        BackwardPass(
          engine: engine, batch: batch, mode: mode, input: value(node.inputs[0], images),
          output: Input(view(valueOffsets[node.output])),
          outputGradient: view(gradientOffsets[node.output]),
          inputGradient: target(step, node, 0),
          secondInputGradient: node.inputs.count > 1 ? target(step, node, 1) : nil,
          saved: view(savedOffsets[step]), scratch: scratch,
          parameters: Input(network.parameters.base), gradients: gradients, profile: profile))
      profile?.lap(node.operation.work.backward)
    }
    profile?.enter(nil)
  }

  private func target(_ step: Int, _ node: Graph.Node, _ place: Int) -> GradientTarget? {
    let offset = gradientOffsets[node.inputs[place]]
    return offset < 0
      ? nil : GradientTarget(base: view(offset), accumulates: accumulates[step][place])
  }
}
