internal import Glibc
package import KernelTypes
package import Primitives

/// A perceptual hash of an image: two numbers to search by and a tiny copy to confirm a match.
///
/// The image is shrunk to 32 x 32 greys, so size and shape play no part. The hash has the signs
/// of the lowest 8 x 8 coefficients of the two-dimensional cosine transform (type II) but the
/// first, which is the mean; as in pHash, but with signs in place of a comparison with the median,
/// since mirroring an image then turns exactly those of odd horizontal frequency.
package struct PerceptualHash: Sendable, Equatable {
  /// The side of the tiny copy.
  static let side = 16
  /// Images whose tiny copy deviates by fewer grey levels than this look like nothing at all.
  ///
  /// The flattest of 9,000 photos has 10.7.
  static let leastDeviation = 4.0

  /// The signs, bit 8v + u for the frequencies u across and v down; bit 0 is never set.
  package var bits: UInt64
  /// 16 x 16 greys.
  package var greys: [UInt8]

  /// The bits that mirroring an image turns.
  package static let oddFrequencies: UInt64 = 0xAAAA_AAAA_AAAA_AAAA

  /// An image shrunk to 32 x 32, from which its hash is made.
  ///
  /// Bilinear with antialiasing: Pillow's box filter is not symmetric at factors such as 1.5.
  package static func shrunk(_ image: RGBImage, by resizer: Resizer) -> RGBImage {
    resizer.stretch(image, width: input, height: input)
  }

  /// The resizer for `shrunk`.
  package static func resizer(_ kernels: KernelTable) -> Resizer {
    Resizer(.bilinear, kernels: kernels)
  }

  /// A hash of known signs and greys, 16 x 16 of them.
  package init(bits: UInt64, greys: [UInt8]) {
    precondition(greys.count == PerceptualHash.side * PerceptualHash.side, "16 x 16 greys")
    self.bits = bits
    self.greys = greys
  }

  /// The hash of a shrunk image, or nil for one that is about of one grey.
  package init?(shrunk: RGBImage) {
    let pixels = shrunk.pixels
    // ITU-R BT.601, in thousandths.
    let luma = stride(from: 0, to: pixels.count, by: 3).map { at -> Int in
      let red = 299 * Int(pixels[at])
      let green = 587 * Int(pixels[at + 1])
      return red + green + 114 * Int(pixels[at + 2])
    }
    greys = PerceptualHash.halved(luma)
    guard GreyStatistics(greys).deviation >= PerceptualHash.leastDeviation else { return nil }
    bits = PerceptualHash.signs(luma.map { Float($0) / 1000 })
  }

  /// The side of the image that is transformed.
  private static let input = 32
  /// Frequencies in each direction.
  private static let frequencies = 8

  /// Means of 2 x 2 luma values, as greys.
  private static func halved(_ luma: [Int]) -> [UInt8] {
    (0..<side * side).map { index -> UInt8 in
      let at = 2 * input * (index / side) + 2 * (index % side)
      let sum = luma[at] + luma[at + 1] + luma[at + input] + luma[at + input + 1]
      return UInt8((sum + 2000) / 4000)
    }
  }

  /// cos(pi (2x + 1) u / 64) at [u][x].
  private static let cosines: [Float] = (0..<frequencies * input).map { index -> Float in
    let (u, x) = index.quotientAndRemainder(dividingBy: input)
    return Float(cos(Double.pi * Double((2 * x + 1) * u) / Double(2 * input)))
  }

  private static func signs(_ greys: [Float]) -> UInt64 {
    var bits: UInt64 = 0
    cosines.withUnsafeBufferPointer { cosines in
      greys.withUnsafeBufferPointer { greys in
        // Across, at [y][u].
        var rows = [Float](repeating: 0, count: input * frequencies)
        for y in 0..<input {
          for u in 0..<frequencies {
            var sum: Float = 0
            for x in 0..<input { sum += greys[y * input + x] * cosines[u * input + x] }
            rows[y * frequencies + u] = sum
          }
        }
        for bit in 1..<frequencies * frequencies {
          let (v, u) = bit.quotientAndRemainder(dividingBy: frequencies)
          var sum: Float = 0
          for y in 0..<input { sum += rows[y * frequencies + u] * cosines[v * input + y] }
          if sum > 0 { bits |= 1 << UInt64(bit) }
        }
      }
    }
    return bits
  }
}

/// Mean and deviation of the greys of a tiny copy.
struct GreyStatistics {
  let mean: Double
  let deviation: Double

  init(_ greys: [UInt8]) {
    let count = Double(max(1, greys.count))
    let sum = greys.reduce(0) { $0 + Int($1) }
    let squares = greys.reduce(0) { $0 + Int($1) * Int($1) }
    mean = Double(sum) / count
    deviation = max(0, Double(squares) / count - mean * mean).squareRoot()
  }
}
