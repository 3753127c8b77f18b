internal import Classifier
internal import Compute
internal import ImageData
internal import Primitives
internal import Ranks

/// Cross-validation of any recipe: a training for each part of the images, on the others.
extension Trainer {
  /// Trains without each part in turn, and reports the figures of all predictions out of fold.
  ///
  /// Each training is a run of its own below the run's folder, which `train --resume` finishes where
  /// it was left; one that is finished is not trained again. Error: `Stopped`, several processes.
  func crossValidate(_ plan: RunPlan, folds count: Int, _ journal: RunJournal) throws {
    guard team.count == 1 else {
      throw TrainingError(
        .usage, "--folds trains with one process", found: "\(team.count) processes",
        expected: "one, or no --folds")
    }
    let (folds, units) = try folds(plan, count, journal)
    try journal.folder.createFolder(RunFolder.foldsName)
    var predictions: [String: Prediction] = [:]
    for fold in 1...folds.count {
      let run = RunFolder(existing: journal.folder.file("\(RunFolder.foldsName)/\(fold)"))
      try journal.report(.fold(FoldStart(fold: fold, folds: folds.count, run: run.path)))
      for prediction in try train(fold, of: folds.count, in: run, journal) {
        predictions[prediction.path] = prediction
      }
    }
    // In the order of the images; those that went bad meanwhile are missing.
    let all = units.compactMap { predictions[$0] }
    let evaluation = Evaluation(predictions: all, classes: plan.dataset.classes)
    let figures = OutOfFold(evaluation, folds: folds)
    journal.record.outOfFold = figures
    let result = EvaluationResult(
      heading: "\(ModelCard.outOfFold): \(counted(all.count, "training image")), each predicted by "
        + "a model that had not seen it (\(folds.count) folds)",
      classes: plan.dataset.classes, evaluation: evaluation, predictions: all)
    try journal.report(.outOfFold(figures, result, run: journal.folder))
    try journal.writeRecord()
  }

  /// The folds of the images that are divided, and these images' paths.
  private func folds(
    _ plan: RunPlan, _ count: Int, _ journal: RunJournal
  ) throws -> (Folds, paths: [String]) {
    let store: ImageStore
    do throws(ImageStoreError) {
      store = try ImageStore.load(
        plan.dataset, splits: [.train],
        content: ContentSplit(
          fraction: plan.content.fraction, rule: plan.content.rule, groupBy: plan.content.groupBy,
          nearDuplicates: plan.content.nearDuplicates, hasFolds: true),
        preprocessing: Preprocessing(
          width: 8, height: 8, filter: .nearest, exif: plan.preprocessing.exif,
          maxPixels: plan.preprocessing.maxPixels),
        workers: engine.workers, kernels: engine.kernels,
        shouldStop: { journal.stopped != nil },
        comparing: { try? journal.pass(.comparing(done: $0, total: $1)) }
      ) { try? journal.pass(.loading(done: $0, total: $1)) }
    } catch {
      if error == .stopped, let stopped = journal.stopped { throw stopped }
      throw error
    }
    do {
      let folds = try folds(count, of: store, plan, validation: plan.content.validation)
      return (folds, store.indices(.train).map { store.samples[$0].path })
    } catch {
      throw advised(error, against: count, of: store, plan)
    }
  }

  /// The folds of a store's training images, if a run can be trained without each of them.
  ///
  /// - validation: the part of the others that each run holds out.
  private func folds(
    _ count: Int, of store: ImageStore, _ plan: RunPlan, validation: Double
  ) throws(TrainingError) -> Folds {
    func divided(_ images: [Int], most: Int) throws(TrainingError) -> Folds {
      try Folds(
        of: images, in: store, plan.configuration, classes: plan.dataset.classes, most: most)
    }
    let images = store.indices(.train)
    let folds = try divided(images, most: count)
    guard folds.count == count else {
      throw TrainingError(
        .badData, "\(configuration.dataset): too few images for --folds \(count)",
        found: "\(folds.count) groups of images in the largest class",
        expected: "at least \(count)")
    }
    guard configuration.recipe.solvesHead else { return folds }
    // What is left without a fold is divided once more, to solve the last layer.
    var content = plan.content
    (content.test, content.validation) = (0, plan.dataset.splits[.val] == nil ? validation : 0)
    for number in 1...count {
      content.fold = ContentSplit.Fold(number, of: count)
      let splits = store.splits(of: images, by: content)
      do throws(TrainingError) {
        _ = try divided(
          zip(images, splits).filter { $1 == .train }.map(\.0), most: configuration.layerFolds)
      } catch var error {
        error.problem += " with --folds \(count)"
        error.found = error.found.map { $0 + " without those of fold \(number)" }
        throw error
      }
    }
    return folds
  }

  /// The refusal of so many folds, with the advice of a number that works, if there is one.
  private func advised(
    _ error: TrainingError, against count: Int, of store: ImageStore, _ plan: RunPlan
  ) -> TrainingError {
    var error = error
    let most = try? Folds(
      of: store.indices(.train), in: store, plan.configuration, classes: plan.dataset.classes,
      most: count
    ).count
    // Three leave two images of a class of three, which has the fewest that can be divided twice.
    let counts = [most, 3, Folds.most].compactMap(\.self)
    for (validation, option) in [(plan.content.validation, ""), (0, " --val-split 0")] {
      for other in counts
      where (try? folds(other, of: store, plan, validation: validation)) != nil {
        error.advice = "--folds \(other)" + option
        return error
      }
    }
    return error
  }

  /// Predictions of a fold's images by a model that was trained on the others.
  private func train(
    _ fold: Int, of count: Int, in run: RunFolder, _ journal: RunJournal
  ) throws -> [Prediction] {
    let trainer: Trainer
    if RunFolder.holdsRun(run.path) {
      let resumption = try Resumption(run: run.path, dataset: configuration.dataset)
      if resumption.finished != nil {
        return try PredictionTable(reading: run.place(RunFolder.predictionsName)).predictions
      }
      trainer = Trainer(resumption, cache: cache, engine: engine)
    } else {
      var configuration = configuration
      configuration.data.fold = fold
      trainer = Trainer(configuration: configuration, out: run.path, cache: cache, engine: engine)
    }
    var predictions: [Prediction] = []
    let summary = try trainer.run(
      events: { event in
        switch event {
        case .evaluated(let result, _, let run):
          // As they are read when the run is finished another time.
          predictions = result.predictions.filter { $0.failure == nil }.map {
            Prediction(
              path: $0.path, trueIndex: $0.trueIndex, probabilities: $0.probabilities)
          }
          let figures = FoldResult(
            fold: fold, folds: count, images: result.evaluation.images,
            accuracy: result.evaluation.accuracy)
          try journal.report(.foldDone(figures, result, run: run))
        case .start, .loading, .comparing, .features, .solved, .batch, .validating, .epoch, .plan:
          try journal.pass(event)
        case .scanning, .folder, .dataset, .samples, .digest, .checkpoint, .warning, .calibrated,
          .fold, .foldDone, .outOfFold, .done:
          break
        }
      }, shouldStop: { journal.stopped })
    if let signal = summary.stoppedBySignal { throw Stopped(signal: signal) }
    return predictions
  }
}
