import KernelTypes
import TestSupport

/// One convolution of an image, as the kernels see it: a padded band, packed filters, an output.
struct ConvolutionCase: CustomStringConvertible {
  var height: Int
  var width: Int
  var inputs: Int
  var outputs: Int
  var kernelRows: Int
  var kernelColumns: Int
  var stride: Int
  var padding: Int

  var description: String {
    "\(height)x\(width)x\(inputs) -> \(outputs), kernel \(kernelRows)x\(kernelColumns), "
      + "stride \(stride), padding \(padding)"
  }

  var rows: ReferenceWindow {
    ReferenceWindow(size: kernelRows, stride: stride, before: padding, after: padding)
  }
  var columns: ReferenceWindow {
    ReferenceWindow(size: kernelColumns, stride: stride, before: padding, after: padding)
  }
  var outputHeight: Int { rows.outputs(height) }
  var outputWidth: Int { columns.outputs(width) }

  var inputCount: Int { height * width * inputs }
  var outputCount: Int { outputHeight * outputWidth * outputs }

  private var bandRowStep: Int { (width + 2 * padding) * inputs }

  /// Every kernel, stride and padding, over channels around the lanes of all instruction sets.
  static var sweep: [ConvolutionCase] {
    let kernels =
      [(1, 1, 1, 0), (1, 1, 2, 0), (3, 3, 1, 1), (3, 3, 2, 1), (5, 5, 1, 2)]
      + [(2, 2, 2, 0), (3, 2, 3, 0), (2, 5, 1, 1)]
    let channels =
      [(1, 1), (3, 5), (3, 16), (5, 17), (16, 3), (17, 31), (4, 32), (2, 33)]
      + [(1, 48), (3, 64), (8, 8), (1, 15)]
    let sizes = [(5, 5), (6, 17), (7, 13), (5, 30)]
    var cases: [ConvolutionCase] = []
    for (number, (inputs, outputs)) in channels.enumerated() {
      for (place, kernel) in kernels.enumerated() {
        let (height, width) = sizes[(number + place) % sizes.count]
        cases.append(
          ConvolutionCase(
            height: height, width: width, inputs: inputs, outputs: outputs, kernelRows: kernel.0,
            kernelColumns: kernel.1, stride: kernel.2, padding: kernel.3))
      }
    }
    return cases
  }

  /// Outputs of 1 to 4 rows and of every width up to past two tiles, in a panel of two vectors and
  /// one of one vector; each tile's size occurs.
  static func tiles(lanes: Int) -> [ConvolutionCase] {
    (1...4).flatMap { height in
      (1...26).map { width in
        let side = (height + width) % 2 == 0 ? 3 : 1
        return ConvolutionCase(
          height: height, width: width, inputs: 2, outputs: 3 * lanes, kernelRows: side,
          kernelColumns: side, stride: 1, padding: side / 2)
      }
    }
  }

  /// Rows of indices that are longer than the stretch that a matrix product is cut into, small
  /// maps, and channels that fill no vector.
  static var special: [ConvolutionCase] {
    [(600, 1, 1), (257, 20, 33), (512, 16, 48)].map { inputs, pixels, outputs in
      ConvolutionCase(
        height: 1, width: pixels, inputs: inputs, outputs: outputs, kernelRows: 1, kernelColumns: 1,
        stride: 1, padding: 0)
    }
      + [(1, 4), (2, 2), (3, 3), (4, 4), (8, 8), (7, 7), (9, 1)].flatMap { height, width in
        [5, 37, 64].map { outputs in
          ConvolutionCase(
            height: height, width: width, inputs: 5, outputs: outputs, kernelRows: 3,
            kernelColumns: 3, stride: 1 + outputs % 2, padding: 1)
        }
      }
  }

  /// The image with its padding, in a guarded buffer.
  func band(_ floats: [Float], _ kernels: KernelTable) -> GuardedBuffer {
    let rows = height + 2 * padding
    let band = GuardedBuffer(count: rows * bandRowStep)
    let source = GuardedBuffer(floats)
    kernels.convolution.padBand(
      source.pointer, band.pointer,
      BandShape(
        firstRow: -padding, rows: rows, imageRows: height, imageRowLength: width * inputs,
        left: padding * inputs, bandRowStep: bandRowStep))
    return band
  }

  /// All panels of the filters, one behind the other.
  func packed(_ filters: [Float], _ kernels: KernelTable) -> GuardedBuffer {
    let indices = kernelRows * kernelColumns * inputs
    let source = GuardedBuffer(filters)
    let panels = GuardedBuffer(count: indices * kernels.padded(outputs))
    var channel = 0
    var start = 0
    while channel < outputs {
      let width = outputs - channel > kernels.lanes ? 2 * kernels.lanes : kernels.lanes
      kernels.convolution.packPanel(
        source.pointer, panels.pointer + start, indices, outputs, channel)
      channel += width
      start += indices * width
    }
    return panels
  }

  func correlation(accumulates: Bool = false, rectifies: Bool = false) -> CorrelationShape {
    CorrelationShape(
      rows: outputHeight, columns: outputWidth, channels: outputs, kernelRows: kernelRows,
      rowLength: kernelColumns * inputs, bandRowStep: bandRowStep,
      bandLineStep: stride * bandRowStep, bandPixelStep: stride * inputs,
      outputRowStep: outputWidth * outputs, outputPixelStep: outputs, accumulates: accumulates,
      rectifies: rectifies)
  }

  func filterGradient(
    channels: Range<Int>, indices: Range<Int>, accumulates: Bool
  ) -> FilterGradientShape {
    FilterGradientShape(
      rows: outputHeight, columns: outputWidth, channels: outputs, channelRange: channels,
      kernelRows: kernelRows, rowLength: kernelColumns * inputs, rowRange: indices,
      bandRowStep: bandRowStep, bandLineStep: stride * bandRowStep,
      bandPixelStep: stride * inputs, outputRowStep: outputWidth * outputs,
      accumulates: accumulates)
  }
}
