/// Batch normalization (Ioffe and Szegedy 2015) with PyTorch's running statistics.
///
/// Training normalises with the batch's biased variance; the running variance takes in the
/// unbiased one. running <- (1 - rate) running + rate batch.
package struct ReferenceBatchNorm: Sendable {
  package var scale: [Double]
  package var shift: [Double]
  package var runningMean: [Double]
  package var runningVariance: [Double]
  package var epsilon: Double
  package var statisticsUpdateRate: Double

  /// A layer with these parameters and statistics, one number a channel each.
  package init(
    scale: [Double], shift: [Double], runningMean: [Double], runningVariance: [Double],
    epsilon: Double = 1e-5, statisticsUpdateRate: Double = 0.1
  ) {
    self.scale = scale
    self.shift = shift
    self.runningMean = runningMean
    self.runningVariance = runningVariance
    self.epsilon = epsilon
    self.statisticsUpdateRate = statisticsUpdateRate
  }

  private var channels: Int { scale.count }

  /// The output for `x` with the running statistics.
  package func inference(_ x: ReferenceTensor) -> ReferenceTensor {
    normalized(x, mean: runningMean, variance: runningVariance).y
  }

  /// The output for `x` with the batch's own statistics; moves the running ones.
  package mutating func training(_ x: ReferenceTensor) -> ReferenceTensor {
    let (mean, variance) = moments(x)
    let count = Double(x.values.count / channels)
    for c in 0..<channels {
      let unbiased = count > 1 ? variance[c] * count / (count - 1) : variance[c]
      runningMean[c] += statisticsUpdateRate * (mean[c] - runningMean[c])
      runningVariance[c] += statisticsUpdateRate * (unbiased - runningVariance[c])
    }
    return normalized(x, mean: mean, variance: variance).y
  }

  /// The gradients of sum(dy * training(x)) with respect to the input, the scale and the shift.
  ///
  /// With h the normalised input: dx = scale / deviation * (dy - mean(dy) - h mean(dy h)).
  package func trainingBackward(
    _ x: ReferenceTensor, _ dy: ReferenceTensor
  ) -> (dx: ReferenceTensor, dScale: [Double], dShift: [Double]) {
    let (mean, variance) = moments(x)
    let h = normalized(x, mean: mean, variance: variance).h
    var dScale = [Double](repeating: 0, count: channels)
    var dShift = dScale
    for (index, d) in dy.values.enumerated() {
      dShift[index % channels] += d
      dScale[index % channels] += d * h[index]
    }
    let count = Double(x.values.count / channels)
    let dx = x.values.indices.map { index in
      let c = index % channels
      let centred = dy.values[index] - dShift[c] / count - h[index] * dScale[c] / count
      return scale[c] / (variance[c] + epsilon).squareRoot() * centred
    }
    return (x.with(dx), dScale, dShift)
  }

  /// What the rounding errors of the training pass and of its gradients are proportional to.
  ///
  /// The input and its mean may be far larger than their difference, which Float rounds with them;
  /// the mean is rounded in proportion to the deviation, even where the input equals it.
  package func trainingMagnitudes(
    _ x: ReferenceTensor, _ dy: ReferenceTensor
  ) -> (y: [Double], dx: [Double], dScale: [Double]) {
    let (mean, variance) = moments(x)
    let inverse = variance.map { 1 / ($0 + epsilon).squareRoot() }
    let h = x.values.enumerated().map {
      (abs($1) + abs(mean[$0 % channels])) * inverse[$0 % channels] + 1
    }
    let y = h.enumerated().map { $1 * abs(scale[$0 % channels]) + abs(shift[$0 % channels]) }
    var sums = [Double](repeating: 0, count: channels)
    var products = sums
    for (index, d) in dy.values.enumerated() {
      sums[index % channels] += abs(d)
      products[index % channels] += abs(d) * h[index]
    }
    let count = Double(x.values.count / channels)
    let dx = x.values.indices.map { index in
      let c = index % channels
      let terms = abs(dy.values[index]) + sums[c] / count + h[index] * products[c] / count
      return abs(scale[c]) * inverse[c] * terms
    }
    return (y, dx, products)
  }

  /// Mean and biased variance of each channel over samples and pixels, in two passes.
  package func moments(_ x: ReferenceTensor) -> (mean: [Double], variance: [Double]) {
    let count = Double(x.values.count / channels)
    var mean = [Double](repeating: 0, count: channels)
    for (index, value) in x.values.enumerated() { mean[index % channels] += value / count }
    var variance = [Double](repeating: 0, count: channels)
    for (index, value) in x.values.enumerated() {
      let difference = value - mean[index % channels]
      variance[index % channels] += difference * difference / count
    }
    return (mean, variance)
  }

  private func normalized(
    _ x: ReferenceTensor, mean: [Double], variance: [Double]
  ) -> (y: ReferenceTensor, h: [Double]) {
    let h = x.values.enumerated().map { index, value in
      let c = index % channels
      return (value - mean[c]) / (variance[c] + epsilon).squareRoot()
    }
    let y = h.enumerated().map { $1 * scale[$0 % channels] + shift[$0 % channels] }
    return (x.with(y), h)
  }
}
