internal import KernelTypes

/// The memory plan of a pass over a graph, and the values whose computation is deferred to their
/// readers.
///
/// These rewrites save passes over memory. A normalization's output is not written where all its
/// readers can compute it on the way. A convolution before a normalization measures its output
/// while that is in the cache. Gradients change in place: an addition passes its gradient to both
/// addends, a normalization's gradient becomes that of its input. And where max pooling reads a
/// normalization alone, its gradient is spread over the windows only on the way through the
/// normalization; a convolution before it computes the normalization's gradient on the way. A
/// convolution that computes both its gradients in one pass does so with that of the following
/// normalization, and sums the input's gradient for the normalization before.
struct ExecutionPlan {
  /// Floats of the arena.
  let total: Int
  /// Offsets in the arena, for each value; negative for values without memory.
  let values: [Int]
  let gradients: [Int]
  /// Offsets of what each node keeps for its backward pass.
  let saved: [Int]
  /// Offsets of each node's measurements of its output for the next normalization; negative: none.
  let measurements: [Int]
  /// For each normalization the node that has measured its input.
  let measuredBy: [Int?]
  /// For each value, the normalization that is deferred to the value's readers.
  let deferredBy: [Int?]
  /// For each node, the max pooling whose backward pass it performs.
  let pooledBy: [Int?]
  /// For each node, whether another one performs its backward pass.
  let isTakenOver: [Bool]
  /// For each convolution, the following normalization whose gradient it computes.
  let normalizedBy: [Int?]
  /// For each node, whether it is a convolution that computes both gradients in one pass.
  let isJoined: [Bool]
  /// For each such convolution the normalization before whose gradient it sums.
  let summedFor: [Int?]
  /// Offsets of those sums, for each normalization; negative: none.
  let sums: [Int]
  /// For each node and each of its inputs: whether its gradient is added to.
  let accumulates: [[Bool]]
  let sharedScratch: Int
  let workerScratch: Int
  let workerStep: Int

  init(
    _ graph: Graph, capacity: Int, kernels: KernelTable, threads: Int, isTraining: Bool,
    inputGradient: Bool
  ) {
    let nodes = graph.nodes
    let last = nodes.count - 1
    let end = isTraining ? 2 * nodes.count - 1 : last
    let needs = nodes.map { $0.operation.needs(batch: capacity, kernels: kernels) }
    let deferral = ExecutionPlan.deferral(graph)
    let readers = graph.readers
    let pooling = nodes.enumerated().map { step, node -> Int? in
      guard isTraining, deferral[node.output] != nil,
        let reader = graph.follower(of: step, readers),
        nodes[reader].operation is MaxPoolOperation
      else { return nil }
      return reader
    }
    let joining = nodes.indices.map { step in
      isTraining && ExecutionPlan.joins(graph, step, readers, pooling, kernels)
    }
    let normalizing = nodes.enumerated().map { step, node -> Int? in
      guard isTraining, let convolution = node.operation as? ConvolutionOperation,
        convolution.readsNormalizationGradient, let reader = graph.follower(of: step, readers),
        nodes[reader].operation is BatchNormOperation
      else { return nil }
      // Both gradients compute it separately. That pays if reading it would cost more, as its
      // source is a quarter of the size, or if there is only one gradient.
      if pooling[reader] != nil || node.inputs[0] == 0 { return reader }
      // In one pass it is computed once, in place: nobody else may read the gradient, as a sum's
      // other addend does.
      let others = readers[nodes[reader].output]
      let isOwn = !others.isEmpty && !others.contains { nodes[$0].operation is AddOperation }
      return joining[step] && isOwn && nodes[reader].output != graph.output ? reader : nil
    }
    let summing = nodes.enumerated().map { step, node -> Int? in
      guard joining[step], readers[node.inputs[0]] == [step] else { return nil }
      return deferral[node.inputs[0]]
    }
    var plan = MemoryPlan()

    // A value lives from its node's forward step to the last step that reads it. A deferred value
    // has no memory, but its source lives as long.
    var lifeEnds = graph.shapes.map { _ in -1 }
    var savedEnds = nodes.indices.map { isTraining ? end - $0 : $0 }
    func use(_ value: Int, until step: Int) {
      if let node = deferral[value] {
        savedEnds[node] = max(savedEnds[node], step)
        use(nodes[node].inputs[0], until: step)
      } else {
        lifeEnds[value] = max(lifeEnds[value], step)
      }
    }
    for (step, node) in nodes.enumerated() {
      use(node.output, until: step)
      for value in node.inputs { use(value, until: step) }
      guard isTraining else { continue }
      if needs[step].readsOutput { use(node.output, until: end - step) }
      if needs[step].readsInput {
        for value in node.inputs { use(value, until: end - step) }
      }
    }
    use(graph.output, until: min(end, last + 1))

    for (step, pool) in pooling.enumerated() {
      if let pool { savedEnds[pool] = end - step }
    }
    for (step, reader) in normalizing.enumerated() {
      guard let reader else { continue }
      use(nodes[step].output, until: end - step)
      savedEnds[reader] = max(savedEnds[reader], end - step)
      if let pool = pooling[reader] { savedEnds[pool] = max(savedEnds[pool], end - step) }
    }

    var values = graph.shapes.map { _ in -1 }
    var saved = nodes.map { _ in -1 }
    var measurements = saved
    var measuredBy: [Int?] = nodes.map { _ in nil }
    for (step, node) in nodes.enumerated() {
      if deferral[node.output] == nil {
        values[node.output] = plan.reserve(
          graph.shapes[node.output].count * capacity, from: step, through: lifeEnds[node.output])
      }
      saved[step] = plan.reserve(needs[step].saved, from: step, through: savedEnds[step])
      let normalizations = readers[node.output].filter {
        nodes[$0].operation is BatchNormOperation && graph.keepsChannels(of: node.output, in: $0)
      }
      if isTraining, let reader = normalizations.last,
        // A smaller batch may have more tasks.
        let tasks = (1...capacity).compactMap({
          node.operation.measuredTasks(batch: $0, kernels: kernels)
        }).max()
      {
        measurements[step] = plan.reserve(
          Measurements.count(tasks: tasks, channels: graph.shapes[node.output].channels),
          from: step, through: reader)
        for reader in normalizations { measuredBy[reader] = step }
      }
    }

    var sums = nodes.map { _ in -1 }
    for (step, node) in nodes.enumerated() {
      guard let normalization = summing[step],
        let convolution = node.operation as? ConvolutionOperation
      else { continue }
      sums[normalization] = plan.reserve(
        NormalizationSums.count(
          parts: convolution.joinedParts(batch: capacity),
          channels: graph.shapes[node.inputs[0]].channels),
        from: end - step, through: end - normalization)
    }

    // The gradient of a value lives from its last reader's backward step to its own node's.
    var gradients = graph.shapes.map { _ in -1 }
    if isTraining {
      let home = ExecutionPlan.gradientHomes(graph, readers, pooling, normalizing)
      // The gradient that a node reads instead of its output's, which then has no memory.
      let source = nodes.indices.map { step -> Int in
        let normalization = normalizing[step] ?? step
        return nodes[pooling[normalization] ?? normalization].output
      }
      var lives: [Int: ClosedRange<Int>] = [:]
      for (step, node) in nodes.enumerated() {
        let root = home[source[step]]
        let begin =
          source[step] == node.output
          ? readers[node.output].last.map { end - $0 } ?? last : end - step
        let life = lives[root] ?? begin...begin
        lives[root] = min(life.lowerBound, begin)...max(life.upperBound, end - step)
      }
      var places: [Int: Int] = [:]
      for (step, node) in nodes.enumerated() where source[step] == node.output {
        let root = home[node.output]
        if places[root] == nil, let life = lives[root] {
          places[root] = plan.reserve(
            graph.shapes[node.output].count * capacity, from: life.lowerBound,
            through: life.upperBound)
        }
        gradients[node.output] = places[root] ?? -1
      }
      if inputGradient {
        gradients[0] = plan.reserve(graph.shapes[0].count * capacity, from: 0, through: end + 1)
      }
    }
    let shared = plan.reserve(needs.map(\.shared).max() ?? 0, from: 0, through: end)
    // One cache line between the threads' parts.
    workerStep = ((needs.map(\.perWorker).max() ?? 0) + 31) / 16 * 16
    let workers = plan.reserve(workerStep * threads, from: 0, through: end)

    plan.place()
    total = plan.total
    let offset: (Int) -> Int = { $0 < 0 ? -1 : plan.offset(of: $0) }
    self.values = values.map(offset)
    self.gradients = gradients.map(offset)
    self.saved = saved.map(offset)
    self.measurements = measurements.map(offset)
    sharedScratch = plan.offset(of: shared)
    workerScratch = plan.offset(of: workers)
    self.measuredBy = measuredBy
    deferredBy = deferral
    pooledBy = pooling
    isTakenOver = nodes.indices.map { pooling.contains($0) }
    normalizedBy = normalizing
    isJoined = nodes.indices.map {
      joining[$0] && (normalizing[$0] != nil || summing[$0] != nil)
    }
    summedFor = summing
    self.sums = sums.map(offset)

    var written: Set<Int> = []
    var accumulates = nodes.map { $0.inputs.map { _ in false } }
    for (step, node) in nodes.enumerated().reversed() {
      for (place, value) in node.inputs.enumerated() {
        accumulates[step][place] = !written.insert(value).inserted
      }
    }
    self.accumulates = accumulates
  }

  /// Whether a node is a convolution that can compute both gradients in one pass.
  private static func joins(
    _ graph: Graph, _ step: Int, _ readers: [[Int]], _ pooling: [Int?], _ kernels: KernelTable
  ) -> Bool {
    let node = graph.nodes[step]
    guard let convolution = node.operation as? ConvolutionOperation,
      convolution.joinsGradients(kernels), node.inputs[0] != 0
    else { return false }
    // Not where the gradient of a pooling is still to be spread.
    return graph.follower(of: step, readers).map { pooling[$0] == nil } ?? true
  }

  /// For each value, the normalization that need not write it, since all readers can compute it.
  private static func deferral(_ graph: Graph) -> [Int?] {
    var result: [Int?] = graph.shapes.map { _ in nil }
    let readers = graph.readers
    for (index, node) in graph.nodes.enumerated() {
      guard let normalization = node.operation as? BatchNormOperation,
        node.output != graph.output, !readers[node.output].isEmpty,
        readers[node.output].allSatisfy({
          graph.keepsChannels(of: node.output, in: $0)
            && graph.nodes[$0].operation.acceptsNormalization(rectified: normalization.rectifies)
        })
      else { continue }
      result[node.output] = index
    }
    return result
  }

  /// For each value, the value whose gradient memory its gradient shares.
  private static func gradientHomes(
    _ graph: Graph, _ readers: [[Int]], _ pooling: [Int?], _ normalizing: [Int?]
  ) -> [Int] {
    let nodes = graph.nodes
    var home = Array(graph.shapes.indices)
    var isShared = home.map { _ in false }
    func normalization(_ value: Int) -> Int? {
      guard readers[value].count == 1, let node = graph.producer(of: value) else { return nil }
      return nodes[node].operation is BatchNormOperation ? node : nil
    }
    // From the end, so that a value's home is final before others refer to it.
    for (index, node) in nodes.enumerated().reversed() where node.operation is AddOperation {
      let (first, second) = (node.inputs[0], node.inputs[1])
      // A normalization reads its output's gradient and leaves it as it is. The second addend may
      // have other readers, which add to the gradient, if that is after the first has read it.
      guard first != second, let reader = normalization(first),
        let producer = graph.producer(of: second)
      else { continue }
      let later = readers[second].filter { $0 != index } + [producer]
      let last = normalizing.firstIndex(of: reader) ?? reader
      guard normalization(second) != nil || later.allSatisfy({ $0 < last }) else { continue }
      home[first] = home[node.output]
      home[second] = home[node.output]
      isShared[first] = true
      isShared[second] = true
    }
    for (index, node) in nodes.enumerated().reversed()
    where node.operation is BatchNormOperation && pooling[index] == nil
      && !normalizing.contains(index)
    {
      let input = node.inputs[0]
      guard input != 0, readers[input].count == 1, !isShared[node.output], home[input] == input
      else { continue }
      home[input] = home[node.output]
    }
    return home
  }
}
