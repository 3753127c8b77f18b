internal import CNN
internal import Classifier
internal import Compute
internal import ImageData
internal import Primitives
internal import Ranks

/// What is made of the weights that a run keeps: predictions, which fit its temperature and test it,
/// and the features by which it tells photos of no class.
extension Trainer {
  func calibrates(_ plan: RunPlan, _ images: RunImages) -> Bool {
    plan.validation == .val && !images.validation.isEmpty && !configuration.recipe.isSeed
  }

  /// Fits the temperature of the weights that are kept on the validation images, and the distances
  /// that photos of the classes have, and writes them again with both; returns the model's
  /// temperature.
  ///
  /// Never on test images, and not under the tutorial's recipes. The predictions come by the path
  /// that every command takes, in the model's own way.
  func calibrate(
    _ plan: RunPlan, _ images: RunImages, _ journal: RunJournal
  ) throws -> Double {
    guard calibrates(plan, images) else { return 1 }
    let samples = images.store.samples.selecting(images.validation)
    let (model, _, predictions) = try predict(samples, journal)
    let lost = predictions.compactMap(\.failure)
    if let first = lost.first {
      try journal.report(
        .warning(
          "\(lost.count) of \(samples.count) validation images can no longer be read and are not "
            + "used to fit the temperature, the first is \(first.path): \(first.message)"))
    }
    let calibration = Calibration(predictions, workers: engine.workers)
    let novelty = try novelty(of: model, plan, images, journal)
    if calibration.temperature != nil || novelty != nil {
      let bytes = model.calibrated(
        temperature: calibration.temperature ?? model.temperature, novelty: novelty
      ).encoded()
      try journal.folder.write(model: bytes, to: RunFolder.bestName)
      journal.record.weightsSHA256 = SHA256.hex(of: bytes)
      try journal.writeRecord()
    }
    try journal.report(.calibrated(calibration))
    return calibration.temperature ?? 1
  }

  /// How far photos lie from the classes in the features of the weights that are kept, by training
  /// images, and how far the validation images do, which they were not trained on; nil under recipes
  /// that measure none.
  private func novelty(
    of model: ClassifierModel, _ plan: RunPlan, _ images: RunImages, _ journal: RunJournal
  ) throws -> NoveltyDetector? {
    guard measuresDistances else { return nil }
    let known = measuredImages(images, classes: plan.dataset.classes.count)
    let source = BackboneFeatures(
      model.network, images, views: model.tta, engine: engine, team: team)
    func features(_ indices: [Int]) throws -> (rows: FloatMemory, features: Int) {
      let found = try source.compute(of: indices) {
        try journal.pass(.features(done: $0, total: $1))
        try team.stopIfAsked(journal.stopped, isOver: false)
      }
      try team.stopIfAsked(journal.stopped, isOver: true)
      return found
    }
    let (rows, count) = try features(known)
    return NoveltyFit.detector(
      rows, features: count, targets: images.store.targets(known).map { Int($0) },
      classes: plan.dataset.classes.count, unseen: try features(images.validation).rows,
      engine: engine)
  }

  /// Whether the weights that are kept get distances; those of a fold are only asked for classes.
  private var measuresDistances: Bool {
    configuration.recipe.solvesHead && configuration.data.fold == nil
  }

  /// Images that the network runs on when the weights that are kept are calibrated; those that it
  /// runs on twice count twice.
  func passesToCalibrate(_ plan: RunPlan, _ images: RunImages) -> Int {
    guard calibrates(plan, images) else { return 0 }
    let held = images.validation.count
    guard measuresDistances else { return held }
    return 2 * held + measuredImages(images, classes: plan.dataset.classes.count).count
  }

  /// The training images that the distances are taken from: of a large class some, evenly chosen.
  private func measuredImages(_ images: RunImages, classes: Int) -> [Int] {
    var ofClass = [[Int]](repeating: [], count: classes)
    for (image, target) in zip(images.training, images.store.targets(images.training)) {
      ofClass[Int(target)].append(image)
    }
    return ofClass.flatMap { own in
      let count = min(own.count, NoveltyFit.imagesOfClass)
      return (0..<count).map { own[$0 * own.count / count] }
    }
  }

  /// Predicts the test images with the weights as they were written, by the path that every other
  /// command takes.
  func test(
    _ plan: RunPlan, _ images: RunImages, _ journal: RunJournal
  ) throws -> Outcome.Evaluated? {
    guard !images.testSamples.isEmpty else { return nil }
    let (model, predictor, answers) = try predict(images.testSamples, journal)
    // Files that were omitted at the start are omitted here, and named.
    let predictions =
      answers + images.skippedTestImages.map { Prediction(path: $0.path, failure: $0) }
    var evaluation = Evaluation(
      predictions: predictions, classes: model.classes, temperature: model.temperature,
      tta: predictor.tta, workers: engine.workers)
    evaluation.seen = images.testSeen
    let result = EvaluationResult(
      heading: images.testHeading, classes: model.classes, evaluation: evaluation,
      predictions: predictions)
    return Outcome.Evaluated(
      result: result, split: (plan.test ?? .val).rawValue, noun: images.testNoun)
  }

  /// Predictions of the saved weights; each process predicts a part of the images.
  private func predict(
    _ samples: ImageList, _ journal: RunJournal
  ) throws -> (ClassifierModel, Predictor, [Prediction]) {
    let model = try team.model(of: journal.folder)
    let predictor = predictor(model)
    let part = samples.selecting(team.range(of: samples.count))
    let own = try predictor.predict(part) { done in
      try journal.report(.validating(done: done, total: part.count))
      try team.stopIfAsked(journal.stopped, isOver: false)
    }
    try team.stopIfAsked(journal.stopped, isOver: true)
    let rows = PredictionRows(outputs: model.network.outputs, temperature: model.temperature)
    let all = try team.gather(own, to: samples, as: rows, workers: engine.workers)
    return (model, predictor, all)
  }

  func predictor(_ model: ClassifierModel) -> Predictor {
    Predictor(model: model, engine: engine, maxPixels: configuration.data.maxPixels)
  }
}
