import Compute
import KernelTypes
import TestSupport
import Testing

@Suite("Activation kernels")
struct ActivationKernelTests {
  /// Values on both sides of every edge, far out, and in between.
  private static let values: [Float] =
    (0..<497).map { Float($0 - 248) * 0.05 + 0.01 } + [0, -0.0, 50, -50, 87, -87, 200, -200, 1e30]

  private let tolerance = Tolerance(absolute: 1e-6, relative: 2e-6)

  @Test(arguments: TestEngine.instructionSets, ActivationFunction.allCases)
  func `functions and gradients are those of the definition`(
    set: InstructionSet, function: ActivationFunction
  ) throws {
    let kernels = try Engine(threads: 1, instructionSet: set).kernels.activations
    for (pixels, channels) in [(1, 506), (22, 23), (253, 2), (46, 11), (1, 3), (31, 16)] {
      let x = Array(ActivationKernelTests.values[..<(pixels * channels)])
      var random = RandomValues(seed: 91, salt: channels)
      let dy = random.normals(x.count)
      let former = random.normals(x.count)
      let factor = random.floats(channels, in: 0.5...2)
      let offset = random.normals(channels)
      for isNormalized in [false, true] {
        let z = x.indices.map { index -> Double in
          let c = index % channels
          return isNormalized
            ? Double(x[index]) * Double(factor[c]) + Double(offset[c]) : Double(x[index])
        }
        let expected = z.map { ReferenceActivation.value(function, $0) }
        let (input, cotangent) = (GuardedBuffer(x), GuardedBuffer(dy))
        let (factors, offsets) = (GuardedBuffer(factor), GuardedBuffer(offset))
        let f: Input? = isNormalized ? Input(factors.pointer) : nil
        let o: Input? = isNormalized ? Input(offsets.pointer) : nil
        let output = GuardedBuffer(count: x.count)
        kernels.activate(function, input.pointer, f, o, output.pointer, pixels, channels)
        let comment: Comment = "\(set), \(function), \(pixels)x\(channels), \(isNormalized)"
        // What is far out loses what its factor and offset round.
        let scale = z.map { 1 + abs($0) }
        #expect(
          mismatch(
            actual: output.values, expected: expected.map(\.value), tolerance: tolerance,
            magnitudes: scale) == nil, comment)
        for accumulates in [false, true] {
          let gradient = GuardedBuffer(former)
          kernels.activateGradient(
            function, input.pointer, f, o, cotangent.pointer, gradient.pointer, pixels, channels,
            accumulates)
          let wanted = x.indices.map {
            Double(dy[$0]) * expected[$0].slope + (accumulates ? Double(former[$0]) : 0)
          }
          #expect(
            mismatch(
              actual: gradient.values, expected: wanted, tolerance: tolerance, magnitudes: scale)
              == nil, comment)
          #expect(gradient.damage == nil, comment)
        }
        let buffers = [input, cotangent, factors, offsets, output]
        #expect(buffers.allSatisfy { $0.damage == nil }, comment)
      }
    }
  }

  @Test(arguments: TestEngine.instructionSets, ActivationFunction.allCases)
  func `NaN stays NaN`(set: InstructionSet, function: ActivationFunction) throws {
    let kernels = try Engine(threads: 1, instructionSet: set).kernels.activations
    let values = GuardedBuffer([Float](repeating: .nan, count: 37))
    kernels.activate(function, values.pointer, nil, nil, values.pointer, 1, 37)
    #expect(values.damage == nil)
    #expect(values.values.allSatisfy { $0.isNaN })
  }
}
