/// y = x W + b over samples of features; weights [input][output].
package struct ReferenceDense: Sendable {
  package var weights: [Double]
  package var bias: [Double]?
  package var units: Int

  /// A layer of `units` outputs.
  package init(weights: [Double], bias: [Double]? = nil, units: Int) {
    self.weights = weights
    self.bias = bias
    self.units = units
  }

  /// The same sums over the magnitudes of all terms.
  package var magnitudes: ReferenceDense {
    ReferenceDense(weights: weights.map(abs), bias: bias?.map(abs), units: units)
  }

  /// The output [sample][1][1][unit] for `x`.
  package func forward(_ x: ReferenceTensor) -> ReferenceTensor {
    let features = x.values.count / x.batch
    var y = ReferenceTensor(batch: x.batch, height: 1, width: 1, channels: units)
    for n in 0..<x.batch {
      for k in 0..<features {
        for o in 0..<units {
          y.values[n * units + o] += x.values[n * features + k] * weights[k * units + o]
        }
      }
      if let bias {
        for o in 0..<units { y.values[n * units + o] += bias[o] }
      }
    }
    return y
  }

  /// The gradients of sum(dy * y) with respect to the input, the weights and the bias.
  package func backward(
    _ x: ReferenceTensor, _ dy: ReferenceTensor
  ) -> (dx: ReferenceTensor, dWeights: [Double], dBias: [Double]) {
    let features = x.values.count / x.batch
    var dx = x.with([Double](repeating: 0, count: x.values.count))
    var dWeights = [Double](repeating: 0, count: weights.count)
    var dBias = [Double](repeating: 0, count: units)
    for n in 0..<x.batch {
      for o in 0..<units {
        let d = dy.values[n * units + o]
        dBias[o] += d
        for k in 0..<features {
          dx.values[n * features + k] += d * weights[k * units + o]
          dWeights[k * units + o] += d * x.values[n * features + k]
        }
      }
    }
    return (dx, dWeights, dBias)
  }
}

/// y = max(x, 0).
package enum ReferenceReLU {
  /// The output for `x`.
  package static func forward(_ x: ReferenceTensor) -> ReferenceTensor {
    x.with(x.values.map { max($0, 0) })
  }

  /// The gradient of sum(dy * y) with respect to the input; zero at zero.
  package static func backward(_ x: ReferenceTensor, _ dy: ReferenceTensor) -> ReferenceTensor {
    x.with(zip(x.values, dy.values).map { $0 > 0 ? $1 : 0 })
  }
}

/// y = x * mask / (1 - rate), the mask being 1 for what is kept and 0 for the rest.
package struct ReferenceDropout: Sendable {
  package var rate: Double
  package var mask: [Bool]

  /// Dropout with a mask that is given, as its numbers are the code's under test.
  package init(rate: Double, mask: [Bool]) {
    self.rate = rate
    self.mask = mask
  }

  /// The output for `x`.
  package func forward(_ x: ReferenceTensor) -> ReferenceTensor {
    x.with(zip(x.values, mask).map { $1 ? $0 / (1 - rate) : 0 })
  }

  /// The gradient of sum(dy * y) with respect to the input.
  package func backward(_ dy: ReferenceTensor) -> ReferenceTensor { forward(dy) }
}

/// y = relu(body + shortcut), or the sum alone: the end of a residual block.
package enum ReferenceResidualSum {
  /// The output for the outputs of the two branches.
  package static func forward(
    _ body: ReferenceTensor, _ shortcut: ReferenceTensor, rectifies: Bool = true
  ) -> ReferenceTensor {
    let sum = sum(body, shortcut)
    return rectifies ? ReferenceReLU.forward(sum) : sum
  }

  /// The gradient with respect to either branch.
  package static func backward(
    _ body: ReferenceTensor, _ shortcut: ReferenceTensor, _ dy: ReferenceTensor,
    rectifies: Bool = true
  ) -> ReferenceTensor {
    rectifies ? ReferenceReLU.backward(sum(body, shortcut), dy) : dy
  }

  private static func sum(_ a: ReferenceTensor, _ b: ReferenceTensor) -> ReferenceTensor {
    a.with(zip(a.values, b.values).map { $0 + $1 })
  }
}
