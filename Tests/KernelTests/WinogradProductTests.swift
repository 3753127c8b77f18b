import Compute
import KernelTypes
import TestSupport
import Testing

/// The products between Winograd's transforms, and all steps together.
@Suite("Winograd products")
struct WinogradProductTests {
  /// The place of (index, channel) in a plane of panels.
  private func place(_ index: Int, _ channel: Int, _ inputs: Int, _ outputs: Int, _ lanes: Int)
    -> Int
  {
    let first = channel / (2 * lanes) * 2 * lanes
    let width = min(2 * lanes, outputs - first)
    return first * inputs + index * width + channel - first
  }

  @Test(arguments: TestEngine.instructionSets)
  func `every number of tiles has its products, in every plane`(set: InstructionSet) throws {
    let kernels = try Engine(threads: 1, instructionSet: set).kernels
    let planes = 2
    // The last two end in a panel of one vector at every level.
    let extents =
      [(16, 16), (16, 48), (32, 16), (32, 32), (48, 48), (48, 32)]
      + [(kernels.lanes, 3 * kernels.lanes), (3 * kernels.lanes, kernels.lanes)]
    for tiles in 1...25 {
      for (inputs, outputs) in extents {
        let (vStep, uStep, mStep) =
          (tiles * inputs + 16, inputs * outputs + 16, tiles * outputs + 9)
        var random = RandomValues(seed: 86, salt: tiles)
        let v = random.normals((planes - 1) * vStep + tiles * inputs)
        let u = random.normals((planes - 1) * uStep + inputs * outputs)
        let (data, weights) = (GuardedBuffer(v), GuardedBuffer(u))
        let target = GuardedBuffer(count: (planes - 1) * mStep + tiles * outputs)
        kernels.winograd.multiply(
          data.pointer, weights.pointer, target.pointer,
          WinogradProductShape(
            planes: planes, tiles: tiles, inputs: inputs, outputs: outputs, vStep: vStep,
            uStep: uStep, mStep: mStep))
        var actual: [Float] = []
        var expected: [Double] = []
        var magnitudes: [Double] = []
        for plane in 0..<planes {
          for tile in 0..<tiles {
            for channel in 0..<outputs {
              var (sum, bound) = (0.0, 0.0)
              for index in 0..<inputs {
                let p = plane * uStep
                let product =
                  Double(v[plane * vStep + tile * inputs + index])
                  * Double(u[p + place(index, channel, inputs, outputs, kernels.lanes)])
                sum += product
                bound += abs(product)
              }
              actual.append(target.floats[plane * mStep + tile * outputs + channel])
              expected.append(sum)
              magnitudes.append(bound)
            }
          }
        }
        let name = "\(set), \(tiles) tiles, \(inputs) to \(outputs)"
        let found = mismatch(
          actual: actual, expected: expected,
          tolerance: Tolerance(absolute: 1e-30, relative: 6e-7), magnitudes: magnitudes)
        #expect(found == nil, "\(name)")
        #expect(target.floats.count { $0.isNaN } == (planes - 1) * 9, "\(name)")
        for buffer in [data, weights, target] { #expect(buffer.damage == nil, "\(name)") }
      }
    }
  }

  @Test(arguments: TestEngine.instructionSets, [false, true])
  func `products are summed over tiles, for all channels or some`(
    set: InstructionSet, accumulates: Bool
  ) throws {
    let kernels = try Engine(threads: 1, instructionSet: set).kernels
    let planes = 2
    let lanes = kernels.lanes
    for (step, tiles) in [1, 2, 3, 7, 24, 25].enumerated() {
      for inputs in [lanes, 2 * lanes, 3 * lanes, 5 * lanes] {
        let outputs = [lanes, 2 * lanes, 3 * lanes, 5 * lanes][step % 4]
        // All channels, and one panel in the middle.
        let channels = step % 2 == 0 ? 0..<outputs : (outputs - lanes)..<outputs
        let (vStep, dStep) = (tiles * inputs + 16, tiles * outputs + 16)
        let sumStep = inputs * outputs + 16
        var random = RandomValues(seed: 88, salt: 100 * tiles + inputs)
        let v = random.normals((planes - 1) * vStep + tiles * inputs)
        let d = random.normals((planes - 1) * dStep + tiles * outputs)
        let former = random.normals((planes - 1) * sumStep + inputs * outputs)
        let (data, gradient, sums) = (GuardedBuffer(v), GuardedBuffer(d), GuardedBuffer(former))
        kernels.winograd.multiplyGradient(
          data.pointer, gradient.pointer, sums.pointer, planes, tiles, inputs, outputs, vStep,
          dStep, sumStep, channels, accumulates)
        var expected = former.map(Double.init)
        var magnitudes = former.map { abs(Double($0)) }
        for plane in 0..<planes {
          for index in 0..<inputs {
            for channel in channels {
              let place = plane * sumStep + index * outputs + channel
              if !accumulates { (expected[place], magnitudes[place]) = (0, 0) }
              for tile in 0..<tiles {
                let product =
                  Double(v[plane * vStep + tile * inputs + index])
                  * Double(d[plane * dStep + tile * outputs + channel])
                expected[place] += product
                magnitudes[place] += abs(product)
              }
            }
          }
        }
        let name = "\(set), \(tiles) tiles, \(inputs) to \(outputs)"
        let found = mismatch(
          actual: sums.floats, expected: expected,
          tolerance: Tolerance(absolute: 1e-30, relative: 6e-7), magnitudes: magnitudes)
        #expect(found == nil, "\(name)")
        for buffer in [data, gradient, sums] { #expect(buffer.damage == nil, "\(name)") }
      }
    }
  }

  @Test(arguments: TestEngine.instructionSets)
  func `panels and parts of the inputs one after the other give the same bits as all at once`(
    set: InstructionSet
  ) throws {
    let kernels = try Engine(threads: 1, instructionSet: set).kernels
    let (planes, inputs, outputs) = (2, 24, 5 * kernels.lanes)
    for tiles in [1, 4, 13] {
      var random = RandomValues(seed: 87, salt: tiles)
      let v = random.normals(planes * tiles * inputs)
      let filters = random.normals(planes * inputs * outputs)
      func packed(_ indices: Range<Int>, _ channels: Range<Int>) -> GuardedBuffer {
        var u = [Float](repeating: 0, count: planes * indices.count * channels.count)
        for plane in 0..<planes {
          for index in indices {
            for channel in channels {
              let own = place(
                index - indices.lowerBound, channel - channels.lowerBound, indices.count,
                channels.count, kernels.lanes)
              u[plane * indices.count * channels.count + own] =
                filters[(plane * inputs + index) * outputs + channel]
            }
          }
        }
        return GuardedBuffer(u)
      }
      let data = GuardedBuffer(v)
      let (whole, parts) = (
        GuardedBuffer(count: planes * tiles * outputs),
        GuardedBuffer(count: planes * tiles * outputs)
      )
      var shape = WinogradProductShape(
        planes: planes, tiles: tiles, inputs: inputs, outputs: outputs, vStep: tiles * inputs,
        uStep: inputs * outputs, mStep: tiles * outputs)
      kernels.winograd.multiply(
        data.pointer, packed(0..<inputs, 0..<outputs).pointer, whole.pointer, shape)
      for channel in stride(from: 0, to: outputs, by: kernels.panelWidth) {
        shape.channels = min(kernels.panelWidth, outputs - channel)
        for indices in [0..<7, 7..<8, 8..<inputs] {
          let weights = packed(indices, channel..<(channel + shape.channels))
          shape.indices = indices.count
          shape.uStep = indices.count * shape.channels
          shape.continues = indices.lowerBound > 0
          kernels.winograd.multiply(
            data.pointer + indices.lowerBound, weights.pointer, parts.pointer + channel, shape)
          #expect(weights.damage == nil)
        }
      }
      let wrong = bitMismatch(Array(parts.floats), Array(whole.floats))
      #expect(wrong == nil, "\(set), \(tiles) tiles")
      for buffer in [data, whole, parts] { #expect(buffer.damage == nil) }
    }
  }

  @Test(arguments: TestEngine.instructionSets)
  func `no tiles are no products`(set: InstructionSet) throws {
    let kernels = try Engine(threads: 1, instructionSet: set).kernels
    let target = GuardedBuffer(count: 64)
    let source = GuardedBuffer(count: 16 * 16)
    kernels.winograd.multiply(
      source.pointer, source.pointer, target.pointer,
      WinogradProductShape(
        planes: 1, tiles: 0, inputs: 16, outputs: 16, vStep: 16, uStep: 256, mStep: 16))
    #expect(target.values.allSatisfy { $0.isNaN })
    #expect(target.damage == nil)
  }

  /// A map's correlation by the kernels alone, in one block of tiles.
  private func correlation(
    _ k: KernelTable, _ image: [Float], _ filters: [Float], height: Int, width: Int, inputs: Int,
    outputs: Int, padding: Int
  ) -> GuardedBuffer {
    let (rows, columns) = (height + 2 * padding - 2, width + 2 * padding - 2)
    let (high, wide) = ((rows + 3) / 4, (columns + 3) / 4)
    let bandStep = (4 * wide + 2) * inputs
    let source = GuardedBuffer(image)
    let band = GuardedBuffer(count: (4 * high + 2) * bandStep)
    k.convolution.padBand(
      source.pointer, band.pointer,
      BandShape(
        firstRow: -padding, rows: 4 * high + 2, imageRows: height,
        imageRowLength: width * inputs, left: padding * inputs, bandRowStep: bandStep))
    let tiles = high * wide
    let (vStep, mStep) = (tiles * inputs, tiles * outputs)
    let v = GuardedBuffer(count: 36 * vStep)
    let m = GuardedBuffer(count: 36 * mStep)
    let u = GuardedBuffer(count: 36 * inputs * outputs)
    let taps = GuardedBuffer(filters)
    for channel in stride(from: 0, to: outputs, by: k.panelWidth) {
      k.winograd.transformFilters(
        taps.pointer + channel, u.pointer + channel * inputs, inputs,
        min(k.panelWidth, outputs - channel), outputs, inputs * outputs, inputs * outputs)
    }
    let y = GuardedBuffer(count: rows * columns * outputs)
    for row in 0..<high {
      k.winograd.transformInput(
        band.pointer + 4 * row * bandStep, v.pointer + row * wide * inputs, wide, bandStep, inputs,
        vStep)
    }
    k.winograd.multiply(
      v.pointer, u.pointer, m.pointer,
      WinogradProductShape(
        planes: 36, tiles: tiles, inputs: inputs, outputs: outputs, vStep: vStep,
        uStep: inputs * outputs, mStep: mStep))
    for row in 0..<high {
      k.winograd.transformOutput(
        m.pointer + row * wide * outputs, y.pointer + 4 * row * columns * outputs, nil, wide,
        columns * outputs, outputs, mStep, rows - 4 * row, columns, false, false)
    }
    for buffer in [source, band, v, m, u, taps, y] { #expect(buffer.damage == nil) }
    return y
  }

  @Test(arguments: TestEngine.instructionSets)
  func `all steps are a correlation, on maps of 3 to 13 pixels`(set: InstructionSet) throws {
    let kernels = try Engine(threads: 1, instructionSet: set).kernels
    let (inputs, outputs) = (kernels.lanes, 3 * kernels.lanes)
    for height in 3...13 {
      for padding in 0...2 {
        let width = 16 - height
        var random = RandomValues(seed: 87, salt: 3 * height + padding)
        let image = random.normals(height * width * inputs)
        let filters = random.normals(9 * inputs * outputs)
        let window = ReferenceWindow(size: 3, before: padding, after: padding)
        let reference = ReferenceConvolution(
          rows: window, columns: window, outputChannels: outputs,
          filters: filters.map(Double.init))
        let x = ReferenceTensor(
          batch: 1, height: height, width: width, channels: inputs, floats: image)
        let expected = reference.forward(x).values
        let largest = reference.magnitudes.forward(x.magnitudes).values.max() ?? 0
        let y = correlation(
          kernels, image, filters, height: height, width: width, inputs: inputs,
          outputs: outputs, padding: padding)
        // The products are of values a few times as large as the image's and the filters'.
        let found = mismatch(
          actual: y.values, expected: expected,
          tolerance: Tolerance(relative: winogradBound),
          magnitudes: expected.map { _ in largest })
        #expect(found == nil, "\(set), \(height) x \(width), padding \(padding)")
      }
    }
  }
}
