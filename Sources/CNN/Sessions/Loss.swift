import Glibc

/// A loss function: the mean over a batch, computed from logits in Double.
public enum Loss: Sendable, Hashable {
  /// One logit x and a class y of 0 or 1: max(x, 0) - x·y + log(1 + e^-|x|).
  ///
  /// With smoothing s the target is y·(1 - s) + s/2.
  case binaryCrossEntropy(labelSmoothing: Double = 0)
  /// K logits and a class: log Σ e^x - Σ target·x.
  ///
  /// With smoothing s the target of the class is 1 - s + s/K and of the others s/K.
  case softmaxCrossEntropy(labelSmoothing: Double = 0)

  /// The mean loss of a batch and the number of correct predictions.
  public struct Result: Sendable, Hashable {
    /// Mean over the batch of weight times loss.
    public var loss: Double
    /// Samples whose most probable class is correct.
    public var correct: Int
  }

  /// The loss for `outputs` logits per sample.
  public static func standard(outputs: Int, labelSmoothing: Double = 0) -> Loss {
    outputs == 1
      ? .binaryCrossEntropy(labelSmoothing: labelSmoothing)
      : .softmaxCrossEntropy(labelSmoothing: labelSmoothing)
  }

  /// The number of classes that `outputs` logits stand for.
  func classes(outputs: Int) -> Int {
    switch self {
    case .binaryCrossEntropy: 2
    case .softmaxCrossEntropy: outputs
    }
  }

  /// Refuses a class that the outputs do not have.
  func check(_ targets: [Int32], outputs: Int) throws(ModelError) {
    let classes = classes(outputs: outputs)
    for target in targets where !(0..<classes).contains(Int(target)) {
      throw .target(expected: "in 0..<\(classes)", found: Int(target))
    }
  }

  /// The loss of a batch; writes its gradient, of the same shape as the logits, where asked to.
  ///
  /// - logits: one row of `outputs` numbers per target.
  /// - mixture: a second class for each sample and the weight λ of the first. The loss is λ w_a
  ///   ℓ(a) + (1 - λ) w_b ℓ(b) with the class weights w and ℓ as above, which is w ℓ(q) with the
  ///   weight w = λ w_a + (1 - λ) w_b and the target q of λ w_a / w for a and the rest for b,
  ///   smoothed like any other. The class with the greater weight counts as the correct one.
  /// - classWeights: a factor for the samples of each class.
  /// - whole: the size of the batch if these samples are a part of it; the mean is over the batch.
  /// - workers: the threads that compute the samples' losses; these are summed in the order of the
  ///   samples.
  package func evaluate(
    logits: UnsafeBufferPointer<Float>, outputs: Int, targets: [Int32],
    mixture: TargetMixture? = nil, classWeights: [Double]? = nil,
    whole: Int? = nil, workers: WorkerPool, gradient: UnsafeMutableBufferPointer<Float>? = nil
  ) -> Result {
    precondition(logits.count == targets.count * outputs, "one row of logits per target")
    precondition(
      mixture.map { $0.targets.count == targets.count && $0.shares.count == targets.count } ?? true,
      "a second class for each sample")
    /// The loss of one sample times its weight in the mean, and whether its class was correct.
    func sample(_ row: Int) -> (Double, Bool) {
      let (target, weight) = SoftTarget.weighted(row, targets, mixture, classWeights)
      let share = weight / Double(whole ?? targets.count)
      let range = (row * outputs)..<((row + 1) * outputs)
      let rowGradient = gradient.map { UnsafeMutableBufferPointer(rebasing: $0[range]) }
      let (loss, isCorrect) =
        switch self {
        case .binaryCrossEntropy(let smoothing):
          binary(logits[row], target, smoothing, share, rowGradient)
        case .softmaxCrossEntropy(let smoothing):
          softmax(
            UnsafeBufferPointer(rebasing: logits[range]), target, smoothing, share, rowGradient)
        }
      return (loss * share, isCorrect)
    }
    // Enough samples per task to be worth waking a thread.
    let length = max(1, 1024 / outputs)
    let tasks = (targets.count + length - 1) / length
    return withUnsafeTemporaryAllocation(of: (Double, Bool).self, capacity: targets.count) {
      // Each task writes its own samples' elements.
      nonisolated(unsafe) let samples = $0
      workers.parallelFor(tasks) { task, _ in
        for row in (task * length)..<min(targets.count, (task + 1) * length) {
          samples.initializeElement(at: row, to: sample(row))
        }
      }
      return samples.reduce(into: Result(loss: 0, correct: 0)) {
        $0.loss += $1.0
        if $1.1 { $0.correct += 1 }
      }
    }
  }

  private func binary(
    _ logit: Float, _ target: SoftTarget, _ smoothing: Double, _ share: Double,
    _ gradient: UnsafeMutableBufferPointer<Float>?
  ) -> (Double, Bool) {
    let x = Double(logit)
    let y = target.probability(of: 1) * (1 - smoothing) + smoothing / 2
    gradient?[0] = Float((sigmoid(x) - y) * share)
    return (max(x, 0) - x * y + log1p(exp(-abs(x))), (x > 0) == (target.label == 1))
  }

  private func softmax(
    _ logits: UnsafeBufferPointer<Float>, _ target: SoftTarget, _ smoothing: Double,
    _ share: Double, _ gradient: UnsafeMutableBufferPointer<Float>?
  ) -> (Double, Bool) {
    var best = 0
    for k in 1..<max(1, logits.count) where logits[k] > logits[best] { best = k }
    let greatest = Double(logits[best])
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: logits.count) { powers in
      var sum = 0.0
      for (k, x) in logits.enumerated() {
        powers[k] = exp(Double(x) - greatest)
        sum += powers[k]
      }
      let logSum = greatest + log(sum)
      var loss = 0.0
      for (k, x) in logits.enumerated() {
        let wanted =
          target.probability(of: k) * (1 - smoothing) + smoothing / Double(logits.count)
        loss += wanted * (logSum - Double(x))
        gradient?[k] = Float((powers[k] / sum - wanted) * share)
      }
      return (loss, best == target.label && !greatest.isNaN)
    }
  }
}

/// 1 / (1 + e^-x) without overflow.
package func sigmoid(_ x: Double) -> Double {
  x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x))
}

/// The probability of every class, a row per sample.
///
/// One logit means two classes, of probability 1 - σ(x) and σ(x); more logits mean softmax. Logits
/// are divided by `temperature`, above 0, before.
public func probabilities(
  logits: [Float], outputs: Int, temperature: Double = 1
) -> [[Double]] {
  precondition(outputs > 0 && logits.count % outputs == 0, "whole rows of logits")
  return stride(from: 0, to: logits.count, by: outputs).map { start in
    if outputs == 1 {
      let x = Double(logits[start]) / temperature
      return [sigmoid(-x), sigmoid(x)]
    }
    let row = logits[start..<(start + outputs)].map { Double($0) / temperature }
    let greatest = row.max() ?? 0
    let powers = row.map { exp($0 - greatest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }
}

/// The probability of one class in `probabilities` of a row of logits, to the bit.
package func probability(of index: Int, logits: [Float], temperature: Double = 1) -> Double {
  if logits.count == 1 {
    let x = Double(logits[0]) / temperature
    return sigmoid(index == 0 ? -x : x)
  }
  let greatest = Double(logits.max() ?? 0) / temperature
  let sum = logits.reduce(0.0) { $0 + exp(Double($1) / temperature - greatest) }
  return exp(Double(logits[index]) / temperature - greatest) / sum
}
