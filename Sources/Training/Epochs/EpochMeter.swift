internal import CNN
internal import Classifier
internal import Ranks

/// The running figures of an epoch.
struct EpochMeter {
  /// The sums over the steps of an epoch.
  struct Sums: Codable, Sendable {
    var step = 0
    var images = 0
    var correct = 0
    var loss = 0.0
    var learningRate = 0.0
    var forward = 0.0
    var backward = 0.0
    var optimizer = 0.0
    var batches = BatchSeconds()
    /// Waiting for other processes; nil for a process alone.
    var communication: Double?
    /// Wall time.
    var seconds = 0.0
  }

  let epoch: Int
  /// Epochs in all, which a change of the plan changes.
  var epochs: Int
  private let steps: Int
  /// The batches that the steps are made on.
  private(set) var batches: any BatchSource
  private var started = ContinuousClock.now
  private var before: BatchSeconds
  private let team: Group
  private var waitedBefore: Double
  private var own: Sums

  /// An epoch that begins now, or continues from where it was left.
  init(
    epoch: Int, epochs: Int, steps: Int, _ batches: any BatchSource, _ team: Group,
    from sums: Sums = Sums()
  ) {
    self.epoch = epoch
    self.epochs = epochs
    self.steps = steps
    self.batches = batches
    before = batches.seconds
    self.team = team
    waitedBefore = team.waitSeconds
    own = sums
  }

  /// Continues with other batches, from what there is.
  mutating func restart(_ batches: any BatchSource, from sums: Sums) {
    self.batches = batches
    (own, started, before) = (sums, .now, batches.seconds)
    waitedBefore = team.waitSeconds
  }

  var step: Int { own.step }

  /// Seconds since the epoch began, without those while nobody trained.
  var seconds: Double { own.seconds + (ContinuousClock.now - started) / .seconds(1) }

  /// The current sums, to resume from.
  var sums: Sums {
    var sums = own
    sums.seconds = seconds
    sums.batches = spent
    sums.communication = communication
    return sums
  }

  private var communication: Double? {
    guard !team.isAlone else { return nil }
    return (own.communication ?? 0) + team.waitSeconds - waitedBefore
  }

  private var spent: BatchSeconds {
    let now = batches.seconds
    return BatchSeconds(
      wait: own.batches.wait + now.wait - before.wait,
      decode: own.batches.decode + now.decode - before.decode,
      augment: own.batches.augment + now.augment - before.augment)
  }

  mutating func add(
    _ result: TrainingSession.StepResult, images count: Int, learningRate: Double,
    averaging: Double
  ) {
    own.step += 1
    own.images += count
    own.correct += result.correct
    own.loss += result.loss * Double(count)
    own.learningRate = learningRate
    own.forward += result.seconds.forward
    own.backward += result.seconds.backward
    own.optimizer += result.seconds.optimizer + averaging
  }

  private var loss: Double { own.images == 0 ? 0 : own.loss / Double(own.images) }
  private var accuracy: Double {
    own.images == 0 ? 0 : Double(own.correct) / Double(own.images)
  }

  var progress: BatchProgress {
    BatchProgress(
      epoch: epoch, epochs: epochs, step: step, steps: steps, images: own.images, loss: loss,
      accuracy: accuracy, learningRate: own.learningRate, seconds: seconds)
  }

  /// The epoch's row, once it is over and validated.
  func metrics(
    _ evaluation: EpochFigures?, trainingSeconds: Double, isBest: Bool
  ) -> EpochMetrics {
    let spent = spent
    return EpochMetrics(
      epoch: epoch, epochs: epochs, loss: loss, accuracy: accuracy, valLoss: evaluation?.loss,
      valAccuracy: evaluation?.accuracy, valF1: evaluation?.f1,
      learningRate: own.learningRate, seconds: seconds,
      imagesPerSecond: Double(own.images) / max(trainingSeconds, 1e-9), isBest: isBest,
      decodeSeconds: spent.decode, augmentSeconds: spent.augment,
      forwardSeconds: own.forward, backwardSeconds: own.backward,
      optimizerSeconds: own.optimizer, waitSeconds: spent.wait,
      communicationSeconds: communication)
  }
}
