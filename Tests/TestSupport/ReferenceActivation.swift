import Glibc
package import KernelTypes

/// An activation function by its definition.
package enum ReferenceActivation {
  /// f(x) and f'(x).
  package static func value(
    _ function: ActivationFunction, _ x: Double
  ) -> (value: Double, slope: Double) {
    let share = 1 / (1 + exp(-x))
    let hardShare = min(max(x + 3, 0), 6) / 6
    switch function {
    case .relu6: return (min(max(x, 0), 6), x > 0 && x < 6 ? 1 : 0)
    case .sigmoid: return (share, share * (1 - share))
    case .silu: return (x * share, share * (1 + x * (1 - share)))
    case .hardSigmoid: return (hardShare, x > -3 && x < 3 ? 1 / 6.0 : 0)
    case .hardSwish: return (x * hardShare, x <= -3 ? 0 : x < 3 ? x / 3 + 0.5 : 1)
    }
  }

  /// The output for `x`.
  package static func forward(
    _ function: ActivationFunction, _ x: ReferenceTensor
  ) -> ReferenceTensor {
    x.with(x.values.map { value(function, $0).value })
  }

  /// The gradient of sum(dy * y) with respect to the input.
  package static func backward(
    _ function: ActivationFunction, _ x: ReferenceTensor, _ dy: ReferenceTensor
  ) -> ReferenceTensor {
    x.with(zip(x.values, dy.values).map { value(function, $0).slope * $1 })
  }
}

/// y = x · factor, with one factor for each sample and channel.
package enum ReferenceGate {
  /// The product of the map and the factors.
  package static func forward(
    _ x: ReferenceTensor, _ factors: ReferenceTensor
  ) -> ReferenceTensor {
    x.with(x.values.indices.map { x.values[$0] * factors.values[place($0, x)] })
  }

  /// The gradients of sum(dy * y) with respect to the map and the factors.
  package static func backward(
    _ x: ReferenceTensor, _ factors: ReferenceTensor, _ dy: ReferenceTensor
  ) -> (dx: ReferenceTensor, dFactors: ReferenceTensor) {
    var gradient = factors.with([Double](repeating: 0, count: factors.values.count))
    for (index, d) in dy.values.enumerated() {
      gradient.values[place(index, x)] += d * x.values[index]
    }
    return (forward(dy, factors), gradient)
  }

  /// The factor of one number of the map.
  private static func place(_ index: Int, _ x: ReferenceTensor) -> Int {
    let pixels = x.height * x.width
    return index / (pixels * x.channels) * x.channels + index % x.channels
  }
}
