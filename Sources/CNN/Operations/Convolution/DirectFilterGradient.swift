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
  private var filterCount: Int { kernel * rowLength * output.channels }
  private var bandColumns: Int { (output.width - 1) * stride + kernel }

  /// Output rows of one band: it stays in the second-level cache.
  private var bandRows: Int {
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
      weights: filterCount, channels: output.channels, batch: batch, kernels: kernels)
  }

  /// dfilters += Σ over images and pixels of x · dy.
  func run(
    _ engine: Engine, batch: Int, input image: Activation, outputGradient: Activation,
    gradient: Output, scratch: Scratch
  ) {
    let k = engine.kernels
    let accumulate =
      isDepthwise
      ? k.convolution.accumulateDepthwiseGradient : k.convolution.accumulateFilterGradient
    let split = split(batch, k)
    let partials = scratch.shared
    let rows = bandRows
    engine.workers.parallelFor(split.images.count * split.groups) { task, worker in
      let chunk = task / split.groups
      let channels = split.channels(task % split.groups)
      let target = partials + chunk * filterCount
      for tap in 0..<(kernel * rowLength) {
        (target + tap * output.channels + channels.lowerBound).update(
          repeating: 0, count: channels.count)
      }
      for index in split.images[chunk] {
        for first in Swift.stride(from: 0, to: output.height, by: rows) {
          let count = min(rows, output.height - first)
          let band = Band(
            image: image.image(index, input), shape: input, firstRow: first * stride - top,
            rows: (count - 1) * stride + kernel, left: left, columns: bandColumns,
            scratch: scratch.worker(worker), k)
          let dy = Band(
            image: outputGradient.image(index, output), shape: output, firstRow: first,
            rows: count, left: 0, columns: output.width,
            scratch: scratch.worker(worker) + inputBand, k)
          accumulate(
            band.start, dy.start, target,
            FilterGradientShape(
              rows: count, columns: output.width, channels: output.channels,
              channelRange: channels, kernelRows: kernel, rowLength: rowLength,
              rowRange: 0..<rowLength, bandRowStep: band.rowStep,
              bandLineStep: stride * band.rowStep, bandPixelStep: stride * input.channels,
              outputRowStep: output.width * output.channels))
        }
      }
    }
    engine.stretches(filterCount) { start, count in
      k.elementwise.sumParts(
        partials + start, split.images.count, filterCount, gradient + start, count)
    }
  }
}
