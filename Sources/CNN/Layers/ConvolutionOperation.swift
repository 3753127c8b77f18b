internal import KernelInterface
internal import KernelSelection

/// A convolution by the direct method: forward, and its three gradients below.
///
/// Forward and input gradient are the same loop, a correlation of padded bands of rows with packed
/// filters; the filter gradient is a product of the same bands with the output's gradient.
struct ConvolutionOperation: RectifiableOperation {
  let input: Shape
  let output: Shape
  let kernel: Int
  let stride: Int
  let padTop: Int
  let padLeft: Int
  /// Places in the parameter slab.
  let filters: Int
  let bias: Int?
  var rectifies = false

  private var rowLength: Int { kernel * input.channels }
  private var filterCount: Int { kernel * rowLength * output.channels }

  func needs(batch: Int, kernels: KernelTable) -> OperationNeeds {
    let split = FilterSplit(self, batch: batch, kernels: kernels)
    let turned = phases.reduce(0) { $0 + $1.filterCount(self, kernels) }
    let forwardBand = bandRows(output.height, step: stride) * stride + kernel
    let backwardBand = bandRows(input.height, step: 1) + kernel
    return OperationNeeds(
      shared: max(
        kernel * rowLength * kernels.padded(output.channels) + kernels.padded(output.channels),
        max(turned, split.images.count * (filterCount + output.channels))),
      perWorker: max(
        forwardBand * (((output.width - 1) * stride + kernel) * input.channels),
        backwardBand * (input.width + kernel) * output.channels),
      readsInput: true, readsOutput: rectifies)
  }

  /// Output rows of one task: a band that stays in the second-level cache.
  private func bandRows(_ rows: Int, step: Int) -> Int {
    let floats = max(input.width * input.channels, (input.width + kernel) * output.channels) * step
    return min(rows, max(4, (1 << 15) / max(1, floats)))
  }

  func forward(_ pass: ForwardPass) {
    let k = pass.kernels
    let weights = pass.parameters + filters
    let packed = pass.scratch.shared
    let indices = kernel * rowLength
    let width = k.panelWidth
    let panels = (output.channels + width - 1) / width
    let packedBias = packed + indices * k.padded(output.channels)
    pass.engine.workers.parallelFor(panels) { panel, _ in
      k.convolution.packPanel(
        weights, packed + panel * width * indices, indices, output.channels, panel * width)
    }
    if let bias {
      packBias(pass.parameters + bias, packedBias, k)
    }
    let rows = bandRows(output.height, step: stride)
    let bands = (output.height + rows - 1) / rows
    pass.engine.workers.parallelFor(pass.batch * bands) { task, worker in
      let image = task / bands
      let first = task % bands * rows
      let count = min(rows, output.height - first)
      let band = Band(
        image: pass.input + image * input.count, shape: input, firstRow: first * stride - padTop,
        rows: (count - 1) * stride + kernel, left: padLeft,
        columns: (output.width - 1) * stride + kernel, scratch: pass.scratch.worker(worker), k)
      k.convolution.correlateBand(
        band.start, packed, bias == nil ? nil : Input(packedBias),
        pass.output + image * output.count + first * output.width * output.channels,
        CorrelationShape(
          rows: count, columns: output.width, channels: output.channels, kernelRows: kernel,
          rowLength: rowLength, bandRowStep: band.rowStep, bandLineStep: stride * band.rowStep,
          bandPixelStep: stride * input.channels,
          outputRowStep: output.width * output.channels, outputPixelStep: output.channels,
          rectifies: rectifies))
    }
  }

  func backward(_ pass: BackwardPass) {
    if rectifies {
      let kernels = pass.kernels.elementwise
      pass.engine.stretches(pass.batch * output.count) { start, count in
        let d = pass.outputGradient + start
        kernels.rectifyGradient(pass.output + start, d, d, count, false)
      }
    }
    filterGradient(pass)
    if let dx = pass.inputGradient { inputGradient(pass, dx) }
  }

  /// dfilters += Σ over images and pixels of x · dy; dbias += Σ dy.
  ///
  /// Images are summed in chunks that depend on sizes alone, chunks in their order.
  private func filterGradient(_ pass: BackwardPass) {
    let k = pass.kernels
    let split = FilterSplit(self, batch: pass.batch, kernels: k)
    let partials = pass.scratch.shared
    let step = filterCount + output.channels
    let rows = bandRows(output.height, step: stride)
    pass.engine.workers.parallelFor(split.images.count * split.groups) { task, worker in
      let chunk = task / split.groups
      let channels = split.channels(task % split.groups)
      let target = partials + chunk * step
      for tap in 0..<(kernel * rowLength) {
        (target + tap * output.channels + channels.lowerBound).update(
          repeating: 0, count: channels.count)
      }
      for image in split.images[chunk] {
        let dy = pass.outputGradient + image * output.count
        for first in Swift.stride(from: 0, to: output.height, by: rows) {
          let count = min(rows, output.height - first)
          let band = Band(
            image: pass.input + image * input.count, shape: input,
            firstRow: first * stride - padTop, rows: (count - 1) * stride + kernel,
            left: padLeft, columns: (output.width - 1) * stride + kernel,
            scratch: pass.scratch.worker(worker), k)
          k.convolution.accumulateFilterGradient(
            band.start, dy + first * output.width * output.channels, target,
            FilterGradientShape(
              rows: count, columns: output.width, channels: output.channels,
              channelRange: channels, kernelRows: kernel, rowLength: rowLength,
              rowRange: 0..<rowLength, bandRowStep: band.rowStep,
              bandLineStep: stride * band.rowStep, bandPixelStep: stride * input.channels,
              outputRowStep: output.width * output.channels))
        }
      }
      if bias != nil, task % split.groups == 0 {
        let images = split.images[chunk]
        k.normalization.columnSums(
          pass.outputGradient + images.lowerBound * output.count, images.count * output.pixels,
          output.channels, target + filterCount)
      }
    }
    let gradients = pass.gradients + filters
    pass.engine.stretches(filterCount) { start, count in
      k.elementwise.sumParts(
        partials + start, split.images.count, step, gradients + start, count)
    }
    if let bias {
      k.elementwise.sumParts(
        partials + filterCount, split.images.count, step, pass.gradients + bias, output.channels)
    }
  }

  /// dx, one phase of the stride after the other: each is a correlation of dy with those filter
  /// rows and columns that meet the phase, turned by 180 degrees.
  private func inputGradient(_ pass: BackwardPass, _ dx: GradientTarget) {
    let k = pass.kernels
    var packed = pass.scratch.shared
    for phase in phases {
      let panels = (input.channels + k.panelWidth - 1) / k.panelWidth
      let panelStep = phase.rows.taps * phase.columns.taps * output.channels * k.panelWidth
      let weights = packed
      pass.engine.workers.parallelFor(panels) { panel, _ in
        k.convolution.packTurnedPanel(
          pass.parameters + filters, weights + panel * panelStep, kernel, input.channels,
          output.channels, stride, phase.rows.first, phase.rows.taps, phase.columns.first,
          phase.columns.taps, panel * k.panelWidth)
      }
      packed += phase.filterCount(self, k)
      let rows = bandRows(phase.rows.count, step: 1)
      let bands = (phase.rows.count + rows - 1) / rows
      pass.engine.workers.parallelFor(pass.batch * bands) { task, worker in
        let image = task / bands
        let first = task % bands * rows
        let count = min(rows, phase.rows.count - first)
        let band = Band(
          image: Input(pass.outputGradient) + image * output.count, shape: output,
          firstRow: first - phase.rows.zeros, rows: max(0, count - 1 + phase.rows.taps),
          left: phase.columns.zeros, columns: phase.columns.count - 1 + phase.columns.taps,
          scratch: pass.scratch.worker(worker), k)
        let row = (first * stride + phase.rows.offset) * input.width + phase.columns.offset
        k.convolution.correlateBand(
          band.start, weights, nil, dx.base + image * input.count + row * input.channels,
          CorrelationShape(
            rows: count, columns: phase.columns.count, channels: input.channels,
            kernelRows: phase.rows.taps, rowLength: phase.columns.taps * output.channels,
            bandRowStep: band.rowStep, bandLineStep: band.rowStep,
            bandPixelStep: output.channels,
            outputRowStep: stride * input.width * input.channels,
            outputPixelStep: stride * input.channels, accumulates: dx.accumulates))
      }
    }
  }

  private func packBias(_ bias: Input, _ packed: Output, _ k: KernelTable) {
    packed.update(from: bias, count: output.channels)
    for channel in output.channels..<k.padded(output.channels) { packed[channel] = 0 }
  }
}
