internal import CNN
package import Classifier
internal import ImageData

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
  /// Its figure, and its loss with the sign turned: the larger the better, in this order.
  private var figure: Double?
  private var lossTurned: Double?

  /// Nothing is best yet.
  package init(monitor: Monitor) {
    self.monitor = monitor
  }

  /// Counts the epochs without improvement anew.
  mutating func waitAgain() { standstill = 0 }

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
