package import KernelTypes

// Activation functions over `pixels` rows of `channels` floats, of x or of x · factor[channel] +
// offset[channel] where these are given: a batch normalization before, computed on the way.

/// y = f(x); y may be x.
package func activate(
  _ function: ActivationFunction, _ x: UnsafePointer<Float>, _ factor: UnsafePointer<Float>?,
  _ offset: UnsafePointer<Float>?, _ y: UnsafeMutablePointer<Float>, pixels: Int, channels: Int
) {
  switch function {
  case .relu6: activateRelu6(x, factor, offset, y, pixels, channels)
  case .silu: activateSilu(x, factor, offset, y, pixels, channels)
  case .hardSwish: activateHardSwish(x, factor, offset, y, pixels, channels)
  case .hardSigmoid: activateHardSigmoid(x, factor, offset, y, pixels, channels)
  case .sigmoid: activateSigmoid(x, factor, offset, y, pixels, channels)
  }
}

/// dx = dy · f'(x), or added to dx where `accumulates`; dx may be dy.
///
/// With a factor and an offset it is the gradient of the normalized value.
package func activateGradient(
  _ function: ActivationFunction, _ x: UnsafePointer<Float>, _ factor: UnsafePointer<Float>?,
  _ offset: UnsafePointer<Float>?, _ dy: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>,
  pixels: Int, channels: Int, accumulates: Bool
) {
  switch function {
  case .relu6: gradientOfRelu6(x, factor, offset, dy, dx, pixels, channels, accumulates)
  case .silu: gradientOfSilu(x, factor, offset, dy, dx, pixels, channels, accumulates)
  case .hardSwish: gradientOfHardSwish(x, factor, offset, dy, dx, pixels, channels, accumulates)
  case .hardSigmoid: gradientOfHardSigmoid(x, factor, offset, dy, dx, pixels, channels, accumulates)
  case .sigmoid: gradientOfSigmoid(x, factor, offset, dy, dx, pixels, channels, accumulates)
  }
}

// MARK: The functions

/// f(z).
@inline(__always)
private func value(_ function: ActivationFunction, _ z: Vector) -> Vector {
  switch function {
  case .relu6: clamped(z)
  case .silu: z * sigmoid(z)
  case .hardSwish: z * (clamped(z + Vector(repeating: 3)) * Vector(repeating: 1 / 6))
  case .hardSigmoid: clamped(z + Vector(repeating: 3)) * Vector(repeating: 1 / 6)
  case .sigmoid: sigmoid(z)
  }
}

/// f'(z) · d; zero at the ends of a straight piece, as in PyTorch.
@inline(__always)
private func gradient(_ function: ActivationFunction, _ z: Vector, _ d: Vector) -> Vector {
  let three = Vector(repeating: 3)
  switch function {
  case .relu6:
    let above = Vector.zero.replacing(with: d, where: z .> Vector.zero)
    return Vector.zero.replacing(with: above, where: z .< Vector(repeating: 6))
  case .hardSigmoid:
    let above = Vector.zero.replacing(with: d, where: z .> -three)
    return Vector.zero.replacing(with: above, where: z .< three) * Vector(repeating: 1 / 6)
  case .hardSwish:
    let middle = d * multiplyAdd(Vector(repeating: 0.5), z, Vector(repeating: 1 / 3))
    let above = d.replacing(with: middle, where: z .< three)
    return Vector.zero.replacing(with: above, where: z .> -three)
  case .sigmoid:
    let s = sigmoid(z)
    return d * (s * (Vector(repeating: 1) - s))
  case .silu:
    let one = Vector(repeating: 1)
    let s = sigmoid(z)
    return d * (s * multiplyAdd(one, z, one - s))
  }
}

/// min(max(z, 0), 6); NaN stays.
@inline(__always)
private func clamped(_ z: Vector) -> Vector {
  let six = Vector(repeating: 6)
  let v = rectified(z)
  return v.replacing(with: six, where: v .> six)
}

/// 1 / (1 + exp(-z)).
@inline(__always)
private func sigmoid(_ z: Vector) -> Vector {
  let one = Vector(repeating: 1)
  return one / (one + exponential(Vector.zero - z))
}

/// exp(x) to about one unit in the last place, with x kept within what a float can hold.
///
/// exp(x) = 2ⁿ · exp(r) with n the whole number nearest to x / ln 2: n is added to the exponent of a
/// polynomial in r (Cephes's, Moshier 1992), and ln 2 is taken off in two parts, the first of which
/// has so few bits that its product with n is exact.
@inline(__always)
private func exponential(_ x: Vector) -> Vector {
  var v = x.replacing(with: Vector(repeating: 88), where: x .> Vector(repeating: 88))
  v.replace(with: Vector(repeating: -87), where: v .< Vector(repeating: -87))
  // Added to 1.5 · 2²³ a number loses its fraction and stands in the lowest bits.
  let magic = Vector(repeating: 12_582_912)
  let shifted = multiplyAdd(magic, v, Vector(repeating: 1.442_695_04))
  let n = shifted - magic
  var r = multiplyAdd(v, n, Vector(repeating: -0.693_359_375))
  r = multiplyAdd(r, n, Vector(repeating: 2.121_944_4e-4))
  var p = Vector(repeating: 1.987_569_15e-4)
  p = multiplyAdd(Vector(repeating: 1.398_199_95e-3), p, r)
  p = multiplyAdd(Vector(repeating: 8.333_451_9e-3), p, r)
  p = multiplyAdd(Vector(repeating: 4.166_579_6e-2), p, r)
  p = multiplyAdd(Vector(repeating: 1.666_666_55e-1), p, r)
  p = multiplyAdd(Vector(repeating: 0.5), p, r)
  p = multiplyAdd(r, p, r * r) + Vector(repeating: 1)
  let bits = unsafeBitCast(shifted, to: IndexVector.self)
  let power = (bits &<< IndexVector(repeating: 23)) &+ IndexVector(repeating: 0x3F80_0000)
  return p * unsafeBitCast(power, to: Vector.self)
}

// MARK: The loops

/// Calls for whole vectors and for what is left of a row.
@inline(__always)
private func forEachVector(
  _ pixels: Int, _ channels: Int, isFlat: Bool, _ body: (_ i: Int, _ c: Int, _ count: Int) -> Void
) {
  // Without numbers a channel all pixels are one row.
  let rows = isFlat ? 1 : pixels
  let length = isFlat ? pixels * channels : channels
  for row in 0..<rows {
    var c = 0
    while c + lanes <= length {
      body(row * length + c, c, lanes)
      c += lanes
    }
    if c < length { body(row * length + c, c, length - c) }
  }
}

/// Some floats as a vector.
@inline(__always)
private func some(_ p: P, _ count: Int) -> Vector {
  count == lanes ? load(p) : load(p, first: count)
}

/// The value that the function is of.
@inline(__always)
private func argument(
  _ x: P, _ factor: P?, _ offset: P?, _ i: Int, _ c: Int, _ count: Int
) -> Vector {
  let v = some(x + i, count)
  guard let factor, let offset else { return v }
  return multiplyAdd(some(offset + c, count), v, some(factor + c, count))
}

@inline(__always)
private func activatePixels(
  _ function: ActivationFunction, _ x: P, _ factor: P?, _ offset: P?, _ y: M, _ pixels: Int,
  _ channels: Int
) {
  forEachVector(pixels, channels, isFlat: factor == nil) { i, c, count in
    let result = value(function, argument(x, factor, offset, i, c, count))
    if count == lanes { store(y + i, result) } else { store(y + i, result, first: count) }
  }
}

@inline(__always)
private func gradientOfPixels(
  _ function: ActivationFunction, _ x: P, _ factor: P?, _ offset: P?, _ dy: P, _ dx: M,
  _ pixels: Int, _ channels: Int, _ accumulates: Bool
) {
  forEachVector(pixels, channels, isFlat: factor == nil) { i, c, count in
    let z = argument(x, factor, offset, i, c, count)
    var result = gradient(function, z, some(dy + i, count))
    if accumulates { result += some(P(dx) + i, count) }
    if count == lanes { store(dx + i, result) } else { store(dx + i, result, first: count) }
  }
}

@inline(never)
func activateRelu6(_ x: P, _ f: P?, _ o: P?, _ y: M, _ pixels: Int, _ channels: Int) {
  activatePixels(.relu6, x, f, o, y, pixels, channels)
}
@inline(never)
func activateSilu(_ x: P, _ f: P?, _ o: P?, _ y: M, _ pixels: Int, _ channels: Int) {
  activatePixels(.silu, x, f, o, y, pixels, channels)
}
@inline(never)
func activateHardSwish(_ x: P, _ f: P?, _ o: P?, _ y: M, _ pixels: Int, _ channels: Int) {
  activatePixels(.hardSwish, x, f, o, y, pixels, channels)
}
@inline(never)
func activateHardSigmoid(_ x: P, _ f: P?, _ o: P?, _ y: M, _ pixels: Int, _ channels: Int) {
  activatePixels(.hardSigmoid, x, f, o, y, pixels, channels)
}
@inline(never)
func activateSigmoid(_ x: P, _ f: P?, _ o: P?, _ y: M, _ pixels: Int, _ channels: Int) {
  activatePixels(.sigmoid, x, f, o, y, pixels, channels)
}

@inline(never)
func gradientOfRelu6(
  _ x: P, _ f: P?, _ o: P?, _ dy: P, _ dx: M, _ pixels: Int, _ channels: Int, _ accumulates: Bool
) {
  gradientOfPixels(.relu6, x, f, o, dy, dx, pixels, channels, accumulates)
}
@inline(never)
func gradientOfSilu(
  _ x: P, _ f: P?, _ o: P?, _ dy: P, _ dx: M, _ pixels: Int, _ channels: Int, _ accumulates: Bool
) {
  gradientOfPixels(.silu, x, f, o, dy, dx, pixels, channels, accumulates)
}
@inline(never)
func gradientOfHardSwish(
  _ x: P, _ f: P?, _ o: P?, _ dy: P, _ dx: M, _ pixels: Int, _ channels: Int, _ accumulates: Bool
) {
  gradientOfPixels(.hardSwish, x, f, o, dy, dx, pixels, channels, accumulates)
}
@inline(never)
func gradientOfHardSigmoid(
  _ x: P, _ f: P?, _ o: P?, _ dy: P, _ dx: M, _ pixels: Int, _ channels: Int, _ accumulates: Bool
) {
  gradientOfPixels(.hardSigmoid, x, f, o, dy, dx, pixels, channels, accumulates)
}
@inline(never)
func gradientOfSigmoid(
  _ x: P, _ f: P?, _ o: P?, _ dy: P, _ dx: M, _ pixels: Int, _ channels: Int, _ accumulates: Bool
) {
  gradientOfPixels(.sigmoid, x, f, o, dy, dx, pixels, channels, accumulates)
}
