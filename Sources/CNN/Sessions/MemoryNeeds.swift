extension TrainingSession {
  /// Bytes that a session would take in addition to the network, without touching that memory.
  ///
  /// `input` is the largest shape of training images; nil for the network's own.
  package static func memoryBytes(
    network: Network, input: Shape? = nil, optimizer: any Optimizer, batchSize: Int, engine: Engine
  ) throws(ModelError) -> Int {
    let graph = try input.map { input throws(ModelError) in
      try network.architecture.graph(for: input)
    }
    let bytes = ExecutionPlan(
      graph ?? network.graph, capacity: batchSize, kernels: engine.kernels,
      threads: engine.threads, isTraining: true, inputGradient: false
    ).bytes
    let stepping = optimizer.form.stepping
    try stepping.prepare(for: network.graph, kernels: engine.kernels)
    return bytes + network.parameters.byteCount + stepping.memoryBytes
  }
}

extension InferenceSession {
  /// Bytes that a session would take in addition to the network, without touching that memory.
  package static func memoryBytes(
    network: Network, batchSize: Int, engine: Engine
  ) throws(ModelError) -> Int {
    let folded = try FoldedNetwork(network)
    let share = Share(of: batchSize, graph: folded.graph, engine: engine)
    let packed =
      share.keepsPacked ? try PackedWeights(folded.graph, kernels: engine.kernels).count : 0
    let arenas = share.stages.map {
      ExecutionPlan(
        $0.graph, capacity: $0.images, kernels: engine.kernels, threads: share.engine.threads,
        isTraining: false, inputGradient: false
      ).bytes
    }
    let between = share.stages.dropFirst().map(\.inputFloats)
    return share.executors * arenas.reduce(0, +) + folded.parameters.byteCount
      + (share.executors * between.reduce(0, +) + packed) * MemoryLayout<Float>.stride
  }
}

extension ExecutionPlan {
  fileprivate var bytes: Int { total * MemoryLayout<Float>.stride }
}
