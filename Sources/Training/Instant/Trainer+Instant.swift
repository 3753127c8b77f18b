internal import CNN
internal import Classifier
internal import Compute
internal import ImageData
internal import Primitives
internal import Ranks

/// The recipe `instant`: features of all training images once, and a last layer that is solved.
extension Trainer {
  /// Solves the last layer, writes the model, and tests it.
  ///
  /// Accuracy, temperature and all other figures come from predictions out of fold. A signal that
  /// comes before the weights are written leaves nothing to keep: they take seconds.
  func solve(
    _ plan: RunPlan, _ images: RunImages, _ memory: MemoryEstimate, _ notes: [String],
    _ journal: RunJournal
  ) throws -> Outcome {
    let folds = try folds(plan, images)
    try journal.report(.start(start(plan, images, memory, journal)))
    try journal.report(.dataset(images.summary))
    for warning in notes + plan.warnings + images.warnings {
      try journal.report(.warning(warning))
    }
    if let asked = configuration.data.folds,
      let line = Folds.line(
        reduced: asked, to: folds.count, isGrouped: configuration.data.groupBy != nil)
    {
      try journal.report(.warning(line))
    }
    try journal.writeRecord()
    let (kept, framings) = try framed(folds, plan, images, journal)
    let solved = try keep(kept, framings, folds, plan, images, journal)
    var outcome = Outcome(
      summary: solved.summary, ending: .epochs, signal: nil, evaluated: solved.evaluated)
    do {
      if let tested = try journal.time(.test, { try test(plan, images, journal) }) {
        outcome.evaluated = tested
      }
    } catch let stopped as Stopped {
      (outcome.ending, outcome.signal, outcome.evaluated) = (.signal, stopped.signal, nil)
    }
    return outcome
  }

  /// A last layer for images that are made square in one way, and what else their features say.
  private struct Candidate {
    let preprocessing: Preprocessing
    let solution: CrossValidation
    let seconds: Double
    let novelty: NoveltyDetector?
    let distances: ClassDistances
  }

  private func candidate(
    _ preprocessing: Preprocessing, views: TestTimeAugmentation? = nil, _ plan: RunPlan,
    _ images: RunImages, _ folds: Folds, _ journal: RunJournal
  ) throws -> Candidate {
    let (rows, features) = try features(
      plan, images, prepared: preprocessing, views: views, journal)
    let targets = images.store.targets(images.training)
    let classes = plan.dataset.classes
    // Before the last layer's data move and scale the rows.
    let novelty = NoveltyFit.detector(
      rows, features: features, targets: targets.map { Int($0) }, classes: classes.count,
      folds: (try? self.folds(plan, images, most: NoveltyFit.folds)) ?? folds, engine: engine)
    let distances = ClassDistances(rows, features: features, targets: targets, classes: classes)
    let began = journal.processSeconds
    let solution = try solution(rows, features: features, plan, images, folds, journal)
    return Candidate(
      preprocessing: preprocessing, solution: solution,
      seconds: journal.processSeconds - began, novelty: novelty, distances: distances)
  }

  /// The last layer for the better way of making images square, and the figures of both, the better
  /// one first; nil where there was nothing to choose.
  ///
  /// Where the model's images were cropped and nothing says how these are to be made square, whole
  /// ones are tried too: whether what the edges hold helps is different from set to set. That takes
  /// the features of the images twice, so that of many images a sample decides, without its mirror
  /// images.
  private func framed(
    _ folds: Folds, _ plan: RunPlan, _ images: RunImages, _ journal: RunJournal
  ) throws -> (kept: Candidate, framings: [OutOfFold.Framing]?) {
    let isWhole = images.training.count <= Trainer.mostFramed
    let shown = isWhole ? images : images.sampled(Trainer.mostFramed / 2)
    var data = configuration.data
    data.resize = .stretch
    // Groups may leave a sample too few of a class to divide.
    let parts = isWhole ? folds : try? self.folds(plan, shown)
    guard data.choosesResize == true, let parts,
      let other = plan.origin?.model.preprocessing(data, for: plan.network)
    else {
      if data.choosesResize == true, parts == nil {
        try journal.report(
          .warning(
            "photos are cropped as the model's were: a sample of \(shown.training.count) has too few "
              + "groups of a class to compare other ways; --resize chooses one"))
      }
      return (try candidate(images.preprocessing, plan, images, folds, journal), nil)
    }
    let candidates = try [images.preprocessing, other].map {
      try candidate($0, views: isWhole ? nil : .plain, plan, shown, parts, journal)
    }
    let losses = candidates.map { candidate in
      zip(candidate.solution.logits, images.store.targets(shown.training)).map {
        Evaluation.loss(logits: $0, truth: Int($1))
      }
    }
    let gains = zip(losses[0], losses[1]).map { $0 - $1 }
    let mean = gains.reduce(0, +) / Double(gains.count)
    let variance = gains.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gains.count)
    // Of a sample, a difference within two standard errors may be chance.
    let least = isWhole ? 0 : 2 * (variance / Double(gains.count)).squareRoot()
    let ordered = mean > least ? candidates.reversed() : candidates
    let framings = ordered.map {
      OutOfFold.Framing(
        resize: $0.preprocessing.resize, accuracy: $0.solution.outOfFold.accuracy,
        loss: $0.solution.outOfFold.loss, images: shown.training.count)
    }
    let best = ordered[0]
    return (
      isWhole ? best : try candidate(best.preprocessing, plan, images, folds, journal), framings
    )
  }

  /// Training images up to which all decide how they are made square.
  private static let mostFramed = 2_000

  /// A row of features per training image, and their number.
  func features(
    _ plan: RunPlan, _ images: RunImages, prepared preprocessing: Preprocessing? = nil,
    views: TestTimeAugmentation? = nil, _ journal: RunJournal
  ) throws -> (rows: FloatMemory, features: Int) {
    try journal.time(.features) {
      try BackboneFeatures(
        plan.network, images, prepared: preprocessing, views: views ?? configuration.tta,
        engine: engine, team: team
      ).compute(of: images.training) { try journal.progress(.features(done: $0, total: $1)) }
    }
  }

  /// The last layer for the features of the training images, a row each, which are moved and scaled.
  func solution(
    _ rows: FloatMemory, features: Int, _ plan: RunPlan, _ images: RunImages, _ folds: Folds,
    _ journal: RunJournal
  ) throws -> CrossValidation {
    let targets = images.store.targets(images.training)
    let classes = plan.dataset.classes
    try team.stopIfAsked(journal.stopped, isOver: false)
    let data = LogisticData(
      rows, features: features, targets: targets.map { Int($0) }, folds: folds.ofImages,
      classes: classes.count, engine: engine)
    let solution = try CrossValidation(
      data, targets: targets, classes: classes.count, folds: folds
    ) { try team.stopIfAsked(journal.stopped, isOver: false) }
    try team.stopIfAsked(journal.stopped, isOver: true)
    return solution
  }

  /// The folds of the training images, in which groups stay together.
  ///
  /// Error: a class with less than two groups.
  func folds(
    _ plan: RunPlan, _ images: RunImages, most: Int? = nil
  ) throws(TrainingError) -> Folds {
    try Folds(
      of: images.training, in: images.store, configuration, classes: plan.dataset.classes,
      most: most ?? configuration.layerFolds)
  }

  private func start(
    _ plan: RunPlan, _ images: RunImages, _ memory: MemoryEstimate, _ journal: RunJournal
  ) -> RunStart {
    let architecture = plan.network.architecture
    var origin = plan.origin?.taken
    origin?.frozenEpochs = 1
    origin?.views = configuration.tta.views
    return RunStart(
      run: journal.folder.path, dataset: configuration.dataset,
      recipe: configuration.recipe.rawValue, architecture: architecture.name,
      size: architecture.input.width,
      trainingSizes: [architecture.input.width, architecture.input.width],
      classes: plan.dataset.classes, parameters: plan.network.parameterCount,
      memoryBytes: memory.total, epochs: 1, stepsPerEpoch: 1, batchSize: images.training.count,
      seed: configuration.seed, isa: engine.instructionSet.rawValue,
      conv: engine.convolution.rawValue, threads: engine.threads, ranks: team.recorded,
      cache: images.store.place.rawValue, from: origin)
  }

  /// Writes the model of a candidate, and reports what is known of it.
  private func keep(
    _ kept: Candidate, _ framings: [OutOfFold.Framing]?, _ folds: Folds, _ plan: RunPlan,
    _ images: RunImages, _ journal: RunJournal
  ) throws -> (summary: TrainingSummary, evaluated: Outcome.Evaluated) {
    let solution = kept.solution
    try journal.attempt { () throws(TrainingError) in
      try journal.folder.createFolder(RunFolder.foldsName)
      try journal.folder.write(kept.distances.csv, to: ClassDistances.name)
    }
    try plan.network.setLastLayer(to: solution.layer)
    let plain = ClassifierModel(
      network: plan.network, classes: plan.dataset.classes, preprocessing: kept.preprocessing,
      recipe: configuration.recipe.rawValue, datasetFingerprint: images.store.fingerprint,
      trainingImages: images.training.count, tta: configuration.tta,
      trainedOn: plan.origin?.model.model.trainedOn, novelty: kept.novelty)
    try journal.report(
      .digest(
        StepDigest(
          step: 1, epoch: 1, loss: solution.fitted.loss, weightsSHA256: plan.network.digest)))
    try team.requireSame("weights", plan.network.digest)
    func predictions(_ temperature: Double) -> [Prediction] {
      zip(images.training, solution.logits).map { image, logits in
        let sample = images.store.samples[image]
        return Prediction(
          path: sample.path, trueIndex: sample.classIndex, logits: logits,
          probabilities: probabilities(
            logits: logits, outputs: logits.count, temperature: temperature)[0])
      }
    }
    let calibration = Calibration(predictions(1), workers: engine.workers)
    let temperature = calibration.temperature ?? 1
    let model = plain.calibrated(temperature: temperature)
    var evaluation = Evaluation(
      predictions: predictions(temperature), classes: model.classes, temperature: temperature,
      workers: engine.workers)
    evaluation.seen = images.trainingSeen
    let outOfFold = OutOfFold(
      evaluation, folds: folds, penalty: solution.penalty, framings: framings)
    journal.record.outOfFold = outOfFold
    journal.record.epochs = 1
    try journal.report(
      .epoch(
        EpochMetrics(
          solving: solution.fitted, seconds: kept.seconds)))
    var weights = WeightsWriter(interval: 0)
    try weights.save(model, epoch: 1, asBest: true, journal)
    try weights.flush(model, journal)
    let result = EvaluationResult(
      heading: "\(ModelCard.outOfFold): \(counted(folds.ofImages.count, "training image")), each "
        + "predicted by a model that had not seen it (\(folds.count) folds)",
      classes: model.classes, evaluation: evaluation, predictions: predictions(temperature))
    try journal.report(.outOfFold(outOfFold, result, run: journal.folder))
    let summary = TrainingSummary(
      run: journal.folder.path, weights: journal.folder.bestWeights,
      weightsSHA256: weights.sha256, epochs: 1, bestEpoch: weights.kept, valAccuracy: nil,
      temperature: temperature, seconds: 0, peakMemoryBytes: 0, askedEpochs: 1)
    return (
      summary,
      Outcome.Evaluated(result: result, split: OutOfFold.name, noun: OutOfFold.noun)
    )
  }
}

extension Network {
  /// Errors: a last layer without biases.
  func setLastLayer(to layer: (weights: [Float], bias: [Float])) throws(ModelError) {
    guard let place = architecture.head?.denseLayer else { return }
    try setValues(layer.weights, of: "layers.\(place).weights")
    try setValues(layer.bias, of: "layers.\(place).bias")
  }

  /// Refuses a last layer that cannot be set to a solution, before there is one.
  ///
  /// - model: the name of the model that the network comes from.
  func requireBias(of model: String) throws(TrainingError) {
    guard let place = architecture.head?.denseLayer, values(of: "layers.\(place).bias") == nil
    else { return }
    throw TrainingError(
      .badData, "the last layer of \(model) cannot be solved",
      found: "\(architecture.name), whose last layer has no bias", expected: "one with a bias",
      advice: "--recipe default, which trains it")
  }
}

extension EpochMetrics {
  /// The solution of a last layer as the only epoch of its run.
  fileprivate init(solving figures: EpochFigures, seconds: Double) {
    self.init(
      epoch: 1, epochs: 1, loss: figures.loss, accuracy: figures.accuracy, learningRate: 0,
      seconds: seconds, imagesPerSecond: Double(figures.images) / max(seconds, 1e-9),
      isBest: true, decodeSeconds: 0, augmentSeconds: 0, forwardSeconds: 0, backwardSeconds: 0,
      optimizerSeconds: seconds, waitSeconds: 0)
  }
}
