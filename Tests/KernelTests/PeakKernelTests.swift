import Compute
import KernelTypes
import TestSupport
import Testing

@Suite("Peak kernel")
struct PeakKernelTests {
  @Test(arguments: TestEngine.instructionSets)
  func `every chain does all of its steps and nothing else is touched`(
    set: InstructionSet
  ) throws {
    let kernels = try Engine(threads: 1, instructionSet: set).kernels
    let peak = kernels.peak
    #expect(peak.floats >= 12 * kernels.lanes && peak.floats % kernels.lanes == 0)
    let factor = Float(-0.03)
    for steps in [0, 1, 2, 7, 100] {
      var random = RandomValues(seed: 39, salt: steps)
      let start = random.normals(peak.floats)
      let values = GuardedBuffer(start, misalignment: 1)
      peak.multiplyAddChains(values.pointer, factor, steps)
      let expected = start.map { first in
        (0..<steps).reduce(Double(first)) { value, _ in
          value + value * Double(factor)
        }
      }
      #expect(
        mismatch(
          actual: values.values, expected: expected,
          tolerance: Tolerance(absolute: 1e-6, relative: 1e-5)) == nil, "\(set), \(steps)")
      #expect(values.damage == nil)
    }
  }
}
