internal import CNN
internal import Classifier
internal import Compute
internal import ImageData
internal import Primitives

/// The plan of a run, made before any image is opened.
struct RunPlan {
  var configuration: Configuration
  /// The most epochs that are asked for where a run continues.
  let requestedEpochs: Int
  let dataset: Dataset
  let network: Network
  /// The model that training starts from, and what was taken over.
  let origin: (model: TransferOrigin, taken: RunOrigin)?
  /// The images that are read: training, what validates, what tests.
  let splits: [Split]
  /// The split of the training folder.
  let content: ContentSplit
  /// The images that epochs are judged by; nil for none.
  let validation: Split?
  /// The images of the last evaluation; nil for those that validate.
  let test: Split?
  /// Sentences for the user.
  let warnings: [String]
  /// The run's record as it begins.
  let record: RunRecord

  /// Whether there are validation images, unless none of them turns out to be readable.
  var mayValidate: Bool { validation != nil }

  init(
    _ configuration: Configuration, _ request: Resumption.Request? = nil, engine: Engine,
    shouldStop: (_ entries: Int) -> Bool = { _ in false }
  ) throws {
    try configuration.requireOrigin()
    self.configuration = configuration
    requestedEpochs = request?.epochs ?? 0
    let data = configuration.data
    var dataset = try Dataset.open(configuration.dataset, shouldStop: shouldStop)
    // A fold is the test in place of the images of a folder.
    if data.fold != nil { dataset.splits[.test] = nil }
    self.dataset = dataset
    let isCrossValidated = data.folds != nil || configuration.recipe.solvesHead
    // Before there is a run folder; what is the same picture twice is known when files are read.
    if isCrossValidated, let label = dataset.counts(.train).firstIndex(of: 1) {
      throw TrainingError.tooFew(
        dataset.classes[label], found: "1 image", in: configuration)
    }
    if let model = configuration.transfer.from {
      let found = try TransferOrigin(
        named: model, expected: configuration.transfer.sha256, shelf: configuration.transfer.shelf)
      let taken: RunOrigin
      (network, taken) = try found.network(
        classes: dataset.classes, side: configuration.network.size,
        dropout: configuration.network.dropout, seed: configuration.seed)
      if configuration.recipe.solvesHead { try network.requireBias(of: model) }
      origin = (found, taken)
    } else {
      network = try RunPlan.network(configuration, classes: dataset.classes.count)
      origin = nil
    }

    try configuration.checkReadable()
    try ClassifierModel.checkReadable(
      network, classes: dataset.classes,
      preprocessing: RunPlan.preprocessing(configuration, network, origin?.model),
      recipe: configuration.recipe.rawValue, tta: configuration.tta)

    let hasTest = dataset.splits[.test] != nil || data.testSplit > 0 || data.fold != nil
    let hasValidation = dataset.splits[.val] != nil || data.valSplit > 0
    // A fold's images are for the accuracy alone, whatever the recipe.
    let validatesOnTest = data.validateOnTest && hasTest && data.fold == nil
    validation = validatesOnTest ? .test : hasValidation ? .val : nil
    if validation == nil {
      try configuration.requireNothingOfValidation(patience: request?.patience)
    }
    test = hasTest ? .test : nil
    splits = [.train] + (validation == .val ? [.val] : []) + (hasTest ? [.test] : [])
    content = ContentSplit(
      validation: validation == .val ? data.valSplit : 0, test: data.testSplit,
      fraction: data.fraction, rule: data.splitRule ?? .independent, groupBy: data.groupBy,
      nearDuplicates: data.nearDuplicates, hasFolds: isCrossValidated,
      fold: data.heldFold)

    var warnings: [String] = []
    if validatesOnTest {
      warnings.append(
        "the recipe \(configuration.recipe.rawValue) validates on the test images, as the "
          + "tutorial does; they are reported, never used to choose weights")
    }
    if test == nil, validation != nil || configuration.recipe.hasEpochs {
      warnings.append(
        validation == nil
          ? "there are no test or validation images; nothing will be evaluated"
          : "there are no test images; test/ is written from the validation images")
    }
    if let pattern = data.groupBy {
      warnings += try RunPlan.warnings(of: pattern, dataset, shouldStop)
    }
    warnings += dataset.notes
    if let first = dataset.repeatedFolders.first {
      let count = dataset.repeatedFolders.count
      warnings.append(
        "\(first)\(count > 1 ? " and \(count - 1) more" : "") \(count > 1 ? "link to folders" : "links to a folder") "
          + "that the same class already has; its images are used once")
    }
    self.warnings = warnings

    record = RunRecord(
      versions: RunRecord.currentVersions(), isa: engine.instructionSet.rawValue,
      conv: engine.convolution.rawValue,
      processor: Engine.processorName, threads: engine.threads,
      dataset: FileSystem.absolute(configuration.dataset) ?? configuration.dataset)
  }

  /// The network with fresh weights.
  private static func network(
    _ configuration: Configuration, classes: Int
  ) throws -> Network {
    let outputs = ClassifierModel.outputs(classes: classes)
    let net = configuration.network
    let architecture: Architecture
    if let layers = net.layers {
      architecture = try Architecture(json: layers)
    } else {
      architecture = try Architecture.preset(
        net.arch, size: net.size, outputs: outputs, dropout: net.dropout)
    }
    let network = try Network(architecture, seed: configuration.seed)
    guard network.outputs == outputs else {
      throw TrainingError(
        .usage, "the network \(net.arch) does not fit \(classes) classes",
        found: "\(network.outputs) outputs", expected: "\(outputs)")
    }
    guard architecture.input.channels == 3 else {
      throw TrainingError(
        .usage, "the network \(net.arch) does not take RGB images",
        found: "\(architecture.input.channels) channels", expected: "3")
    }
    return network
  }

  /// The preprocessing, before the mean of the training images is known.
  var preprocessing: Preprocessing {
    RunPlan.preprocessing(configuration, network, origin?.model)
  }

  private static func preprocessing(
    _ configuration: Configuration, _ network: Network, _ origin: TransferOrigin?
  ) -> Preprocessing {
    let input = network.architecture.input
    let data = configuration.data
    if let origin { return origin.preprocessing(data, for: network) }
    return Preprocessing(
      width: input.width, height: input.height, resize: data.resize, filter: data.filter,
      exif: data.exif, shrinkMargin: data.filter.shrinkMargin, maxPixels: data.maxPixels)
  }

  /// The size at which training images are kept.
  var trainingSize: (width: Int, height: Int) {
    let largest = configuration.network.trainingInput(network.architecture.input, epoch: 1, of: 1)
    let augmentation = configuration.augmentation
    return (
      augmentation.storeSide(for: largest.width), augmentation.storeSide(for: largest.height)
    )
  }

  /// What is to be said of the groups that `--group-by` makes of the training images.
  ///
  /// Errors: it makes none, and a stop.
  private static func warnings(
    of pattern: String, _ dataset: Dataset, _ shouldStop: (_ entries: Int) -> Bool
  ) throws -> [String] {
    let samples = dataset.images([.train])
    guard
      let survey = ImageGroups.survey(
        samples, by: pattern, shouldStop: { shouldStop(samples.count) })
    else { throw DatasetError.stopped }
    guard !survey.groups.isEmpty else { throw TrainingError.noGroups(pattern, samples.first) }
    var warnings: [String] = []
    if let path = survey.ungrouped {
      warnings.append(
        "\(counted(survey.ungroupedCount, "training image")) of no group by --group-by, such as "
          + "\(path): each counts as a group of its own")
    }
    for (classIndex, group) in survey.wholeClasses {
      let name = group.replacing("\0", with: " ")
      warnings.append(
        "all training images of \(dataset.classes[classIndex]) are of one group, \(name): none of "
          + "them is held out")
    }
    return warnings
  }
}

extension TrainingError {
  /// The refusal of an expression of `--group-by` that names no image's group.
  static func noGroups(_ pattern: String, _ sample: Sample?) -> TrainingError {
    TrainingError(
      .usage, "--group-by \(pattern) finds nothing in the paths of the images",
      found: sample.map { "paths such as \($0.relativePath)" },
      expected: "a regular expression that captures the group, such as '([^/_]*)_[^/]*$'")
  }
}
