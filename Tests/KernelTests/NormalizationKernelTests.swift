import Compute
import KernelTypes
import TestSupport
import Testing

@Suite("Normalization kernels")
struct NormalizationKernelTests {
  private static let channelCounts = [1, 3, 4, 5, 8, 15, 16, 17, 31, 33, 48, 119]
  private let tolerance = Tolerance(absolute: 1e-30, relative: 1e-6)

  /// Rows of pixels whose every channel is summed by `term`, with the terms' magnitudes.
  private func sums(
    _ pixels: Int, _ channels: Int, _ term: (_ element: Int, _ channel: Int) -> Double
  ) -> (values: [Double], magnitudes: [Double]) {
    var values = [Double](repeating: 0, count: channels)
    var magnitudes = values
    for element in 0..<(pixels * channels) {
      let value = term(element, element % channels)
      values[element % channels] += value
      magnitudes[element % channels] += abs(value)
    }
    return (values, magnitudes)
  }

  private func check(
    _ buffer: GuardedBuffer, _ expected: (values: [Double], magnitudes: [Double]),
    _ comment: Comment
  ) {
    let found = mismatch(
      actual: buffer.values, expected: expected.values, tolerance: tolerance,
      magnitudes: expected.magnitudes)
    #expect(found == nil, comment)
    #expect(buffer.damage == nil, comment)
  }

  @Test(arguments: TestEngine.instructionSets)
  func `moments and column sums are sums over pixels`(set: InstructionSet) throws {
    let kernels = try Engine(threads: 1, instructionSet: set).kernels.normalization
    for channels in NormalizationKernelTests.channelCounts {
      for pixels in [1, 2, 7, 60] {
        var random = RandomValues(seed: 39, salt: 100 * channels + pixels)
        let values = random.normals(pixels * channels)
        let centres = random.normals(channels)
        let x = GuardedBuffer(values)
        let shift = GuardedBuffer(centres)
        let (sum, square) = (GuardedBuffer(count: channels), GuardedBuffer(count: channels))
        kernels.moments(x.pointer, shift.pointer, pixels, channels, sum.pointer, square.pointer)
        let comment: Comment = "\(set), \(pixels) pixels, \(channels) channels"
        let difference = { (e: Int, c: Int) in Double(values[e] - centres[c]) }
        check(sum, sums(pixels, channels, difference), comment)
        check(
          square, sums(pixels, channels) { difference($0, $1) * difference($0, $1) }, comment)
        let columns = GuardedBuffer(count: channels)
        kernels.columnSums(x.pointer, pixels, channels, columns.pointer)
        check(columns, sums(pixels, channels) { e, _ in Double(values[e]) }, comment)
      }
    }
  }

  @Test(arguments: TestEngine.instructionSets, [nil, .infinity, 0.7] as [Float?])
  func `channels are scaled and shifted, and rectified up to a ceiling if asked`(
    set: InstructionSet, ceiling: Float?
  ) throws {
    let (rectifies, most) = (ceiling != nil, ceiling ?? 0.1)
    let kernels = try Engine(threads: 1, instructionSet: set).kernels.normalization
    for channels in NormalizationKernelTests.channelCounts {
      let pixels = 9
      var random = RandomValues(seed: 40, salt: channels)
      let values = random.normals(pixels * channels)
      let (f, o) = (random.normals(channels), random.normals(channels))
      let (x, factor, offset) = (GuardedBuffer(values), GuardedBuffer(f), GuardedBuffer(o))
      let y = GuardedBuffer(count: values.count)
      kernels.scaleChannels(
        x.pointer, factor.pointer, offset.pointer, y.pointer, pixels, channels, rectifies, most)
      let expected = values.indices.map { index in
        let value = Double(values[index]) * Double(f[index % channels])
        let sum = value + Double(o[index % channels])
        return rectifies ? min(max(sum, 0), Double(most)) : sum
      }
      let magnitudes = values.indices.map {
        abs(Double(values[$0]) * Double(f[$0 % channels])) + abs(Double(o[$0 % channels]))
      }
      check(y, (expected, magnitudes), "\(set), \(channels) channels")
      kernels.scaleChannels(
        x.pointer, factor.pointer, offset.pointer, x.pointer, pixels, channels, rectifies, most)
      check(x, (expected, magnitudes), "\(set), \(channels) channels in place")
    }
  }

  @Test(arguments: TestEngine.instructionSets, [nil, .infinity, 0.7] as [Float?])
  func `the gradient's sums and its last line, behind a rectifier and without`(
    set: InstructionSet, ceiling: Float?
  ) throws {
    let (masked, most) = (ceiling != nil, ceiling ?? 0.1)
    let kernels = try Engine(threads: 1, instructionSet: set).kernels.normalization
    for channels in NormalizationKernelTests.channelCounts {
      let pixels = 11
      var random = RandomValues(seed: 41, salt: channels)
      let (x, dy) = (random.normals(pixels * channels), random.normals(pixels * channels))
      let former = random.normals(pixels * channels)
      let factors = (0..<4).map { _ in random.normals(channels) }
      let (f, o) = (random.normals(channels), random.normals(channels))
      let inputs = [x, dy, f, o].map { GuardedBuffer($0) }
      defer { withExtendedLifetime(inputs) {} }
      let factor = masked ? UnsafePointer(inputs[2].pointer) : nil
      let (mean, a, b, d) = factors.map { GuardedBuffer($0) }.four
      let passes = { (e: Int) in
        let y = Double(x[e]) * Double(f[e % channels]) + Double(o[e % channels])
        return !masked || y > 0 && y < Double(most) ? Double(dy[e]) : 0
      }
      let difference = { (e: Int, c: Int) in Double(x[e] - factors[0][c]) }
      let comment: Comment = "\(set), \(channels) channels"

      let (sum, product) = (GuardedBuffer(count: channels), GuardedBuffer(count: channels))
      kernels.normalizationSums(
        inputs[0].pointer, factor, inputs[3].pointer, inputs[1].pointer, mean.pointer, most,
        pixels, channels, sum.pointer, product.pointer)
      check(sum, sums(pixels, channels) { e, _ in passes(e) }, comment)
      check(product, sums(pixels, channels) { passes($0) * difference($0, $1) }, comment)

      for accumulates in [false, true] {
        let dx = accumulates ? GuardedBuffer(former) : GuardedBuffer(count: former.count)
        kernels.normalizationGradient(
          inputs[0].pointer, factor, inputs[3].pointer, inputs[1].pointer, mean.pointer, a.pointer,
          b.pointer, d.pointer, dx.pointer, most, pixels, channels, accumulates)
        let terms = x.indices.map { e in
          let c = e % channels
          return [
            passes(e) * Double(factors[1][c]), difference(e, c) * Double(factors[2][c]),
            Double(factors[3][c]), accumulates ? Double(former[e]) : 0,
          ]
        }
        let values = terms.map { $0.reduce(0, +) }
        check(dx, (values, terms.map { $0.reduce(0) { $0 + abs($1) } }), comment)
      }
    }
  }

  @Test(arguments: TestEngine.instructionSets, [false, true])
  func `two maps are added, each normalised where it has a factor`(
    set: InstructionSet, rectifies: Bool
  ) throws {
    let kernels = try Engine(threads: 1, instructionSet: set).kernels.normalization
    for channels in NormalizationKernelTests.channelCounts {
      for (hasFirst, hasSecond) in [(true, false), (false, true), (true, true), (false, false)] {
        let pixels = 7
        var random = RandomValues(seed: 42, salt: channels)
        let maps = (0..<2).map { _ in random.normals(pixels * channels) }
        let numbers = (0..<4).map { _ in random.normals(channels) }
        let buffers = (maps + numbers).map { GuardedBuffer($0) }
        defer { withExtendedLifetime(buffers) {} }
        let y = GuardedBuffer(count: pixels * channels)
        func number(_ index: Int, _ exists: Bool) -> UnsafePointer<Float>? {
          exists ? UnsafePointer(buffers[2 + index].pointer) : nil
        }
        kernels.addChannels(
          buffers[0].pointer, number(0, hasFirst), number(1, hasFirst), buffers[1].pointer,
          number(2, hasSecond), number(3, hasSecond), y.pointer, pixels, channels, rectifies)
        func addend(_ map: Int, _ isNormalised: Bool, _ e: Int) -> [Double] {
          let value = Double(maps[map][e])
          guard isNormalised else { return [value] }
          let (f, o) = (numbers[2 * map], numbers[2 * map + 1])
          return [value * Double(f[e % channels]), Double(o[e % channels])]
        }
        var values: [Double] = []
        var magnitudes: [Double] = []
        for e in maps[0].indices {
          let terms = addend(0, hasFirst, e) + addend(1, hasSecond, e)
          let sum = terms.reduce(0, +)
          values.append(rectifies ? max(sum, 0) : sum)
          magnitudes.append(terms.reduce(0) { $0 + abs($1) })
        }
        check(y, (values, magnitudes), "\(set), \(channels) channels")
      }
    }
  }
}

extension [GuardedBuffer] {
  /// The four buffers, by name.
  fileprivate var four: (GuardedBuffer, GuardedBuffer, GuardedBuffer, GuardedBuffer) {
    (self[0], self[1], self[2], self[3])
  }
}
