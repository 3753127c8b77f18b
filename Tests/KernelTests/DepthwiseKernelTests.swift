import Compute
import KernelTypes
import TestSupport
import Testing

@Suite("Depthwise kernels")
struct DepthwiseKernelTests {
  private struct Case {
    var rows: Int
    var columns: Int
    var channels: Int
    var kernelRows: Int
    var kernelColumns: Int
    var stride: Int

    var height: Int { (rows - 1) * stride + kernelRows }
    var width: Int { (columns - 1) * stride + kernelColumns }

    var windows: (rows: ReferenceWindow, columns: ReferenceWindow) {
      (
        ReferenceWindow(size: kernelRows, stride: stride),
        ReferenceWindow(size: kernelColumns, stride: stride)
      )
    }
  }

  private static var sweep: [Case] {
    [1, 3, 4, 5, 8, 9, 16, 17, 24, 31, 40, 65, 130].enumerated().flatMap { number, channels in
      [(1, 1), (3, 3), (5, 5), (7, 7), (2, 4), (9, 8), (1, 6)].map { rows, columns in
        Case(
          rows: 1 + number % 4, columns: 1 + (number * 5 + columns) % 19, channels: channels,
          kernelRows: rows, kernelColumns: columns, stride: 1 + (number + rows) % 2)
      }
    }
  }

  @Test(arguments: TestEngine.instructionSets)
  func `correlations and filter gradients are those of the definition`(
    set: InstructionSet
  ) throws {
    let kernels = try Engine(threads: 1, instructionSet: set).kernels.convolution
    let tolerance = Tolerance(absolute: 1e-30, relative: 1e-6)
    for (number, item) in DepthwiseKernelTests.sweep.enumerated() {
      let channels = item.channels
      var random = RandomValues(seed: 92, salt: number)
      let x = ReferenceTensor(
        batch: 1, height: item.height, width: item.width, channels: channels,
        floats: random.normals(item.height * item.width * channels))
      let filters = random.normals(item.kernelRows * item.kernelColumns * channels)
      let bias = random.normals(channels)
      let outputs = item.rows * item.columns * channels
      let former = random.normals(outputs)
      let reference = ReferenceConvolution(
        rows: item.windows.rows, columns: item.windows.columns, outputChannels: channels,
        filters: filters.map(Double.init), bias: bias.map(Double.init), groups: channels)
      let magnitudes = reference.magnitudes
      let (band, weights) = (GuardedBuffer(x.values.map(Float.init)), GuardedBuffer(filters))
      let biases = GuardedBuffer(bias)
      var shape = CorrelationShape(
        rows: item.rows, columns: item.columns, channels: channels, kernelRows: item.kernelRows,
        rowLength: item.kernelColumns, bandRowStep: item.width * channels,
        bandLineStep: item.stride * item.width * channels, bandPixelStep: item.stride * channels,
        outputRowStep: item.columns * channels, outputPixelStep: channels)
      let y = reference.forward(x)
      let bounds = magnitudes.forward(x.magnitudes).values
      for (accumulates, rectifies) in [(false, false), (false, true), (true, false)] {
        shape.accumulates = accumulates
        shape.rectifies = rectifies
        let output = GuardedBuffer(former)
        kernels.correlateDepthwise(
          band.pointer, weights.pointer, accumulates ? nil : Input(biases.pointer), output.pointer,
          shape)
        let expected = y.values.indices.map { index -> Double in
          let value =
            accumulates
            ? y.values[index] - Double(bias[index % channels]) + Double(former[index])
            : y.values[index]
          return rectifies ? max(0, value) : value
        }
        let found = mismatch(
          actual: output.values, expected: expected, tolerance: tolerance,
          magnitudes: zip(bounds, former).map { $0 + Double(abs($1)) })
        #expect(found == nil, "\(set): \(item), \(accumulates), \(rectifies)")
        #expect(output.damage == nil, "\(set): \(item)")
      }

      shape.accumulates = false
      shape.rectifies = true
      shape.ceiling = 0.5
      let limited = GuardedBuffer(former)
      kernels.correlateDepthwise(
        band.pointer, weights.pointer, biases.pointer, limited.pointer, shape)
      let bounded = y.values.map { min(max(0, $0), 0.5) }
      #expect(
        mismatch(
          actual: limited.values, expected: bounded, tolerance: tolerance, magnitudes: bounds)
          == nil && limited.damage == nil, "\(set): \(item), limited")

      let dy = random.normals(outputs)
      let cotangent = y.with(dy.map(Double.init))
      let start = random.normals(filters.count)
      let gradient = GuardedBuffer(start)
      let gradients = GuardedBuffer(dy)
      kernels.accumulateDepthwiseGradient(
        band.pointer, gradients.pointer, gradient.pointer,
        FilterGradientShape(
          rows: item.rows, columns: item.columns, channels: channels, channelRange: 0..<channels,
          kernelRows: item.kernelRows, rowLength: item.kernelColumns,
          rowRange: 0..<item.kernelColumns, bandRowStep: shape.bandRowStep,
          bandLineStep: shape.bandLineStep, bandPixelStep: shape.bandPixelStep,
          outputRowStep: shape.outputRowStep))
      let expected = zip(reference.backward(x, cotangent).dFilters, start).map { $0 + Double($1) }
      let most = zip(magnitudes.backward(x.magnitudes, cotangent.magnitudes).dFilters, start)
        .map { $0 + Double(abs($1)) }
      let found = mismatch(
        actual: gradient.values, expected: expected, tolerance: tolerance, magnitudes: most)
      #expect(found == nil, "\(set): gradient of \(item)")
      let buffers = [band, weights, biases, gradient, gradients]
      #expect(buffers.allSatisfy { $0.damage == nil }, "\(set): \(item)")
    }
  }

  @Test(arguments: TestEngine.instructionSets)
  func `a map without zeros around it gives what one with zeros gives`(set: InstructionSet) throws {
    let kernels = try Engine(threads: 1, instructionSet: set).kernels.convolution
    for (number, item) in DepthwiseKernelTests.sweep.enumerated() {
      // More zeros than a kernel needs, fewer, and none; at the end, the zeros that are left over.
      let (top, left) = (number % 4, number / 3 % 5)
      let height = max(1, item.height - top - number % 3)
      let width = max(1, item.width - left - number / 2 % 4)
      let channels = item.channels
      var random = RandomValues(seed: 93, salt: number)
      let image = GuardedBuffer(random.normals(height * width * channels))
      let weights = GuardedBuffer(random.normals(item.kernelRows * item.kernelColumns * channels))
      let biases = GuardedBuffer(random.normals(channels))
      let band = GuardedBuffer(count: item.height * item.width * channels)
      kernels.padBand(
        image.pointer, band.pointer,
        BandShape(
          firstRow: -top, rows: item.height, imageRows: height, imageRowLength: width * channels,
          left: left * channels, bandRowStep: item.width * channels))
      var shape = CorrelationShape(
        rows: item.rows, columns: item.columns, channels: channels, kernelRows: item.kernelRows,
        rowLength: item.kernelColumns, bandRowStep: item.width * channels,
        bandLineStep: item.stride * item.width * channels, bandPixelStep: item.stride * channels,
        outputRowStep: item.columns * channels, outputPixelStep: channels)
      let expected = GuardedBuffer(count: item.rows * item.columns * channels)
      kernels.correlateDepthwise(
        band.pointer, weights.pointer, biases.pointer, expected.pointer, shape)

      shape.bandRowStep = width * channels
      shape.bandLineStep = item.stride * width * channels
      shape.bandRows = top..<(height + top)
      shape.bandColumns = left..<(width + left)
      let output = GuardedBuffer(count: item.rows * item.columns * channels)
      kernels.correlateDepthwise(
        Input(image.pointer) - (top * width + left) * channels, weights.pointer, biases.pointer,
        output.pointer, shape)
      #expect(output.values == expected.values, "\(set): \(item), zeros: \(top), \(left)")
      let buffers = [image, weights, biases, band, expected, output]
      #expect(buffers.allSatisfy { $0.damage == nil }, "\(set): \(item)")
    }
  }
}
