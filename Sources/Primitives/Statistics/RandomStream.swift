import Glibc

/// The purpose of a stream of random numbers: streams of different purposes never overlap.
package enum RandomPurpose: UInt32, Sendable {
  case initialization = 1
  case shuffle = 2
  case augmentation = 3
  case dropout = 4
  case drawing = 5
  case subset = 6
  case test = 7
  case benchmark = 8
  /// Whom an image is blended with, and how much of it stays.
  case mixup = 9
  /// The changes of the image that is blended in.
  case partner = 10
  /// The window of an image that CutMix replaces, and its source.
  case cutmix = 11
}

/// A counter-based stream of random numbers, keyed by (seed, purpose, epoch, sample).
///
/// Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3"
/// (SC11). A stream depends on its key alone, so neither the order of work nor the number of
/// threads changes a number, and there is no state to save.
package struct RandomStream: RandomNumberGenerator, Sendable {
  private let key: SIMD2<UInt32>
  private var counter: SIMD4<UInt32>
  private var block = SIMD4<UInt32>()
  private var used = 4

  /// The stream for one sample of one epoch; `epoch` and `sample` are zero where they mean nothing.
  package init(seed: UInt64, purpose: RandomPurpose, epoch: Int = 0, sample: Int = 0) {
    // The position in the stream has the first counter word, 2^32 blocks; the purpose shares a
    // word with the high bits of the sample.
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    let high = UInt32(truncatingIfNeeded: sample >> 32) << 8
    counter = SIMD4(
      0, UInt32(truncatingIfNeeded: sample), UInt32(truncatingIfNeeded: epoch),
      purpose.rawValue | high)
  }

  /// The next 32 bits.
  package mutating func next() -> UInt32 {
    if used == 4 {
      block = RandomStream.philox(counter: counter, key: key)
      counter[0] &+= 1
      used = 0
    }
    defer { used += 1 }
    return block[used]
  }

  /// The next 64 bits.
  package mutating func next() -> UInt64 {
    let low: UInt32 = next()
    let high: UInt32 = next()
    return UInt64(high) << 32 | UInt64(low)
  }

  /// A number in [0, 1), a multiple of 2^-24.
  package mutating func uniform() -> Float {
    let bits: UInt32 = next()
    return Float(bits >> 8) * 0x1p-24
  }

  /// A number between the bounds.
  package mutating func uniform(in range: ClosedRange<Float>) -> Float {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
  }

  /// A number of the standard normal distribution (Box and Muller 1958).
  package mutating func normal() -> Float {
    let bits: UInt32 = next()
    let u = (Double(bits >> 8) + 0.5) * 0x1p-24
    return Float((-2 * log(u)).squareRoot() * cos(2 * Double.pi * Double(uniform())))
  }

  /// A whole number in 0..<bound, without bias (Lemire 2019).
  package mutating func index(below bound: Int) -> Int {
    precondition(bound > 0 && bound <= Int(UInt32.max), "bound must be in 1...2^32-1")
    let range = UInt32(bound)
    let threshold = (0 &- range) % range
    while true {
      let bits: UInt32 = next()
      let (high, low) = range.multipliedFullWidth(by: bits)
      if low >= threshold { return Int(high) }
    }
  }

  /// The numbers 0..<count in random order (Fisher and Yates).
  package mutating func shuffledIndices(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, index(below: i + 1)) }
    return order
  }

  /// Ten rounds of Philox4x32.
  package static func philox(
    counter: SIMD4<UInt32>, key: SIMD2<UInt32>
  ) -> SIMD4<UInt32> {
    var c = counter
    var k = key
    for _ in 0..<10 {
      let a = UInt64(c[0]) &* 0xD251_1F53
      let b = UInt64(c[2]) &* 0xCD9E_8D57
      c = SIMD4(
        UInt32(truncatingIfNeeded: b >> 32) ^ c[1] ^ k[0], UInt32(truncatingIfNeeded: b),
        UInt32(truncatingIfNeeded: a >> 32) ^ c[3] ^ k[1], UInt32(truncatingIfNeeded: a))
      k = k &+ SIMD2(0x9E37_79B9, 0xBB67_AE85)
    }
    return c
  }
}
