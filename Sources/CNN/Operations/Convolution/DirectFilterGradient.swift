internal import KernelTypes

/// The gradient of a convolution's filters by the direct method.
///
/// Images are summed in chunks that depend on sizes alone, chunks in their order.
struct DirectFilterGradient {
  let input: Shape
  let output: Shape
  let kernel: Int
  let stride: Int
  let top: Int
  let left: Int
  /// Whether each channel has a kernel of its own.
  let isDepthwise: Bool

  private var rowLength: Int { kernel * (isDepthwise ? 1 : input.channels) }
  /// Floats of the filters.
  var filterCount: Int { kernel * rowLength * output.channels }
  private var bandColumns: Int { (output.width - 1) * stride + kernel }

  /// Output rows of one band: it stays in the second-level cache.
  var bandRows: Int {
    let floats = max(bandColumns * input.channels * stride, output.width * output.channels)
    // Even, so that no window of pooling behind belongs to two bands.
    return min(output.height, max(4, (1 << 15) / max(1, floats) / 2 * 2))
  }

  /// Floats of scratch memory for all threads.
  func sharedCount(batch: Int, kernels: KernelTable) -> Int {
    split(batch, kernels).images.count * filterCount
  }

  /// Floats of scratch memory for each thread.
  var workerCount: Int {
    inputBand + Band.count(rows: bandRows, columns: output.width, shape: output)
  }

  private var inputBand: Int {
    Band.count(rows: (bandRows - 1) * stride + kernel, columns: bandColumns, shape: input)
  }

  private func split(_ batch: Int, _ kernels: KernelTable) -> FilterSplit {
    FilterSplit(
      weights: filterCount, channels: output.channels, batch: batch, pixels: output.pixels,
      kernels: kernels)
  }

  /// dfilters += Σ over images and pixels of x · dy.
  func run(
    _ engine: Engine, batch: Int, input image: Activation, outputGradient: Activation,
    gradient: Output, scratch: Scratch
  ) {
    let k = engine.kernels
    let split = split(batch, k)
    let partials = scratch.shared
    let rows = bandRows
    engine.workers.parallelFor(split.images.count * split.groups) { task, worker in
      let chunk = task / split.groups
      let channels = split.channels(task % split.groups)
      let target = partials + chunk * filterCount
      clear(target, channels)
      for index in split.images[chunk] {
        for first in Swift.stride(from: 0, to: output.height, by: rows) {
          accumulate(
            k, image.image(index, input), outputGradient.image(index, output),
            rows: first..<min(output.height, first + rows), channels, to: target,
            spare: scratch.worker(worker))
        }
      }
    }
    sum(engine, partials, parts: split.images.count, to: gradient)
  }

  /// Sets one part's sums of some channels to zero.
  func clear(_ target: Output, _ channels: Range<Int>) {
    for tap in 0..<(kernel * rowLength) {
      (target + tap * output.channels + channels.lowerBound).update(
        repeating: 0, count: channels.count)
    }
  }

  /// Adds what some rows of one map's gradient give, at most `bandRows`.
  func accumulate(
    _ k: KernelTable, _ image: Activation, _ outputGradient: Activation, rows: Range<Int>,
    _ channels: Range<Int>, to target: Output, spare: Output
  ) {
    let band = Band(
      image: image, shape: input, firstRow: rows.lowerBound * stride - top,
      rows: (rows.count - 1) * stride + kernel, left: left, columns: bandColumns, scratch: spare, k)
    let dy = Band(
      image: outputGradient, shape: output, firstRow: rows.lowerBound, rows: rows.count, left: 0,
      columns: output.width, scratch: spare + inputBand, k)
    let accumulate =
      isDepthwise
      ? k.convolution.accumulateDepthwiseGradient : k.convolution.accumulateFilterGradient
    accumulate(
      band.start, dy.start, target,
      FilterGradientShape(
        rows: rows.count, columns: output.width, channels: output.channels,
        channelRange: channels, kernelRows: kernel, rowLength: rowLength,
        rowRange: 0..<rowLength, bandRowStep: band.rowStep,
        bandLineStep: stride * band.rowStep, bandPixelStep: stride * input.channels,
        outputRowStep: output.width * output.channels))
  }

  /// Adds the sums of all parts, in their order, to the gradient.
  func sum(_ engine: Engine, _ partials: Output, parts: Int, to gradient: Output) {
    engine.stretches(filterCount, terms: parts) { start, count in
      engine.kernels.elementwise.sumParts(
        partials + start, parts, filterCount, gradient + start, count)
    }
  }
}
