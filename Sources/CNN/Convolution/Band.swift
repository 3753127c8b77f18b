internal import KernelInterface

/// Rows of an image with the zeros that a kernel needs around them.
///
/// Where it needs none the band is the image itself; otherwise it is copied to scratch memory,
/// and normalised on the way where that is still to be done.
struct Band {
  let start: Input
  let rowStep: Int

  /// - image: of the extent `shape`.
  /// - firstRow: may be negative; `left`: zeros in front of a row, may be negative.
  /// - columns: pixels in a row of the band.
  init(
    image: Activation, shape: Shape, firstRow: Int, rows: Int, left: Int, columns: Int,
    scratch: Output, _ kernels: KernelTable
  ) {
    let isInside =
      firstRow >= 0 && firstRow + rows <= shape.height && left <= 0
      && columns - left <= shape.width
    if isInside, image.normalization == nil {
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
    if let normalization = image.normalization {
      kernels.convolution.padNormalizedBand(
        image.base, scratch, normalization.factor, normalization.offset, extent, shape.channels,
        normalization.rectifies)
    } else {
      kernels.convolution.padBand(image.base, scratch, extent)
    }
  }
}
