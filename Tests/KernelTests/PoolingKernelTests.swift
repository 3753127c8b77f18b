import Compute
import KernelTypes
import TestSupport
import Testing

@Suite("Pooling kernels")
struct PoolingKernelTests {
  private let tolerance = Tolerance(absolute: 1e-30, relative: 6e-7)

  private struct Case {
    var shape: PoolShape
    var rows: ReferenceWindow
    var columns: ReferenceWindow
  }

  /// Windows of side 1, 2, 3 and 5, with padding at either end, over channels around the lanes.
  private static var sweep: [Case] {
    let windows =
      [(1, 1, 0, 0), (2, 2, 0, 0), (2, 2, 0, 1), (3, 2, 1, 1), (3, 1, 0, 0)]
      + [(2, 3, 0, 0), (3, 3, 2, 1), (5, 2, 2, 2), (2, 1, 1, 0)]
    let sizes = [(5, 5), (7, 6), (6, 9), (8, 4)]
    var cases: [Case] = []
    for (number, (size, stride, before, after)) in windows.enumerated() {
      for (place, channels) in [1, 3, 4, 7, 8, 15, 16, 17, 33, 48, 1_100].enumerated() {
        let (height, width) = sizes[(number + place) % sizes.count]
        let window = ReferenceWindow(size: size, stride: stride, before: before, after: after)
        let shape = PoolShape(
          height: height, width: width, channels: channels, outputHeight: window.outputs(height),
          outputWidth: window.outputs(width), size: size, stride: stride, padTop: before,
          padLeft: before)
        cases.append(Case(shape: shape, rows: window, columns: window))
      }
    }
    return cases
  }

  private func tensors(
    _ shape: PoolShape, salt: Int
  ) -> (x: ReferenceTensor, dy: ReferenceTensor, former: [Float]) {
    var random = RandomValues(seed: 34, salt: salt)
    let count = shape.height * shape.width * shape.channels
    let outputs = shape.outputHeight * shape.outputWidth * shape.channels
    let x = ReferenceTensor(
      batch: 1, height: shape.height, width: shape.width, channels: shape.channels,
      floats: random.normals(count))
    let dy = ReferenceTensor(
      batch: 1, height: shape.outputHeight, width: shape.outputWidth, channels: shape.channels,
      floats: random.normals(outputs))
    return (x, dy, random.normals(count))
  }

  @Test(arguments: TestEngine.instructionSets)
  func `maximum pooling takes the largest and leads its gradient there`(
    set: InstructionSet
  ) throws {
    let kernels = try Engine(threads: 1, instructionSet: set).kernels.pooling
    for (number, item) in PoolingKernelTests.sweep.enumerated() {
      let shape = item.shape
      let (x, dy, former) = tensors(shape, salt: number)
      let reference = ReferencePooling(.maximum, rows: item.rows, columns: item.columns)
      let input = GuardedBuffer(x.values.map(Float.init))
      let output = GuardedBuffer(count: dy.values.count)
      let again = GuardedBuffer(count: dy.values.count)
      var codes = [UInt8](repeating: 0xEE, count: dy.values.count + 64)
      kernels.maxPool(input.pointer, output.pointer, &codes, shape)
      kernels.maxPool(input.pointer, again.pointer, nil, shape)
      let comment: Comment = "\(set): \(shape)"
      #expect(
        mismatch(
          actual: output.values, expected: reference.forward(x).values, tolerance: Tolerance())
          == nil, comment)
      #expect(bitMismatch(again.values, output.values) == nil, comment)
      #expect(codes[dy.values.count...].allSatisfy { $0 == 0xEE }, comment)

      let cotangent = GuardedBuffer(dy.values.map(Float.init))
      let gradient = GuardedBuffer(former)
      kernels.maxPoolGradient(&codes, cotangent.pointer, gradient.pointer, shape)
      let alone = reference.backward(x, dy).values
      let expected = zip(alone, former).map { $0 + Double($1) }
      let close = Tolerance(absolute: 1e-6, relative: 1e-6)
      #expect(
        mismatch(actual: gradient.values, expected: expected, tolerance: close) == nil, comment)

      var writing = shape
      writing.accumulates = false
      let written = GuardedBuffer(count: former.count)
      kernels.maxPoolGradient(&codes, cotangent.pointer, written.pointer, writing)
      #expect(mismatch(actual: written.values, expected: alone, tolerance: close) == nil, comment)
      for buffer in [input, output, again, cotangent, gradient, written] {
        #expect(buffer.damage == nil, comment)
      }
    }
  }

  @Test(arguments: TestEngine.instructionSets)
  func `average pooling counts what lies inside and shares its gradient`(
    set: InstructionSet
  ) throws {
    let kernels = try Engine(threads: 1, instructionSet: set).kernels.pooling
    for (number, item) in PoolingKernelTests.sweep.enumerated() {
      let shape = item.shape
      let (x, dy, former) = tensors(shape, salt: 1_000 + number)
      let reference = ReferencePooling(.average, rows: item.rows, columns: item.columns)
      let input = GuardedBuffer(x.values.map(Float.init))
      let output = GuardedBuffer(count: dy.values.count)
      kernels.averagePool(input.pointer, output.pointer, shape)
      let comment: Comment = "\(set): \(shape)"
      #expect(
        mismatch(
          actual: output.values, expected: reference.forward(x).values, tolerance: tolerance,
          magnitudes: reference.forward(x.magnitudes).values) == nil, comment)

      let cotangent = GuardedBuffer(dy.values.map(Float.init))
      let gradient = GuardedBuffer(former)
      kernels.averagePoolGradient(cotangent.pointer, gradient.pointer, shape)
      let expected = zip(reference.backward(x, dy).values, former).map { $0 + Double($1) }
      let magnitudes = zip(reference.backward(x, dy.magnitudes).values, former).map {
        $0 + abs(Double($1))
      }
      #expect(
        mismatch(
          actual: gradient.values, expected: expected, tolerance: tolerance,
          magnitudes: magnitudes) == nil, comment)

      var writing = shape
      writing.accumulates = false
      let written = GuardedBuffer(count: former.count)
      kernels.averagePoolGradient(cotangent.pointer, written.pointer, writing)
      #expect(
        mismatch(
          actual: written.values, expected: reference.backward(x, dy).values,
          tolerance: tolerance, magnitudes: reference.backward(x, dy.magnitudes).values) == nil,
        comment)
      for buffer in [input, output, cotangent, gradient, written] {
        #expect(buffer.damage == nil, comment)
      }
    }
  }

  @Test(arguments: TestEngine.instructionSets)
  func `the first of equal values has the gradient, and a NaN is passed on`(
    set: InstructionSet
  ) throws {
    let kernels = try Engine(threads: 1, instructionSet: set).kernels.pooling
    for channels in [1, 5, 16, 19] {
      let shape = PoolShape(
        height: 2, width: 2, channels: channels, outputHeight: 1, outputWidth: 1, size: 2,
        stride: 2, padTop: 0, padLeft: 0)
      let equal = GuardedBuffer([Float](repeating: 2, count: 4 * channels))
      let output = GuardedBuffer(count: channels)
      var codes = [UInt8](repeating: 9, count: channels)
      kernels.maxPool(equal.pointer, output.pointer, &codes, shape)
      #expect(codes.allSatisfy { $0 == 0 })
      for place in 0..<4 {
        let values = (0..<(4 * channels)).map { $0 / channels == place ? Float.nan : 1 }
        let input = GuardedBuffer(values)
        kernels.maxPool(input.pointer, output.pointer, &codes, shape)
        #expect(output.values.allSatisfy { $0.isNaN }, "\(set), NaN at \(place)")
        #expect(codes.allSatisfy { $0 == place }, "\(set), NaN at \(place)")
      }
    }
  }
}
