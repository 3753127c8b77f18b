import CImageCodecs
import Compute
import FoundationEssentials
import Glibc
import ImageData
import Primitives
import TestSupport
import Testing

/// JPEGs decoded at 1/2, 1/4 and 1/8, then resized: compared with an ideal reduction of the picture
/// before it was compressed.
@Suite struct ShrunkFitTests {
  /// Waves of all lengths and directions, the longer the stronger, as in photographs, and edges.
  private static func scene(width: Int, height: Int) -> [Double] {
    var stream = RandomStream(seed: 5, purpose: .test)
    let waves = (0..<60).map { _ in
      let length = 3 * exp(4 * Double(stream.uniform()))
      let angle = 2 * Double.pi * Double(stream.uniform())
      return (
        x: cos(angle) * 2 * .pi / length, y: sin(angle) * 2 * .pi / length,
        strength: 0.35 * pow(length, 0.8), phase: 6.3 * Double(stream.uniform()),
        tint: (0..<3).map { _ in 0.7 + 0.6 * Double(stream.uniform()) }
      )
    }
    var pixels = [Double](repeating: 0, count: 3 * width * height)
    for y in 0..<height {
      for x in 0..<width {
        let isInside = hypot(Double(x) - 200, Double(y) - 160) < 90
        for channel in 0..<3 {
          var value = isInside ? 170.0 : 110.0
          for wave in waves {
            value +=
              wave.strength * wave.tint[channel]
              * sin(wave.x * Double(x) + wave.y * Double(y) + wave.phase)
          }
          pixels[3 * (y * width + x) + channel] = min(255, max(0, value))
        }
      }
    }
    return pixels
  }

  /// The scene reduced by Lanczos's filter of three lobes in double precision.
  private static func ideal(
    _ scene: [Double], width: Int, height: Int, side: Int
  ) -> [Double] {
    func weights(_ old: Int) -> [[(Int, Double)]] {
      let scale = Double(old) / Double(side)
      return (0..<side).map { target in
        let center = (Double(target) + 0.5) * scale
        let near = (0..<old).compactMap { pixel -> (Int, Double)? in
          let x = (Double(pixel) + 0.5 - center) / scale
          guard abs(x) < 3 else { return nil }
          let value = x == 0 ? 1 : 3 * sin(.pi * x) * sin(.pi * x / 3) / (.pi * .pi * x * x)
          return (pixel, value)
        }
        let sum = near.reduce(0) { $0 + $1.1 }
        return near.map { ($0.0, $0.1 / sum) }
      }
    }
    var narrow = [Double](repeating: 0, count: 3 * side * height)
    for (column, taps) in weights(width).enumerated() {
      for y in 0..<height {
        for (x, weight) in taps {
          for channel in 0..<3 {
            narrow[3 * (y * side + column) + channel] +=
              weight * scene[3 * (y * width + x) + channel]
          }
        }
      }
    }
    var result = [Double](repeating: 0, count: 3 * side * side)
    for (row, taps) in weights(height).enumerated() {
      for at in 0..<(3 * side) {
        for (y, weight) in taps {
          result[row * 3 * side + at] += weight * narrow[y * 3 * side + at]
        }
      }
    }
    return result
  }

  private static func jpeg(_ scene: [Double], width: Int, height: Int) -> [UInt8] {
    let pixels = scene.map { UInt8($0.rounded()) }
    var length = 0
    let bytes = [UInt8](
      unsafeUninitializedCapacity: cimage_encode_bound(Int32(width), Int32(height), 3)
    ) { buffer, count in
      cimage_encode_jpeg(
        pixels, Int32(width), Int32(height), 3, 92, buffer.baseAddress, buffer.count, &length,
        nil, 0)
      count = length
    }
    return bytes
  }

  private static func distance(_ image: RGBImage, _ ideal: [Double]) -> Double {
    let sum = zip(image.pixels, ideal).reduce(0) { $0 + pow(Double($1.0) - $1.1, 2) }
    return (sum / Double(ideal.count)).squareRoot()
  }

  @Test(
    "Decoding smaller stays as near to an ideal reduction as decoding at full size, within a sixth",
    arguments: [ResizeFilter.bilinear, .bicubic, .area])
  func quality(_ filter: ResizeFilter) throws {
    let engine = try TestEngine.make()
    let (width, height) = (443, 371)
    let scene = Self.scene(width: width, height: height)
    let bytes = Self.jpeg(scene, width: width, height: height)
    for divisor in [2, 4, 8] {
      let side = Int(Double(height) / Double(divisor) / filter.shrinkMargin)
      let ideal = Self.ideal(scene, width: width, height: height, side: side)
      let full = Preprocessing(width: side, height: side, filter: filter)
      var shrunk = full
      shrunk.shrinkMargin = filter.shrinkMargin
      var asked = 0
      _ = try ImageReader.decodeImage(bytes: bytes) {
        asked = shrunk.shrink(width: $0, height: $1)
        return 1
      }
      #expect(asked == divisor)
      let far = Self.distance(
        try ImageReader(full, kernels: engine.kernels).read(bytes: bytes), ideal)
      let farShrunk = Self.distance(
        try ImageReader(shrunk, kernels: engine.kernels).read(bytes: bytes), ideal)
      #expect(farShrunk <= far * 7 / 6, "1/\(divisor) to \(side): \(farShrunk) and \(far)")
      #expect(far < 8)
    }
  }

  @Test("A shrunk picture of one colour keeps it", arguments: [2, 4, 8])
  func constant(_ divisor: Int) throws {
    let engine = try TestEngine.make()
    let image = RGBImage(
      width: 50, height: 50, pixels: [UInt8](repeating: 77, count: 7500))
    let picture = DecodedImage(
      image: image, fullWidth: 50 * divisor - 1, fullHeight: 50 * divisor, shrink: divisor,
      orientation: 1)
    for filter in [ResizeFilter.bilinear, .bicubic, .area] {
      for mode in ResizeMode.allCases {
        let steps = Preprocessing(width: 31, height: 20, resize: mode, filter: filter)
        let resized = ImageReader(steps, kernels: engine.kernels).resize(picture)
        let content = resized.pixels.filter { $0 != 0 }
        #expect(content.allSatisfy { $0 == 77 }, "\(filter) \(mode)")
        #expect(mode == .pad || content.count == 3 * 31 * 20)
      }
    }
  }

  @Test("Turning a shrunk picture before or after resizing gives the same, within two levels")
  func turning() throws {
    let engine = try TestEngine.make()
    let scene = Self.scene(width: 443, height: 371)
    let bytes = Self.jpeg(scene, width: 443, height: 371)
    for mode in ResizeMode.allCases {
      for orientation in 1...8 {
        var full = try ImageReader.decodeImage(bytes: bytes)
        var shrunk = try ImageReader.decodeImage(bytes: bytes) { _, _ in 4 }
        full.orientation = orientation
        shrunk.orientation = orientation
        let steps = Preprocessing(width: 40, height: 30, resize: mode, filter: .bilinear)
        let reader = ImageReader(steps, kernels: engine.kernels)
        let (a, b) = (reader.resize(full), reader.resize(shrunk))
        let mean =
          zip(a.pixels, b.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) } / a.pixels.count
        #expect(mean <= 2, "\(mode) \(orientation)")
      }
    }
  }
}
