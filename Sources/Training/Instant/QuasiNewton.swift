internal import Primitives

/// The search for the minimum of a smooth convex function, by the limited-memory BFGS method.
///
/// The caller computes the function: it reads `trial` and answers with `take`, until `isDone`. So
/// it may compute several functions at a time where that is cheaper. Nocedal and Wright, Numerical
/// Optimization, 2006: the direction of algorithm 7.4, and steps of sufficient decrease (3.4) by
/// halving or better. Of a convex function such steps keep the curvature positive.
package struct QuasiNewton {
  /// The point at which value and gradient are wanted next.
  package private(set) var trial: [Double]
  /// The best point so far.
  package private(set) var point: [Double]
  /// The function's value there.
  package private(set) var value = Double.infinity
  /// Whether the gradient's norm is within the tolerance, or no step leads further down.
  package private(set) var isDone = false

  private let tolerance: Double
  private var gradient: [Double] = []
  private var direction: [Double] = []
  /// The slope along `direction` at `point`, and the part of the direction that is tried.
  private var (slope, step) = (0.0, 1.0)
  private var reductions = 0
  private var rounds = 0
  /// Steps and the changes of the gradient along them, the newest last.
  private var pairs: [(step: [Double], change: [Double], product: Double)] = []

  private static let mostPairs = 10
  private static let mostReductions = 12
  private static let mostRounds = 1000
  /// The least part of the decrease that the slope promises (Nocedal and Wright's c₁).
  private static let sufficient = 1e-4
  /// What rounding may do to a value, as a part of it.
  private static let rounding = 1e-7

  /// A search from `start` to a gradient whose norm is at most `tolerance`.
  package init(from start: [Double], tolerance: Double) {
    (trial, point, self.tolerance) = (start, start, tolerance)
  }

  /// Takes the function's value and gradient at `trial`.
  package mutating func take(value new: Double, gradient newGradient: [Double]) {
    guard !gradient.isEmpty else {
      (value, gradient) = (new, newGradient)
      return head()
    }
    let allowed =
      value + QuasiNewton.sufficient * step * slope + QuasiNewton.rounding * abs(value)
    guard new <= allowed else { return reduce(new) }
    let change = zip(newGradient, gradient).map { $0 - $1 }
    let taken = zip(trial, point).map { $0 - $1 }
    let product = innerProduct(taken, change)
    if product > 1e-10 * innerProduct(change, change).squareRoot()
      * innerProduct(taken, taken).squareRoot()
    {
      pairs.append((taken, change, product))
      if pairs.count > QuasiNewton.mostPairs { pairs.removeFirst() }
    }
    (point, value, gradient, reductions) = (trial, new, newGradient, 0)
    rounds += 1
    head()
  }

  /// Tries a shorter step: to the minimum of the parabola through what is known.
  private mutating func reduce(_ new: Double) {
    reductions += 1
    guard reductions < QuasiNewton.mostReductions else {
      isDone = true
      return
    }
    let lowest = -slope * step * step / (2 * (new - value - slope * step))
    step = lowest.isFinite ? min(max(lowest, step / 10), step / 2) : step / 10
    move()
  }

  /// Chooses the next direction.
  private mutating func head() {
    let norm = innerProduct(gradient, gradient).squareRoot()
    guard norm > tolerance, rounds < QuasiNewton.mostRounds else {
      isDone = true
      return
    }
    direction = gradient.map { -$0 }
    var factors: [Double] = []
    for pair in pairs.reversed() {
      let factor = innerProduct(pair.step, direction) / pair.product
      factors.append(factor)
      add(-factor, pair.change, to: &direction)
    }
    if let last = pairs.last {
      let scale = last.product / innerProduct(last.change, last.change)
      for i in direction.indices { direction[i] *= scale }
    }
    for (pair, factor) in zip(pairs, factors.reversed()) {
      add(factor - innerProduct(pair.change, direction) / pair.product, pair.step, to: &direction)
    }
    slope = innerProduct(gradient, direction)
    guard slope < 0 else {
      // Rounding has spoilt the memory; the gradient alone is always a way down.
      guard !pairs.isEmpty else {
        isDone = true
        return
      }
      pairs = []
      return head()
    }
    step = pairs.isEmpty ? min(1, 1 / norm) : 1
    move()
  }

  private mutating func move() {
    trial = point
    add(step, direction, to: &trial)
  }
}

private func add(_ factor: Double, _ a: [Double], to b: inout [Double]) {
  for i in b.indices { b[i] += factor * a[i] }
}
