internal import KernelTypes

/// One step of a network on a whole batch, with its geometry fixed.
protocol Operation: Sendable {
  /// The kind of work of its passes in a profile.
  var work: OperationWork { get }
  /// The memory it needs and the values its backward pass reads.
  func needs(batch: Int, kernels: KernelTable) -> OperationNeeds
  /// Whether it can read inputs that are not normalized yet, nor rectified if `rectified`.
  func acceptsNormalization(rectified: Bool) -> Bool
  /// The number of parts in which it measures its output for a following normalization; nil: none.
  func measuredTasks(batch: Int, kernels: KernelTable) -> Int?
  /// Floats of its weights in the order in which the forward pass reads them.
  func packedCount(_ kernels: KernelTable) -> Int
  /// Writes the packed weights, for a session that keeps them between passes.
  func pack(_ engine: Engine, parameters: Input, to packed: Output)
  /// Reads the inputs and writes the output, and in training what the backward pass needs.
  func forward(_ pass: ForwardPass)
  /// Reads the output's gradient, writes or adds to the inputs', adds to the parameters'.
  ///
  /// May overwrite the output's gradient.
  func backward(_ pass: BackwardPass)
}

extension Operation {
  func acceptsNormalization(rectified: Bool) -> Bool { false }
  func measuredTasks(batch: Int, kernels: KernelTable) -> Int? { nil }
  func packedCount(_ kernels: KernelTable) -> Int { 0 }
  func pack(_ engine: Engine, parameters: Input, to packed: Output) {}
}

/// An operation that can apply a ReLU to its output without another pass over memory.
protocol RectifiableOperation: Operation {
  var rectifies: Bool { get set }
}

/// An operation that can instead apply a ReLU with an upper bound.
protocol BoundableOperation: RectifiableOperation {
  var boundedRectifier: ActivationFunction? { get set }
}

/// Memory of one operation, in floats.
struct OperationNeeds {
  /// Kept from the forward to the backward pass.
  var saved = 0
  /// For all threads together, within one pass.
  var shared = 0
  /// For each thread, within one pass.
  var perWorker = 0
  /// Whether the backward pass reads the input.
  var readsInput = false
  /// Whether the backward pass reads the output.
  var readsOutput = false
}

/// The purpose of a forward pass.
package enum PassMode: Sendable {
  /// Running statistics, no dropout.
  case inference
  /// Statistics of the batch, or the running ones where they are frozen; dropout keyed by
  /// (seed, step).
  case training(seed: UInt64, step: Int, freezesStatistics: Bool = false)
  /// As in inference, but with a backward pass: gradients of the prediction itself.
  case frozen

  /// Whether a backward pass follows.
  var isForGradients: Bool {
    if case .inference = self { false } else { true }
  }

  /// Whether normalizations use statistics of the batch, and note them.
  var measuresBatch: Bool {
    if case .training(_, _, let freezesStatistics) = self { !freezesStatistics } else { false }
  }
}

/// Scratch memory of one pass, uninitialized.
struct Scratch {
  let shared: Output
  let workers: Output
  let workerStep: Int

  /// The part of one thread.
  func worker(_ index: Int) -> Output { workers + index * workerStep }
}

/// The views of one forward step; they do not outlive it.
struct ForwardPass {
  let engine: Engine
  let batch: Int
  let mode: PassMode
  /// The part of the batch in other processes.
  let share: BatchShare?
  let input: Activation
  /// The second value of a sum or a product; elsewhere the input again.
  let secondInput: Activation
  /// The output; nil for a deferred normalization.
  let target: Output?
  let saved: Output
  let scratch: Scratch
  let parameters: Input
  let statistics: Output
  /// The result of `pack`; nil if the pass packs its weights itself.
  let packed: Input?
  /// Measurements of the input by the operation that computed it.
  let inputMeasurements: Measurements?
  let outputMeasurements: Measurements?
  /// The profile being recorded: an operation of several kinds ends each with a lap.
  let profile: StepProfile?

  var kernels: KernelTable { engine.kernels }

  var output: Output {
    guard let target else { preconditionFailure("an output that nobody reads from memory") }
    return target
  }
}

/// A gradient to write.
struct GradientTarget {
  let base: Output
  /// Whether to add to it, because another reader of the value has written it.
  let accumulates: Bool
}

/// The views of one backward step; they do not outlive it.
struct BackwardPass {
  let engine: Engine
  let batch: Int
  let mode: PassMode
  /// The part of the batch in other processes.
  let share: BatchShare?
  let input: Activation
  /// The second value of a sum or a product; elsewhere the input again.
  let secondInput: Activation
  let output: Input
  let outputGradient: Output
  /// The max pooling whose gradient is given instead of the output's.
  let pooled: PooledGradient?
  /// The normalization whose gradient is given for the output.
  let normalizationGradient: Activation.NormalizationGradient?
  /// Whether a convolution computes both gradients in one pass.
  let isJoined: Bool
  /// The place for the sums of the normalization before, in that pass.
  let inputSums: NormalizationSums?
  /// The sums of a normalization's gradient that its reader has taken.
  let outputSums: NormalizationSums?
  /// Absent if not needed: the images' gradient, and gradients that a reader computes itself.
  let inputGradient: GradientTarget?
  let secondInputGradient: GradientTarget?
  let saved: Output
  let scratch: Scratch
  let parameters: Input
  let gradients: Output
  /// The profile being recorded: an operation of several kinds ends each with a lap.
  let profile: StepProfile?

  var kernels: KernelTable { engine.kernels }

  /// The output's gradient as a convolution reads it.
  var outputGradientActivation: Activation {
    Activation(
      base: Input(outputGradient), pooled: pooled, normalizationGradient: normalizationGradient)
  }
}

extension Engine {
  /// Tasks of a loop that keep the threads of most machines busy to its end.
  static let wantedTasks = 32
  /// Multiply-adds that take longer than a task costs: some microseconds.
  static let leastWork = 1 << 18

  /// Splits `count` floats into chunks and runs `body` on each, on all threads; for loops without
  /// sums over chunks.
  ///
  /// - terms: the floats from which each is computed.
  func stretches(
    _ count: Int, terms: Int = 1, _ body: (_ start: Int, _ count: Int) -> Void
  ) {
    let length = max(1 << 10, (1 << 14) / terms / 64 * 64)
    workers.parallelFor((count + length - 1) / length) { index, _ in
      body(index * length, min(length, count - index * length))
    }
  }
}

/// A division of pixels into chunks, the same for every number of threads.
struct PixelChunks {
  let pixels: Int
  let length: Int

  /// Chunks of about 2^15 floats: enough work for a task, small enough for single-precision sums,
  /// which are then added in Double.
  init(pixels: Int, channels: Int) {
    self.pixels = pixels
    length = min(1024, max(32, (1 << 15) / max(1, channels)))
  }

  var count: Int { (pixels + length - 1) / length }

  func range(_ index: Int) -> Range<Int> {
    (index * length)..<min(pixels, (index + 1) * length)
  }
}
