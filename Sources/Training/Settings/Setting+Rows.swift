internal import CNN
internal import Classifier
internal import ImageData
internal import Primitives

/// Every setting of training, one row each, in the order in which help lists them.
///
/// A new one is its field in `Configuration`, its value in `Recipe`, and a row here.
extension Setting {
  /// Those that have an option.
  package static let options =
    rows(.data, data) + rows(.model, model) + rows(.training, training)
    + rows(.augmentation, augmentation)
    + rows(
      .all, [Setting("seed", \.seed, .integer(0...UInt64.max), as: "N", "random seed")])

  /// All of them.
  package static let all = options + others

  package static func description(
    of path: PartialKeyPath<Configuration>
  ) -> SettingDescription {
    guard let row = options.first(where: { $0.path == path }) else {
      preconditionFailure("no option has \(path)")
    }
    return row.description
  }

  private static func rows(_ group: SettingGroup, _ rows: [Setting]) -> [Setting] {
    rows.map { row in
      var row = row
      row.description.group = group
      return row
    }
  }

  private static let heldOut = Form.number(NumberRange(0, 0.9, includesUpper: false))

  private static let data: [Setting] = [
    Setting(
      "val-split", \.data.valSplit, heldOut, as: "F", isFirst: true,
      "fraction of the training images held out for validation if there is no validation folder; "
        + "0: train on all",
      // An explicit validation split is meant to be used.
      then: { now, _ in now.data.validateOnTest = false }),
    Setting(
      "test-split", \.data.testSplit, heldOut, as: "F",
      "fraction held out for testing if there is no test folder"),
    Setting(
      "group-by", \.data.groupBy, Form.regularExpression, as: "REGEX",
      "keep images together in one split or fold whose paths below DATASET give the same captures, "
        + "such as photos of one animal: '([^/_]*)_[^/]*$' is what comes before the last _"),
    Setting(
      "near-duplicates", \.data.nearDuplicates, .word,
      standard: .text(NearDuplicatePolicy.together.rawValue),
      "photos that are the same picture, saved again, resized or slightly cropped: keep them "
        + "together in one split or fold, or ignore that they are"),
    Setting(
      "folds", \.data.folds, .integer(2...100), as: "K",
      "cross-validate: train K times on all but one of K parts, with accuracy from the part left "
        + "out, then on all; --recipe instant always has parts, 5 unless given"),
    Setting(
      "class-weights", \.data.classWeights, .word,
      "weight the loss so that every class counts the same"),
    Setting(
      "fraction", \.data.fraction, .number(.some), as: "F",
      "use this fraction of each class's training images"),
    Setting(
      "resize", \.data.resize, .word,
      "how a photo is made square: stretched, cropped to its centre, or padded with black"),
    Setting("filter", \.data.filter, .word, "resampling filter"),
    Setting(
      "on-bad-image", \.data.onBadImage, .word,
      "what to do with an image that cannot be read"),
    Setting(
      "max-bad", \.data.maxBad, .number(NumberRange(0, 100)), as: "P",
      "stop when more than P percent of the images, and more than 5, cannot be read"),
    Setting("max-pixels", \.data.maxPixels, .pixels, as: "N", "refuse images with more pixels"),
    Setting("exif", \.data.exif, .word, "rotate photos by their EXIF orientation"),
  ]

  private static let model: [Setting] = [
    Setting(
      "arch", also: ["net"], \.network.arch, .text, as: "PRESET|FILE.json", isFirst: true,
      reach: .several,
      "network: \(Architecture.presetNames.joined(separator: ", ")), or a file that lists layers",
      then: { now, before throws(TrainingError) in try now.takeArchitecture(over: before) }),
    Setting(
      "size", \.network.size, .side, as: "PX", isFirst: true,
      "side of the network's square input",
      then: { now, before in
        now.network.growth = before.network.growth.scaled(
          from: before.network.size, to: now.network.size)
      }),
    Setting(
      "start-size", \.network.growth.first, .side, as: "PX",
      "training image size in the first epoch; it grows from there"),
    Setting(
      "train-size", \.network.growth.last, .side, as: "PX",
      "training image size in the last epochs"),
    Setting(
      "dropout", \.network.dropout, .number(.part), as: "P", off: 0,
      standard: .text("the preset's"),
      "fraction of features dropped before the last layer"),
    Setting(
      "from", \.transfer.from, .text, as: "RUN|FILE|NAME", isFirst: true, reach: .everything,
      "start from the weights of a run, a model file, cats-dogs or a model of 'cnnctl models', with "
        + "its network, image size and preprocessing; the last layer is reinitialized if the "
        + "classes differ",
      then: { now, _ throws(TrainingError) in try now.takeOrigin() }),
    Setting(
      "freeze", \.transfer.freeze, .word,
      "with --from, train only the last layer; the features before it are computed once"),
    Setting(
      "freeze-epochs", \.transfer.freezeEpochs, .integer(0...100_000), as: "N",
      "with --from, train only the last layer for the first N epochs"),
    Setting(
      "backbone-lr", \.transfer.backboneRate, .number(.some), as: "F",
      "with --from, learning rate factor of all layers but the last",
      then: { now, _ in
        now.transfer.stemRate = now.transfer.stemRate.map { min($0, now.transfer.backboneRate) }
      }),
    Setting(
      "stem-lr", \.transfer.stemRate, Form.number(.some), as: "F",
      standard: .text("the recipe's"),
      "with --from, learning rate factor of the first layer; it rises from layer to layer, up to "
        + "--backbone-lr"),
    Setting(
      "freeze-bn", \.transfer.freezesStatistics, Form.flag, off: false,
      standard: .text("the recipe's"),
      "with --from, batch normalization uses the model's mean and variance, not the batch's"),
  ]

  private static let training: [Setting] = [
    Setting(
      "recipe", \.recipe, .word, standard: .text(Recipe.standard.rawValue), isFirst: true,
      reach: .everything, "a named set of settings"),
    Setting(
      "epochs", \.training.epochs, .integer(1...100_000), as: "N", isFirst: true, mayDiffer: true,
      "passes over the training images",
      then: { now, _ in (now.training.minimumSteps, now.training.changes) = (0, nil) }),
    Setting(
      "batch-size", also: ["batch"], short: "b", \.training.batchSize, .batch, as: "N",
      isFirst: true,
      "images per training step",
      then: { now, _ in now.training.minimumEpochSteps = 0 }),
    Setting(
      "lr", \.training.learningRate, .number(NumberRange(0, 100, includesLower: false)), as: "X",
      isFirst: true,
      "learning rate (the peak, if the schedule changes it); each --optimizer has its own default",
      then: { now, _ in now.training.scalesLearningRate = false }),
    Setting(
      "optimizer", \.training.optimizer, .word, reach: .several, "optimization algorithm",
      then: { now, before in
        // Optimizers have different defaults.
        let optimizer = now.training.optimizer
        guard optimizer != before.training.optimizer else { return }
        now.training.learningRate = optimizer.standardRate
        now.training.weightDecay = optimizer.standardDecay
        now.training.momentum = optimizer.standardMomentum ?? now.training.momentum
      }),
    Setting(
      "weight-decay", \.training.weightDecay, .number(NumberRange(0, 10)), as: "X", off: 0,
      "how strongly weights are pulled towards zero; each --optimizer has its own default"),
    Setting("schedule", \.training.schedule, .word, "learning rate schedule"),
    Setting(
      "label-smoothing", \.training.labelSmoothing, .number(.part), as: "X", off: 0,
      "fraction of each label that is spread over all classes"),
    Setting(
      "ema", \.training.ema, .number(.part), as: "X", off: 0,
      "decay of the exponential moving average of the weights; 0: no average"),
    Setting(
      "clip-grad", \.training.clipGrad, .number(NumberRange(0, 1e9)), as: "X", off: 0,
      "maximum gradient norm"),
    Setting(
      "patience", \.training.patience, .integer(0...100_000), as: "N", off: 0, mayDiffer: true,
      "stop after N epochs without improvement of --monitor",
      then: { now, _ in
        for index in (now.training.changes ?? []).indices {
          now.training.changes?[index].patience = nil
        }
        // Early stopping implies keeping the best epoch.
        if now.training.patience > 0 { now.training.keep = .best }
      }),
    Setting(
      "monitor", \.training.monitor, .word, "metric that decides which epoch is the best",
      then: { now, _ in now.training.keep = .best }),
    Setting(
      "on-nan", \.training.onNaN, .word, standard: .text(NonFinitePolicy.stop.rawValue),
      "after a non-finite number: stop with an error, or return to the last checkpoint and "
        + "continue at half the learning rate, at most three times"),
    Setting(
      "sync-bn", \.training.syncBN, .flag, off: false,
      "with several processes under MPI: normalize by the statistics of the whole batch, as one "
        + "process does, not of each process's part (on unless --no-sync-bn)"),
    Setting(
      "max-time", \.training.maxSeconds, .duration, as: "TIME", off: 0, isFirst: true,
      mayDiffer: true,
      "time limit of the whole command, such as 90s, 10m or 2h; training runs for as many epochs "
        + "as fit, and the schedule ends with them",
      then: { now, _ in
        // A new limit makes a new plan.
        now.training.changes?.removeAll { $0.reason == .time }
        if now.training.changes?.isEmpty == true { now.training.changes = nil }
      }),
  ]

  private static let augmentation: [Setting] = [
    Setting(
      "augment", \.augmentation, .preset, off: Augmentation.none,
      standard: .text("the recipe's"), isFirst: true, reach: .several,
      "a named set of random changes; other options override single ones"),
    number(
      "rotation", \.augmentation.rotationDegrees, NumberRange(0, 180), as: "DEG",
      "rotate by up to DEG degrees either way"),
    number(
      "zoom", \.augmentation.zoom, NumberRange(0, 0.95), as: "F",
      "scale by 1-F to 1+F in x and y independently"),
    number(
      "shear", \.augmentation.shearDegrees, NumberRange(0, 80), as: "DEG",
      "shear by up to DEG degrees either way"),
    number("shift", \.augmentation.shift, .strength, as: "F", "shift by up to F of the side"),
    Setting(
      "flip", \.augmentation.flip, .word, off: FlipMode.none, standard: .unsaid,
      "mirror half of the images"),
    number(
      "brightness", \.augmentation.brightness, .strength, as: "F", "change brightness by up to F"),
    number("contrast", \.augmentation.contrast, .strength, as: "F", "change contrast by up to F"),
    number(
      "saturation", \.augmentation.saturation, .strength, as: "F", "change saturation by up to F"),
    Setting(
      "crop-scale", \.augmentation.cropScale, .interval(NumberRange(0.01, 1)), as: "A:B",
      off: Interval(1, 1), standard: .unsaid, "crop to a fraction of the area between A and B"),
    number(
      "cutout", \.augmentation.cutout, .strength, as: "F",
      "blank a square whose side is F of the image's"),
    number(
      "mixup", \.augmentation.mixup, NumberRange(0, 100), as: "A",
      "blend each image with another, with a weight drawn from Beta(A, A)"),
    number(
      "cutmix", \.augmentation.cutmix, NumberRange(0, 100), as: "A",
      "replace a window of each image by another's, with an area drawn from Beta(A, A)"),
    Setting(
      "fill", \.augmentation.fill, .word, standard: .unsaid,
      "how pixels outside the image are filled"),
  ]

  private static func number(
    _ name: String, _ path: any WritableKeyPath<Configuration, Double> & Sendable,
    _ range: NumberRange, as placeholder: String, _ help: String
  ) -> Setting {
    Setting(name, path, .number(range), as: placeholder, off: 0, standard: .unsaid, help)
  }

  /// Values without an option: set by a recipe, by another option, or in a file.
  private static let others: [Setting] = [
    .file("data.validateOnTest", \.data.validateOnTest, .flag),
    .file("data.normalization", \.data.normalization, .word),
    .file("data.fold", \.data.fold, Form.integer(1...100).optional),
    .file("data.splitRule", \.data.splitRule, Form.word.optional),
    .file("network.growth.share", \.network.growth.share, .number(.some)),
    .file("network.layers", \.network.layers, Form.text.optional),
    .file("transfer.weights_sha256", \.transfer.sha256, Form.text.optional),
    .file(
      "training.minimumSteps", \.training.minimumSteps, .integer(0...10_000_000), mayDiffer: true),
    .file("training.minimumEpochSteps", \.training.minimumEpochSteps, .integer(0...1_000_000)),
    .file("training.scalesLearningRate", \.training.scalesLearningRate, .flag),
    .file("training.beta1", \.training.beta1, .number(.part)),
    .file("training.beta2", \.training.beta2, .number(.part)),
    .file("training.epsilon", \.training.epsilon, .number(.some)),
    .file("training.momentum", \.training.momentum, .number(.part)),
    .file("training.keep", \.training.keep, .word),
    .file(
      "augmentation.cropAspect", \.augmentation.cropAspect, .interval(NumberRange(0.1, 10))),
  ]
}
