internal import KernelTypes

/// Muon (Jordan and others, 2024): momentum steps that are orthogonalized.
///
/// The filters of a convolution are a matrix with a row for each place and input channel and a
/// column for each filter. b = momentum · b + gradient, u = gradient + momentum · b, and u is moved
/// towards the nearest matrix with orthonormal columns (or rows) by the Newton-Schulz iteration X ←
/// X (αI + βXᵀX + γ(XᵀX)²), started at u / |u|. Then w -= rate · √max(1, columns / rows) · X, and
/// decoupled decay as in `AdamW`. Filters of the first convolution, dense weights, biases and the
/// numbers of normalizations are updated by `AdamW` with a fifth of the rate.
public final class Muon: SteppingOptimizer {
  /// The learning rate.
  public var learningRate: Double
  /// The momentum: the factor of the previous step.
  public let momentum: Double
  /// The weight decay at a learning rate of 1.
  public let weightDecay: Double
  /// The number of steps done.
  public internal(set) var steps = 0
  /// This optimizer as a case of the closed set.
  public var form: OptimizerForm { .muon(self) }
  private let moments: AdamMoments
  private var work: Work?
  /// Steps in a NaN direction are skipped, so only this flag shows them.
  private(set) var isFinite = true

  /// The coefficients of the iteration: the slope at zero as large as possible, singular values
  /// from a tenth up near 1 after few steps (Jordan's).
  package static let coefficients: (Double, Double, Double) = (3.4445, -4.7750, 2.0315)
  package static let iterations = 3
  /// The learning rate of `AdamW` as a fraction of Muon's.
  package static let adamShare = 0.2

  /// Muon with the usual numbers.
  public init(
    learningRate: Double = 0.02, momentum: Double = 0.9, beta1: Double = 0.9,
    beta2: Double = 0.99, epsilon: Double = 1e-8, weightDecay: Double = 0
  ) {
    precondition((0..<1).contains(momentum), "momentum is in 0..<1")
    self.learningRate = learningRate
    self.momentum = momentum
    self.weightDecay = weightDecay
    moments = AdamMoments(beta1: beta1, beta2: beta2, epsilon: epsilon)
  }

  func prepare(for graph: Graph, kernels: KernelTable) throws(ModelError) {
    steps = 0
    try moments.prepare(count: graph.parameterFloats)
    work = try Work(ParameterUpdate.matrices(of: graph), kernels)
  }

  func step(_ update: ParameterUpdate) {
    steps += 1
    let adamRate = learningRate * Muon.adamShare
    moments.step(
      update, number: steps, learningRate: adamRate, weightDecay: weightDecay / Muon.adamShare
    ) { !$0.isMatrix }
    guard let work, let velocity = moments.first else { return }
    isFinite = true
    let areOwn = update.shares?.areOwn(update.matrices)
    for (index, matrix) in update.matrices.enumerated() {
      step(matrix, update, velocity.base, work, isOwn: areOwn?[index] ?? true)
    }
    update.shares?.exchange(update)
  }

  /// Updates the velocity, and the parameters if no other process does.
  private func step(
    _ matrix: ParameterUpdate.Matrix, _ update: ParameterUpdate, _ velocity: Output, _ work: Work,
    isOwn: Bool
  ) {
    let engine = update.engine
    let k = engine.kernels
    let (start, count) = (matrix.start, matrix.rows * matrix.columns)
    var (direction, other) = (work.direction.base, work.other.base)
    // The kernel yields the direction if it steps from zero with a rate of -1.
    engine.stretches(count) { i, count in
      (direction + i).update(repeating: 0, count: count)
      k.optimizers.momentumStep(
        direction + i, update.gradients + start + i, velocity + start + i, Float(momentum), true,
        0, -1, count)
    }
    // One after the other: this is a small part of the time.
    let norm = k.elementwise.sumOfSquares(Input(direction), count).squareRoot()
    guard norm > 0, norm.isFinite else {
      if !norm.isFinite { isFinite = false }
      return
    }
    guard isOwn else { return }
    engine.stretches(count) { i, count in
      k.elementwise.scale(direction + i, Float(1 / norm), count)
    }
    let n = matrix.columns
    let products = MatrixProducts(engine: engine, packed: work.packed.base)
    products.gram(Input(direction), into: work.gram.base, rows: matrix.rows, columns: n)
    iterate(products, work, n)
    products.multiply(
      Input(direction), Input(work.total.base), into: other, rows: matrix.rows, inner: n,
      columns: n)
    swap(&direction, &other)
    let shape = max(1, Double(n) / Double(matrix.rows)).squareRoot()
    let rate = learningRate * matrix.rateFactor
    engine.stretches(count) { i, count in
      // Without momentum the kernel only writes the velocity.
      k.optimizers.momentumStep(
        update.parameters + start + i, Input(direction) + i, other + i, 0, false,
        Float(weightDecay / shape), Float(rate * shape), count)
    }
  }

  /// work.total = P₁P₂P₃, Pᵢ = αI + βGᵢ + γGᵢ², Gᵢ₊₁ = Pᵢ Gᵢ Pᵢ, where G₁ is work.gram, of n rows.
  ///
  /// The iteration's X₄ is X₁P₁P₂P₃, and as all Pᵢ are polynomials of G₁ they commute: the long
  /// matrix is read for the first product and the last one only.
  private func iterate(_ products: MatrixProducts, _ work: Work, _ n: Int) {
    let k = products.engine.kernels
    let (alpha, beta, gamma) = Muon.coefficients
    let (gram, polynomial) = (work.gram.base, work.polynomial.base)
    var (total, other) = (work.total.base, work.square.base)
    func multiply(_ left: Output, _ right: Output, into result: Output) {
      products.multiply(Input(left), Input(right), into: result, rows: n, inner: n, columns: n)
    }
    for iteration in 0..<Muon.iterations {
      // By Horner: (γG + βI) G + αI.
      other.update(from: gram, count: n * n)
      k.elementwise.scale(other, Float(gamma), n * n)
      for i in 0..<n { other[i * (n + 1)] += Float(beta) }
      multiply(other, gram, into: polynomial)
      for i in 0..<n { polynomial[i * (n + 1)] += Float(alpha) }
      if iteration + 1 < Muon.iterations {
        multiply(polynomial, gram, into: other)
        multiply(other, polynomial, into: gram)
      }
      if iteration == 0 {
        total.update(from: polynomial, count: n * n)
      } else {
        multiply(total, polynomial, into: other)
        swap(&total, &other)
      }
    }
    if total != work.total.base { work.total.base.update(from: total, count: n * n) }
  }

  var state: [(name: String, memory: FloatMemory)] { moments.state }

  var memoryBytes: Int {
    (state.map(\.memory) + (work?.all ?? [])).reduce(0) { $0 + $1.byteCount }
  }

  /// Memory for the largest matrix and its products.
  private struct Work {
    let direction: FloatMemory
    let other: FloatMemory
    let gram: FloatMemory
    let square: FloatMemory
    let polynomial: FloatMemory
    let total: FloatMemory
    let packed: FloatMemory

    init(_ matrices: [ParameterUpdate.Matrix], _ kernels: KernelTable) throws(ModelError) {
      let largest = matrices.map { $0.rows * $0.columns }.max() ?? 0
      let columns = matrices.map(\.columns).max() ?? 0
      direction = try FloatMemory(count: largest)
      other = try FloatMemory(count: largest)
      gram = try FloatMemory(count: columns * columns)
      square = try FloatMemory(count: columns * columns)
      polynomial = try FloatMemory(count: columns * columns)
      total = try FloatMemory(count: columns * columns)
      packed = try FloatMemory(
        count: MatrixProducts.packedCount(rows: columns, columns: columns, kernels: kernels))
    }

    var all: [FloatMemory] { [direction, other, gram, square, polynomial, total, packed] }
  }
}

extension Muon {
  /// The defaults.
  static let numbers = OptimizerNumbers(moments: 2, rate: 0.04, decay: 0.05, momentum: 0.9)
}
