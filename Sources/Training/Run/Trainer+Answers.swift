internal import CNN
internal import Classifier
internal import Compute
internal import ImageData
internal import Primitives
internal import Ranks

/// The predictions of the weights that a run keeps: they fit its temperature and test it.
extension Trainer {
  func calibrates(_ plan: RunPlan, _ images: RunImages) -> Bool {
    plan.validation == .val && !images.validation.isEmpty && !configuration.recipe.isSeed
  }

  /// Fits the temperature of the weights that are kept on the validation images, and writes them
  /// again with it; returns the model's temperature.
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
    if let temperature = calibration.temperature {
      let bytes = model.calibrated(temperature: temperature).encoded()
      try journal.folder.write(model: bytes, to: RunFolder.bestName)
      journal.record.weightsSHA256 = SHA256.hex(of: bytes)
      try journal.writeRecord()
    }
    try journal.report(.calibrated(calibration))
    return calibration.temperature ?? 1
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
