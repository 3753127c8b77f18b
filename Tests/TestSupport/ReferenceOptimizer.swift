/// Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019) by PyTorch's formulas.
///
/// p <- p (1 - lr decay); m, v the moving means; p <- p - lr m^ / (sqrt(v^) + epsilon).
package struct ReferenceAdam: Sendable {
  package var beta1 = 0.9
  package var beta2 = 0.999
  package var epsilon = 1e-8
  package var weightDecay = 0.0
  private var m: [Double] = []
  private var v: [Double] = []
  private var steps = 0.0

  /// Adam with these numbers; with a decay, AdamW.
  package init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  /// One step of all parameters; `decays` says which of them the decay is for.
  package mutating func step(
    _ parameters: inout [Double], _ gradients: [Double], learningRate: Double, decays: [Bool]
  ) {
    if m.isEmpty {
      m = [Double](repeating: 0, count: parameters.count)
      v = m
    }
    steps += 1
    let correction1 = 1 - power(beta1, steps)
    let correction2 = 1 - power(beta2, steps)
    for i in parameters.indices {
      if decays[i] { parameters[i] *= 1 - learningRate * weightDecay }
      m[i] = beta1 * m[i] + (1 - beta1) * gradients[i]
      v[i] = beta2 * v[i] + (1 - beta2) * gradients[i] * gradients[i]
      let corrected = (v[i] / correction2).squareRoot() + epsilon
      parameters[i] -= learningRate * (m[i] / correction1) / corrected
    }
  }
}

/// Stochastic gradient descent with momentum by PyTorch's formulas.
///
/// g <- g + decay p; b <- momentum b + g (b = g at first); p <- p - lr (nesterov ? g + momentum b : b).
package struct ReferenceSGD: Sendable {
  package var momentum: Double
  package var nesterov: Bool
  package var weightDecay: Double
  private var buffer: [Double] = []

  /// Plain gradient descent unless told otherwise.
  package init(momentum: Double = 0, nesterov: Bool = false, weightDecay: Double = 0) {
    self.momentum = momentum
    self.nesterov = nesterov
    self.weightDecay = weightDecay
  }

  /// One step of all parameters; `decays` says which of them the decay is for.
  package mutating func step(
    _ parameters: inout [Double], _ gradients: [Double], learningRate: Double, decays: [Bool]
  ) {
    if buffer.isEmpty { buffer = [Double](repeating: 0, count: parameters.count) }
    for i in parameters.indices {
      let g = gradients[i] + (decays[i] ? weightDecay * parameters[i] : 0)
      // From zeros, momentum b + g is g at first, as PyTorch has it.
      buffer[i] = momentum * buffer[i] + g
      parameters[i] -= learningRate * (nesterov ? g + momentum * buffer[i] : buffer[i])
    }
  }
}

private func power(_ base: Double, _ exponent: Double) -> Double {
  (0..<Int(exponent)).reduce(1.0) { product, _ in product * base }
}

/// Muon (Jordan and others, 2024) on one matrix, in Double, by the textbook's products.
///
/// b <- momentum b + g; u = g + momentum b; X = u / |u|; then, where the matrix is tall,
/// X <- a X + (b XXᵀ + c (XXᵀ)²) X of its transpose, as the original program does.
package struct ReferenceMuon: Sendable {
  package var momentum: Double
  package var weightDecay: Double
  private let rows: Int
  private let columns: Int
  private var buffer: [Double]

  /// Muon for a matrix of rows x columns.
  package init(rows: Int, columns: Int, momentum: Double, weightDecay: Double) {
    self.rows = rows
    self.columns = columns
    self.momentum = momentum
    self.weightDecay = weightDecay
    buffer = [Double](repeating: 0, count: rows * columns)
  }

  /// One step of the matrix, row by row.
  package mutating func step(_ w: inout [Double], _ g: [Double], learningRate: Double) {
    var u = g
    for i in g.indices {
      buffer[i] = momentum * buffer[i] + g[i]
      u[i] = g[i] + momentum * buffer[i]
    }
    let x = orthogonalised(u)
    let scale = max(1, Double(columns) / Double(rows)).squareRoot()
    for i in w.indices {
      w[i] = w[i] * (1 - learningRate * weightDecay) - learningRate * scale * x[i]
    }
  }

  private func orthogonalised(_ u: [Double]) -> [Double] {
    let isTall = rows > columns
    let (r, c) = isTall ? (columns, rows) : (rows, columns)
    var x = (0..<r).map { i in
      (0..<c).map { j in isTall ? u[j * columns + i] : u[i * columns + j] }
    }
    let norm = u.reduce(0) { $0 + $1 * $1 }.squareRoot()
    x = x.map { $0.map { $0 / norm } }
    for _ in 0..<3 {
      let a = product(x, transposed(x))
      let a2 = product(a, a)
      let b = a.indices.map { i in
        a.indices.map { j in -4.7750 * a[i][j] + 2.0315 * a2[i][j] }
      }
      let bx = product(b, x)
      x = x.indices.map { i in x[i].indices.map { j in 3.4445 * x[i][j] + bx[i][j] } }
    }
    return (0..<(rows * columns)).map { k in
      let (i, j) = (k / columns, k % columns)
      return isTall ? x[j][i] : x[i][j]
    }
  }

  private func transposed(_ m: [[Double]]) -> [[Double]] {
    m[0].indices.map { j in m.map { $0[j] } }
  }

  private func product(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
    a.map { row in
      b[0].indices.map { j in row.indices.reduce(0) { $0 + row[$1] * b[$1][j] } }
    }
  }
}
