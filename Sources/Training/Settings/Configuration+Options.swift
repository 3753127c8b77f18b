internal import CNN
internal import Classifier
internal import ImageData
package import Primitives

extension Configuration {
  /// The recipe's choices with the options over them.
  ///
  /// Errors: an option whose value means nothing or is out of range, with what was expected.
  package init(dataset: String, options: TrainingOptions) throws(TrainingError) {
    let recipe = try word("--recipe", options.recipe, Recipe.self) ?? .standard
    self = recipe.configuration
    self.dataset = dataset
    try apply(options)
  }

  /// Puts options over what is there and checks the whole.
  mutating func apply(_ options: TrainingOptions) throws(TrainingError) {
    set(&seed, options.seed)
    try applyOrigin(options)
    try applyData(options)
    try applyNetwork(options)
    try applyTransfer(options)
    try applyTraining(options)
    try applyAugmentation(options)
    try validate()
  }

  private mutating func applyData(_ options: TrainingOptions) throws(TrainingError) {
    set(&data.valSplit, options.valSplit)
    // Asking for a validation split is asking for it to be used.
    if options.valSplit != nil { data.validateOnTest = false }
    set(&data.testSplit, options.testSplit)
    set(&data.classWeights, try word("--class-weights", options.classWeights, ClassWeights.self))
    set(&data.fraction, options.fraction)
    set(&data.resize, try word("--resize", options.resize, ResizeMode.self))
    set(&data.filter, try word("--filter", options.filter, ResizeFilter.self))
    set(&data.exif, try word("--exif", options.exif, ExifPolicy.self))
    set(&data.onBadImage, try word("--on-bad-image", options.onBadImage, BadImagePolicy.self))
    set(&data.maxBad, options.maxBad)
    set(&data.maxPixels, options.maxPixels)
  }

  private mutating func applyNetwork(_ options: TrainingOptions) throws(TrainingError) {
    if let size = options.size { network.resize(to: size) }
    if let dropout = options.dropout { network.dropout = dropout }
    try applyArchitecture(options)
    let isAsked = options.startSize != nil || options.trainSize != nil
    if isAsked {
      network.growth.last = options.trainSize ?? network.size
      network.growth.first = options.startSize ?? min(network.growth.first, network.growth.last)
    }
    // The network of a model that training starts from was looked at when it was read.
    guard isAsked || transfer.from == nil else { return }
    let wanted = network.growth
    network.keepSize(unless: try standingArchitecture)
    guard !isAsked || network.growth == wanted else {
      throw TrainingError(
        .usage,
        "the network \(network.arch) has other weights for images of another size, so that they "
          + "cannot grow",
        found: "training images of \(wanted.first) to \(wanted.last) px",
        expected: "\(network.size) px, or a network that ends in global pooling")
    }
  }

  private mutating func applyArchitecture(_ options: TrainingOptions) throws(TrainingError) {
    guard let arch = options.architecture else { return }
    if let model = transfer.from { return try transfer.check(arch, is: model) }
    network.arch = arch
    network.layers = nil
    guard !Architecture.presetNames.contains(arch) else { return }
    let layers = try Configuration.architecture(file: arch)
    guard options.size == nil, options.dropout == nil else {
      throw TrainingError(
        .usage, "--size and --dropout are for presets; \(arch) says both itself",
        expected: "one of \(Architecture.presetNames.joined(separator: ", ")), or --arch alone")
    }
    network.layers = layers.json
    network.resize(to: layers.input.height)
    network.dropout = nil
  }

  /// The network without a dataset's number of classes.
  private var standingArchitecture: Architecture {
    get throws(TrainingError) {
      if let model = transfer.from {
        return try TransferOrigin(named: model).model.network.architecture
      }
      do throws(ModelError) {
        if let layers = network.layers { return try Architecture(json: layers) }
        return try Architecture.preset(network.arch, size: network.size, dropout: network.dropout)
      } catch {
        throw TrainingError(.usage, "--arch \(network.arch): \(error)")
      }
    }
  }

  private mutating func applyTraining(_ options: TrainingOptions) throws(TrainingError) {
    if let epochs = options.epochs {
      training.epochs = epochs
      training.minimumSteps = 0
      training.changes = nil
    }
    if let batchSize = options.batchSize {
      training.batchSize = batchSize
      training.minimumEpochSteps = 0
    }
    if let learningRate = options.learningRate {
      training.learningRate = learningRate
      training.scalesLearningRate = false
    }
    let optimizer = try word("--optimizer", options.optimizer, OptimizerKind.self)
    if let optimizer, optimizer != training.optimizer {
      // One optimizer's numbers are no other's.
      if options.learningRate == nil { training.learningRate = optimizer.standardRate }
      training.weightDecay = optimizer.standardDecay
      set(&training.momentum, optimizer.standardMomentum)
      training.optimizer = optimizer
    }
    set(&training.weightDecay, options.weightDecay)
    set(&training.schedule, try word("--schedule", options.schedule, ScheduleKind.self))
    set(&training.labelSmoothing, options.labelSmoothing)
    set(&training.ema, options.ema)
    set(&training.clipGrad, options.clipGrad)
    set(&training.patience, options.patience)
    if options.patience != nil {
      training.changes = training.changes?.map { change in
        var change = change
        change.patience = nil
        return change
      }
    }
    set(&training.monitor, try word("--monitor", options.monitor, Monitor.self))
    // Who names what is best wants the best.
    if options.monitor != nil || (options.patience ?? 0) > 0 { training.keep = .best }
    set(&training.maxSeconds, options.maxSeconds)
    // Another limit leads to another plan.
    if options.maxSeconds != nil { training.changes?.removeAll { $0.reason == .time } }
    if training.changes?.isEmpty == true { training.changes = nil }
    if let policy = try word("--on-nan", options.onNaN, NonFinitePolicy.self) {
      training.onNaN = policy
    }
    if let shares = options.syncBN { training.syncBN = shares }
  }

  private mutating func applyAugmentation(_ options: TrainingOptions) throws(TrainingError) {
    if let name = options.augment {
      guard let preset = Augmentation.preset(name) else {
        throw TrainingError(
          .usage, "--augment does not know \(name)", found: name,
          expected: Augmentation.presetNames.joined(separator: ", "))
      }
      augmentation = preset
    }
    set(&augmentation.rotationDegrees, options.rotation)
    set(&augmentation.zoom, options.zoom)
    set(&augmentation.shearDegrees, options.shear)
    set(&augmentation.shift, options.shift)
    set(&augmentation.flip, try word("--flip", options.flip, FlipMode.self))
    set(&augmentation.brightness, options.brightness)
    set(&augmentation.contrast, options.contrast)
    set(&augmentation.saturation, options.saturation)
    set(
      &augmentation.cropScale,
      options.cropScale.map { Interval($0.lowerBound, $0.upperBound) })
    set(&augmentation.cutout, options.cutout)
    set(&augmentation.mixup, options.mixup)
    set(&augmentation.cutmix, options.cutmix)
    set(&augmentation.fill, try word("--fill", options.fill, BorderFill.self))
  }
}

func set<Value>(_ field: inout Value, _ value: Value?) {
  if let value { field = value }
}

func word<Words: RawRepresentable<String> & CaseIterable>(
  _ option: String, _ text: String?, _: Words.Type
) throws(TrainingError) -> Words? {
  guard let text else { return nil }
  guard let word = Words(rawValue: text) else {
    throw TrainingError(
      .usage, "\(option) does not know \(text)", found: text,
      expected: Words.allCases.map(\.rawValue).joined(separator: ", "))
  }
  return word
}
