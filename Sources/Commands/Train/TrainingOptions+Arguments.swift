internal import Training

extension TrainingOptions {
  /// The options given on the command line; all others keep the recipe's values.
  init(_ arguments: Arguments) {
    self.init()
    recipe = arguments.text("recipe")
    seed = arguments.integer("seed").map { UInt64($0) }

    valSplit = arguments.number("val-split")
    testSplit = arguments.number("test-split")
    classWeights = arguments.text("class-weights")
    fraction = arguments.number("fraction")
    resize = arguments.text("resize")
    filter = arguments.text("filter")
    exif = arguments.text("exif")
    onBadImage = arguments.text("on-bad-image")
    maxBad = arguments.number("max-bad")
    maxPixels = arguments.integer("max-pixels")

    architecture = arguments.text("arch")
    size = arguments.integer("size")
    startSize = arguments.integer("start-size")
    trainSize = arguments.integer("train-size")
    dropout = arguments.number("dropout")
    from = arguments.text("from")
    freeze = arguments.text("freeze")
    freezeEpochs = arguments.integer("freeze-epochs")
    backboneRate = arguments.number("backbone-lr")

    epochs = arguments.integer("epochs")
    batchSize = arguments.integer("batch-size")
    learningRate = arguments.number("lr")
    optimizer = arguments.text("optimizer")
    weightDecay = arguments.number("weight-decay")
    schedule = arguments.text("schedule")
    labelSmoothing = arguments.number("label-smoothing")
    ema = arguments.number("ema")
    clipGrad = arguments.number("clip-grad")
    patience = arguments.isOff("patience") ? 0 : arguments.integer("patience")
    monitor = arguments.text("monitor")
    onNaN = arguments.text("on-nan")
    syncBN = arguments.isOff("sync-bn") ? false : arguments.has("sync-bn") ? true : nil
    maxSeconds = arguments.isOff("max-time") ? 0 : arguments.seconds("max-time")

    augment = arguments.text("augment")
    rotation = arguments.number("rotation")
    zoom = arguments.number("zoom")
    shear = arguments.number("shear")
    shift = arguments.number("shift")
    flip = arguments.text("flip")
    brightness = arguments.number("brightness")
    contrast = arguments.number("contrast")
    saturation = arguments.number("saturation")
    cropScale =
      arguments.isOff("crop-scale")
      ? 1...1 : arguments.interval("crop-scale").map { $0.lower...$0.upper }
    cutout = arguments.number("cutout")
    mixup = arguments.number("mixup")
    cutmix = arguments.number("cutmix")
    fill = arguments.text("fill")
  }
}
