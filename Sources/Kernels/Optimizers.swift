/// One step of Adam over a stretch of parameters, with decoupled decay (PyTorch's formulas).
///
/// m = β₁m + (1-β₁)g, v = β₂v + (1-β₂)g², w = w·keep - rate·m/(√v·c + ε) where the caller has put
/// the corrections into `rate` (learning rate / (1-β₁ᵗ)) and `c` (1/√(1-β₂ᵗ)), and `keep` is
/// 1 - learning rate · decay.
package func adamStep(
  _ w: UnsafeMutablePointer<Float>, _ g: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>,
  _ v: UnsafeMutablePointer<Float>, beta1: Float, beta2: Float, epsilon: Float, rate: Float,
  correction: Float, keep: Float, count: Int
) {
  let b1 = Vector(repeating: beta1)
  let n1 = Vector(repeating: 1 - beta1)
  let b2 = Vector(repeating: beta2)
  let n2 = Vector(repeating: 1 - beta2)
  var i = 0
  while i + lanes <= count {
    let gradient = load(g + i)
    let mean = multiplyAdd(gradient * n1, load(m + i), b1)
    let square = multiplyAdd(gradient * gradient * n2, load(v + i), b2)
    store(m + i, mean)
    store(v + i, square)
    let step = mean * rate / (square.squareRoot() * correction + epsilon)
    store(w + i, load(w + i) * keep - step)
    i += lanes
  }
  while i < count {
    let mean = multiplyAdd(g[i] * (1 - beta1), m[i], beta1)
    let square = multiplyAdd(g[i] * g[i] * (1 - beta2), v[i], beta2)
    m[i] = mean
    v[i] = square
    w[i] = w[i] * keep - mean * rate / (square.squareRoot() * correction + epsilon)
    i += 1
  }
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
