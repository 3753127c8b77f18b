import Glibc

/// A picture of premultiplied red, green, blue and opacity, 0...1, row by row.
struct Canvas {
  let width: Int
  let height: Int
  var pixels: [V4]

  init(width: Int, height: Int, color: V4 = .zero) {
    self.width = width
    self.height = height
    pixels = [V4](repeating: color, count: width * height)
  }

  /// Lays a colour over one pixel with the given coverage.
  mutating func blend(_ color: V3, _ coverage: Float, x: Int, y: Int) {
    let i = y * width + x
    pixels[i] = pixels[i] * (1 - coverage) + V4(color, 1) * coverage
  }

  /// Lays another canvas of the same size over this one.
  mutating func compose(_ layer: Canvas) {
    precondition(layer.width == width && layer.height == height, "layers must have one size")
    for i in pixels.indices {
      pixels[i] = layer.pixels[i] + pixels[i] * (1 - layer.pixels[i].w)
    }
  }

  /// Replaces each colour by a function of the place (in pixels) and the colour there.
  mutating func map(_ color: (V2, V3) -> V3) {
    for y in 0..<height {
      for x in 0..<width {
        let p = pixels[y * width + x]
        let c = color(V2(Float(x) + 0.5, Float(y) + 0.5), V3(p.x, p.y, p.z))
        pixels[y * width + x] = V4(c, p.w)
      }
    }
  }

  /// The average of every `factor` x `factor` square.
  func reduced(by factor: Int) -> Canvas {
    var result = Canvas(width: width / factor, height: height / factor)
    let share = 1 / Float(factor * factor)
    for y in 0..<result.height {
      for x in 0..<result.width {
        var sum = V4.zero
        for dy in 0..<factor {
          for dx in 0..<factor { sum += pixels[(y * factor + dy) * width + x * factor + dx] }
        }
        result.pixels[y * result.width + x] = sum * share
      }
    }
    return result
  }

  /// Blurs with a Gaussian of the given standard deviation in pixels.
  mutating func blur(_ deviation: Float) {
    guard deviation > 0.05 else { return }
    let reach = Int((deviation * 3).rounded(.up))
    var weights = (-reach...reach).map { exp(-Float($0 * $0) / (2 * deviation * deviation)) }
    let total = weights.reduce(0, +)
    weights = weights.map { $0 / total }
    blurLines(weights, reach, count: height, length: width, lineStep: width, step: 1)
    blurLines(weights, reach, count: width, length: height, lineStep: 1, step: width)
  }

  private mutating func blurLines(
    _ weights: [Float], _ reach: Int, count: Int, length: Int, lineStep: Int, step: Int
  ) {
    var line = [V4](repeating: .zero, count: length)
    for row in 0..<count {
      for i in 0..<length { line[i] = pixels[row * lineStep + i * step] }
      for i in 0..<length {
        var sum = V4.zero
        for k in -reach...reach { sum += line[min(max(i + k, 0), length - 1)] * weights[k + reach] }
        pixels[row * lineStep + i * step] = sum
      }
    }
  }

  /// Red, green and blue as bytes, row by row.
  var bytes: [UInt8] {
    pixels.flatMap { p in
      [p.x, p.y, p.z].map { UInt8(clamp($0) * 255 + 0.5) }
    }
  }
}
