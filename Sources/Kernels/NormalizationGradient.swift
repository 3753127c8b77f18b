/// dx = dy · a[c] + (x - mean[c]) · b[c] + d[c], with dy masked as in `normalizationSums`.
///
/// dx may be dy.
package func normalizationGradient(
  _ x: UnsafePointer<Float>, _ factor: UnsafePointer<Float>?, _ offset: UnsafePointer<Float>,
  _ dy: UnsafePointer<Float>,
  _ mean: UnsafePointer<Float>, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
  _ d: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>, ceiling: Float, pixels: Int,
  channels: Int, accumulates: Bool
) {
  let f = NormalizationFactors(
    mean: mean, a: a, b: b, d: d, factor: factor, offset: offset, ceiling: ceiling)
  let written = UnsafePointer(dx)
  let mayRepeat = !accumulates && written != x && written != dy
  var c = 0
  while c < channels {
    c = blockStart(c, channels, mayRepeat: mayRepeat)
    let left = channels - c
    if left >= 4 * lanes {
      gradient4(c, x, dy, f, dx, pixels, channels, accumulates)
      c += 4 * lanes
    } else if left >= 2 * lanes {
      gradient2(c, x, dy, f, dx, pixels, channels, accumulates)
      c += 2 * lanes
    } else if left >= lanes {
      gradient1(c, x, dy, f, dx, pixels, channels, accumulates)
      c += lanes
    } else {
      for pixel in 0..<pixels {
        let i = pixel * channels + c
        let g = masked(dy[i], x[i], factor.map { $0 + c }, offset + c, ceiling)
        let r = multiplyAdd(multiplyAdd(d[c], x[i] - mean[c], b[c]), g, a[c])
        dx[i] = accumulates ? dx[i] + r : r
      }
      c += 1
    }
  }
}

/// The factors of `normalizationGradient`, one of each a channel.
struct NormalizationFactors {
  var mean, a, b, d: UnsafePointer<Float>
  /// The output's factors, if a rectifier follows, and its upper bound.
  var factor: UnsafePointer<Float>?
  var offset: UnsafePointer<Float>
  var ceiling: Float
}

@inline(never)
func gradient4(
  _ c: Int, _ x: P, _ dy: P, _ f: NormalizationFactors, _ dx: M, _ pixels: Int,
  _ channels: Int, _ accumulates: Bool
) {
  gradientOfPixels(vectors: 4, c, x, dy, f, dx, pixels, channels, accumulates)
}
@inline(never)
func gradient2(
  _ c: Int, _ x: P, _ dy: P, _ f: NormalizationFactors, _ dx: M, _ pixels: Int,
  _ channels: Int, _ accumulates: Bool
) {
  gradientOfPixels(vectors: 2, c, x, dy, f, dx, pixels, channels, accumulates)
}
@inline(never)
func gradient1(
  _ c: Int, _ x: P, _ dy: P, _ f: NormalizationFactors, _ dx: M, _ pixels: Int,
  _ channels: Int, _ accumulates: Bool
) {
  gradientOfPixels(vectors: 1, c, x, dy, f, dx, pixels, channels, accumulates)
}

/// `normalizationGradient` for `vectors` vectors of channels.
///
/// The factors stay in registers where these suffice; from memory they are in the first-level
/// cache, which costs less than to walk the pixels twice.
@inline(__always)
private func gradientOfPixels(
  vectors: Int, _ c: Int, _ x: P, _ dy: P, _ f: NormalizationFactors, _ dx: M,
  _ pixels: Int, _ channels: Int, _ accumulates: Bool
) {
  let most = Vector(repeating: f.ceiling)
  let holds = 4 * vectors <= 2 * widestTile
  var held = clearedAccumulators()
  if holds {
    for v in 0..<vectors {
      held[4 * v] = load(f.mean + c + v * lanes)
      held[4 * v + 1] = load(f.a + c + v * lanes)
      held[4 * v + 2] = load(f.b + c + v * lanes)
      held[4 * v + 3] = load(f.d + c + v * lanes)
    }
  }
  for pixel in 0..<pixels {
    for v in 0..<vectors {
      let i = pixel * channels + c + v * lanes
      let own = c + v * lanes
      let mean = holds ? held[4 * v] : load(f.mean + own)
      let a = holds ? held[4 * v + 1] : load(f.a + own)
      let b = holds ? held[4 * v + 2] : load(f.b + own)
      let d = holds ? held[4 * v + 3] : load(f.d + own)
      let value = load(x + i)
      var g = load(dy + i)
      if let factor = f.factor {
        let y = multiplyAdd(load(f.offset + own), value, load(factor + own))
        g = passed(g, y, most)
      }
      let r = multiplyAdd(multiplyAdd(d, value - mean, b), g, a)
      store(dx + i, accumulates ? load(dx + i) + r : r)
    }
  }
}
