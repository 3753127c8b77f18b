/// One step of Adam for consecutive parameters, with decoupled decay (PyTorch's formulas).
///
/// m = β₁m + (1-β₁)g, v = β₂v + (1-β₂)g², w = w·keep - rate·m/(√v·c + ε) where the caller has put
/// the corrections into `rate` (learning rate / (1-β₁ᵗ)) and `c` (1/√(1-β₂ᵗ)), and `keep` is
/// 1 - learning rate · decay.
package func adamStep(
  _ w: UnsafeMutablePointer<Float>, _ g: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>,
  _ v: UnsafeMutablePointer<Float>, beta1: Float, beta2: Float, epsilon: Float, rate: Float,
  correction: Float, keep: Float, count: Int
) {
  let f = AdamFactors(
    beta1: beta1, beta2: beta2, epsilon: epsilon, rate: rate, correction: correction, keep: keep)
  var i = 0
  while i + lanes <= count {
    var (mean, square, weight) = (load(m + i), load(v + i), load(w + i))
    adamStep(&weight, load(g + i), &mean, &square, f)
    store(m + i, mean)
    store(v + i, square)
    store(w + i, weight)
    i += lanes
  }
  let left = count - i
  if left > 0 {
    var mean = load(UnsafePointer(m + i), first: left)
    var square = load(UnsafePointer(v + i), first: left)
    var weight = load(UnsafePointer(w + i), first: left)
    adamStep(&weight, load(g + i, first: left), &mean, &square, f)
    store(m + i, mean, first: left)
    store(v + i, square, first: left)
    store(w + i, weight, first: left)
  }
}

/// The numbers of one step of Adam, as `adamStep` takes them.
private struct AdamFactors {
  var beta1, beta2, epsilon, rate, correction, keep: Float
}

/// One step of Adam for one vector.
@inline(__always)
private func adamStep(
  _ w: inout Vector, _ g: Vector, _ m: inout Vector, _ v: inout Vector, _ f: AdamFactors
) {
  m = multiplyAdd(g * Vector(repeating: 1 - f.beta1), m, Vector(repeating: f.beta1))
  v = multiplyAdd(g * g * Vector(repeating: 1 - f.beta2), v, Vector(repeating: f.beta2))
  let spread = multiplyAdd(
    Vector(repeating: f.epsilon), squareRoot(v), Vector(repeating: f.correction))
  w = w * Vector(repeating: f.keep) - m * Vector(repeating: f.rate) / spread
}

/// √v to about one unit in the last place, for v from zero up; subnormal numbers give about zero.
///
/// Infinity gives NaN, so that a gradient whose square overflows shows in the weights at once and
/// not as a weight that no longer moves. The standard library's square root takes one float at a
/// time. A first guess from the bits is off by 3.4 % at most; each of Goldschmidt's three steps (s
/// towards √v, h towards 1/(2√v)) squares the error.
@inline(__always)
private func squareRoot(_ v: Vector) -> Vector {
  let bits = unsafeBitCast(v, to: IndexVector.self)
  let guess = unsafeBitCast(
    IndexVector(repeating: 0x5F37_59DF) &- (bits &>> IndexVector(repeating: 1)), to: Vector.self)
  let half = Vector(repeating: 0.5)
  var s = v * guess
  var h = guess * half
  for _ in 0..<3 {
    let r = multiplyAdd(half, -s, h)
    s = multiplyAdd(s, s, r)
    h = multiplyAdd(h, h, r)
  }
  return multiplyAdd(s, multiplyAdd(v, -s, s), h)
}

/// One step of stochastic gradient descent with momentum (PyTorch's formulas).
///
/// d = g + decay·w, b = momentum·b + d, w -= rate·(nesterov ? d + momentum·b : b).
package func momentumStep(
  _ w: UnsafeMutablePointer<Float>, _ g: UnsafePointer<Float>, _ b: UnsafeMutablePointer<Float>,
  momentum: Float, nesterov: Bool, decay: Float, rate: Float, count: Int
) {
  for i in 0..<count {
    let d = multiplyAdd(g[i], w[i], decay)
    let velocity = multiplyAdd(d, b[i], momentum)
    b[i] = velocity
    let step = nesterov ? multiplyAdd(d, velocity, momentum) : velocity
    w[i] -= rate * step
  }
}
