internal import CNN
internal import Classifier
internal import Compute
internal import ImageData
internal import Primitives
internal import Ranks

/// The most memory that a run will hold at a time, known before any image is opened.
///
/// What is large is counted to the byte, by what will take it; for what is small or cannot be
/// known (the program itself, images being decoded, events) there is an allowance.
struct MemoryEstimate {
  /// Decoded images, where they are kept in memory.
  let images: Int
  /// Activations, gradients and the optimizer, or what a frozen backbone makes of the images.
  let training: Int
  /// Inputs and activations of validation.
  let validation: Int
  /// The network, its moving average, and the best weights before they are written.
  let weights: Int
  /// The largest of the temporary needs: a checkpoint with the bytes of its file, the computation
  /// of features, or the evaluation of the test images.
  let passing: Int
  /// The cache that decides where the images are kept.
  let cache: ImageCache
  private let plan: RunPlan
  private let engine: Engine
  private let batchSize: Int
  private let team: Group
  private let draws: Bool

  /// The memory per image beside its pixels: its paths, digest and sums.
  let listing: Int

  /// The program, its threads, images being decoded, and what some memories leave of their last huge
  /// page.
  private static let allowance = 35 << 20
  /// Bytes of an image's record in the store, the split and the order of an epoch, its name apart.
  private static let recordBytes = 125

  /// Bytes of the run's weights and checkpoints on the disk, of which some are there twice for a moment;
  /// 0 for a run without epochs.
  let kept: Int

  /// The report, which is drawn when all else is free again but the program; 0 for none.
  let drawing: Int

  /// Bytes in all.
  var total: Int {
    MemoryEstimate.allowance
      + max(drawing, listing + images + training + validation + weights + passing)
  }

  /// An estimate of a run, or of one process's part in it; `batchSize` is the configuration's unless
  /// given.
  init(
    _ plan: RunPlan, cache: ImageCache, engine: Engine, team: Group, batchSize: Int? = nil,
    draws: Bool = false
  ) throws {
    (self.plan, self.engine, self.team, self.draws) = (plan, engine, team, draws)
    let configuration = plan.configuration
    let options = configuration.training
    let counts = ImageCounts(plan)
    self.batchSize = batchSize ?? options.batchSize(images: counts.training)
    let batches = EvenBatches(of: max(1, counts.training), atMost: self.batchSize)
    let batch = team.largestPart(of: batches.largest)
    let network = plan.network
    let epochs = max(plan.requestedEpochs, options.mostEpochs(stepsPerEpoch: batches.count))
    let trained: Network
    let preparing: Int
    (training, preparing, trained) = try MemoryEstimate.training(
      plan, counts, batch, epochs, engine)
    validation = try MemoryEstimate.validation(trained, counts, batch, engine)
    let numbers = 4 * (network.parameterCount + network.statisticsCount)
    let networks = options.ema > 0 ? 2 : 1
    // Several processes read one another's gradients, and the filters that Muon has moved.
    let shared = team.isAlone ? 0 : options.optimizer == .muon ? 2 : 1
    weights = (networks + 1 + shared) * numbers
    // Each checkpoint is written before an old one goes, and so are weights; each one in twenty more.
    let checkpoints = CheckpointFolder.generations + (options.onNaN == .rollback ? 2 : 1)
    let state =
      4 * (trained.parameterCount + trained.statisticsCount)
      * (networks + options.optimizer.moments)
    kept =
      configuration.recipe.hasEpochs
      ? (checkpoints * state + 5 * 4 * network.parameterCount) * 21 / 20 + (1 << 20) : 0
    let saving = 2 * (networks + options.optimizer.moments) * numbers
    passing = max(
      preparing, saving,
      counts.validation == 0 && plan.test == nil
        ? 0 : try MemoryEstimate.testing(plan, counts, engine) + 3 * numbers)
    listing =
      plan.dataset.splits.values.reduce(0) {
        $0 + $1.byteCount + MemoryEstimate.recordBytes * $1.count
      } + plan.content.comparingBytes(images: plan.dataset.splits[.train]?.count ?? 0)

    let tested = plan.test == nil ? counts.validation : counts.test
    // Gradients of the explanations keep more than the passes of predictions.
    drawing =
      draws
      ? AnswerMemory.drawn(tested, classes: plan.dataset.classes.count)
        + (try InferenceSession.memoryBytes(
          network: plan.network, batchSize: Explainer.batchSize * plan.configuration.tta.views,
          engine: engine)) * 5 / 2 : 0

    var cache = cache
    cache.reserve(
      MemoryEstimate.allowance + listing + training + validation + weights + passing)
    self.cache = cache
    images = cache.residentBytes(
      plan.dataset, splits: plan.splits, content: plan.content, preprocessing: plan.preprocessing,
      trainingSize: plan.trainingSize, ranksOnNode: team.neighbours.count)
  }

  /// The memory of the training steps and of the network that they train: the whole network, or a
  /// head on features.
  private static func training(
    _ plan: RunPlan, _ counts: ImageCounts, _ batch: Int, _ epochs: Int, _ engine: Engine
  ) throws(ModelError) -> (bytes: Int, preparing: Int, trained: Network) {
    let configuration = plan.configuration
    var solving = 0
    if configuration.recipe.solvesHead {
      // Where epochs follow, features are computed again at their end, of validation images too, by
      // the weights that are kept.
      let needs = try BackboneFeatures.memoryNeeds(
        plan.network,
        images: counts.training + (configuration.recipe.hasEpochs ? counts.validation : 0),
        views: configuration.tta.views, engine: engine)
      solving = max(
        needs.computing,
        LogisticData.memoryBytes(
          images: counts.training,
          features: needs.features,
          classes: plan.dataset.classes.count, fits: configuration.layerFolds))
      guard configuration.recipe.hasEpochs else { return (needs.bytes, solving, plan.network) }
      // They are gone when the first step is made.
      solving += needs.bytes + 4 * plan.network.parameterCount
    }
    if configuration.transfer.freezesAlways,
      let needs = try FeatureStore.memoryNeeds(
        plan.network, training: counts.training, validation: counts.validation,
        isChanged: configuration.augmentation != .none, epochs: epochs, engine: engine)
    {
      return (needs.bytes, needs.computing, needs.head)
    }
    let input = configuration.network.trainingInput(
      plan.network.architecture.input, epoch: 1, of: 1)
    let session = try TrainingSession.memoryBytes(
      network: plan.network, input: input, optimizer: configuration.training.makeOptimizer(),
      batchSize: batch, engine: engine)
    // One batch is trained on while the next is prepared.
    return (session + 2 * batch * input.bytes, solving, plan.network)
  }

  private static func validation(
    _ network: Network, _ counts: ImageCounts, _ batch: Int, _ engine: Engine
  ) throws(ModelError) -> Int {
    guard counts.validation > 0 else { return 0 }
    return try InferenceSession.memoryBytes(network: network, batchSize: batch, engine: engine)
      + min(batch, counts.validation) * network.architecture.input.bytes
  }

  /// Activations of the last evaluation, its inputs, gathered from those of each image, its
  /// predictions and what is made of them; the report is drawn when the passes are over.
  private static func testing(
    _ plan: RunPlan, _ counts: ImageCounts, _ engine: Engine
  ) throws(ModelError) -> Int {
    let shown = Predictor.defaultBatchSize * plan.configuration.tta.views
    let passes =
      try 2 * shown * plan.network.architecture.input.bytes
      + InferenceSession.memoryBytes(network: plan.network, batchSize: shown, engine: engine)
    let classes = plan.dataset.classes.count
    let model = (classes, plan.network.outputs)
    let views = plan.configuration.tta.views
    func kept(_ images: Int) -> Int { AnswerMemory.kept(images, of: model, views: views) }
    let fitted = plan.validation == .val ? counts.validation : 0
    let tested = plan.test == nil ? counts.validation : counts.test
    let figures = AnswerMemory.figures(classes: classes)
    return max(
      passes + kept(fitted) + AnswerMemory.fitting(fitted, classes: classes) + figures,
      passes + kept(tested) + figures)
  }

  /// Refuses a run for which the system has not enough memory.
  ///
  /// The error's advice is what would fit, found by trying.
  func check() throws(TrainingError) {
    guard let available = cache.availableMemory else { return }
    let free = available / team.neighbours.count
    guard total > free else { return }
    throw TrainingError(
      .noRoom, "not enough memory for the run",
      found: "\(megabytes(free)) free (system, control groups, limits)"
        + (team.neighbours.count > 1 ? ", for each of \(team.neighbours.count) processes" : ""),
      expected: "about \(megabytes(total)): \(parts)", advice: advice(free))
  }

  /// Refuses a run whose folder is, or will be, on a disk that has no room for what it keeps.
  func checkDisk(of folder: String) throws(TrainingError) {
    guard let free = FileSystem.freeBytes(folder), free < kept else { return }
    throw TrainingError(
      .noRoom, "not enough disk space in \(folder) for the run's weights and checkpoints",
      found: "\(free / 1_000_000) MB free", expected: "\(kept / 1_000_000 + 1) MB",
      advice: "--out with a folder on another disk")
  }

  /// The parts that matter, the largest first.
  private var parts: String {
    [
      (training, "to train on batches of \(batchSize)"), (images, "for decoded images"),
      (validation, "to validate"), (weights, "for weights"),
      (passing, "for features, checkpoints or the test"), (listing, "for the images' names"),
    ]
    .filter { $0.0 * 20 > total }.sorted { $0.0 > $1.0 }
    .map { "\(megabytes($0.0)) \($0.1)" }.joined(separator: ", ")
  }

  private func advice(_ free: Int) -> String {
    if images > 0, total - images <= free { return "--cache disk, or --cache off" }
    var size = batchSize / 2
    while size >= 1 {
      if let smaller = try? MemoryEstimate(
        plan, cache: cache, engine: engine, team: team, batchSize: size, draws: draws),
        smaller.total - smaller.images <= free
      {
        return "--batch-size \(size)" + (smaller.total <= free ? "" : " --cache disk")
      }
      size /= 2
    }
    return "a smaller --size, or a smaller network (--arch)"
  }
}

extension Shape {
  fileprivate var bytes: Int { count * MemoryLayout<Float>.stride }
}

private func megabytes(_ bytes: Int) -> String {
  bytes < 10_000_000_000
    ? "\((bytes + 999_999) / 1_000_000) MB" : "\((bytes + 999_999_999) / 1_000_000_000) GB"
}

/// The number of training and evaluation images of a run, as far as their names determine it.
private struct ImageCounts {
  var training: Int
  var validation: Int
  var test: Int

  init(_ plan: RunPlan) {
    let all = plan.dataset.splits.mapValues(\.count)
    var content = plan.content
    // A validation folder always takes precedence over a part of the training folder.
    if all[.val] != nil { content.validation = 0 }
    if all[.test] != nil || content.fold != nil { content.test = 0 }
    let dealt = content.numbers(of: plan.dataset.counts(.train))
    training = max(1, dealt[.train] ?? 0)
    test = all[.test] ?? (plan.test == nil ? 0 : dealt[.test] ?? 0)
    validation =
      switch plan.validation {
      case nil: 0
      case .test: all[.test] ?? dealt[.test] ?? 0
      default: all[.val] ?? dealt[.val] ?? 0
      }
  }
}
