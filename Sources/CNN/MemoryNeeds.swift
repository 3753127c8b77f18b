internal import KernelInterface
package import KernelSelection

extension TrainingSession {
  /// Bytes that a session would take beside the network; none of them is written to.
  ///
  /// `input` is the largest extent of the images that steps are made on, the network's own if nil.
  package static func memoryBytes(
    network: Network, input: Shape? = nil, optimizer: any Optimizer, batchSize: Int, engine: Engine
  ) throws(ModelError) -> Int {
    let graph = try input.map { input throws(ModelError) in
      try network.architecture.graph(for: input)
    }
    var bytes = ExecutionPlan(
      graph ?? network.graph, capacity: batchSize, kernels: engine.kernels,
      threads: engine.threads, isTraining: true, inputGradient: false
    ).bytes
    bytes += network.parameters.byteCount
    if let stepping = optimizer as? any SteppingOptimizer {
      try stepping.prepare(for: network.graph, kernels: engine.kernels)
      bytes += stepping.memoryBytes
    }
    return bytes
  }
}

extension InferenceSession {
  /// Bytes that a session would take beside the network; none of them is written to.
  package static func memoryBytes(
    network: Network, batchSize: Int, engine: Engine
  ) throws(ModelError) -> Int {
    let folded = try FoldedNetwork(network)
    let packed = batchSize > 1 ? try PackedWeights(folded.graph, kernels: engine.kernels).count : 0
    let share = Share(of: batchSize, graph: folded.graph, engine: engine)
    let stages = share.stages.enumerated().map { index, stage in
      let plan = ExecutionPlan(
        stage.graph, capacity: stage.images, kernels: engine.kernels,
        threads: share.engine.threads, isTraining: false, inputGradient: false)
      return plan.bytes + (index > 0 ? stage.inputFloats * MemoryLayout<Float>.stride : 0)
    }
    return share.executors * stages.reduce(0, +) + folded.parameters.byteCount
      + packed * MemoryLayout<Float>.stride
  }
}

extension ExecutionPlan {
  fileprivate var bytes: Int { total * MemoryLayout<Float>.stride }
}
