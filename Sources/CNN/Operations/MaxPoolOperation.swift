internal import KernelTypes

/// Max pooling; the place of each maximum is one byte.
///
/// Windows of 2 x 2 with stride 2 can compute a deferred normalization of their input; then the
/// normalization's backward pass also computes the pooling's, which is empty.
struct MaxPoolOperation: Operation {
  let shape: PoolShape

  var work: OperationWork { OperationWork(.pooling) }

  func needs(batch: Int, kernels: KernelTable) -> OperationNeeds {
    OperationNeeds(
      saved: (batch * shape.outputCount + 3) / 4, perWorker: blocks.rows * shape.rowCount)
  }

  func acceptsNormalization(rectified: Bool) -> Bool { shape.halves }

  private var blocks: PoolBlocks { PoolBlocks(shape) }

  /// The places of the maxima.
  static func codes(_ saved: Output) -> UnsafeMutablePointer<UInt8> {
    UnsafeMutableRawPointer(saved).assumingMemoryBound(to: UInt8.self)
  }

  func forward(_ pass: ForwardPass) {
    let k = pass.kernels
    var places: UnsafeMutablePointer<UInt8>?
    if pass.mode.isForGradients { places = MaxPoolOperation.codes(pass.saved) }
    guard let normalization = pass.input.normalization else {
      pass.engine.workers.parallelFor(pass.batch) { image, _ in
        k.pooling.maxPool(
          pass.input.base + image * shape.inputCount, pass.output + image * shape.outputCount,
          places.map { $0 + image * shape.outputCount }, shape)
      }
      return
    }
    let blocks = blocks
    pass.engine.workers.parallelFor(pass.batch * blocks.count) { task, worker in
      let block = blocks[task]
      let spare = pass.scratch.worker(worker)
      k.normalization.scaleChannels(
        pass.input.base + block.input, normalization.factor, normalization.offset, spare,
        block.shape.height * shape.width, shape.channels, normalization.rectifies,
        normalization.ceiling)
      k.pooling.maxPool(
        spare, pass.output + block.output, places.map { $0 + block.output }, block.shape)
    }
  }

  func backward(_ pass: BackwardPass) {
    guard let dx = pass.inputGradient else { return }
    let pool = pass.kernels.pooling
    let places = MaxPoolOperation.codes(pass.saved)
    let shape = shape.accumulating(dx.accumulates)
    pass.engine.workers.parallelFor(pass.batch) { image, _ in
      pool.maxPoolGradient(
        places + image * shape.outputCount, pass.outputGradient + image * shape.outputCount,
        dx.base + image * shape.inputCount, shape)
    }
  }
}

/// The rows of a batch of maps with windows of 2 x 2, in blocks that stay in the first-level cache.
struct PoolBlocks {
  /// Some rows of one map.
  struct Block {
    /// The first float of its rows, and of what its windows give, in the batch.
    let input: Int
    let output: Int
    /// Its rows as a map of their own; the last ones of a map may belong to no window.
    let shape: PoolShape
  }

  private let shape: PoolShape
  private let windows: Int
  /// Blocks of one map.
  let count: Int

  init(_ shape: PoolShape) {
    self.shape = shape
    windows = max(1, min(shape.outputHeight, (1 << 13) / shape.rowCount))
    count = (shape.outputHeight + windows - 1) / windows
  }

  /// The most rows of a block.
  var rows: Int { 2 * windows + 1 }

  subscript(task: Int) -> Block {
    let image = task / count
    let part = task % count
    let first = part * windows
    let outputs = min(windows, shape.outputHeight - first)
    var own = shape
    own.height = part == count - 1 ? shape.height - 2 * first : 2 * outputs
    own.outputHeight = outputs
    own.accumulates = false
    return Block(
      input: image * shape.inputCount + 2 * first * shape.rowCount,
      output: image * shape.outputCount + first * shape.outputWidth * shape.channels, shape: own)
  }
}

extension PoolShape {
  var inputCount: Int { height * width * channels }
  var outputCount: Int { outputHeight * outputWidth * channels }
  /// Floats in a row of the input.
  var rowCount: Int { width * channels }

  /// Whether the windows are 2 x 2, side by side and inside the map, with at most a row and a
  /// column left over.
  var halves: Bool {
    size == 2 && stride == 2 && padTop == 0 && padLeft == 0 && outputHeight == height / 2
      && outputWidth == width / 2
  }

  /// The same windows with a gradient that is added to what is there, or written.
  func accumulating(_ accumulates: Bool) -> PoolShape {
    var shape = self
    shape.accumulates = accumulates
    return shape
  }
}

/// A gradient that lies behind max pooling: its places and windows.
struct PooledGradient {
  let codes: UnsafePointer<UInt8>
  let shape: PoolShape
}
