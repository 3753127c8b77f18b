import Compute
import KernelTypes
import TestSupport
import Testing

/// Loops over flat memory, at every length around the lanes and out of alignment.
@Suite("Elementwise and optimizer kernels")
struct FlatKernelTests {
  private static let counts = Array(0...35) + [64, 100, 1_001]
  private let close = Tolerance(absolute: 1e-30, relative: 3e-7)

  private func kernels(_ set: InstructionSet) throws -> KernelTable {
    try Engine(threads: 1, instructionSet: set).kernels
  }

  @Test(arguments: TestEngine.instructionSets)
  func `rectifier, its gradient and sums`(set: InstructionSet) throws {
    let kernels = try kernels(set).elementwise
    for count in FlatKernelTests.counts {
      var random = RandomValues(seed: 35, salt: count)
      let (a, b, c) = (random.normals(count), random.normals(count), random.normals(count))
      let x = GuardedBuffer(a, misalignment: 1)
      let other = GuardedBuffer(b, misalignment: 2)
      let y = GuardedBuffer(count: count, misalignment: 3)
      let exactly = Tolerance()

      kernels.rectify(x.pointer, y.pointer, count)
      let rectified = a.map { max($0, 0) }
      #expect(mismatch(actual: y.values, expected: rectified, tolerance: exactly) == nil)

      for accumulates in [false, true] {
        let dx = GuardedBuffer(c)
        kernels.rectifyGradient(y.pointer, other.pointer, dx.pointer, count, accumulates)
        let gradient = (0..<count).map { (a[$0] > 0 ? b[$0] : 0) + (accumulates ? c[$0] : 0) }
        #expect(mismatch(actual: dx.values, expected: gradient, tolerance: exactly) == nil)

        let copy = GuardedBuffer(c)
        kernels.accumulate(x.pointer, copy.pointer, count, accumulates)
        let sums = (0..<count).map { a[$0] + (accumulates ? c[$0] : 0) }
        #expect(mismatch(actual: copy.values, expected: sums, tolerance: exactly) == nil)

        kernels.add(x.pointer, other.pointer, copy.pointer, count, accumulates)
        let added = (0..<count).map { accumulates ? max(a[$0] + b[$0], 0) : a[$0] + b[$0] }
        #expect(mismatch(actual: copy.values, expected: added, tolerance: exactly) == nil)
        #expect(dx.damage == nil && copy.damage == nil, "\(count)")
      }
      #expect(x.damage == nil && other.damage == nil && y.damage == nil, "\(count)")
    }
  }

  @Test(arguments: TestEngine.instructionSets)
  func `a NaN passes the rectifier, the sum and their gradient's input`(
    set: InstructionSet
  ) throws {
    let kernels = try kernels(set).elementwise
    let count = 37
    for place in 0..<count {
      let input = GuardedBuffer((0..<count).map { $0 == place ? .nan : 1 })
      let zeros = GuardedBuffer([Float](repeating: 0, count: count))
      let output = GuardedBuffer([Float](repeating: 0, count: count))
      kernels.rectify(input.pointer, output.pointer, count)
      #expect(output.values[place].isNaN && output.values.filter { $0 == 1 }.count == count - 1)
      kernels.add(input.pointer, zeros.pointer, output.pointer, count, true)
      #expect(output.values[place].isNaN && output.values.filter { $0 == 1 }.count == count - 1)
    }
  }

  @Test(arguments: TestEngine.instructionSets)
  func `parts, interpolation, scaling and squares`(set: InstructionSet) throws {
    let kernels = try kernels(set).elementwise
    for count in FlatKernelTests.counts where count > 0 {
      var random = RandomValues(seed: 36, salt: count)
      let (parts, step) = (4, count + 3)
      let a = random.normals(parts * step)
      let c = random.normals(count)
      let source = GuardedBuffer(a)
      let target = GuardedBuffer(c)
      kernels.sumParts(source.pointer, parts, step, target.pointer, count)
      let terms = (0..<count).map { i in
        (0..<parts).map { Double(a[$0 * step + i]) } + [Double(c[i])]
      }
      #expect(
        mismatch(
          actual: target.values, expected: terms.map { $0.reduce(0, +) }, tolerance: close,
          magnitudes: terms.map { $0.reduce(0) { $0 + abs($1) } }) == nil, "\(count)")

      let moved = GuardedBuffer(c)
      kernels.interpolate(moved.pointer, source.pointer, 0.3, count)
      let weight = Double(Float(0.3))
      let between = (0..<count).map { (i: Int) -> Double in
        let (value, other) = (Double(c[i]), Double(a[i]))
        return value + (other - value) * weight
      }
      let sizes = (0..<count).map { abs(Double(c[$0])) + abs(Double(a[$0])) }
      #expect(
        mismatch(actual: moved.values, expected: between, tolerance: close, magnitudes: sizes)
          == nil, "\(count)")

      kernels.scale(moved.pointer, 0, count)
      #expect(moved.values.allSatisfy { $0 == 0 })
      let scaled = GuardedBuffer(c)
      kernels.scale(scaled.pointer, -1.5, count)
      #expect(bitMismatch(scaled.values, c.map { $0 * -1.5 }) == nil)

      let squares = kernels.sumOfSquares(source.pointer, count)
      let expected = a.prefix(count).reduce(0.0) { $0 + Double($1) * Double($1) }
      #expect(abs(squares - expected) <= 1e-14 * expected, "\(count)")
      for buffer in [source, target, moved, scaled] { #expect(buffer.damage == nil, "\(count)") }
    }
  }

  @Test(arguments: TestEngine.instructionSets)
  func `Adam with decay takes PyTorch's steps`(set: InstructionSet) throws {
    let kernels = try kernels(set).optimizers
    let (rate, decay, epsilon) = (0.01, 0.05, 1e-7)
    for count in FlatKernelTests.counts {
      var random = RandomValues(seed: 37, salt: count)
      let start = random.normals(count)
      var wanted = start.map(Double.init)
      var reference = ReferenceAdam(
        beta1: Double(Float(0.9)), beta2: Double(Float(0.999)), epsilon: epsilon,
        weightDecay: decay)
      let w = GuardedBuffer(start, misalignment: 1)
      let m = GuardedBuffer([Float](repeating: 0, count: count), misalignment: 2)
      let v = GuardedBuffer([Float](repeating: 0, count: count), misalignment: 3)
      var powers = (1.0, 1.0)
      for _ in 1...5 {
        let g = random.normals(count)
        let gradient = GuardedBuffer(g)
        powers = (powers.0 * Double(Float(0.9)), powers.1 * Double(Float(0.999)))
        kernels.adamStep(
          w.pointer, gradient.pointer, m.pointer, v.pointer, 0.9, 0.999, Float(epsilon),
          Float(rate / (1 - powers.0)), Float(1 / (1 - powers.1).squareRoot()),
          Float(1 - rate * decay), count)
        reference.step(
          &wanted, g.map(Double.init), learningRate: rate,
          decays: [Bool](repeating: true, count: count))
        #expect(gradient.damage == nil)
      }
      #expect(
        mismatch(
          actual: w.values, expected: wanted, tolerance: Tolerance(absolute: 2e-7, relative: 1e-6))
          == nil, "\(set), \(count)")
      #expect(w.damage == nil && m.damage == nil && v.damage == nil, "\(count)")
    }
  }

  @Test(arguments: TestEngine.instructionSets)
  func `Adam's roots hold from zero up, and infinity leaves no number`(set: InstructionSet) throws {
    let kernels = try kernels(set).optimizers
    let values: [Float] = [0, 1e-30, 3e-20, 1e-7, 0.5, 1, 2, 3, 1e10, 3e38, .infinity]
    for value in values {
      for count in [1, 16] {
        let w = GuardedBuffer([Float](repeating: 0, count: count))
        let g = GuardedBuffer([Float](repeating: 0, count: count))
        let m = GuardedBuffer([Float](repeating: 1, count: count))
        let v = GuardedBuffer([Float](repeating: value, count: count))
        // Nothing but w = -1 / √v is left, with v kept by β₂ = 1.
        kernels.adamStep(w.pointer, g.pointer, m.pointer, v.pointer, 1, 1, 0, 1, 1, 1, count)
        let expected = [Double](repeating: -1 / Double(value).squareRoot(), count: count)
        if value == 0 {
          #expect(w.values.allSatisfy { $0 == -.infinity }, "\(set), \(value)")
        } else if value == .infinity {
          #expect(w.values.allSatisfy { $0.isNaN }, "\(set)")
        } else {
          #expect(
            mismatch(
              actual: w.values, expected: expected, tolerance: Tolerance(relative: 3e-7)) == nil,
            "\(set), \(value)")
        }
      }
    }
    let w = GuardedBuffer([Float](repeating: 0, count: 3))
    let g = GuardedBuffer([0, .nan, 0])
    let m = GuardedBuffer([Float](repeating: 1, count: 3))
    let v = GuardedBuffer([Float](repeating: 1, count: 3))
    kernels.adamStep(w.pointer, g.pointer, m.pointer, v.pointer, 0.5, 0.5, 0, 1, 1, 1, 3)
    #expect(w.values.map(\.isNaN) == [false, true, false], "\(set)")
  }

  @Test(arguments: TestEngine.instructionSets, [false, true])
  func `momentum takes PyTorch's steps`(set: InstructionSet, nesterov: Bool) throws {
    let kernels = try kernels(set).optimizers
    for count in FlatKernelTests.counts {
      var random = RandomValues(seed: 38, salt: count)
      let start = random.normals(count)
      var wanted = start.map(Double.init)
      var reference = ReferenceSGD(momentum: 0.9, nesterov: nesterov, weightDecay: 0.01)
      let w = GuardedBuffer(start)
      let b = GuardedBuffer([Float](repeating: 0, count: count))
      for _ in 1...5 {
        let g = random.normals(count)
        let gradient = GuardedBuffer(g)
        kernels.momentumStep(
          w.pointer, gradient.pointer, b.pointer, 0.9, nesterov, 0.01, 0.1, count)
        reference.step(
          &wanted, g.map(Double.init), learningRate: Double(Float(0.1)),
          decays: [Bool](repeating: true, count: count))
      }
      #expect(
        mismatch(
          actual: w.values, expected: wanted, tolerance: Tolerance(absolute: 1e-6, relative: 1e-6))
          == nil, "\(set), \(count)")
      #expect(w.damage == nil && b.damage == nil, "\(count)")
    }
  }
}
