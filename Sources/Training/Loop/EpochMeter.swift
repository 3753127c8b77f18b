internal import CNN

/// The running figures of an epoch.
struct EpochMeter {
  let epoch: Int
  private let epochs: Int
  private let steps: Int
  private let started = ContinuousClock.now
  private let before: BatchSeconds
  /// Steps done.
  private(set) var step = 0
  private var images = 0
  private var correct = 0
  private var lossSum = 0.0
  private var learningRate = 0.0
  private var forward = 0.0
  private var backward = 0.0
  private var optimizer = 0.0

  /// An epoch that begins now.
  init(epoch: Int, epochs: Int, steps: Int, _ batches: any BatchSource) {
    self.epoch = epoch
    self.epochs = epochs
    self.steps = steps
    before = batches.seconds
  }

  /// Seconds since the epoch began.
  var seconds: Double { (ContinuousClock.now - started) / .seconds(1) }

  /// Counts a step in.
  mutating func add(
    _ result: TrainingSession.StepResult, images count: Int, learningRate: Double,
    averaging: Double
  ) {
    step += 1
    images += count
    correct += result.correct
    lossSum += result.loss * Double(count)
    self.learningRate = learningRate
    forward += result.seconds.forward
    backward += result.seconds.backward
    optimizer += result.seconds.optimizer + averaging
  }

  private var loss: Double { images == 0 ? 0 : lossSum / Double(images) }
  private var accuracy: Double { images == 0 ? 0 : Double(correct) / Double(images) }

  /// Where the epoch stands.
  var progress: BatchProgress {
    BatchProgress(
      epoch: epoch, epochs: epochs, step: step, steps: steps, images: images, loss: loss,
      accuracy: accuracy, learningRate: learningRate, seconds: seconds)
  }

  /// The epoch's row, once it is over and validated.
  func metrics(
    _ evaluation: Evaluation?, trainingSeconds: Double, isBest: Bool,
    _ batches: any BatchSource
  ) -> EpochMetrics {
    let spent = batches.seconds
    return EpochMetrics(
      epoch: epoch, epochs: epochs, loss: loss, accuracy: accuracy, valLoss: evaluation?.loss,
      valAccuracy: evaluation?.accuracy, valF1: evaluation?.macro.f1,
      learningRate: learningRate, seconds: seconds,
      imagesPerSecond: Double(images) / max(trainingSeconds, 1e-9), isBest: isBest,
      decodeSeconds: spent.decode - before.decode,
      augmentSeconds: spent.augment - before.augment,
      forwardSeconds: forward, backwardSeconds: backward, optimizerSeconds: optimizer,
      waitSeconds: spent.wait - before.wait)
  }
}
