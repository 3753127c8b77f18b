package import Primitives

/// Repeatable numbers for tests: the same `salt` gives the same values everywhere.
package struct RandomValues {
  package var stream: RandomStream

  /// A stream of its own for each test (`seed`) and each use in it (`salt`).
  package init(seed: UInt64, salt: Int = 0) {
    stream = RandomStream(seed: seed, purpose: .test, epoch: 0, sample: salt)
  }

  /// Uniform numbers between the bounds.
  package mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in stream.uniform(in: range) }
  }

  /// Numbers of the standard normal distribution.
  package mutating func normals(_ count: Int) -> [Float] {
    (0..<count).map { _ in stream.normal() }
  }

  /// Distinct numbers at least `gap` apart and at least `gap`/2 from zero, in random order.
  ///
  /// A maximum or a rectifier of them has no kink within `gap`/2.
  package mutating func separated(_ count: Int, gap: Float = 0.01) -> [Float] {
    stream.shuffledIndices(count).map { (Float($0 - count / 2) + 0.5) * gap }
  }

  /// Class indices below `classes`.
  package mutating func targets(_ count: Int, classes: Int) -> [Int32] {
    (0..<count).map { _ in Int32(stream.index(below: classes)) }
  }
}
