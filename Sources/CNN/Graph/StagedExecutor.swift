internal import KernelTypes

/// Runs inference stage by stage; each stage takes larger groups of images than the one before.
///
/// A class, because it owns the memory of its activations.
final class StagedExecutor {
  /// Images at a time.
  let capacity: Int
  private let executors: [Executor]
  /// The input of each stage but the first, for one group.
  private let inputs: [FloatMemory]

  /// Measures the time of every node's passes, if not nil.
  var profile: StepProfile? {
    get { executors[0].profile }
    set { for executor in executors { executor.profile = newValue } }
  }

  /// Packed weights that the passes share; nil: each pass packs its own.
  var packed: PackedWeights? {
    get { executors[0].packed }
    set { for executor in executors { executor.packed = newValue } }
  }

  init(
    _ stages: [GraphStage], parameters: FloatMemory, statistics: FloatMemory,
    packed: PackedWeights?, engine: Engine
  ) throws(ModelError) {
    executors = try stages.map { stage throws(ModelError) in
      try Executor(
        graph: stage.graph, firstNode: stage.firstNode, parameters: parameters,
        statistics: statistics, packed: packed, capacity: stage.images, engine: engine,
        isTraining: false)
    }
    inputs = try stages.dropFirst().map { stage throws(ModelError) in
      try FloatMemory(count: stage.inputFloats)
    }
    capacity = executors.last?.capacity ?? 0
  }

  /// Bytes of all activations.
  var memoryBytes: Int {
    executors.reduce(0) { $0 + $1.memoryBytes } + inputs.reduce(0) { $0 + $1.byteCount }
  }

  /// Writes the logits of `batch` images, at most as many as planned.
  func forward(images: Input, batch: Int, logits: Output) {
    run(executors.count - 1, images, batch, into: logits)
  }

  private func run(_ stage: Int, _ images: Input, _ count: Int, into target: Output) {
    var source = images
    if stage > 0 {
      let before = executors[stage - 1]
      let groups = (count + before.capacity - 1) / before.capacity
      let values = inputs[stage - 1].base
      for group in 0..<groups {
        let first = group * count / groups
        run(
          stage - 1, images + first * executors[0].graph.shapes[0].count,
          (group + 1) * count / groups - first,
          into: values + first * before.graph.outputShape.count)
      }
      source = Input(values)
    }
    executors[stage].forward(images: source, batch: count, mode: .inference, into: target)
  }
}

extension GraphStage {
  /// Floats of the previous stage's output for a group.
  var inputFloats: Int { images * graph.shapes[0].count }
}
