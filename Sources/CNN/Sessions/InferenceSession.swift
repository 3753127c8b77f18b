public import Compute
internal import KernelTypes
internal import Primitives

/// Computes a network's predictions.
///
/// A class, because it owns the memory of its activations, allocated at the start. An image's
/// logits do not depend on the other images of its batch, to the bit.
public final class InferenceSession {
  /// The network.
  public let network: Network
  /// The largest batch.
  public let batchSize: Int
  private let folded: FoldedNetwork
  /// Packed weights, if they are read more than once.
  private var packed: PackedWeights?
  /// One executor with all threads on each operation, or one per thread with its own images.
  private let executors: [StagedExecutor]
  private let engine: Engine
  private var revision: Int
  /// Whether the weights have been used for inference.
  private var isUsed = false
  private var logits: [Float]

  /// Measures the time of every operation; of the first thread only, if each has its own images.
  ///
  /// No cost if nil.
  package var profile: StepProfile? {
    get { executors[0].profile }
    set { executors[0].profile = newValue }
  }

  /// A session for batches of up to `batchSize` images.
  public init(network: Network, batchSize: Int, engine: Engine) throws(ModelError) {
    self.network = network
    self.batchSize = batchSize
    self.engine = engine
    let folded = try FoldedNetwork(network)
    let share = Share(of: batchSize, graph: folded.graph, engine: engine)
    let packed =
      share.keepsPacked ? try PackedWeights(folded.graph, kernels: engine.kernels) : nil
    var executors: [StagedExecutor] = []
    for _ in 0..<share.executors {
      executors.append(
        try StagedExecutor(
          share.stages, parameters: folded.parameters, statistics: network.statistics,
          packed: packed, engine: share.engine))
      // One executor may fit if all do not; none has touched its memory yet.
      if executors.count == 1 {
        _ = try FloatMemory.room(bytes: share.executors * executors[0].memoryBytes)
      }
    }
    self.folded = folded
    self.packed = packed
    self.executors = executors
    logits = [Float](repeating: 0, count: max(0, batchSize) * network.outputs)
    revision = network.revision
    prepare()
  }

  /// Bytes that the session takes in addition to the network.
  public var memoryBytes: Int {
    executors.reduce(0) { $0 + $1.memoryBytes }
      + (folded.parameters.count + (packed?.count ?? 0)) * MemoryLayout<Float>.stride
  }

  /// The assignment of a batch to workers.
  struct Share {
    /// One executor with all threads on each operation, or one per thread with its own images.
    let executors: Int
    /// The stages that a worker runs one after the other.
    let stages: [GraphStage]
    let engine: Engine
    /// Whether all weights are packed before the first batch.
    let keepsPacked: Bool

    init(of batchSize: Int, graph: Graph, engine: Engine) {
      // A single image, or its two views, is often all that is asked: weights packed for one layer
      // at a time stay in the cache, where all of them together would be written to fresh memory.
      keepsPacked = batchSize > 2
      let isDepthFirst = keepsPacked && batchSize >= engine.threads
      executors = isDepthFirst ? engine.threads : 1
      // More images gain little from shared weights, and the work is divided less evenly.
      stages =
        isDepthFirst
        ? graph.stages(most: min(batchSize, 8))
        : [GraphStage(graph: graph, firstNode: 0, images: batchSize)]
      self.engine = isDepthFirst ? engine.serial : engine
    }
  }

  /// Copies the network's weights.
  private func prepare() {
    revision = network.revision
    isUsed = false
    folded.refresh(engine)
    packed?.pack(engine, parameters: Input(folded.parameters.base))
  }

  /// Keeps the weights packed from the second batch on, if there is memory for them.
  private func keepPacked() {
    guard let kept = try? PackedWeights(folded.graph, kernels: engine.kernels) else { return }
    kept.pack(engine, parameters: Input(folded.parameters.base))
    packed = kept
    for executor in executors { executor.packed = kept }
  }

  /// The logits of any number of images (height x width x channels each), a row per image.
  public func logits(for images: [Float]) throws(ModelError) -> [Float] {
    let sample = network.architecture.input.count
    guard images.count % sample == 0 else {
      throw .length(
        of: "images", expected: (images.count / sample + 1) * sample, found: images.count)
    }
    return images.withUnsafeBufferPointer { pixels in
      var logits: [Float] = []
      for part in (0..<(images.count / sample)).parts(of: batchSize) {
        let range = (part.lowerBound * sample)..<(part.upperBound * sample)
        logits += run(pixels: UnsafeBufferPointer(rebasing: pixels[range]), count: part.count)
      }
      return logits
    }
  }

  /// The logits of one batch that is already in place.
  package func run(pixels: UnsafeBufferPointer<Float>, count: Int) -> [Float] {
    let sample = network.architecture.input.count
    let outputs = network.outputs
    precondition(pixels.count >= count * sample && count <= batchSize, "a batch too short")
    guard let images = pixels.baseAddress, count > 0 else { return [] }
    if revision != network.revision { prepare() }
    if isUsed, packed == nil { keepPacked() }
    isUsed = true
    // Each thread runs its images through all layers: a layer's output is still in the thread's
    // cache when the next one reads it.
    let most = executors[0].capacity
    let rounds = (count + most * executors.count - 1) / (most * executors.count)
    let stretches = min(count, rounds * executors.count)
    logits.withUnsafeMutableBufferPointer { logits in
      guard let base = logits.baseAddress else { return }
      // Each task writes its own images' logits.
      nonisolated(unsafe) let target = base
      if stretches == 1 {
        // Not as a task: the operations use the threads themselves.
        executors[0].forward(images: images, batch: count, logits: target)
        return
      }
      engine.workers.parallelFor(stretches) { index, worker in
        let first = index * count / stretches
        executors[worker].forward(
          images: images + first * sample, batch: (index + 1) * count / stretches - first,
          logits: target + first * outputs)
      }
    }
    return Array(logits[..<(count * outputs)])
  }
}
