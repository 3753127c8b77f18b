import Compute
import KernelTypes
import TestSupport
import Testing

/// The kernels for pictures, called as they are: the same numbers as integers, or as Double.
@Suite("Image kernels")
struct ImageKernelTests {
  /// Bytes with as many more behind them as a kernel may touch, all of one value.
  private struct Bytes {
    static let mark: UInt8 = 0xC3
    let count: Int
    var all: [UInt8]

    init(_ bytes: [UInt8], room: Int) {
      count = bytes.count
      all = bytes + [UInt8](repeating: Bytes.mark, count: room)
    }

    var values: [UInt8] { Array(all[..<count]) }
    func isMarked(from place: Int) -> Bool { all[place...].allSatisfy { $0 == Bytes.mark } }
  }

  private func kernels(_ set: InstructionSet) throws -> ImageKernels {
    try Engine(threads: 1, instructionSet: set).kernels.images
  }

  private func bytes(_ count: Int, _ random: inout RandomValues) -> [UInt8] {
    random.targets(count, classes: 256).map { UInt8($0) }
  }

  /// Fixed-point coefficients, some of them negative as a sharp filter has.
  ///
  /// No sum of bytes times them leaves 32 bits.
  private func coefficients(_ count: Int, _ random: inout RandomValues) -> [Int32] {
    random.floats(count, in: -0.5...1.5).map { Int32($0 / Float(count) * 0x1p22) }
  }

  /// The byte for a sum with 22 bits after the point.
  private func byte(_ sum: Int) -> UInt8 { UInt8(min(255, max(0, (sum + 1 << 21) >> 22))) }

  @Test(arguments: TestEngine.instructionSets)
  func `a row is resampled to the bytes of its sums`(set: InstructionSet) throws {
    let kernels = try kernels(set)
    for (number, (pixels, width, vectors)) in [
      (1, 1, 1), (3, 5, 1), (17, 4, 2), (40, 33, 1), (40, 7, 5), (64, 64, 3),
    ].enumerated() {
      var random = RandomValues(seed: 101, salt: number)
      let row = bytes(3 * pixels, &random)
      let source = Bytes(row, room: 16 * vectors)
      let firsts = random.targets(width, classes: pixels).map { Int($0) }
      let taps = (0..<width).map { target in
        // Taps that lie past the row have no weight.
        (coefficients(5 * vectors, &random) as [Int32]).enumerated().map {
          firsts[target] + $0 < pixels ? $1 : 0
        }
      }
      var weights: [Int32] = []
      for target in 0..<width {
        for vector in 0..<vectors {
          for lane in 0..<15 { weights.append(taps[target][5 * vector + lane / 3]) }
          weights.append(0)
        }
      }
      var target = Bytes([UInt8](repeating: 1, count: 3 * width), room: 20)
      kernels.resampleRow(
        source.all, &target.all, width, firsts.map { Int32(3 * $0) }, weights, vectors)
      var expected: [UInt8] = []
      for x in 0..<width {
        for channel in 0..<3 {
          var sum = 0
          for (tap, weight) in taps[x].enumerated() where firsts[x] + tap < pixels {
            sum += Int(row[3 * (firsts[x] + tap) + channel]) * Int(weight)
          }
          expected.append(byte(sum))
        }
      }
      #expect(target.values == expected, "\(set), \(pixels) to \(width), \(vectors)")
      #expect(target.isMarked(from: 3 * width + 1), "\(set), \(pixels) to \(width)")
    }
  }

  @Test(arguments: TestEngine.instructionSets)
  func `rows are resampled across to the bytes of their sums`(set: InstructionSet) throws {
    let kernels = try kernels(set)
    for count in Array(1...5) + [63, 64, 65, 100, 128, 129, 191, 300] {
      for taps in [1, 2, 7] {
        var random = RandomValues(seed: 102, salt: 10 * count + taps)
        let stride = count + 3
        let source = bytes(stride * taps, &random)
        let weights: [Int32] = coefficients(taps, &random)
        var target = Bytes([UInt8](repeating: 1, count: count), room: 70)
        kernels.resampleColumn(source, stride, &target.all, count, weights, taps)
        let expected = (0..<count).map { place in
          byte((0..<taps).reduce(0) { $0 + Int(source[$1 * stride + place]) * Int(weights[$1]) })
        }
        #expect(target.values == expected, "\(set), \(count) bytes, \(taps) taps")
        #expect(target.isMarked(from: count), "\(set), \(count) bytes")
      }
    }
  }

  @Test(arguments: TestEngine.instructionSets)
  func `bytes become floats by scale and offset, rounded twice`(set: InstructionSet) throws {
    let kernels = try kernels(set)
    for pixels in Array(1...20) + [32, 33, 100] {
      var random = RandomValues(seed: 103, salt: pixels)
      let source = bytes(3 * pixels, &random)
      let (scale, offset) = (random.normals(3), random.normals(3))
      let target = GuardedBuffer(count: 3 * pixels, misalignment: 1)
      kernels.normalize(source, pixels, scale, offset, target.pointer)
      let expected = source.indices.map { place -> Float in
        // In Double the product is exact: rounded once here, and once in the sum.
        let product = Float(Double(source[place]) * Double(scale[place % 3]))
        return Float(Double(product) + Double(offset[place % 3]))
      }
      #expect(bitMismatch(target.values, expected) == nil, "\(set), \(pixels) pixels")
      #expect(target.damage == nil, "\(set), \(pixels) pixels")
    }
  }

  /// A picture and the place in it of one coordinate of a target's pixel.
  private struct Picture {
    let width: Int
    let height: Int
    let pixels: [UInt8]

    func byte(_ x: Int, _ y: Int, _ channel: Int) -> Double {
      Double(pixels[3 * (min(y, height - 1) * width + min(x, width - 1)) + channel])
    }

    /// Bilinear at a place; nil where the border's colour is.
    func colour(_ x: Double?, _ y: Double?) -> [Double]? {
      guard let x, let y else { return nil }
      let (left, top) = (Int(x), Int(y))
      let (right, down) = (x - Double(left), y - Double(top))
      return (0..<3).map { channel in
        let upper =
          byte(left, top, channel) * (1 - right) + byte(left + 1, top, channel) * right
        let lower =
          byte(left, top + 1, channel) * (1 - right) + byte(left + 1, top + 1, channel) * right
        return upper * (1 - down) + lower * down
      }
    }
  }

  /// A coordinate brought onto `size` pixels; nil outside of a border of one colour.
  private func brought(_ exact: Double, _ size: Int, _ border: Int) -> Double? {
    var place = exact
    if border == 1 {
      while place < -0.5 || place > Double(size) - 0.5 {
        place = place < -0.5 ? -1 - place : 2 * Double(size) - 1 - place
      }
    }
    if border == 2 && (place < -0.5 || place > Double(size) - 0.5) { return nil }
    return min(Double(size - 1), max(0, place))
  }

  @Test(arguments: TestEngine.instructionSets, [0, 1, 2])
  func `a picture is sampled where the parameters say, and its channels mixed`(
    set: InstructionSet, border: Int
  ) throws {
    let kernels = try kernels(set)
    let shapes = [
      ((24, 24), (24, 24)), ((1, 1), (3, 2)), ((1, 7), (5, 5)), ((7, 1), (4, 4)), ((2, 2), (1, 1)),
      ((33, 20), (131, 17)), ((50, 40), (128, 9)),
    ]
    for (number, (source, target)) in shapes.enumerated() {
      for adds in [false, true] {
        var random = RandomValues(seed: 104, salt: 10 * number + border)
        let picture = Picture(
          width: source.0, height: source.1, pixels: bytes(3 * source.0 * source.1, &random))
        var parameters: [Float] = []
        for size in [source.0, source.1] {
          parameters += random.floats(2, in: -1...1)
          parameters += random.floats(1, in: 0...Float(size))
        }
        parameters += random.normals(12) + random.floats(3, in: 0...255)
        let p = parameters.map(Double.init)
        let former = random.normals(3 * target.0 * target.1)
        let result = GuardedBuffer(former)
        let scratch = GuardedBuffer(count: 1_296)
        kernels.sampleAffine(
          picture.pixels + [UInt8](repeating: 77, count: 8), source.0, source.1, result.pointer,
          target.0, target.1, parameters, border, adds, scratch.pointer)
        var expected: [Double] = []
        for y in 0..<target.1 {
          for x in 0..<target.0 {
            let (h, v) = (Double(x), Double(y))
            let colour =
              picture.colour(
                brought(p[0] * h + p[1] * v + p[2], source.0, border),
                brought(p[3] * h + p[4] * v + p[5], source.1, border))
              ?? [p[18], p[19], p[20]]
            for channel in 0..<3 {
              let row = 6 + 4 * channel
              var value = p[row + 3]
              for from in 0..<3 { value += p[row + from] * colour[from] }
              expected.append(value + (adds ? Double(former[expected.count]) : 0))
            }
          }
        }
        // Where rounding decides on which side of the border a place lies, its colour may stand in
        // single pixels.
        let far = zip(result.values, expected).filter { abs(Double($0) - $1) > 0.1 }.count
        let allowed = border == 2 ? expected.count / 200 : 0
        #expect(far <= allowed, "\(set), border \(border), \(source) to \(target): \(far)")
        #expect(result.damage == nil && scratch.damage == nil, "\(set), \(source) to \(target)")
      }
    }
  }

  @Test(arguments: TestEngine.instructionSets)
  func `hashes that differ in few bits are marked, and no others`(set: InstructionSet) throws {
    let kernels = try kernels(set)
    for count in [0, 1, 2, 7, 8, 15, 16, 31, 33, 63, 64] {
      var random = RandomValues(seed: 107, salt: count)
      let hash = random.targets(64, classes: 2).reduce(UInt64(0)) { $0 << 1 | UInt64($1) }
      // The last is the hash itself, each before differs in one bit more.
      var hashes: [UInt64] = []
      for different in stride(from: 63, through: 0, by: -1) {
        var other = hash
        for bit in 0..<different { other ^= 1 << UInt64((5 * different + bit) % 64) }
        hashes.append(other)
      }
      for most in [0, 11, 64] {
        let marks = kernels.nearHashes(hashes, count, hash, most)
        for (at, other) in hashes.enumerated() {
          var different = 0
          for bit in 0..<64 where (hash >> UInt64(bit)) & 1 != (other >> UInt64(bit)) & 1 {
            different += 1
          }
          #expect((marks >> UInt64(at) & 1 == 1) == (at < count && different <= most))
        }
      }
    }
  }
}
