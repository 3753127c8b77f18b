import Glibc

/// A mean loss on logits with its gradient.
///
/// One logit a sample is binary cross-entropy, more are softmax cross-entropy. Label smoothing
/// e over C classes gives every class e/C and the target 1 - e beside it. A class weight is a
/// factor of its samples' losses; the mean divides by the number of samples (Keras's rule).
package struct ReferenceLoss: Sendable {
  package var labelSmoothing: Double
  package var classWeights: [Double]?

  /// A loss without smoothing or weights unless told.
  package init(labelSmoothing: Double = 0, classWeights: [Double]? = nil) {
    self.labelSmoothing = labelSmoothing
    self.classWeights = classWeights
  }

  /// The mean over the batch, logits [sample][output].
  package func value(_ logits: [Double], _ targets: [Int32]) -> Double {
    let outputs = logits.count / targets.count
    let weights = sampleWeights(targets)
    var sum = 0.0
    for (n, target) in targets.enumerated() {
      let row = Array(logits[(n * outputs)..<((n + 1) * outputs)])
      sum += weights[n] * sampleLoss(row, target: Int(target))
    }
    return sum / Double(targets.count)
  }

  /// The gradient of the mean with respect to the logits.
  package func gradient(_ logits: [Double], _ targets: [Int32]) -> [Double] {
    let outputs = logits.count / targets.count
    let weights = sampleWeights(targets)
    return targets.enumerated().flatMap { n, target in
      let row = Array(logits[(n * outputs)..<((n + 1) * outputs)])
      let wanted = distribution(target: Int(target), outputs: outputs)
      return zip(probabilities(row), wanted).map { ($0 - $1) * weights[n] / Double(targets.count) }
    }
  }

  /// The mean over a batch of blends: λ times the loss of the first class and 1 - λ times that of
  /// the second, each with its own class's weight (mixup).
  package func value(
    _ logits: [Double], _ targets: [Int32], _ others: [Int32], shares: [Double]
  ) -> Double {
    let outputs = logits.count / targets.count
    let (first, second) = (sampleWeights(targets), sampleWeights(others))
    var sum = 0.0
    for n in targets.indices {
      let row = Array(logits[(n * outputs)..<((n + 1) * outputs)])
      sum += shares[n] * first[n] * sampleLoss(row, target: Int(targets[n]))
      sum += (1 - shares[n]) * second[n] * sampleLoss(row, target: Int(others[n]))
    }
    return sum / Double(targets.count)
  }

  private func sampleWeights(_ targets: [Int32]) -> [Double] {
    targets.map { classWeights?[Int($0)] ?? 1 }
  }

  /// One logit: [probability of class 1]; more: of every class.
  private func distribution(target: Int, outputs: Int) -> [Double] {
    if outputs == 1 { return [Double(target) * (1 - labelSmoothing) + labelSmoothing / 2] }
    return (0..<outputs).map {
      ($0 == target ? 1 - labelSmoothing : 0) + labelSmoothing / Double(outputs)
    }
  }

  private func probabilities(_ row: [Double]) -> [Double] {
    if row.count == 1 { return [1 / (1 + exp(-row[0]))] }
    return logSoftmax(row).map { exp($0) }
  }

  private func sampleLoss(_ row: [Double], target: Int) -> Double {
    let wanted = distribution(target: target, outputs: row.count)
    if row.count == 1 {
      let x = row[0]
      return max(x, 0) - x * wanted[0] + log1p(exp(-abs(x)))
    }
    return -zip(logSoftmax(row), wanted).reduce(0) { $0 + $1.0 * $1.1 }
  }

  private func logSoftmax(_ row: [Double]) -> [Double] {
    let largest = row.max() ?? 0
    let logSum = largest + log(row.reduce(0) { $0 + exp($1 - largest) })
    return row.map { $0 - logSum }
  }
}
