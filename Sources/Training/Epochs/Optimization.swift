internal import CNN
package import Classifier
internal import ImageData
internal import Primitives

extension Configuration.Training {
  func makeOptimizer() -> any Optimizer {
    switch optimizer {
    case .adam:
      Adam(learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon)
    case .adamw:
      AdamW(
        learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon,
        weightDecay: weightDecay)
    case .muon:
      Muon(
        learningRate: learningRate, momentum: momentum, beta1: beta1, beta2: beta2,
        epsilon: epsilon, weightDecay: weightDecay)
    case .sgd:
      SGD(
        learningRate: learningRate, momentum: momentum, nesterov: momentum > 0,
        weightDecay: weightDecay)
    }
  }

  /// The learning rate schedule.
  var rates: Schedule {
    switch schedule {
    case .constant: .constant
    case .cosine: .cosine
    case .oneCycle: .oneCycle()
    case .step: .step()
    case .plateau: .plateau()
    }
  }

  /// Optimizer steps per epoch for so many training images.
  func stepsPerEpoch(images: Int) -> Int {
    EvenBatches(of: images, atMost: max(1, batchSize(images: images))).count
  }

  /// Images per step for so many training images: fewer than asked for where a set is small.
  package func batchSize(images: Int) -> Int {
    var size = batchSize
    while size > 8, minimumEpochSteps * size > images { size = max(8, size / 2) }
    return min(size, images)
  }

  /// The peak of the schedule for batches of the given number of images.
  ///
  /// A head alone, on features that stay, is a convex problem: its noise averages out, and a rate
  /// made smaller only leaves it short of the optimum.
  package func peakRate(batchSize: Int, headAlone: Bool = false) -> Double {
    scalesLearningRate && !headAlone && batchSize < self.batchSize
      ? learningRate * Double(batchSize) / Double(self.batchSize) : learningRate
  }

  /// Epochs for so many steps per epoch: more than asked for where a set is small.
  package func epochs(steps: Int) -> Int {
    max(epochs, (minimumSteps + steps - 1) / max(1, steps))
  }
}

/// The best epoch so far, and the number of epochs since.
package struct BestEpoch: Codable, Sendable {
  let monitor: Monitor
  /// The best epoch, from 1; 0 before the first, or where what training started from is better.
  package private(set) var epoch = 0
  /// Its accuracy on the validation images.
  package private(set) var accuracy: Double?
  /// Epochs since then.
  package private(set) var standstill = 0
  /// Accuracy of the weights that are kept, on the validation images; nil without any, and in
  /// checkpoints of earlier versions.
  package private(set) var keptAccuracy: Double?
  /// Its figure, and its loss with the sign turned: the larger the better, in this order.
  private var figure: Double?
  private var lossTurned: Double?
  /// Accuracy of the solved last layer that training started from; nil without one, and in
  /// checkpoints of earlier versions.
  private var start: Double?

  /// Nothing is best yet.
  package init(monitor: Monitor) {
    self.monitor = monitor
  }

  /// Counts the epochs without improvement anew.
  mutating func waitAgain() { standstill = 0 }

  /// Notes the figures of the solved last layer that training starts from.
  package mutating func begin(with evaluation: EpochFigures) {
    _ = isBetter(evaluation, epoch: 0)
    (start, keptAccuracy) = (evaluation.accuracy, evaluation.accuracy)
  }

  /// Whether the weights after an epoch are kept, whose figures are noted, and whether the epoch is
  /// the best so far.
  ///
  /// Of `last` every epoch's are, unless what training started from is better by more than chance
  /// explains: a few dozen validation images name as the best of many epochs one that was lucky.
  package mutating func keeps(
    _ evaluation: EpochFigures, epoch: Int, _ keep: Keep
  ) -> (isKept: Bool, isBest: Bool) {
    let isBest = isBetter(evaluation, epoch: epoch)
    let isKept = keep == .best ? isBest : !isClearlyWorseThanStart(evaluation)
    if isKept { keptAccuracy = evaluation.accuracy }
    return (isKept, isBest)
  }

  /// Whether an epoch has more images wrong than the start, by the sign test at 5 %.
  ///
  /// The test is of the images that one of both has right and the other wrong. How many these are
  /// is not known, at most all that either has wrong, which makes the test a cautious one.
  private func isClearlyWorseThanStart(_ evaluation: EpochFigures) -> Bool {
    guard let start else { return false }
    func wrong(_ accuracy: Double) -> Int {
      Int((Double(evaluation.images) * (1 - accuracy)).rounded())
    }
    let (before, now) = (wrong(start), wrong(evaluation.accuracy))
    return now > before && signTest(before, now) < 0.05
  }

  /// Notes an epoch's figures; whether it is better than all before, ties by lower loss, then the
  /// earlier.
  package mutating func isBetter(_ evaluation: EpochFigures, epoch: Int) -> Bool {
    let figure =
      switch monitor {
      case .accuracy: evaluation.accuracy
      case .loss: -evaluation.loss
      case .f1: evaluation.f1
      }
    guard
      (figure, -evaluation.loss) > (self.figure ?? -.infinity, lossTurned ?? -.infinity)
        || self.figure == nil
    else {
      standstill += 1
      return false
    }
    self.figure = figure
    lossTurned = -evaluation.loss
    accuracy = evaluation.accuracy
    self.epoch = epoch
    standstill = 0
    return true
  }
}
