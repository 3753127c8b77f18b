internal import KernelInterface
internal import KernelSelection

/// A correlation of maps with filters by the direct method, one band of rows a task.
///
/// A convolution's forward pass is one; its input gradient is one for each phase of the stride.
struct DirectCorrelation {
  /// The maps that are read.
  let source: Shape
  /// The maps that are written.
  let target: Shape
  /// Pixels to compute.
  let rows: Int
  let columns: Int
  let kernelRows: Int
  let kernelColumns: Int
  /// Source pixels from one computed pixel to the next.
  let stride: Int
  /// Zeros before the source's first row and column; negative: pixels left out.
  let top: Int
  let left: Int
  /// Where the first computed pixel lies in the target, and the pixels to the next.
  var firstRow = 0
  var firstColumn = 0
  var targetStride = 1

  /// Floats of the packed filters.
  func weightCount(_ kernels: KernelTable) -> Int {
    kernelRows * kernelColumns * source.channels * kernels.padded(target.channels)
  }

  /// Floats of scratch memory for each thread.
  var workerCount: Int {
    ((bandRows - 1) * stride + kernelRows) * bandColumns * source.channels
  }

  /// Tasks, each of which computes consecutive pixels.
  func tasks(batch: Int) -> Int { batch * ((rows + bandRows - 1) / bandRows) }

  private var bandColumns: Int { (columns - 1) * stride + kernelColumns }

  /// Rows of one task: a band that stays in the second-level cache.
  private var bandRows: Int {
    let floats = max(bandColumns * source.channels * stride, columns * target.channels)
    return min(rows, max(4, (1 << 15) / max(1, floats)))
  }

  /// Computes all maps of a batch.
  ///
  /// - weights: packed panels.
  /// - bias: a number a channel, padded like the panels, or nil.
  /// - completed: told of each task and the target's pixels that it computed, while they are near.
  func run(
    _ engine: Engine, batch: Int, source image: Activation, weights: Input, bias: Input?,
    target output: Output, accumulates: Bool = false, rectifies: Bool = false, scratch: Scratch,
    completed: Completion? = nil
  ) {
    let k = engine.kernels
    let rowsInBand = bandRows
    let bands = (rows + rowsInBand - 1) / rowsInBand
    engine.workers.parallelFor(batch * bands) { task, worker in
      let index = task / bands
      let first = task % bands * rowsInBand
      let count = min(rowsInBand, rows - first)
      let band = Band(
        image: image + index * source.count, shape: source, firstRow: first * stride - top,
        rows: max(0, (count - 1) * stride + kernelRows), left: left, columns: bandColumns,
        scratch: scratch.worker(worker), k)
      let place = (first * targetStride + firstRow) * target.width + firstColumn
      k.convolution.correlateBand(
        band.start, weights, bias, output + index * target.count + place * target.channels,
        CorrelationShape(
          rows: count, columns: columns, channels: target.channels, kernelRows: kernelRows,
          rowLength: kernelColumns * source.channels, bandRowStep: band.rowStep,
          bandLineStep: stride * band.rowStep, bandPixelStep: stride * source.channels,
          outputRowStep: targetStride * target.width * target.channels,
          outputPixelStep: targetStride * target.channels, accumulates: accumulates,
          rectifies: rectifies))
      if let completed {
        let pixel = index * target.pixels + first * target.width
        completed(task, pixel..<(pixel + count * target.width))
      }
    }
  }
}

/// Told of a finished task and the pixels of the batch that it wrote, on the thread that wrote them.
typealias Completion = (_ task: Int, _ pixels: Range<Int>) -> Void
