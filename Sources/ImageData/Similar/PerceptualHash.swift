internal import Glibc
package import KernelTypes
package import Primitives

/// A perceptual hash of an image: numbers to search by and a tiny copy to confirm a match.
///
/// The image is shrunk to 32 x 32 greys, so size and shape play no part. The hash has the signs
/// of the lowest 8 x 8 coefficients of the two-dimensional cosine transform (type II) but the
/// first, which is the mean; as in pHash, but with signs in place of a comparison with the median,
/// since mirroring an image then turns exactly those of odd horizontal frequency.
package struct PerceptualHash: Sendable, Hashable {
  /// The side of the tiny copy.
  package static let side = 32
  /// Bytes of the tiny copy.
  static let count = side * side
  /// Images whose tiny copy deviates by fewer grey levels than this look like nothing at all.
  ///
  /// The flattest of 9,000 photos has 10.7.
  static let leastDeviation = 4.0

  /// The signs, bit 8v + u for the frequencies u across and v down; bit 0 is never set.
  package var bits: UInt64
  /// 32 x 32 greys.
  package var greys: [UInt8]

  /// The bits that mirroring an image turns.
  package static let oddFrequencies: UInt64 = 0xAAAA_AAAA_AAAA_AAAA

  /// An image shrunk to 32 x 32, from which its hash is made.
  ///
  /// Bilinear with antialiasing: Pillow's box filter is not symmetric at factors such as 1.5.
  package static func shrunk(_ image: RGBImage, by resizer: Resizer) -> RGBImage {
    resizer.stretch(image, width: side, height: side)
  }

  /// The resizer for `shrunk`.
  package static func resizer(_ kernels: KernelTable) -> Resizer {
    Resizer(.bilinear, kernels: kernels)
  }

  /// The reduction at which a JPEG is decoded for its hash alone: to sides of 32 pixels at least.
  static func shrink(width: Int, height: Int) -> Int {
    [8, 4, 2].first { min(width, height) >= $0 * side } ?? 1
  }

  /// A hash of known signs and greys, 32 x 32 of them.
  package init(bits: UInt64, greys: [UInt8]) {
    precondition(greys.count == PerceptualHash.count, "32 x 32 greys")
    self.bits = bits
    self.greys = greys
  }

  /// The hash of a tiny copy.
  package init(greys: [UInt8]) {
    self.init(bits: PerceptualHash.signs(greys.map { Float($0) }), greys: greys)
  }

  /// The hash of a shrunk image, whose sides were once `width` and `height`; nil for one that is
  /// about of one grey, or too small to tell it from others of its kind.
  package init?(shrunk: RGBImage, width: Int, height: Int) {
    guard min(width, height) >= PerceptualHash.side else { return nil }
    let pixels = shrunk.pixels
    // ITU-R BT.601, in thousandths.
    let greys = stride(from: 0, to: pixels.count, by: 3).map { at -> UInt8 in
      let red = 299 * Int(pixels[at])
      let green = 587 * Int(pixels[at + 1])
      return UInt8((red + green + 114 * Int(pixels[at + 2]) + 500) / 1000)
    }
    guard PerceptualHash.deviation(greys) >= PerceptualHash.leastDeviation else { return nil }
    self.init(greys: greys)
  }

  private static func deviation(_ greys: [UInt8]) -> Double {
    let count = Double(greys.count)
    let mean = Double(greys.reduce(0) { $0 + Int($1) }) / count
    let squares = Double(greys.reduce(0) { $0 + Int($1) * Int($1) }) / count
    return max(0, squares - mean * mean).squareRoot()
  }

  /// Frequencies in each direction.
  private static let frequencies = 8

  /// The cosine transform, across or down, of a tiny copy or of a part of one.
  struct Cosines {
    /// The weights of each point in the frequencies.
    fileprivate var weights: [SIMD8<Float>]

    /// Of a part that leaves out so much at the low and the high end.
    init(low: Double = 0, high: Double = 0) {
      var weights = [SIMD8<Double>](repeating: .zero, count: side)
      let places = GreyPlaces(PictureCrop.places(low, high))
      for x in 0..<side {
        for u in 0..<frequencies {
          let value = cos(Double.pi * Double((2 * x + 1) * u) / Double(2 * side))
          weights[places.points[x]][u] += value * (1 - places.parts[x])
          weights[places.points[x] + 1][u] += value * places.parts[x]
        }
      }
      self.weights = weights.map { SIMD8<Float>($0) }
    }
  }

  /// Of a whole tiny copy.
  static let whole = Cosines()

  /// The signs of 32 x 32 greys, or of a part of them.
  static func signs(
    _ greys: [Float], across: Cosines = whole, down: Cosines = whole
  ) -> UInt64 {
    // The sums of the frequencies across, one vector for each down.
    var sums = [SIMD8<Float>](repeating: .zero, count: frequencies)
    across.weights.withUnsafeBufferPointer { across in
      greys.withUnsafeBufferPointer { greys in
        for y in 0..<side {
          var row = SIMD8<Float>.zero
          for x in 0..<side { row += greys[y * side + x] * across[x] }
          let weights = down.weights[y]
          for v in 0..<frequencies { sums[v] += weights[v] * row }
        }
      }
    }
    var bits: UInt64 = 0
    for bit in 1..<frequencies * frequencies
    where sums[bit / frequencies][bit % frequencies] > 0 {
      bits |= 1 << UInt64(bit)
    }
    return bits
  }
}

extension PerceptualHash {
  /// The hash of the image in a file's bytes, whatever is made of it otherwise; nil also for one that
  /// cannot be decoded.
  ///
  /// A JPEG is decoded for it at the size that is enough. `known` is the image as it was decoded
  /// already, if upright: that of a PNG, or of a JPEG by chance of that size, is used.
  package init?(
    file bytes: [UInt8], known: DecodedImage? = nil, maxPixels: Int, resizer: Resizer
  ) {
    var decoded = known.flatMap { known in
      let isEnough =
        FileKind(bytes) == .png
        || known.shrink == PerceptualHash.shrink(width: known.fullWidth, height: known.fullHeight)
      return isEnough ? known : nil
    }
    decoded =
      decoded
      ?? (try? ImageReader.decodeImage(
        bytes: bytes, maxPixels: maxPixels, shrink: PerceptualHash.shrink))
    guard let decoded else { return nil }
    self.init(
      shrunk: PerceptualHash.shrunk(decoded.upright, by: resizer), width: decoded.fullWidth,
      height: decoded.fullHeight)
  }
}
