import Primitives
import TestSupport
import Testing

@Suite("Random streams")
struct RandomStreamTests {
  @Test func `Philox4x32-10 gives the known answers of Random123`() {
    // The file kat_vectors of Random123.
    let ones = UInt32.max
    let cases: [(SIMD4<UInt32>, SIMD2<UInt32>, SIMD4<UInt32>)] = [
      (SIMD4(0, 0, 0, 0), SIMD2(0, 0), SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)),
      (
        SIMD4(ones, ones, ones, ones), SIMD2(ones, ones),
        SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
      ),
      (
        SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344),
        SIMD2(0xa409_3822, 0x299f_31d0),
        SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
      ),
    ]
    for (counter, key, expected) in cases {
      #expect(RandomStream.philox(counter: counter, key: key) == expected)
    }
  }

  private func words(
    _ count: Int, seed: UInt64 = 1, purpose: RandomPurpose = .test, epoch: Int = 0, sample: Int = 0
  ) -> [UInt32] {
    var stream = RandomStream(seed: seed, purpose: purpose, epoch: epoch, sample: sample)
    return (0..<count).map { _ in stream.next() }
  }

  @Test func `a stream is the sequence of its blocks`() {
    let seed: UInt64 = 0x0123_4567_89ab_cdef
    let found = words(12, seed: seed, purpose: .dropout, epoch: 5, sample: 7)
    let expected = (0..<3).flatMap { block in
      let counter = SIMD4<UInt32>(UInt32(block), 7, 5, RandomPurpose.dropout.rawValue)
      let words = RandomStream.philox(counter: counter, key: SIMD2(0x89ab_cdef, 0x0123_4567))
      return (0..<4).map { words[$0] }
    }
    #expect(found == expected)
  }

  @Test func `streams repeat, and every part of the key makes another one`() {
    let base = words(64)
    #expect(words(64) == base)
    let others = [
      words(64, seed: 2), words(64, seed: 1 << 32 | 1), words(64, purpose: .dropout),
      words(64, epoch: 1), words(64, sample: 1), words(64, sample: 1 << 32),
    ]
    for (index, other) in others.enumerated() {
      #expect(Set(other).isDisjoint(with: base), "key part \(index)")
      for later in others[(index + 1)...] { #expect(later != other) }
    }
  }

  @Test func `uniform numbers fill [0, 1) evenly`() {
    var stream = RandomStream(seed: 8, purpose: .test)
    let count = 100_000
    var bins = [Int](repeating: 0, count: 100)
    var sum = 0.0
    for _ in 0..<count {
      let value = stream.uniform()
      guard value >= 0, value < 1 else {
        Issue.record("\(value) is outside [0, 1)")
        return
      }
      bins[Int(value * 100)] += 1
      sum += Double(value)
    }
    // Five standard deviations: sqrt(1 / 12 / count), and sqrt(1000 * 0.99) a bin.
    #expect(abs(sum / Double(count) - 0.5) < 0.0046)
    #expect(bins.allSatisfy { abs($0 - 1_000) < 158 })
  }

  @Test func `uniform numbers lie between the bounds`() {
    var stream = RandomStream(seed: 9, purpose: .test)
    let values = (0..<10_000).map { _ in stream.uniform(in: -2...3) }
    #expect(values.allSatisfy { (-2...3).contains($0) })
    #expect((values.min() ?? 0) < -1.99 && (values.max() ?? 0) > 2.99)
    #expect(stream.uniform(in: 4...4) == 4)
  }

  @Test func `normal numbers have mean 0, variance 1, no skew, and kurtosis 3`() {
    var stream = RandomStream(seed: 10, purpose: .test)
    let count = 100_000
    let values = (0..<count).map { _ in Double(stream.normal()) }
    let moments = (1...4).map { power in
      values.reduce(0.0) { sum, value in
        sum + (0..<power).reduce(1.0) { product, _ in product * value }
      } / Double(count)
    }
    // Five standard deviations of each moment of 100,000 numbers.
    #expect(abs(moments[0]) < 0.016)
    #expect(abs(moments[1] - 1) < 0.023)
    #expect(abs(moments[2]) < 0.062)
    #expect(abs(moments[3] - 3) < 0.16)
    #expect(values.allSatisfy { $0.isFinite })
  }

  @Test func `indices are below their bound and even`() {
    var stream = RandomStream(seed: 11, purpose: .test)
    for bound in [1, 2, 3, 7, 10] {
      var counts = [Int](repeating: 0, count: bound)
      for _ in 0..<10_000 { counts[stream.index(below: bound)] += 1 }
      let mean = 10_000.0 / Double(bound)
      #expect(counts.allSatisfy { abs(Double($0) - mean) < 5 * mean.squareRoot() + 1 })
    }
    let large = (0..<1_000).map { _ in stream.index(below: Int(UInt32.max)) }
    #expect(large.contains { $0 > 1 << 31 })
  }

  @Test func `shuffled indices are a permutation, and each place gets each index`() {
    var stream = RandomStream(seed: 12, purpose: .test)
    for count in [0, 1, 2, 17, 1_000] {
      #expect(stream.shuffledIndices(count).sorted() == Array(0..<count))
    }
    var counts = [Int](repeating: 0, count: 16)
    for _ in 0..<8_000 {
      for (place, index) in stream.shuffledIndices(4).enumerated() {
        counts[4 * place + index] += 1
      }
    }
    #expect(counts.allSatisfy { abs($0 - 2_000) < 200 })
  }

  @Test func `the standard library's generators take a stream`() {
    var stream = RandomStream(seed: 13, purpose: .test)
    let low: UInt32 = stream.next()
    let high: UInt32 = stream.next()
    var again = RandomStream(seed: 13, purpose: .test)
    let both: UInt64 = again.next()
    #expect(both == UInt64(high) << 32 | UInt64(low))
    #expect((0..<6).contains(Int.random(in: 0..<6, using: &stream)))
  }
}
