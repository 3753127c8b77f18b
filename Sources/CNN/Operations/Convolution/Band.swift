internal import KernelTypes

/// Rows of an image with the zeros that a kernel needs around them.
///
/// If it needs none, the band is the image itself; otherwise it is copied to scratch memory, and
/// normalized while copying if needed.
struct Band {
  let start: Input
  let rowStep: Int
  /// The rows and columns that exist, counted from the start, of a band that holds no zeros.
  private(set) var existing: (rows: Range<Int>, columns: Range<Int>)?

  /// An image in its own memory, for a kernel that leaves out what lies past the edges; the start
  /// may be one of those places.
  init(bare image: Input, shape: Shape, firstRow: Int, left: Int) {
    rowStep = shape.width * shape.channels
    start = image + firstRow * rowStep - left * shape.channels
    existing = ((-firstRow)..<(shape.height - firstRow), left..<(shape.width + left))
  }

  /// - image: of the extent `shape`.
  /// - firstRow: may be negative; `left`: zeros in front of a row, may be negative.
  /// - columns: pixels in a row of the band.
  /// - scratch: room for `count` floats.
  init(
    image: Activation, shape: Shape, firstRow: Int, rows: Int, left: Int, columns: Int,
    scratch: Output, _ kernels: KernelTable
  ) {
    if let pooled = image.pooled {
      // The rows that are wanted, from the first row of a window on, as a map of their own.
      let begin = min(shape.height, max(0, firstRow)) / 2 * 2
      let end = min(shape.height, max(begin, firstRow + rows))
      let spread = Band.spread(image.base, pooled, begin..<end, to: scratch, kernels)
      var part = shape
      part.height = end - begin
      var own = Activation(base: Input(scratch))
      own.normalizationGradient = image.normalizationGradient
      own.normalizationGradient?.x += begin * shape.width * shape.channels
      self = Band(
        image: own, shape: part, firstRow: firstRow - begin,
        rows: rows, left: left, columns: columns, scratch: scratch + spread, kernels)
      return
    }
    let isInside =
      firstRow >= 0 && firstRow + rows <= shape.height && left <= 0
      && columns - left <= shape.width
    if isInside, image.normalization == nil, image.normalizationGradient == nil {
      rowStep = shape.width * shape.channels
      start = image.base + firstRow * rowStep - left * shape.channels
      return
    }
    rowStep = columns * shape.channels
    start = Input(scratch)
    let extent = BandShape(
      firstRow: firstRow, rows: rows, imageRows: shape.height,
      imageRowLength: shape.width * shape.channels, left: left * shape.channels,
      bandRowStep: rowStep)
    if let gradient = image.normalizationGradient {
      Band.normalizeGradient(image.base, gradient, extent, shape.channels, to: scratch, kernels)
    } else if let normalization = image.normalization {
      kernels.convolution.padNormalizedBand(
        image.base, scratch, normalization.factor, normalization.offset, extent, shape.channels,
        normalization.rectifies, normalization.ceiling)
    } else {
      kernels.convolution.padBand(image.base, scratch, extent)
    }
  }

  /// Floats of scratch memory that a band may need: its own, and the rows that it is made of.
  static func count(rows: Int, columns: Int, shape: Shape) -> Int {
    (rows * columns + (min(rows, shape.height) + 2) * shape.width) * shape.channels
  }

  /// Writes a band of the gradient of a normalization's input.
  private static func normalizeGradient(
    _ dy: Input, _ gradient: Activation.NormalizationGradient, _ shape: BandShape, _ channels: Int,
    to band: Output, _ kernels: KernelTable
  ) {
    let end = shape.zeros + shape.copied
    for row in 0..<shape.rows {
      let target = band + row * shape.bandRowStep
      let imageRow = shape.firstRow + row
      guard (0..<shape.imageRows).contains(imageRow) else {
        target.update(repeating: 0, count: shape.bandRowStep)
        continue
      }
      let start = imageRow * shape.imageRowLength + shape.skipped
      target.update(repeating: 0, count: shape.zeros)
      kernels.normalization.normalizationGradient(
        gradient.x + start, gradient.factor, gradient.offset, dy + start, gradient.mean,
        gradient.a, gradient.b, gradient.d, target + shape.zeros, gradient.ceiling,
        shape.copied / channels, channels, false)
      (target + end).update(repeating: 0, count: shape.bandRowStep - end)
    }
  }

  /// Computes max pooling's input gradient for some rows of the map; returns their floats.
  ///
  /// - rows: from the first row of a window on.
  private static func spread(
    _ gradient: Input, _ pooled: PooledGradient, _ rows: Range<Int>, to target: Output,
    _ kernels: KernelTable
  ) -> Int {
    var shape = pooled.shape
    let windows = rows.lowerBound / 2
    let start = windows * shape.outputWidth * shape.channels
    // A row more, where the last one is the first of a window.
    let height = min((rows.count + 1) / 2 * 2, shape.height - rows.lowerBound)
    shape.height = height
    shape.outputHeight = min(height / 2, shape.outputHeight - windows)
    shape.accumulates = false
    if height > 0 {
      kernels.pooling.maxPoolGradient(pooled.codes + start, gradient + start, target, shape)
    }
    return height * shape.rowCount
  }
}
