import Compute
import KernelTypes
import TestSupport
import Testing

/// Every kernel of every level that runs here, against Double, inside guard bands.
@Suite("Convolution kernels")
struct ConvolutionKernelTests {
  /// The rounding error of a sum grows with the sum of its terms' magnitudes, by 2^-24 a term at
  /// worst and far less on average; sums here have up to 600 terms.
  private let tolerance = Tolerance(absolute: 1e-30, relative: 6e-7)

  private func kernels(_ set: InstructionSet) throws -> KernelTable {
    try Engine(threads: 1, instructionSet: set).kernels
  }

  private func cases(_ kernels: KernelTable) -> [ConvolutionCase] {
    ConvolutionCase.sweep + ConvolutionCase.special + ConvolutionCase.tiles(lanes: kernels.lanes)
  }

  @Test(arguments: TestEngine.instructionSets)
  func `a band correlated with packed filters is a convolution`(set: InstructionSet) throws {
    let kernels = try kernels(set)
    for (number, shape) in cases(kernels).enumerated() {
      var random = RandomValues(seed: 31, salt: number)
      let image = random.normals(shape.inputCount)
      let taps = shape.kernelRows * shape.kernelColumns
      let filters = random.normals(taps * shape.inputs * shape.outputs)
      let bias = random.normals(shape.outputs)
      let former = random.normals(shape.outputCount)

      let band = shape.band(image, kernels)
      let panels = shape.packed(filters, kernels)
      let padding = [Float](repeating: 0, count: kernels.padded(shape.outputs) - shape.outputs)
      let biases = GuardedBuffer(bias + padding)
      let x = ReferenceTensor(
        batch: 1, height: shape.height, width: shape.width, channels: shape.inputs,
        floats: image)
      let reference = ReferenceConvolution(
        rows: shape.rows, columns: shape.columns, outputChannels: shape.outputs,
        filters: filters.map(Double.init), bias: bias.map(Double.init))
      let expected = reference.forward(x).values
      let magnitudes = reference.magnitudes.forward(x.magnitudes).values

      let output = GuardedBuffer(count: former.count)
      kernels.convolution.correlateBand(
        band.pointer, panels.pointer, biases.pointer, output.pointer, shape.correlation())
      #expect(
        mismatch(
          actual: output.values, expected: expected, tolerance: tolerance, magnitudes: magnitudes)
          == nil, "\(set): \(shape)")

      let rectified = GuardedBuffer(count: former.count)
      kernels.convolution.correlateBand(
        band.pointer, panels.pointer, biases.pointer, rectified.pointer,
        shape.correlation(rectifies: true))
      let positive = output.values.map { max($0, 0) }
      #expect(
        mismatch(actual: rectified.values, expected: positive, tolerance: Tolerance()) == nil,
        "\(set), rectified: \(shape)")

      let limited = GuardedBuffer(count: former.count)
      var limits = shape.correlation(rectifies: true)
      limits.ceiling = 0.75
      kernels.convolution.correlateBand(
        band.pointer, panels.pointer, biases.pointer, limited.pointer, limits)
      #expect(limited.values == positive.map { min($0, 0.75) }, "\(set), limited: \(shape)")

      let sum = GuardedBuffer(former)
      kernels.convolution.correlateBand(
        band.pointer, panels.pointer, nil, sum.pointer, shape.correlation(accumulates: true))
      let added = expected.indices.map {
        expected[$0] - Double(bias[$0 % shape.outputs]) + Double(former[$0])
      }
      let larger = magnitudes.indices.map { magnitudes[$0] + abs(Double(former[$0])) }
      #expect(
        mismatch(actual: sum.values, expected: added, tolerance: tolerance, magnitudes: larger)
          == nil, "\(set), accumulated: \(shape)")

      for buffer in [band, panels, biases, output, rectified, limited, sum] {
        #expect(buffer.damage == nil, "\(set): \(shape)")
      }
    }
  }

  @Test(arguments: TestEngine.instructionSets)
  func `products of a band and output gradients add to the filter gradient`(
    set: InstructionSet
  ) throws {
    let kernels = try kernels(set)
    for (number, shape) in cases(kernels).enumerated() {
      var random = RandomValues(seed: 32, salt: number)
      let image = random.normals(shape.inputCount)
      let rowLength = shape.kernelColumns * shape.inputs
      let former = random.normals(shape.kernelRows * rowLength * shape.outputs)
      let dy = random.normals(shape.outputCount)
      let x = ReferenceTensor(
        batch: 1, height: shape.height, width: shape.width, channels: shape.inputs,
        floats: image)
      let reference = ReferenceConvolution(
        rows: shape.rows, columns: shape.columns, outputChannels: shape.outputs,
        filters: former.map { _ in 0 })
      let cotangent = ReferenceTensor(
        batch: 1, height: shape.outputHeight, width: shape.outputWidth,
        channels: shape.outputs,
        floats: dy)
      let gradient = reference.backward(x, cotangent).dFilters
      let magnitudes = reference.backward(x.magnitudes, cotangent.magnitudes).dFilters

      let band = shape.band(image, kernels)
      let source = GuardedBuffer(dy)
      // In parts, as tasks divide it: channels at a panel's edge, indices anywhere.
      let edge = min(shape.outputs, kernels.panelWidth)
      let middle = (rowLength + 1) / 3
      for accumulates in [true, false] {
        let target = accumulates ? GuardedBuffer(former) : GuardedBuffer(count: former.count)
        let before = accumulates ? former.map(Double.init) : former.map { _ in 0 }
        for channels in [0..<edge, edge..<shape.outputs] {
          for indices in [0..<middle, middle..<rowLength] {
            kernels.convolution.accumulateFilterGradient(
              band.pointer, source.pointer, target.pointer,
              shape.filterGradient(
                channels: channels, indices: indices, accumulates: accumulates))
          }
        }
        #expect(
          mismatch(
            actual: target.values, expected: zip(gradient, before).map { $0 + $1 },
            tolerance: tolerance,
            magnitudes: zip(magnitudes, before).map { $0 + abs($1) }) == nil,
          "\(set): \(shape)")
        for buffer in [band, source, target] { #expect(buffer.damage == nil, "\(set): \(shape)") }
      }
    }
  }

  @Test(arguments: TestEngine.instructionSets)
  func `packed panels hold each filter once and zeros behind the last`(
    set: InstructionSet
  ) throws {
    let kernels = try kernels(set)
    for outputs in [1, 3, 4, 5, 8, 9, 15, 16, 17, 31, 32, 33, 48, 64] {
      let indices = 7
      let filters = (0..<(indices * outputs)).map { Float($0 + 1) }
      let shape = ConvolutionCase(
        height: 1, width: indices, inputs: 1, outputs: outputs, kernelRows: 1,
        kernelColumns: indices, stride: 1, padding: 0)
      let panels = shape.packed(filters, kernels)
      var expected: [Float] = []
      var channel = 0
      while channel < outputs {
        let width = outputs - channel > kernels.lanes ? 2 * kernels.lanes : kernels.lanes
        for index in 0..<indices {
          for c in channel..<(channel + width) {
            expected.append(c < outputs ? filters[index * outputs + c] : 0)
          }
        }
        channel += width
      }
      #expect(bitMismatch(panels.values, expected) == nil, "\(set), \(outputs) channels")
      #expect(panels.damage == nil)
    }
  }

  @Test(arguments: TestEngine.instructionSets)
  func `turned panels hold one phase of the kernel from its end`(set: InstructionSet) throws {
    let kernels = try kernels(set)
    let (rows, columns) = (5, 4)
    for (inputs, outputs) in [(1, 1), (3, 9), (17, 5), (16, 8), (33, 3), (40, 37), (64, 32)] {
      var random = RandomValues(seed: 33, salt: inputs)
      let filters = random.normals(rows * columns * inputs * outputs)
      let source = GuardedBuffer(filters)
      for stride in 1...3 {
        for (top, left) in [(0, 0), (stride - 1, 0), (0, stride - 1)] {
          let high = (rows - top + stride - 1) / stride
          let wide = (columns - left + stride - 1) / stride
          for channel in Swift.stride(from: 0, to: inputs, by: kernels.panelWidth) {
            let width = inputs - channel > kernels.lanes ? 2 * kernels.lanes : kernels.lanes
            let part = (channel / width % 2 * outputs / 3)..<outputs
            let panel = GuardedBuffer(count: high * wide * part.count * width)
            kernels.convolution.packTurnedPanel(
              source.pointer + part.lowerBound, panel.pointer, columns, inputs, outputs, part.count,
              stride, top, high, left, wide, channel)
            var expected: [Float] = []
            for row in (0..<high).reversed() {
              for column in (0..<wide).reversed() {
                let tap = (top + stride * row) * columns + left + stride * column
                for o in part {
                  for c in channel..<(channel + width) {
                    expected.append(c < inputs ? filters[(tap * inputs + c) * outputs + o] : 0)
                  }
                }
              }
            }
            #expect(bitMismatch(panel.values, expected) == nil, "\(set), \(inputs) inputs")
            #expect(panel.damage == nil)
          }
        }
      }
    }
  }

  @Test(arguments: TestEngine.instructionSets)
  func `a band holds the image's rows among zeros, or less than a row`(
    set: InstructionSet
  ) throws {
    let kernels = try kernels(set)
    let image = (0..<12).map { Float($0 + 1) }
    for firstRow in -2...3 {
      for left in -3...3 {
        for step in 1...9 {
          if left >= step { continue }
          let source = GuardedBuffer(image)
          let band = GuardedBuffer(count: 3 * step)
          kernels.convolution.padBand(
            source.pointer, band.pointer,
            BandShape(
              firstRow: firstRow, rows: 3, imageRows: 3, imageRowLength: 4, left: left,
              bandRowStep: step))
          let expected = (0..<3).flatMap { row in
            (0..<step).map { column in
              let (y, x) = (firstRow + row, column - left)
              return 0..<3 ~= y && 0..<4 ~= x ? image[4 * y + x] : Float(0)
            }
          }
          #expect(bitMismatch(band.values, expected) == nil, "\(firstRow), \(left), \(step)")
          #expect(band.damage == nil)
        }
      }
    }
  }

  @Test(arguments: TestEngine.instructionSets, [nil, .infinity, 0.7] as [Float?])
  func `a normalised band holds factor and offset of the image among zeros`(
    set: InstructionSet, ceiling: Float?
  ) throws {
    let (rectifies, most) = (ceiling != nil, ceiling ?? 0.1)
    let kernels = try kernels(set)
    for channels in [1, 3, 4, 8, 15, 16, 17, 35] {
      var random = RandomValues(seed: 34, salt: channels)
      let (rows, columns) = (3, 4)
      let image = random.normals(rows * columns * channels)
      let factor = random.normals(channels)
      let offset = random.normals(channels)
      for (firstRow, left, step) in [
        (0, 0, 4), (-2, 1, 6), (1, -1, 3), (2, 2, 3), (-1, 3, 9), (0, -5, 2), (-4, 0, 5), (3, 1, 4),
      ] {
        let buffers = [image, factor, offset].map { GuardedBuffer($0) }
        defer { withExtendedLifetime(buffers) {} }
        let band = GuardedBuffer(count: 4 * step * channels)
        kernels.convolution.padNormalizedBand(
          buffers[0].pointer, band.pointer, buffers[1].pointer, buffers[2].pointer,
          BandShape(
            firstRow: firstRow, rows: 4, imageRows: rows, imageRowLength: columns * channels,
            left: left * channels, bandRowStep: step * channels), channels, rectifies,
          most)
        var expected: [Double] = []
        var magnitudes: [Double] = []
        for place in 0..<(4 * step * channels) {
          let (y, x) = (firstRow + place / (step * channels), place / channels % step - left)
          let c = place % channels
          let isInside = 0..<rows ~= y && 0..<columns ~= x
          let pixel = isInside ? Double(image[(y * columns + x) * channels + c]) : 0
          let product = pixel * Double(factor[c])
          let value = isInside ? product + Double(offset[c]) : 0
          expected.append(rectifies ? min(max(0, value), Double(most)) : value)
          // Zeros around the image are exact.
          magnitudes.append(isInside ? abs(product) + abs(Double(offset[c])) : 0)
        }
        let found = mismatch(
          actual: band.values, expected: expected, tolerance: Tolerance(relative: 1.2e-7),
          magnitudes: magnitudes)
        #expect(found == nil, "\(set), \(channels) channels, \(firstRow), \(left), \(step)")
        for buffer in buffers + [band] { #expect(buffer.damage == nil) }
      }
    }
  }
}
