internal import CNN
internal import ImageData
internal import KernelSelection
internal import Primitives

/// The epochs of a run.
struct TrainingLoop {
  private let configuration: Configuration
  private let classes: [String]
  private let images: RunImages
  private let engine: Engine
  private let folder: RunFolder
  private let network: Network
  /// The moving average, where there is one.
  private let average: Network?
  private let session: TrainingSession
  private let validator: Validator?
  private let batchSize: Int
  private let stepsPerEpoch: Int
  private let epochs: Int
  private let started = ContinuousClock.now
  private var best: BestEpoch
  private var kept = 0
  private var reductions = 0
  private var weightsSHA256 = ""

  /// Takes all memory that the epochs need.
  init(_ plan: RunPlan, _ images: RunImages, engine: Engine, folder: RunFolder) throws {
    configuration = plan.configuration
    classes = plan.dataset.classes
    self.images = images
    self.engine = engine
    self.folder = folder
    network = plan.network
    let training = configuration.training
    average = training.ema > 0 ? try network.copy() : nil
    batchSize = training.batchSize(images: images.training.count)
    session = try TrainingSession(
      network: network,
      loss: .standard(outputs: network.outputs, labelSmoothing: training.labelSmoothing),
      optimizer: training.makeOptimizer(), batchSize: batchSize, engine: engine,
      seed: configuration.seed,
      clipGradientNorm: training.clipGrad > 0 ? training.clipGrad : nil,
      classWeights: TrainingLoop.classWeights(configuration.data.classWeights, images))
    validator =
      images.validation.isEmpty
      ? nil
      : try Validator(
        network: average ?? network, images: images, classes: classes, batchSize: batchSize,
        engine: engine)
    stepsPerEpoch = (images.training.count + batchSize - 1) / batchSize
    epochs = training.epochs(steps: stepsPerEpoch)
    best = BestEpoch(monitor: training.monitor)
  }

  private static func classWeights(_ kind: ClassWeights, _ images: RunImages) -> [Double]? {
    guard kind == .balanced else { return nil }
    let counts = images.trainingCounts
    return counts.map { Double(images.training.count) / Double(counts.count * $0) }
  }

  /// What is about to happen.
  func start(recipe: Recipe) -> RunStart {
    let parameterBytes = (average == nil ? 1 : 2) * network.parameterCount * 4
    return RunStart(
      run: folder.path, dataset: configuration.dataset, recipe: recipe.rawValue,
      architecture: network.architecture.name, size: network.architecture.input.width,
      classes: classes, parameters: network.parameterCount,
      memoryBytes: parameterBytes + session.memoryBytes + (validator?.memoryBytes ?? 0)
        + images.store.memoryBytes,
      epochs: epochs, stepsPerEpoch: stepsPerEpoch, batchSize: batchSize,
      seed: configuration.seed, isa: engine.instructionSet.rawValue,
      conv: engine.convolution.rawValue, threads: engine.threads,
      cache: images.store.place.rawValue)
  }

  /// The batches of all epochs.
  private var batches: BatchPlan {
    BatchPlan(
      indices: images.training, batchSize: batchSize, seed: configuration.seed,
      augmentation: configuration.augmentation, preprocessing: images.preprocessing,
      epochs: 0..<epochs)
  }

  /// Training images as the first epochs will see them.
  func samples() throws(ImageStoreError) -> TrainingSamples {
    TrainingSamples(
      sheet: try SampleSheet(store: images.store, plan: batches, kernels: engine.kernels),
      run: folder)
  }

  /// What the run came to, but for the test images.
  func summary(_ record: RunRecord) -> TrainingSummary {
    TrainingSummary(
      run: folder.path, weights: folder.bestWeights, weightsSHA256: weightsSHA256,
      epochs: record.epochs, bestEpoch: kept, valAccuracy: best.accuracy, seconds: 0,
      peakMemoryBytes: 0)
  }

  /// Trains to the end or until a reason to stop; returns that reason.
  mutating func run(
    _ log: inout RunLog, events: (TrainingEvent) throws -> Void,
    shouldStop: () -> StopReason?
  ) throws -> StopReason? {
    let training = configuration.training
    let loader = BatchLoader(
      store: images.store, plan: batches, kernels: engine.kernels, workers: engine.workers)
    for epoch in 1...epochs {
      var meter = EpochMeter(epoch: epoch, epochs: epochs, steps: stepsPerEpoch, loader)
      var reason: StopReason?
      while reason == nil, let batch = try loader.next() {
        try step(batch, &meter)
        try events(.batch(meter.progress))
        reason = shouldStop() ?? (isOverTime ? .maxTime : nil)
      }
      if case .signal = reason, meter.step < stepsPerEpoch {
        // The epoch is not over, so it has no figures; its steps are kept all the same.
        try save(epoch: epoch - 1, asBest: kept == 0, &log, events)
        return reason
      }
      try finish(meter, loader, &log, events)
      if let reason { return reason }
      if training.patience > 0, best.standstill >= training.patience { return .patience }
    }
    return nil
  }

  private var isOverTime: Bool {
    let limit = configuration.training.maxSeconds
    return limit > 0 && (ContinuousClock.now - started) / .seconds(1) > limit
  }

  /// One optimizer step and its part in the average.
  private func step(_ batch: Batch, _ meter: inout EpochMeter) throws(TrainingError) {
    let training = configuration.training
    let number = session.optimizer.steps
    let factor = training.rates.factor(
      step: number, total: epochs * stepsPerEpoch, reductions: reductions)
    let rate = training.peakRate(batchSize: batchSize) * factor
    session.optimizer.learningRate = rate
    let mixture = batch.mixture.map { TargetMixture(targets: $0.targets, shares: $0.shares) }
    let result = session.step(pixels: batch.pixels, targets: batch.targets, mixture: mixture)
    guard result.loss.isFinite else {
      throw TrainingLoop.diverged("the loss is \(result.loss)", number, meter.epoch, rate)
    }
    let start = ContinuousClock.now
    if let average {
      // Warmed up, so that the fresh weights are soon forgotten.
      let steps = Double(number + 1)
      let decay = min(training.ema, (steps + 1) / (steps + 50))
      average.interpolate(toward: network, weight: Float(1 - decay), engine: engine)
    }
    meter.add(
      result, images: batch.count, learningRate: rate,
      averaging: (ContinuousClock.now - start) / .seconds(1))
  }

  private static func diverged(
    _ what: String, _ step: Int, _ epoch: Int, _ rate: Double
  ) -> TrainingError {
    TrainingError(
      .diverged, "training diverged: \(what) at step \(step + 1), epoch \(epoch)",
      found: "learning rate \(rate)", expected: "finite numbers",
      advice: "a smaller --lr, or --clip-grad 1; weights of earlier epochs are kept")
  }

  /// Validates, keeps weights, tells the figures.
  private mutating func finish(
    _ meter: EpochMeter, _ loader: BatchLoader, _ log: inout RunLog,
    _ events: (TrainingEvent) throws -> Void
  ) throws {
    let trained = meter.seconds
    let evaluation = try validator?.evaluate { done, total in
      try events(.validating(done: done, total: total))
    }
    let isBetter = evaluation.map { best.isBetter($0, epoch: meter.epoch) } ?? false
    let keepsBest = configuration.training.keep == .best && evaluation != nil
    noteStandstill()
    let metrics = meter.metrics(
      evaluation, trainingSeconds: trained, isBest: isBetter && keepsBest, loader)
    log.record.epochs = meter.epoch
    try log.tell(.epoch(metrics), events)
    try save(epoch: meter.epoch, asBest: isBetter || !keepsBest, &log, events)
  }

  /// Counts plateaus for the schedule that falls at them.
  private mutating func noteStandstill() {
    guard case .plateau(_, let patience) = configuration.training.rates else { return }
    if best.standstill > 0, best.standstill % patience == 0 { reductions += 1 }
  }

  /// Writes the weights that would be used now.
  private mutating func save(
    epoch: Int, asBest: Bool, _ log: inout RunLog, _ events: (TrainingEvent) throws -> Void
  ) throws {
    let network = average ?? self.network
    guard network.isFinite else {
      throw TrainingLoop.diverged(
        "a weight is not finite", session.optimizer.steps - 1, max(1, epoch),
        session.optimizer.learningRate)
    }
    let model = ClassifierModel(
      network: network, classes: classes, preprocessing: images.preprocessing,
      recipe: configuration.recipe.rawValue, datasetFingerprint: images.store.fingerprint,
      trainingImages: images.training.count, tta: configuration.tta)
    let bytes = model.encoded()
    try folder.write(bytes, to: RunFolder.lastName)
    if asBest {
      try folder.write(bytes, to: RunFolder.bestName)
      kept = epoch
      weightsSHA256 = SHA256.hex(of: bytes)
      log.record.bestEpoch = epoch
      log.record.weightsSHA256 = weightsSHA256
    }
    try log.writeRecord()
    let path = asBest ? folder.bestWeights : folder.lastWeights
    try log.tell(
      .checkpoint(WeightsWritten(path: path, epoch: epoch, isBest: asBest)), events)
  }
}
