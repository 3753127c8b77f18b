internal import CNN
internal import Classifier
internal import ImageData
package import Primitives

extension Configuration {
  /// Folds at most by which a solved last layer is chosen and judged.
  var layerFolds: Int { recipe.hasEpochs ? Folds.most : data.folds ?? Folds.most }

  /// The recipe's values, overridden by the settings.
  ///
  /// Errors: an invalid value or one out of range, with what was expected.
  package init(dataset: String, settings: Settings) throws(TrainingError) {
    var named = Recipe.standard.configuration
    for (row, given) in try settings.rows where row.path == \Configuration.recipe {
      try row.set(&named, to: given)
    }
    self = named.recipe.configuration
    self.dataset = dataset
    try apply(settings)
  }

  /// Overrides values by settings and checks the result.
  mutating func apply(_ settings: Settings) throws(TrainingError) {
    transfer.shelf = settings.shelf
    for (row, given) in try settings.rows { try row.set(&self, to: given) }
    try settle(settings)
    try validate()
  }

  /// Applies rules that involve several settings.
  private mutating func settle(_ settings: Settings) throws(TrainingError) {
    if settings.has(\.data.resize) { data.choosesResize = nil }
    if !recipe.hasEpochs, let given = try settings.rows.first(where: { $0.setting.needsEpochs }) {
      throw TrainingError(
        .usage,
        "\(given.setting.title) has no meaning for --recipe \(recipe.rawValue), which solves the last layer",
        expected: "no \(given.setting.title), or another recipe")
    }
    if data.folds != nil, recipe.hasEpochs, settings.has(\.training.maxSeconds),
      training.maxSeconds > 0
    {
      throw TrainingError(
        .usage,
        "--max-time and --folds exclude each other: a fold's training has no limit of its own",
        expected: "one of the two; --epochs makes each training shorter")
    }
    if settings.has(\.network.arch), transfer.from == nil, network.layers != nil,
      settings.has(\.network.size) || settings.has(\.network.dropout)
    {
      throw TrainingError(
        .usage, "--size and --dropout are for presets; \(network.arch) says both itself",
        expected: "one of \(Architecture.presetNames.joined(separator: ", ")), or --arch alone")
    }
    if transfer.freeze == .backbone, settings.has(\.transfer.backboneRate) {
      throw TrainingError(
        .usage, "--backbone-lr has no meaning with --freeze backbone",
        expected: "one of the two, or --freeze-epochs with --backbone-lr")
    }
    let isBegun = settings.has(\.network.growth.first)
    let isEnded = settings.has(\.network.growth.last)
    if isBegun, !isEnded { network.growth.last = network.size }
    if isEnded, !isBegun { network.growth.first = min(network.growth.first, network.growth.last) }
    // The network of a model was checked when it was read.
    guard isBegun || isEnded || transfer.from == nil else { return }
    let wanted = network.growth
    network.keepSize(unless: try standingArchitecture)
    guard !(isBegun || isEnded) || network.growth == wanted else {
      throw TrainingError(
        .usage,
        "the network \(network.arch) has other weights for images of another size, so that they "
          + "cannot grow",
        found: "training images of \(wanted.first) to \(wanted.last) px",
        expected: "\(network.size) px, or a network that ends in global pooling")
    }
  }

  /// Sets the network by its given name.
  mutating func takeArchitecture(over before: Configuration) throws(TrainingError) {
    let arch = network.arch
    if let model = transfer.from {
      network.arch = before.network.arch
      return try transfer.check(arch, is: model)
    }
    network.layers = nil
    guard !Architecture.presetNames.contains(arch) else { return }
    let layers = try Configuration.architecture(file: arch)
    network.layers = layers.json
    network.resize(to: layers.input.height)
    network.dropout = nil
  }

  /// The network without a dataset's number of classes.
  private var standingArchitecture: Architecture {
    get throws(TrainingError) {
      if let model = transfer.from {
        return try TransferOrigin(named: model, shelf: transfer.shelf).model.network.architecture
      }
      do throws(ModelError) {
        if let layers = network.layers { return try Architecture(json: layers) }
        return try Architecture.preset(network.arch, size: network.size, dropout: network.dropout)
      } catch {
        throw TrainingError(.usage, "--arch \(network.arch): \(error)")
      }
    }
  }

  /// Refuses a recipe that begins with a solved last layer without a trained network.
  func requireOrigin() throws(TrainingError) {
    guard recipe.solvesHead, transfer.from == nil else { return }
    throw TrainingError(
      .usage, "--recipe \(recipe.rawValue) needs a trained network to start from",
      expected: "--from MODEL: a run, a model file, cats-dogs or a name of 'cnnctl models'",
      advice: "cnnctl help import, for networks that others have trained")
  }

  /// Checks every value against its row, and values that limit one another.
  private func validate() throws(TrainingError) {
    for row in Setting.all { try row.check(self) }
    try check(
      data.valSplit + data.testSplit, .number(NumberRange(0, 0.95, includesUpper: false)),
      "--val-split and --test-split together")
    if let fold = data.fold {
      try check(fold, .integer(1...(data.folds ?? 1)), "data.fold")
    }
    try check(network.growth.last, .integer(8...network.size), "--train-size")
    try check(network.growth.first, .integer(8...network.growth.last), "--start-size")
    guard training.optimizer != .adam || training.weightDecay == 0 else {
      throw TrainingError(
        .usage, "--weight-decay has no meaning for --optimizer adam",
        found: "\(training.weightDecay)", expected: "0, or --optimizer adamw")
    }
    try check(training.changes ?? [])
    try transfer.validate(data.normalization)
    guard !recipe.solvesHead || (transfer.freeze == .none && transfer.freezeEpochs == 0) else {
      throw TrainingError(
        .usage,
        "\(transfer.freeze == .none ? "--freeze-epochs" : "--freeze backbone") has no meaning for "
          + "--recipe \(recipe.rawValue), which solves the last layer first",
        expected: "--recipe \(Recipe.instant.rawValue), to leave it at that")
    }
  }

  /// Checks the changes of the plan, which come from a file.
  private func check(_ changes: [PlanChange]) throws(TrainingError) {
    let most = 1 << 40
    var step = 0
    for change in changes {
      try check(change.step, .integer(step...most), "training.changes.step")
      try check(change.epochs, .integer(1...100_000), "training.changes.epochs")
      if let steps = change.steps {
        try check(steps, .integer(max(1, change.step)...most), "training.changes.steps")
      }
      if let patience = change.patience {
        try check(patience, .integer(0...100_000), "training.changes.patience")
      }
      step = change.step
    }
  }

  private func check<Value>(
    _ value: Value, _ form: Form<Value>, _ title: String
  ) throws(TrainingError) {
    guard !form.contains(value) else { return }
    throw Setting.outOfRange(title, form.text(value) ?? "", form.expectation)
  }

  /// Refuses settings that need validation metrics if there are none.
  ///
  /// `patience` is given when a run is resumed.
  func requireNothingOfValidation(patience: Int?) throws(TrainingError) {
    let standard = recipe.configuration.training
    let waits = patience ?? training.patience(after: .max)
    let option =
      waits > 0
      ? "--patience \(waits)"
      : training.schedule == .plateau
        ? "--schedule plateau"
        // A named monitor means that the best epoch's weights are kept.
        : training.monitor != standard.monitor || training.keep != standard.keep
          ? "--monitor \(training.monitor.rawValue)" : nil
    guard let option else { return }
    throw TrainingError(
      .usage, "\(option) has no meaning without validation images",
      found: "--val-split \(data.valSplit), and no folder of validation images",
      expected: "a --val-split above 0, or a folder of validation images")
  }

  /// The settings that must not differ from another configuration's but do: this value and the
  /// other.
  func differences(from other: Configuration) -> [String] {
    Setting.all.filter { !$0.mayDiffer }.compactMap { row in
      guard let own = row.text(self), let others = row.text(other), own != others else {
        return nil
      }
      return "\(row.title): \(own) in the run, \(others) given"
    }
  }
}
