internal import KernelTypes

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
  /// Zeros before the source's first row and column; negative: pixels omitted.
  let top: Int
  let left: Int
  /// The place of the first computed pixel in the target, and the distance to the next.
  var firstRow = 0
  var firstColumn = 0
  var targetStride = 1
  /// Whether each channel has a kernel of its own.
  var isDepthwise = false

  /// Floats of the packed filters.
  func weightCount(_ kernels: KernelTable) -> Int {
    kernelRows * kernelColumns
      * (isDepthwise ? target.channels : source.channels * kernels.padded(target.channels))
  }

  /// Floats of scratch memory for each thread.
  var workerCount: Int { bandCount + bandRows * columns * target.channels }

  private var bandCount: Int {
    Band.count(
      rows: (bandRows - 1) * stride + kernelRows, columns: bandColumns, shape: source)
  }

  /// Tasks, each of which computes consecutive pixels.
  func tasks(batch: Int) -> Int { batch * ((rows + bandRows - 1) / bandRows) }

  private var bandColumns: Int { (columns - 1) * stride + kernelColumns }

  /// Rows of one task: a band that stays in the second-level cache.
  private var bandRows: Int {
    let floats = max(bandColumns * source.channels * stride, columns * target.channels)
    // Even, so that no window of pooling behind belongs to two bands.
    return min(rows, max(4, (1 << 15) / max(1, floats) / 2 * 2))
  }

  /// Computes all maps of a batch.
  ///
  /// - weights: packed panels.
  /// - bias: a number per channel, padded like the panels, or nil.
  /// - pooling: where the greatest value of each window goes in place of the maps themselves.
  /// - completed: called after each task with the pixels that it computed, while they are in the
  ///   cache.
  func run(
    _ engine: Engine, batch: Int, source image: Activation, weights: Input, bias: Input?,
    target output: Output, accumulates: Bool = false, rectifies: Bool = false,
    ceiling: Float = .infinity, scratch: Scratch,
    pooling: Pooling? = nil, completed: Completion? = nil
  ) {
    let maps = Maps(
      source: image, weights: weights, bias: bias, target: output, accumulates: accumulates,
      rectifies: rectifies, ceiling: ceiling, pooling: pooling)
    let rowsInBand = bandRows
    let bands = (rows + rowsInBand - 1) / rowsInBand
    let width = engine.kernels.panelWidth
    // What is done with whole pixels needs all their channels; a thread alone gains nothing.
    let panels =
      engine.sharesWork && pooling == nil && completed == nil
      ? panelsOfTask(bands: batch * bands, width) : panelCount(width)
    let parts = (panelCount(width) + panels - 1) / panels
    engine.workers.parallelFor(batch * bands * parts) { part, worker in
      let task = part / parts
      let index = task / bands
      let first = task % bands * rowsInBand
      let count = min(rowsInBand, rows - first)
      computeBand(
        engine.kernels, maps, index: index, first: first, count: count,
        panels: parts > 1 ? part % parts * panels..<(part % parts + 1) * panels : nil,
        spare: scratch.worker(worker))
      if let completed {
        let pixel = index * target.pixels + first * target.width
        completed(task, pixel..<(pixel + count * target.width))
      }
    }
  }

  private func panelCount(_ width: Int) -> Int { (target.channels + width - 1) / width }

  /// Panels of filters, each of `width` channels, that a task applies: all, unless there are few
  /// bands.
  ///
  /// The last maps of one image are small and have many channels, of which each task computes some.
  /// No number depends on it.
  private func panelsOfTask(bands: Int, _ width: Int) -> Int {
    let panels = panelCount(width)
    guard !isDepthwise, bands < Engine.wantedTasks else { return panels }
    let parts = Engine.wantedTasks / bands
    let work =
      kernelRows * kernelColumns * source.channels * width * columns * min(rows, bandRows)
    let least = (Engine.leastWork + work - 1) / max(1, work)
    return min(panels, max((panels + parts - 1) / parts, least))
  }

  /// The memory read and written for a batch.
  struct Maps {
    let source: Activation
    let weights: Input
    var bias: Input?
    let target: Output
    var accumulates = false
    var rectifies = false
    var ceiling = Float.infinity
    var pooling: Pooling?
  }

  /// Computes some rows of one map on the calling thread, as many as it likes.
  func compute(
    _ k: KernelTable, _ maps: Maps, index: Int, rows: Range<Int>, spare: Output
  ) {
    for first in Swift.stride(from: rows.lowerBound, to: rows.upperBound, by: bandRows) {
      computeBand(
        k, maps, index: index, first: first, count: min(bandRows, rows.upperBound - first),
        spare: spare)
    }
  }

  /// - panels: the filters to apply; nil for all.
  private func computeBand(
    _ k: KernelTable, _ maps: Maps, index: Int, first: Int, count: Int,
    panels: Range<Int>? = nil, spare: Output
  ) {
    let correlate =
      isDepthwise ? k.convolution.correlateDepthwise : k.convolution.correlateBand
    let own = maps.source.image(index, source)
    let sourceRow = first * stride - top
    let band =
      isDepthwise && own.isPlain
      ? Band(bare: own.base, shape: source, firstRow: sourceRow, left: left)
      : Band(
        image: own, shape: source, firstRow: sourceRow,
        rows: max(0, (count - 1) * stride + kernelRows), left: left, columns: bandColumns,
        scratch: spare, k)
    let channel = (panels?.lowerBound ?? 0) * k.panelWidth
    let place = ((first * targetStride + firstRow) * target.width + firstColumn) * target.channels
    let taps = kernelRows * kernelColumns * source.channels
    let unpooled = spare + bandCount
    var shape = CorrelationShape(
      rows: count, columns: columns,
      channels: min(target.channels, panels.map { $0.upperBound * k.panelWidth } ?? .max) - channel,
      kernelRows: kernelRows,
      rowLength: kernelColumns * (isDepthwise ? 1 : source.channels), bandRowStep: band.rowStep,
      bandLineStep: stride * band.rowStep, bandPixelStep: stride * source.channels,
      outputRowStep: targetStride * target.width * target.channels,
      outputPixelStep: targetStride * target.channels, accumulates: maps.accumulates,
      rectifies: maps.rectifies, ceiling: maps.ceiling)
    shape.bandRows = band.existing?.rows
    shape.bandColumns = band.existing?.columns
    correlate(
      band.start, maps.weights + channel * taps, maps.bias.map { $0 + channel },
      maps.pooling == nil ? maps.target + index * target.count + place + channel : unpooled, shape)
    maps.pooling?.pool(k, Input(unpooled), image: index, firstRow: first, rows: count)
  }
}

/// Max pooling of what a convolution computes, while that is in the cache.
struct Pooling {
  let target: Output
  /// The positions of the maxima; nil if not needed.
  let codes: UnsafeMutablePointer<UInt8>?
  let shape: PoolShape

  /// Pools some rows of one map, from the first row of a window on.
  func pool(_ k: KernelTable, _ y: Input, image: Int, firstRow: Int, rows: Int) {
    var own = shape
    own.height = rows
    own.outputHeight = rows / 2
    let place =
      image * shape.outputCount + firstRow / 2 * shape.outputWidth * shape.channels
    k.pooling.maxPool(y, target + place, codes.map { $0 + place }, own)
  }
}

/// Called after a task, on its thread, with the pixels of the batch that it wrote.
typealias Completion = (_ task: Int, _ pixels: Range<Int>) -> Void
