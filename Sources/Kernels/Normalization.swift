// Batch normalization over `pixels` rows of `channels` floats (Ioffe and Szegedy 2015).
//
// Every loop walks the pixels once for four vectors of channels, then two, then one: few enough
// that their sums or factors stay in registers, and enough that memory is read in long stretches.

/// Parallel sums of each kind, so that an addition does not wait for the previous one.
///
/// Of the gradient fewer on arm64: the compiler loads all the pixels of a step at first, x and dy,
/// and with eight of them the registers would not suffice.
@inline(__always)
private func sumsAtOnce(_ summands: Summands) -> Int {
  #if KERNELS_AVX512
    return 8
  #elseif arch(arm64)
    return summands == .gradient ? 4 : 8
  #else
    return 4
  #endif
}

/// Sums over consecutive pixels: sums[c] = Σ (x - shift), squares[c] = Σ (x - shift)².
///
/// The shift, a value near the data, keeps the squares small against the mean's square.
package func moments(
  _ x: UnsafePointer<Float>, _ shift: UnsafePointer<Float>, pixels: Int, channels: Int,
  _ sums: UnsafeMutablePointer<Float>, _ squares: UnsafeMutablePointer<Float>
) {
  var c = 0
  while c < channels {
    c = blockStart(c, channels)
    let step = blockStep(c, channels)
    let (p, s, a, b) = (x + c, shift + c, sums + c, squares + c)
    switch step {
    case 4 * lanes: moments4(p, s, pixels, channels, a, b)
    case 2 * lanes: moments2(p, s, pixels, channels, a, b)
    case lanes: moments1(p, s, pixels, channels, a, b)
    default:
      var sum: Float = 0
      var square: Float = 0
      for pixel in 0..<pixels {
        let d = p[pixel * channels] - s[0]
        sum += d
        square = multiplyAdd(square, d, d)
      }
      (a[0], b[0]) = (sum, square)
    }
    c += step
  }
}

/// The start of the block for channel `c`: a last partial vector starts earlier.
///
/// Then some channels are computed twice; a loop that overwrites its input must allow for that.
@inline(__always)
func blockStart(_ c: Int, _ channels: Int, mayRepeat: Bool = true) -> Int {
  mayRepeat && channels - c < lanes && channels >= lanes ? channels - lanes : c
}

/// The channels of the block that begins at `c`: four, two or one vectors, or a single channel.
@inline(__always)
private func blockStep(_ c: Int, _ channels: Int) -> Int {
  let left = channels - c
  if left >= 4 * lanes { return 4 * lanes }
  if left >= 2 * lanes { return 2 * lanes }
  return left >= lanes ? lanes : 1
}

@inline(never)
func moments4(_ x: P, _ shift: P, _ pixels: Int, _ channels: Int, _ a: M, _ b: M) {
  addPixels(.moments, vectors: 4, x, nil, x, x, shift, pixels, channels, a, b)
}
@inline(never)
func moments2(_ x: P, _ shift: P, _ pixels: Int, _ channels: Int, _ a: M, _ b: M) {
  addPixels(.moments, vectors: 2, x, nil, x, x, shift, pixels, channels, a, b)
}
@inline(never)
func moments1(_ x: P, _ shift: P, _ pixels: Int, _ channels: Int, _ a: M, _ b: M) {
  addPixels(.moments, vectors: 1, x, nil, x, x, shift, pixels, channels, a, b)
}

/// The quantities that `addPixels` sums.
private enum Summands {
  /// x - center and its square.
  case moments
  /// dy, where x · factor + offset is within a rectifier's bounds if these are given, and its
  /// product with x - center.
  case gradient
  /// x.
  case values
}

/// Two sums over pixels for `vectors` vectors of channels, a constant that divides the sums at once.
@inline(__always)
private func addPixels(
  _ summands: Summands, vectors: Int, _ x: P, _ factor: P?, _ offset: P, _ dy: P, _ center: P,
  _ pixels: Int, _ channels: Int, _ first: M, _ second: M, ceiling: Float = .infinity
) {
  let sumsAtOnce = sumsAtOnce(summands)
  let pixelsAtOnce = sumsAtOnce / vectors
  let most = Vector(repeating: ceiling)
  var sums = clearedAccumulators()
  var pixel = 0
  while pixel + pixelsAtOnce <= pixels {
    for u in 0..<pixelsAtOnce {
      for v in 0..<vectors {
        let i = (pixel + u) * channels + v * lanes
        let (a, b) = summandsAt(summands, i, v * lanes, x, factor, offset, dy, center, most)
        let place = u * vectors + v
        sums[place] += a
        if summands != .values {
          sums[sumsAtOnce + place] = multiplyAdd(sums[sumsAtOnce + place], a, b)
        }
      }
    }
    pixel += pixelsAtOnce
  }
  while pixel < pixels {
    for v in 0..<vectors {
      let i = pixel * channels + v * lanes
      let (a, b) = summandsAt(summands, i, v * lanes, x, factor, offset, dy, center, most)
      sums[v] += a
      if summands != .values {
        sums[sumsAtOnce + v] = multiplyAdd(sums[sumsAtOnce + v], a, b)
      }
    }
    pixel += 1
  }
  for v in 0..<vectors {
    var a = sums[v]
    var b = sums[sumsAtOnce + v]
    for u in 1..<pixelsAtOnce {
      a += sums[u * vectors + v]
      b += sums[sumsAtOnce + u * vectors + v]
    }
    store(first + v * lanes, a)
    if summands != .values { store(second + v * lanes, b) }
  }
}

/// The summand of the first sum, and its factor for the second.
@inline(__always)
private func summandsAt(
  _ summands: Summands, _ i: Int, _ c: Int, _ x: P, _ factor: P?, _ offset: P, _ dy: P, _ center: P,
  _ most: Vector
) -> (Vector, Vector) {
  switch summands {
  case .values:
    let value = load(x + i)
    return (value, value)
  case .moments:
    let d = load(x + i) - load(center + c)
    return (d, d)
  case .gradient:
    let value = load(x + i)
    var d = load(dy + i)
    if let factor {
      let y = multiplyAdd(load(offset + c), value, load(factor + c))
      d = passed(d, y, most)
    }
    return (d, value - load(center + c))
  }
}

/// y = x · factor[c] + offset[c], then min(max(·, 0), ceiling) if `rectifies`.
package func scaleChannels(
  _ x: UnsafePointer<Float>, _ factor: UnsafePointer<Float>, _ offset: UnsafePointer<Float>,
  _ y: UnsafeMutablePointer<Float>, pixels: Int, channels: Int, rectifies: Bool, ceiling: Float
) {
  let floor = rectifies ? 0 : -Float.infinity
  let most = rectifies ? ceiling : .infinity
  var c = 0
  while c < channels {
    c = blockStart(c, channels, mayRepeat: UnsafePointer(y) != x)
    let step = blockStep(c, channels)
    let (p, f, o, q) = (x + c, factor + c, offset + c, y + c)
    switch step {
    case 4 * lanes: scale4(p, f, o, q, pixels, channels, floor, most)
    case 2 * lanes: scale2(p, f, o, q, pixels, channels, floor, most)
    case lanes: scale1(p, f, o, q, pixels, channels, floor, most)
    default:
      for i in 0..<pixels {
        let v = multiplyAdd(o[0], p[i * channels], f[0])
        q[i * channels] = v < floor ? floor : v > most ? most : v
      }
    }
    c += step
  }
}

@inline(never)
func scale4(
  _ x: P, _ f: P, _ o: P, _ y: M, _ pixels: Int, _ channels: Int, _ floor: Float, _ most: Float
) {
  scalePixels(vectors: 4, x, f, o, y, pixels, channels, floor, most)
}
@inline(never)
func scale2(
  _ x: P, _ f: P, _ o: P, _ y: M, _ pixels: Int, _ channels: Int, _ floor: Float, _ most: Float
) {
  scalePixels(vectors: 2, x, f, o, y, pixels, channels, floor, most)
}
@inline(never)
func scale1(
  _ x: P, _ f: P, _ o: P, _ y: M, _ pixels: Int, _ channels: Int, _ floor: Float, _ most: Float
) {
  scalePixels(vectors: 1, x, f, o, y, pixels, channels, floor, most)
}

/// `scaleChannels` for `vectors` vectors of channels; the results lie in `floor`...`ceiling`.
@inline(__always)
private func scalePixels(
  vectors: Int, _ x: P, _ factor: P, _ offset: P, _ y: M, _ pixels: Int, _ channels: Int,
  _ floor: Float, _ ceiling: Float
) {
  var held = clearedAccumulators()
  for v in 0..<vectors {
    held[v] = load(factor + v * lanes)
    held[vectors + v] = load(offset + v * lanes)
  }
  let least = Vector(repeating: floor)
  let most = Vector(repeating: ceiling)
  for pixel in 0..<pixels {
    for v in 0..<vectors {
      let i = pixel * channels + v * lanes
      let value = multiplyAdd(held[vectors + v], load(x + i), held[v])
      store(y + i, raised(lowered(value, most), least))
    }
  }
}

/// Sums over consecutive pixels for the gradient: sums[c] = Σ dy, products[c] = Σ dy·(x - mean).
///
/// Where `factor` is given, dy counts only where x · factor + offset is between 0 and `ceiling`: the
/// gradient of a following rectifier. That value is computed as in `scaleChannels`.
package func normalizationSums(
  _ x: UnsafePointer<Float>, _ factor: UnsafePointer<Float>?, _ offset: UnsafePointer<Float>,
  _ dy: UnsafePointer<Float>,
  _ mean: UnsafePointer<Float>, ceiling: Float, pixels: Int, channels: Int,
  _ sums: UnsafeMutablePointer<Float>, _ products: UnsafeMutablePointer<Float>
) {
  var c = 0
  while c < channels {
    c = blockStart(c, channels)
    let step = blockStep(c, channels)
    let (p, d, m, a, b) = (x + c, dy + c, mean + c, sums + c, products + c)
    let (f, o) = (factor.map { $0 + c }, offset + c)
    switch step {
    case 4 * lanes: gradientSums4(p, f, o, d, m, ceiling, pixels, channels, a, b)
    case 2 * lanes: gradientSums2(p, f, o, d, m, ceiling, pixels, channels, a, b)
    case lanes: gradientSums1(p, f, o, d, m, ceiling, pixels, channels, a, b)
    default:
      var sum: Float = 0
      var product: Float = 0
      for pixel in 0..<pixels {
        let i = pixel * channels
        let passed = masked(d[i], p[i], f, o, ceiling)
        sum += passed
        product = multiplyAdd(product, passed, p[i] - m[0])
      }
      (a[0], b[0]) = (sum, product)
    }
    c += step
  }
}

/// dy if no factor is given or the value is between 0 and `ceiling`, as in whole vectors: NaN is not.
@inline(__always)
func masked(_ dy: Float, _ x: Float, _ factor: P?, _ offset: P, _ ceiling: Float) -> Float {
  guard let factor else { return dy }
  let y = multiplyAdd(offset[0], x, factor[0])
  return y > 0 && y < ceiling ? dy : 0
}

/// d where y is between 0 and `most`, else 0.
@inline(__always)
func passed(_ d: Vector, _ y: Vector, _ most: Vector) -> Vector {
  let above = Vector.zero.replacing(with: d, where: y .> Vector.zero)
  return Vector.zero.replacing(with: above, where: y .< most)
}

@inline(never)
func gradientSums4(
  _ x: P, _ factor: P?, _ offset: P, _ dy: P, _ mean: P, _ ceiling: Float, _ pixels: Int,
  _ channels: Int, _ a: M, _ b: M
) {
  addPixels(
    .gradient, vectors: 4, x, factor, offset, dy, mean, pixels, channels, a, b, ceiling: ceiling)
}
@inline(never)
func gradientSums2(
  _ x: P, _ factor: P?, _ offset: P, _ dy: P, _ mean: P, _ ceiling: Float, _ pixels: Int,
  _ channels: Int, _ a: M, _ b: M
) {
  addPixels(
    .gradient, vectors: 2, x, factor, offset, dy, mean, pixels, channels, a, b, ceiling: ceiling)
}
@inline(never)
func gradientSums1(
  _ x: P, _ factor: P?, _ offset: P, _ dy: P, _ mean: P, _ ceiling: Float, _ pixels: Int,
  _ channels: Int, _ a: M, _ b: M
) {
  addPixels(
    .gradient, vectors: 1, x, factor, offset, dy, mean, pixels, channels, a, b, ceiling: ceiling)
}

/// y = (a · aFactor[c] + aOffset[c]) + (b · bFactor[c] + bOffset[c]), then max(y, 0) if
/// `rectifies`; a nil factor means a factor of 1 and an offset of 0.
package func addChannels(
  _ a: UnsafePointer<Float>, _ aFactor: UnsafePointer<Float>?, _ aOffset: UnsafePointer<Float>?,
  _ b: UnsafePointer<Float>, _ bFactor: UnsafePointer<Float>?, _ bOffset: UnsafePointer<Float>?,
  _ y: UnsafeMutablePointer<Float>, pixels: Int, channels: Int, rectifies: Bool
) {
  let floor = Vector(repeating: rectifies ? 0 : -Float.infinity)
  var c = 0
  while c + lanes <= channels {
    let af = aFactor.map { load($0 + c) } ?? Vector(repeating: 1)
    let ao = aOffset.map { load($0 + c) } ?? Vector.zero
    let bf = bFactor.map { load($0 + c) } ?? Vector(repeating: 1)
    let bo = bOffset.map { load($0 + c) } ?? Vector.zero
    for pixel in 0..<pixels {
      let i = pixel * channels + c
      let v = multiplyAdd(ao, load(a + i), af) + multiplyAdd(bo, load(b + i), bf)
      store(y + i, v.replacing(with: floor, where: v .< floor))
    }
    c += lanes
  }
  while c < channels {
    for pixel in 0..<pixels {
      let i = pixel * channels + c
      let v =
        multiplyAdd(aOffset?[c] ?? 0, a[i], aFactor?[c] ?? 1)
        + multiplyAdd(bOffset?[c] ?? 0, b[i], bFactor?[c] ?? 1)
      y[i] = rectifies && v < 0 ? 0 : v
    }
    c += 1
  }
}

/// Sums over consecutive pixels: sums[c] = Σ x.
package func columnSums(
  _ x: UnsafePointer<Float>, pixels: Int, channels: Int, _ sums: UnsafeMutablePointer<Float>
) {
  var c = 0
  while c < channels {
    c = blockStart(c, channels)
    let step = blockStep(c, channels)
    switch step {
    case 4 * lanes: columnSums4(x + c, pixels, channels, sums + c)
    case 2 * lanes: columnSums2(x + c, pixels, channels, sums + c)
    case lanes: columnSums1(x + c, pixels, channels, sums + c)
    default:
      var sum: Float = 0
      for pixel in 0..<pixels { sum += x[pixel * channels + c] }
      sums[c] = sum
    }
    c += step
  }
}

@inline(never) func columnSums4(_ x: P, _ pixels: Int, _ channels: Int, _ sums: M) {
  addPixels(.values, vectors: 4, x, nil, x, x, x, pixels, channels, sums, sums)
}
@inline(never) func columnSums2(_ x: P, _ pixels: Int, _ channels: Int, _ sums: M) {
  addPixels(.values, vectors: 2, x, nil, x, x, x, pixels, channels, sums, sums)
}
@inline(never) func columnSums1(_ x: P, _ pixels: Int, _ channels: Int, _ sums: M) {
  addPixels(.values, vectors: 1, x, nil, x, x, x, pixels, channels, sums, sums)
}
