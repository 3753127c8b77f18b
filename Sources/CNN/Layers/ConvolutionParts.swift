internal import KernelInterface

/// Rows of an image with the zeros that a kernel needs around them.
///
/// Where it needs none the band is the image itself; otherwise it is copied to scratch memory.
struct Band {
  let start: Input
  let rowStep: Int

  /// - firstRow: may be negative; `left`: zeros in front of a row, may be negative.
  /// - columns: pixels in a row of the band.
  init(
    image: Input, shape: Shape, firstRow: Int, rows: Int, left: Int, columns: Int,
    scratch: Output, _ kernels: KernelTable
  ) {
    let isInside =
      firstRow >= 0 && firstRow + rows <= shape.height && left <= 0
      && columns - left <= shape.width
    if isInside {
      rowStep = shape.width * shape.channels
      start = image + firstRow * rowStep - left * shape.channels
      return
    }
    rowStep = columns * shape.channels
    start = Input(scratch)
    kernels.convolution.padBand(
      image, scratch,
      BandShape(
        firstRow: firstRow, rows: rows, imageRows: shape.height,
        imageRowLength: shape.width * shape.channels, left: left * shape.channels,
        bandRowStep: rowStep))
  }
}

/// How a filter gradient is divided: images into chunks, channels into groups of panels.
///
/// It follows from the batch and the layer alone: sums, and so bits, are the same on any threads.
struct FilterSplit {
  let images: [Range<Int>]
  let groups: Int
  private let groupWidth: Int
  private let channels: Int

  init(_ operation: ConvolutionOperation, batch: Int, kernels: KernelTable) {
    let weights =
      operation.input.channels * operation.output.channels
      * operation.kernel * operation.kernel
    // A chunk has its own copy of the gradient: few copies where it is large.
    let chunks = min(batch, max(1, min(16, (1 << 20) / max(1, weights))))
    images = (0..<chunks).map { ($0 * batch / chunks)..<(($0 + 1) * batch / chunks) }
    channels = operation.output.channels
    let panels = (channels + kernels.panelWidth - 1) / kernels.panelWidth
    let wanted = min(panels, (16 + chunks - 1) / chunks)
    let panelsPerGroup = (panels + wanted - 1) / wanted
    groupWidth = panelsPerGroup * kernels.panelWidth
    groups = (channels + groupWidth - 1) / groupWidth
  }

  func channels(_ group: Int) -> Range<Int> {
    (group * groupWidth)..<min(channels, (group + 1) * groupWidth)
  }
}

extension ConvolutionOperation {
  /// The input pixels whose place is `offset` modulo the stride, in one direction, and the kernel
  /// taps that meet them.
  struct PhaseAxis {
    /// The first pixel.
    let offset: Int
    /// Pixels.
    let count: Int
    /// The first kernel tap; the others follow at the stride.
    let first: Int
    /// Taps.
    let taps: Int
    /// Zeros in front of the output's gradient.
    let zeros: Int

    init(offset: Int, extent: Int, pad: Int, kernel: Int, stride: Int) {
      self.offset = offset
      count = (extent - offset + stride - 1) / stride
      first = (offset + pad) % stride
      taps = first < kernel ? (kernel - first + stride - 1) / stride : 0
      // Pixel a of the phase meets output a + (offset + pad - first) / stride - j at tap j.
      zeros = taps - 1 - (offset + pad - first) / stride
    }
  }

  /// One phase in both directions.
  struct Phase {
    let rows: PhaseAxis
    let columns: PhaseAxis

    func filterCount(_ operation: ConvolutionOperation, _ kernels: KernelTable) -> Int {
      rows.taps * columns.taps * operation.output.channels
        * kernels.padded(operation.input.channels)
    }
  }

  /// The phases that hold a pixel: stride² of them in a map that is large enough.
  var phases: [Phase] {
    let rows = (0..<min(stride, input.height)).map {
      PhaseAxis(offset: $0, extent: input.height, pad: padTop, kernel: kernel, stride: stride)
    }
    let columns = (0..<min(stride, input.width)).map {
      PhaseAxis(offset: $0, extent: input.width, pad: padLeft, kernel: kernel, stride: stride)
    }
    return rows.flatMap { row in columns.map { Phase(rows: row, columns: $0) } }
  }
}
