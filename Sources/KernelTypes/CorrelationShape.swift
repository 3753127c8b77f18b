/// One correlation of a padded band of rows with packed filters: sizes and steps, in floats.
///
/// A convolution's forward pass, its input gradient (a correlation of the output's gradient with
/// turned filters) and a matrix product (one kernel row, one row of pixels) are all this loop.
/// In NHWC the inputs of one kernel row of one output pixel are `rowLength` neighbours in memory,
/// so kernel column and input channel are one index.
package struct CorrelationShape: Sendable {
  /// Output rows to compute.
  package var rows: Int
  /// Output pixels in a row.
  package var columns: Int
  /// Output channels.
  package var channels: Int
  /// Rows of the kernel; if 0, the result is the bias alone.
  package var kernelRows: Int
  /// Kernel columns times input channels.
  package var rowLength: Int
  /// The distance of two rows of the band.
  package var bandRowStep: Int
  /// The distance between the inputs of two output rows: stride times `bandRowStep`.
  package var bandLineStep: Int
  /// The distance between the inputs of two output pixels: stride times input channels.
  package var bandPixelStep: Int
  /// The distance of two output rows.
  package var outputRowStep: Int
  /// The distance of two output pixels.
  package var outputPixelStep: Int
  /// The distance between the weights of two indices of a kernel row, in one panel of channels;
  /// `nil` for packed panels, where it is the panel's width.
  package var weightStep: Int?
  /// Adds to the output instead of replacing it.
  package var accumulates = false
  /// Replaces negative results by zero.
  package var rectifies = false
  /// Replaces greater results by this.
  package var ceiling = Float.infinity
  /// The band's rows and columns that exist, counted from the input of the first output pixel.
  ///
  /// A depthwise kernel leaves out the others, which are zeros. Nil: all that it reads exist.
  package var bandRows, bandColumns: Range<Int>?

  package init(
    rows: Int, columns: Int, channels: Int, kernelRows: Int, rowLength: Int, bandRowStep: Int,
    bandLineStep: Int, bandPixelStep: Int, outputRowStep: Int, outputPixelStep: Int,
    weightStep: Int? = nil, accumulates: Bool = false, rectifies: Bool = false,
    ceiling: Float = .infinity
  ) {
    self.rows = rows
    self.columns = columns
    self.channels = channels
    self.kernelRows = kernelRows
    self.rowLength = rowLength
    self.bandRowStep = bandRowStep
    self.bandLineStep = bandLineStep
    self.bandPixelStep = bandPixelStep
    self.outputRowStep = outputRowStep
    self.outputPixelStep = outputPixelStep
    self.weightStep = weightStep
    self.accumulates = accumulates
    self.rectifies = rectifies
    self.ceiling = ceiling
  }
}

/// One product for a filter gradient: sums over pixels of input times output gradient.
///
/// For every kernel row of a band: `gradient[q][channel] += Σ band[pixel + q] · dy[pixel][channel]`
/// with q over `rowRange` of the kernel row's `rowLength` indices.
package struct FilterGradientShape: Sendable {
  /// Output rows summed over.
  package var rows: Int
  /// Output pixels in a row.
  package var columns: Int
  /// Output channels, the length of a row of the gradient.
  package var channels: Int
  /// The channels to compute; starts at a multiple of the kernel's panel width.
  package var channelRange: Range<Int>
  /// Rows of the kernel.
  package var kernelRows: Int
  /// Kernel columns times input channels.
  package var rowLength: Int
  /// The indices of a kernel row to compute.
  package var rowRange: Range<Int>
  /// The distance of two rows of the band.
  package var bandRowStep: Int
  /// The distance between the inputs of two output rows.
  package var bandLineStep: Int
  /// The distance between the inputs of two output pixels.
  package var bandPixelStep: Int
  /// The distance of two rows of the output's gradient.
  package var outputRowStep: Int
  /// Adds to the filter gradient; otherwise replaces the given ranges.
  package var accumulates = true

  package init(
    rows: Int, columns: Int, channels: Int, channelRange: Range<Int>, kernelRows: Int,
    rowLength: Int, rowRange: Range<Int>, bandRowStep: Int, bandLineStep: Int,
    bandPixelStep: Int, outputRowStep: Int, accumulates: Bool = true
  ) {
    self.accumulates = accumulates
    self.rows = rows
    self.columns = columns
    self.channels = channels
    self.channelRange = channelRange
    self.kernelRows = kernelRows
    self.rowLength = rowLength
    self.rowRange = rowRange
    self.bandRowStep = bandRowStep
    self.bandLineStep = bandLineStep
    self.bandPixelStep = bandPixelStep
    self.outputRowStep = outputRowStep
  }
}

/// Rows of an image copied with zeros around them.
package struct BandShape: Sendable {
  /// The image row that the band's first row holds; rows outside the image are zero.
  package var firstRow: Int
  /// Rows in the band.
  package var rows: Int
  /// Rows in the image.
  package var imageRows: Int
  /// Floats in a row of the image.
  package var imageRowLength: Int
  /// Zeros before a row's first float; negative: floats skipped.
  package var left: Int
  /// Floats in a row of the band.
  package var bandRowStep: Int

  package init(
    firstRow: Int, rows: Int, imageRows: Int, imageRowLength: Int, left: Int, bandRowStep: Int
  ) {
    self.firstRow = firstRow
    self.rows = rows
    self.imageRows = imageRows
    self.imageRowLength = imageRowLength
    self.left = left
    self.bandRowStep = bandRowStep
  }
}

extension BandShape {
  /// Zeros before the part of a band's row that comes from the image.
  package var zeros: Int { max(0, left) }
  /// Floats skipped at the start of an image's row.
  package var skipped: Int { max(0, -left) }
  /// Floats of the image in a row of the band; zeros follow.
  package var copied: Int { max(0, min(imageRowLength - skipped, bandRowStep - zeros)) }
}

/// The windows of a pooling layer over one image.
package struct PoolShape: Sendable, Hashable {
  /// Input rows, columns and channels.
  package var height, width, channels: Int
  /// Output rows and columns.
  package var outputHeight, outputWidth: Int
  /// The window's side, its step, and the rows and columns of padding before the first.
  package var size, stride, padTop, padLeft: Int
  /// Whether a gradient adds to dx; otherwise it writes all of dx.
  package var accumulates = true

  package init(
    height: Int, width: Int, channels: Int, outputHeight: Int, outputWidth: Int, size: Int,
    stride: Int, padTop: Int, padLeft: Int, accumulates: Bool = true
  ) {
    self.accumulates = accumulates
    self.height = height
    self.width = width
    self.channels = channels
    self.outputHeight = outputHeight
    self.outputWidth = outputWidth
    self.size = size
    self.stride = stride
    self.padTop = padTop
    self.padLeft = padLeft
  }
}
