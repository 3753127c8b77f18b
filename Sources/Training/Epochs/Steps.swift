internal import CNN
internal import Classifier
internal import Compute
internal import ImageData
internal import Primitives
internal import Ranks

/// What a run trains, and the steps that train it.
struct Steps {
  let images: RunImages
  /// Images of a step.
  let batchSize: Int
  let perEpoch: Int
  /// The features of the images, if a frozen backbone's features are kept.
  let features: FeatureStore?
  /// The network that is trained: the whole one, or its head on features.
  let trained: Network
  /// The moving average of what is trained, where there is one.
  let average: Network?
  /// The parts taken from a model, and how they are trained.
  let origin: RunOrigin?
  private let network: Network
  private let classes: [String]
  /// The images that the model was trained on that training starts from, where it tells them.
  private let trainedOn: ImageDigests?
  private let session: TrainingSession
  /// As the run begins: what changes later is its length, which whoever makes the steps knows.
  private let configuration: Configuration
  private let engine: Engine
  private let team: Group

  /// Takes all memory that training needs.
  init(_ plan: RunPlan, _ images: RunImages, engine: Engine, team: Group) throws {
    configuration = plan.configuration
    (network, classes) = (plan.network, plan.dataset.classes)
    trainedOn = plan.origin?.model.model.trainedOn
    (self.images, self.engine, self.team) = (images, engine, team)
    let training = configuration.training
    batchSize = training.batchSize(images: images.training.count)
    let batches = EvenBatches(of: images.training.count, atMost: batchSize)
    perEpoch = batches.count
    let epochs = training.mostEpochs(stepsPerEpoch: perEpoch)
    let transfer = configuration.transfer
    features =
      transfer.freezesAlways
      ? try FeatureStore(
        network, images: images, augmentation: configuration.augmentation, epochs: epochs,
        engine: engine, team: team) : nil
    var origin = plan.origin?.taken
    origin?.frozenEpochs = transfer.freezesAlways ? epochs : transfer.freezeEpochs
    origin?.backboneRate = transfer.backboneRate
    origin?.stemRate = transfer.stemRate
    origin?.freezesStatistics = transfer.freezesStatistics
    origin?.solvesHead = configuration.recipe.solvesHead ? true : nil
    origin?.views = features?.views
    self.origin = origin
    trained = features?.head ?? network
    average = training.ema > 0 ? try trained.copy() : nil
    session = try TrainingSession(
      network: trained,
      largestInput: features == nil
        ? configuration.network.trainingInput(network.architecture.input, epoch: 1, of: 1) : nil,
      loss: .standard(outputs: network.outputs, labelSmoothing: training.labelSmoothing),
      optimizer: training.makeOptimizer(), batchSize: team.largestPart(of: batches.largest),
      engine: engine, seed: configuration.seed,
      clipGradientNorm: training.clipGrad > 0 ? training.clipGrad : nil,
      classWeights: Steps.classWeights(configuration.data.classWeights, images),
      group: team, sharesStatistics: training.syncBN ?? true)
    guard origin != nil, features == nil else { return }
    session.freezesStatistics = transfer.freezesStatistics ?? false
    if let rate = transfer.stemRate { session.stemRate = rate }
  }

  /// Sets the last layer of what is trained, and of its average, before the first step.
  func setLastLayer(to layer: (weights: [Float], bias: [Float])) throws(ModelError) {
    try trained.setLastLayer(to: layer)
    try average?.setLastLayer(to: layer)
  }

  private static func classWeights(_ kind: ClassWeights, _ images: RunImages) -> [Double]? {
    guard kind == .balanced else { return nil }
    let counts = images.trainingCounts
    return counts.map { Double(images.training.count) / Double(counts.count * $0) }
  }

  var made: Int { session.optimizer.steps }

  /// What evaluates the network as it would be used now on the validation images; nil without any.
  func makeValidator() throws -> Validator? {
    if images.validation.isEmpty { return nil }
    let part = team.largestPart(
      of: EvenBatches(of: images.training.count, atMost: batchSize).largest)
    return try Validator(
      network: average ?? trained,
      inputs: features ?? ValidationImages(images, batchSize: part, engine: engine),
      images: images, classes: classes.count, batchSize: part, engine: engine, team: team)
  }

  /// A warning about an epoch started by an older version, whose last batch was smaller.
  func note(on underWay: EpochMeter.Sums, ofEpoch epoch: Int) -> String? {
    let batches = EvenBatches(of: images.training.count, atMost: batchSize)
    guard underWay.images != batches[underWay.step].lowerBound else { return nil }
    return "epoch \(epoch) was started by an older version with a smaller last batch: some of its "
      + "images are used twice or not at all; later epochs use each image once"
  }

  /// Prepares an epoch, counted from 0, for its first step, or for the step at which it is resumed.
  func prepare(epoch: Int, of epochs: Int, _ journal: RunJournal) throws {
    if origin != nil, features == nil {
      let rate = configuration.transfer.rate(epoch: epoch + 1)
      if session.backboneRate != rate { session.backboneRate = rate }
    }
    guard let features else { return try resize(epoch: epoch, of: epochs) }
    guard !features.isReady(epoch: epoch) else { return }
    try journal.time(.features) {
      try features.prepare(epoch: epoch, batches(from: 0, of: epochs)) {
        try journal.progress(.features(done: $0, total: $1))
      }
    }
  }

  /// Takes the size of images that an epoch, counted from 0, of so many has.
  func resize(epoch: Int, of epochs: Int) throws {
    guard features == nil else { return }
    try session.resize(
      to: configuration.network.trainingInput(
        network.architecture.input, epoch: epoch, of: epochs))
  }

  /// The batches from a step of an epoch on, to the end of a run of the given number of epochs.
  func source(from epoch: Int, step: Int, of epochs: Int) -> any BatchSource {
    var plan = batches(from: epoch, step: step, of: epochs)
    if let features { return FeatureBatches(features, plan: plan) }
    // At each epoch's size.
    let (net, input) = (configuration.network, network.architecture.input)
    plan.size = { epoch in
      let shape = net.trainingInput(input, epoch: epoch, of: epochs)
      return (shape.width, shape.height)
    }
    return ImageBatches(
      BatchLoader(
        store: images.store, plan: plan, kernels: engine.kernels, workers: engine.workers))
  }

  /// The same, at the size of the network's input.
  private func batches(from epoch: Int, step: Int = 0, of epochs: Int) -> BatchPlan {
    BatchPlan(
      indices: images.training, batchSize: batchSize, seed: configuration.seed,
      augmentation: configuration.augmentation, preprocessing: images.preprocessing,
      epochs: min(epoch, epochs)..<epochs, firstBatch: step, group: team)
  }

  /// Training images as the first epochs of so many will see them.
  func samples(of epochs: Int, in run: RunFolder) throws(ImageStoreError) -> TrainingSamples {
    TrainingSamples(
      sheet: try SampleSheet(
        store: images.store, plan: batches(from: 0, of: epochs), kernels: engine.kernels),
      run: run)
  }

  /// One optimizer step and its part in the average, by a rate of the schedule's `factor`.
  func step(_ batch: TrainingBatch, factor: Double, rollbacks: Int, _ meter: inout EpochMeter)
    throws
  {
    let training = configuration.training
    let number = made
    let rate =
      training.peakRate(batchSize: batchSize, headAlone: features != nil) * factor
      / Double(1 << rollbacks)
    session.optimizer.learningRate = rate
    let result = session.step(
      pixels: batch.pixels, targets: batch.targets, mixture: batch.mixture,
      place: team.isAlone ? nil : BatchPlace(offset: batch.offset, whole: batch.whole.count))
    // A loss that is not finite is the sum of all processes' losses, and each of them ends for it:
    // that another was quicker, which ends the work together, tells this one nothing new.
    let isKnownToAll = if case .loss? = result.fault { true } else { false }
    if !isKnownToAll { try team.check() }
    if let fault = result.fault {
      throw diverged("\(fault)", step: number, epoch: meter.epoch, batch.whole)
    }
    let start = ContinuousClock.now
    if let average {
      // Warmed up, so that the fresh weights are soon forgotten.
      let steps = Double(number + 1)
      let decay = min(training.ema, (steps + 1) / (steps + 50))
      average.interpolate(toward: trained, weight: Float(1 - decay), engine: engine)
    }
    meter.add(
      result, images: batch.whole.count, learningRate: rate,
      averaging: (ContinuousClock.now - start) / .seconds(1))
  }

  func digest(_ meter: EpochMeter) -> StepDigest {
    StepDigest(
      step: made, epoch: meter.epoch, loss: meter.progress.loss, weightsSHA256: trained.digest)
  }

  private func diverged(
    _ what: String, step: Int, epoch: Int, _ samples: [Int] = []
  ) -> TrainingError {
    let shown = samples.prefix(3).map { images.store.samples[$0].path }
    let more = samples.count - shown.count
    return TrainingError(
      .diverged, "training diverged: \(what) at step \(step + 1), epoch \(epoch)",
      found: (["learning rate \(session.optimizer.learningRate)"]
        + (shown.isEmpty ? [] : ["images " + shown.joined(separator: ", ")])
        + (more > 0 ? ["\(more) more"] : [])).joined(separator: ", "),
      expected: "finite numbers",
      advice:
        "a smaller --lr, --clip-grad 1 or --on-nan rollback; weights of earlier epochs are kept"
    )
  }

  /// Makes the network what it is after an epoch; 0 before the first.
  ///
  /// Errors: numbers that are not finite, and processes that differ.
  func settle(epoch: Int) throws {
    try features?.putBack(average ?? trained)
    if epoch > 0 { try team.requireSame("weights", trained.digest) }
    guard used.isFinite else {
      throw diverged("a weight is not finite", step: made - 1, epoch: max(1, epoch))
    }
  }

  /// The network that is used, and written: the average, where there is one.
  private var used: Network { features == nil ? average ?? network : network }

  /// The model as it would be used now.
  var model: ClassifierModel {
    ClassifierModel(
      network: used, classes: classes, preprocessing: images.preprocessing,
      recipe: configuration.recipe.rawValue, datasetFingerprint: images.store.fingerprint,
      trainingImages: images.training.count, tta: configuration.tta, trainedOn: trainedOn)
  }

  /// All numbers that the next step depends on.
  var state: TrainingSession.State { session.state }

  /// Continues from a checkpoint: the steps give the bits that they would have given.
  func restore(_ checkpoint: Checkpoint, in run: RunFolder) throws(TrainingError) {
    do throws(ModelError) {
      var state = checkpoint.state
      // A head on features has nothing before it.
      if features != nil { state.backboneRate = 1 }
      try session.restore(state)
      if let average { try average.restore(checkpoint.average ?? [:]) }
    } catch {
      throw TrainingError(
        .badData, "the checkpoint in \(run.path) belongs to another network: \(error)")
    }
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
}
