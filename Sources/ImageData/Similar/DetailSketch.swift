internal import Primitives

/// The detail of an image in 32 bytes: the signs of 256 random mixtures of its points.
///
/// Two details whose correlation is c differ in a part of the signs of acos(c) / π (Charikar 2002),
/// give or take 0.03; so nearly all candidates that are not the same picture are ruled out without
/// their tiny copies. The mixtures are an orthogonal transform of the points with signs drawn once and for
/// all (the fast Johnson-Lindenstrauss transform of Ailon and Chazelle 2006), of which a quarter is
/// kept.
struct DetailSketch {
  private var signs = SIMD4<UInt64>()

  static let bits = 256

  /// Of a detail that is not known.
  init() {}

  /// Of a detail with a mean of 0.
  init(_ detail: GreySquare) {
    let side = GreySquare.side
    var mixed = zip(detail.values, DetailSketch.factors).map { $0 * $1 }
    DetailSketch.mixDown(&mixed)
    // What was a row is a column for the second half of the transform.
    var turned = mixed.indices.map { mixed[$0 % side * side + $0 / side] }
    DetailSketch.mixDown(&turned)
    for (bit, place) in DetailSketch.kept.enumerated() where turned[place] > 0 {
      signs[bit / 64] |= 1 << UInt64(bit % 64)
    }
  }

  /// The number of signs in which two differ.
  func distance(to other: DetailSketch) -> Int {
    let different = signs ^ other.signs
    return (0..<4).reduce(0) { $0 + different[$1].nonzeroBitCount }
  }

  /// A sign for each point.
  private static let factors: [Float] = {
    var stream = RandomStream(seed: 0, purpose: .initialization)
    return (0..<GreySquare.count).map { _ in
      let word: UInt32 = stream.next()
      return word & 1 == 0 ? -1 : 1
    }
  }()

  /// One mixture of every four.
  private static let kept: [Int] = {
    var stream = RandomStream(seed: 1, purpose: .initialization)
    return (0..<bits).map { bit in
      let word: UInt32 = stream.next()
      return 4 * bit + Int(word % 4)
    }
  }()

  /// The Walsh-Hadamard transform of each column.
  private static func mixDown(_ values: inout [Float]) {
    let side = GreySquare.side
    values.withUnsafeMutableBufferPointer { values in
      var reach = 1
      while reach < side {
        for row in 0..<side where row & reach == 0 {
          let (upper, lower) = (row * side, (row + reach) * side)
          for x in 0..<side {
            let (a, b) = (values[upper + x], values[lower + x])
            values[upper + x] = a + b
            values[lower + x] = a - b
          }
        }
        reach *= 2
      }
    }
  }
}
