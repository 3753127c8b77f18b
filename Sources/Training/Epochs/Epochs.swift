internal import CNN
internal import Classifier
internal import Compute
internal import ImageData

/// The epochs of a run.
struct TrainingLoop {
  /// The run's configuration; its length may change during the run.
  private(set) var configuration: Configuration
  let classes: [String]
  let images: RunImages
  let engine: Engine
  let team: Team
  let folder: RunFolder
  /// The whole network.
  let network: Network
  /// The features of the images, if a frozen backbone's features are kept.
  let features: FeatureStore?
  /// The network that is trained: the whole one, or its head on features.
  let trained: Network
  /// The moving average of what is trained, where there is one.
  let average: Network?
  private let origin: RunOrigin?
  /// The images that the model was trained on that training starts from, where it tells them.
  let trainedOn: ImageDigests?
  let session: TrainingSession
  private let validator: Validator?
  let batchSize: Int
  let stepsPerEpoch: Int
  /// Chooses how many epochs fit where time is limited, on the first process.
  var timePlan: TimePlan?
  var best: BestEpoch
  var reductions = 0
  var writer: WeightsWriter
  var checkpointer: Checkpointer
  /// Finished epochs.
  var done = 0
  /// The sums of the epoch in which the run was interrupted.
  var underWay: EpochMeter.Sums?
  var isResumed = false
  /// The number of times the rate was halved after numbers that were not finite.
  var rollbacks = 0
  /// The step of the last checkpoint between two epochs, to which such numbers lead back; nil if
  /// there is none.
  ///
  /// Not to the newest checkpoint: when that is written depends on the clock, and what is learnt
  /// must not.
  var boundary: Int?

  /// The length of the run, as known after its current step.
  var length: RunLength {
    configuration.training.length(
      after: session.optimizer.steps, stepsPerEpoch: stepsPerEpoch)
  }

  /// Takes all memory that the epochs need.
  init(
    _ plan: RunPlan, _ images: RunImages, engine: Engine, team: Team, folder: RunFolder
  ) throws {
    configuration = plan.configuration
    classes = plan.dataset.classes
    self.images = images
    self.engine = engine
    self.team = team
    self.folder = folder
    network = plan.network
    let training = configuration.training
    batchSize = training.batchSize(images: images.training.count)
    let batches = EvenBatches(of: images.training.count, atMost: batchSize)
    stepsPerEpoch = batches.count
    let epochs = training.mostEpochs(stepsPerEpoch: stepsPerEpoch)
    features =
      configuration.transfer.freezesAlways
      ? try FeatureStore(
        network, images: images, augmentation: configuration.augmentation, epochs: epochs,
        engine: engine, team: team) : nil
    trainedOn = plan.origin?.model.model.trainedOn
    origin = TrainingLoop.origin(plan, epochs: epochs, views: features?.views)
    trained = features?.head ?? network
    average = training.ema > 0 ? try trained.copy() : nil
    let part = team.largestPart(of: batches.largest)
    session = try TrainingSession(
      network: trained,
      largestInput: features == nil
        ? configuration.network.trainingInput(network.architecture.input, epoch: 1, of: 1) : nil,
      loss: .standard(outputs: network.outputs, labelSmoothing: training.labelSmoothing),
      optimizer: training.makeOptimizer(), batchSize: part, engine: engine,
      seed: configuration.seed,
      clipGradientNorm: training.clipGrad > 0 ? training.clipGrad : nil,
      classWeights: TrainingLoop.classWeights(configuration.data.classWeights, images),
      communicator: team.communicator, sharesStatistics: training.syncBN ?? true)
    validator =
      images.validation.isEmpty
      ? nil
      : try Validator(
        network: average ?? trained,
        inputs: features ?? ValidationImages(images, batchSize: part, engine: engine),
        images: images, classes: classes.count, batchSize: part, engine: engine, team: team)
    best = BestEpoch(monitor: training.monitor)
    // Epochs on features take milliseconds, a file's way to the disk tens of them.
    writer = WeightsWriter(folder, interval: features == nil ? 0 : 2)
    checkpointer = Checkpointer(folder)
  }

  private static func classWeights(_ kind: ClassWeights, _ images: RunImages) -> [Double]? {
    guard kind == .balanced else { return nil }
    let counts = images.trainingCounts
    return counts.map { Double(images.training.count) / Double(counts.count * $0) }
  }

  /// The parts taken from a model, and how they are trained in the given number of epochs.
  private static func origin(_ plan: RunPlan, epochs: Int, views: Int?) -> RunOrigin? {
    guard var origin = plan.origin?.taken else { return nil }
    let transfer = plan.configuration.transfer
    origin.frozenEpochs = transfer.freezesAlways ? epochs : transfer.freezeEpochs
    origin.backboneRate = transfer.backboneRate
    origin.views = views
    return origin
  }

  /// The event that starts the run.
  func start(recipe: Recipe, memoryBytes: Int) -> RunStart {
    let growth = configuration.network.growth
    return RunStart(
      run: folder.path, dataset: configuration.dataset, recipe: recipe.rawValue,
      architecture: network.architecture.name, size: network.architecture.input.width,
      trainingSizes: [growth.first, growth.last], classes: classes,
      parameters: network.parameterCount,
      memoryBytes: memoryBytes,
      epochs: length.epochs, stepsPerEpoch: stepsPerEpoch, batchSize: batchSize,
      seed: configuration.seed, isa: engine.instructionSet.rawValue,
      conv: engine.convolution.rawValue, threads: engine.threads,
      ranks: team.communicator == nil ? nil : team.size,
      cache: images.store.place.rawValue, from: origin,
      resumed: isResumed ? RunStart.Place(epochs: done, steps: underWay?.step ?? 0) : nil)
  }

  /// The batches of all epochs, at the size of the network's input.
  private var batches: BatchPlan {
    BatchPlan(
      indices: images.training, batchSize: batchSize, seed: configuration.seed,
      augmentation: configuration.augmentation, preprocessing: images.preprocessing,
      epochs: min(done, length.epochs)..<length.epochs, firstBatch: underWay?.step ?? 0,
      share: team.share)
  }

  /// The batches of all epochs, at each epoch's size.
  private var growingBatches: BatchPlan {
    var plan = batches
    let (net, input, epochs) = (configuration.network, network.architecture.input, length.epochs)
    plan.size = { epoch in
      let shape = net.trainingInput(input, epoch: epoch, of: epochs)
      return (shape.width, shape.height)
    }
    return plan
  }

  /// Training images as the first epochs will see them.
  func samples() throws(ImageStoreError) -> TrainingSamples {
    TrainingSamples(
      sheet: try SampleSheet(store: images.store, plan: batches, kernels: engine.kernels),
      run: folder)
  }

  /// The cost of a step of an epoch, counted from 0, in a run of the given number of epochs: in
  /// pixels, three times as much once a frozen backbone is trained.
  var work: (_ epoch: Int, _ epochs: Int) -> Double {
    guard features == nil else { return { _, _ in 1 } }
    let (net, transfer, input) = (
      configuration.network, configuration.transfer, network.architecture.input
    )
    return { epoch, epochs in
      let side = net.trainingInput(input, epoch: epoch, of: epochs)
      let moves = transfer.freezeEpochs > 0 && epoch >= transfer.freezeEpochs
      return Double(side.height * side.width) * (moves ? 3 : 1)
    }
  }

  /// The results of the run, without those on the test images.
  func summary(_ record: RunRecord) -> TrainingSummary {
    TrainingSummary(
      run: folder.path, weights: folder.bestWeights, weightsSHA256: writer.sha256,
      epochs: record.epochs, bestEpoch: writer.kept, valAccuracy: best.accuracy, seconds: 0,
      peakMemoryBytes: 0,
      askedEpochs: configuration.training.askedEpochs(stepsPerEpoch: stepsPerEpoch))
  }

  /// Trains to the end or until a reason to stop; returns that reason.
  mutating func run(
    _ log: inout RunLog, events: (TrainingEvent) throws -> Void,
    shouldStop: () -> StopReason?
  ) throws -> StopReason? {
    do {
      let reason = try runSteppingBack(&log, events, shouldStop)
      try writer.flush(&log, events, encode: encode)
      return reason
    } catch {
      // What came before the error is kept; the error itself is the one to report.
      try? writer.rescue(&log)
      throw error
    }
  }

  mutating func runEpochs(
    _ log: inout RunLog, _ events: (TrainingEvent) throws -> Void, _ shouldStop: () -> StopReason?
  ) throws -> StopReason? {
    var source: (any BatchSource)?
    while true {
      if isPatienceOver {
        // Asked for more after it, the run waits as long again.
        guard configuration.training.isAskedAgain(after: session.optimizer.steps) else {
          return .patience
        }
        best.waitAgain()
      }
      var length = length
      guard done < length.epochs, underWay != nil || session.optimizer.steps < length.steps else {
        return configuration.training.isCutShort(
          after: session.optimizer.steps, stepsPerEpoch: stepsPerEpoch) ? .maxTime : nil
      }
      do {
        try prepareEpoch(of: length, &log, events)
      } catch {
        // Who watches for signals ends what takes long; the steps made so far are kept.
        guard session.optimizer.steps > 0, case .signal(let number)? = shouldStop() else {
          throw error
        }
        try keep(underWay, isLast: true, &log, events)
        return .signal(number)
      }
      let batches = try source ?? self.source()
      source = batches
      var meter = EpochMeter(
        epoch: done + 1, epochs: length.epochs, steps: stepsPerEpoch, batches, team,
        from: underWay ?? .init())
      let first = meter.step
      underWay = nil
      var reason: StopReason?
      var (isNew, isCut) = (false, false)
      timePlan?.beginSteps()
      while reason == nil, session.optimizer.steps < length.steps,
        let batch = try source?.next()
      {
        try step(batch, &meter)
        timePlan?.noteStep(epoch: done, of: length.epochs)
        try events(.batch(meter.progress))
        if StepDigest.isDue(after: session.optimizer.steps) {
          try log.tell(.digest(digest(meter)), events)
        }
        reason = try agree(inEpoch: meter.step, &log, events, shouldStop)
        // What was asked for after the plan's last step came later: the epoch ended there.
        let steps = session.optimizer.steps
        isCut = configuration.training.ends(after: steps, stepsPerEpoch: stepsPerEpoch)
        if self.length != length, !isCut || self.length.steps == steps {
          length = self.length
          isNew = true
          try tellPlan(&log, events)
          source = try follow(length, &meter, source)
        }
        if isCut { break }
        if reason == nil, meter.step < stepsPerEpoch, steps < length.steps,
          checkpointer.isDue
        {
          try keep(meter.sums(source ?? batches), &log, events)
        }
      }
      let last = source ?? batches
      // What was prepared for another length, or beyond the end, is of no use.
      if isNew || isCut || session.optimizer.steps >= length.steps { source = nil }
      if case .signal = reason {
        try keepUnfinished(meter.sums(last), &log, events)
        return reason
      }
      if meter.step == first { try events(.batch(meter.progress)) }
      if let signal = try finish(meter, last, &log, events, shouldStop) { return signal }
      let isOver = done >= self.length.epochs || isPatienceOver
      if isOver || mayStepBack || checkpointer.isDue {
        if mayStepBack { boundary = session.optimizer.steps }
        try keep(nil, isLast: isOver, &log, events)
      }
      timePlan?.noteEpoch()
      if !isOver {
        reason = try agree(inEpoch: 0, &log, events, shouldStop)
        if self.length != length {
          try tellPlan(&log, events)
          source = nil
        }
        let isSignal = if case .signal = reason { true } else { false }
        // The time may have ended the run just now.
        if isSignal || done >= self.length.epochs || session.optimizer.steps >= self.length.steps {
          try keep(nil, isLast: true, &log, events)
        }
        if isSignal { return reason }
      }
    }
  }

  /// Prepares an epoch for its first step, or for the step at which it is resumed.
  private func prepareEpoch(
    of length: RunLength, _ log: inout RunLog, _ events: (TrainingEvent) throws -> Void
  ) throws {
    setBackboneRate(done + 1)
    guard let features else {
      return try session.resize(
        to: configuration.network.trainingInput(
          network.architecture.input, epoch: done, of: length.epochs))
    }
    var all = batches
    (all.epochs, all.firstBatch) = (0..<length.epochs, 0)
    guard !features.isReady(epoch: done) else { return }
    try log.time(.features) { _ in
      try features.prepare(epoch: done, all) { try events(.features(done: $0, total: $1)) }
    }
  }

  /// Goes on in the epoch under way as a run of another length does; returns its batches.
  private mutating func follow(
    _ length: RunLength, _ meter: inout EpochMeter, _ source: (any BatchSource)?
  ) throws -> (any BatchSource)? {
    meter.epochs = length.epochs
    let isOver = meter.step >= stepsPerEpoch || session.optimizer.steps >= length.steps
    guard !isOver, let source else { return source }
    if features == nil {
      try session.resize(
        to: configuration.network.trainingInput(
          network.architecture.input, epoch: done, of: length.epochs))
    }
    // The loader has prepared a batch already, of the size that it would have had.
    underWay = meter.sums(source)
    defer { underWay = nil }
    let next = try self.source()
    meter.goOn(next, from: underWay ?? .init())
    return next
  }

  /// The reason, common to all processes, to stop; a change of the plan that the time limit
  /// requires is recorded.
  private mutating func agree(
    inEpoch: Int, _ log: inout RunLog, _ events: (TrainingEvent) throws -> Void,
    _ shouldStop: () -> StopReason?
  ) throws -> StopReason? {
    let place = TimePlan.Place(
      done: done, inEpoch: inEpoch, steps: session.optimizer.steps, length: length)
    let own = shouldStop()
    var wish = timePlan?.change(at: place)
    if own == .maxTime { wish = place.ending }
    let (reason, change) = try team.agree(own, wish)
    if let change {
      configuration.training.changes = (configuration.training.changes ?? []) + [change]
      // Written before the step that depends on it.
      try folder.write(configuration.encoded(), to: RunFolder.configurationName)
    }
    return reason
  }

  private func tellPlan(
    _ log: inout RunLog, _ events: (TrainingEvent) throws -> Void
  ) throws {
    let training = configuration.training
    let change = training.change(after: session.optimizer.steps)
    try log.tell(
      .plan(
        PlanUpdate(
          step: session.optimizer.steps, epochs: length.epochs, steps: length.steps,
          stepsPerEpoch: stepsPerEpoch,
          askedEpochs: training.askedEpochs(stepsPerEpoch: stepsPerEpoch),
          reason: change?.reason ?? .request,
          isLastCut: change?.reason == .time && change?.steps != nil,
          maxSeconds: timePlan?.limit)), events)
  }

  private var isPatienceOver: Bool {
    let patience = configuration.training.patience(after: session.optimizer.steps)
    return patience > 0 && best.standstill >= patience
  }

  /// The batches from where the run stands to its end.
  private func source() throws -> any BatchSource {
    guard let features else {
      return ImageBatches(
        BatchLoader(
          store: images.store, plan: growingBatches, kernels: engine.kernels,
          workers: engine.workers))
    }
    return FeatureBatches(features, plan: batches)
  }

  /// Sets the backbone's learning rate in an epoch, if the backbone is trained.
  private func setBackboneRate(_ epoch: Int) {
    guard origin != nil, features == nil else { return }
    let rate = configuration.transfer.rate(epoch: epoch)
    if session.backboneRate != rate { session.backboneRate = rate }
  }

  /// Validates, keeps weights, tells the figures; a signal meanwhile keeps the epoch's steps.
  private mutating func finish(
    _ meter: EpochMeter, _ source: any BatchSource, _ log: inout RunLog,
    _ events: (TrainingEvent) throws -> Void, _ shouldStop: () -> StopReason?
  ) throws -> StopReason? {
    let trained = meter.seconds
    let sums = meter.sums(source)
    let evaluation: EpochFigures?
    do {
      evaluation = try validator?.evaluate { done, total in
        try events(.validating(done: done, total: total))
        try team.stopIfAsked(shouldStop, isOver: false)
      }
      if evaluation != nil { try team.stopIfAsked(shouldStop, isOver: true) }
    } catch let stopped as StoppedBySignal {
      try keepUnfinished(sums, &log, events)
      return .signal(stopped.number)
    }
    let isBetter = evaluation.map { best.isBetter($0, epoch: meter.epoch) } ?? false
    let keepsBest = configuration.training.keep == .best && evaluation != nil
    noteStandstill()
    let metrics = meter.metrics(
      evaluation, trainingSeconds: trained, isBest: isBetter && keepsBest, source)
    done = meter.epoch
    log.record.epochs = done
    try log.tell(.epoch(metrics), events)
    try save(epoch: done, asBest: isBetter || !keepsBest, &log, events)
    return nil
  }

  /// Keeps the steps of an epoch that has no figures yet, and the weights after them where there are
  /// no better ones.
  private mutating func keepUnfinished(
    _ sums: EpochMeter.Sums, _ log: inout RunLog, _ events: (TrainingEvent) throws -> Void
  ) throws {
    try keep(sums, isLast: true, &log, events)
    try save(epoch: done, asBest: writer.kept == 0, &log, events)
  }

  /// Counts plateaus for the schedule that falls at them.
  private mutating func noteStandstill() {
    guard case .plateau(_, let patience) = configuration.training.rates else { return }
    if best.standstill > 0, best.standstill % patience == 0 { reductions += 1 }
  }
}
