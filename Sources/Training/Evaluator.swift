internal import ImageData
internal import KernelInterface
package import KernelSelection

/// Evaluates a model on a dataset's folder.
package struct Evaluator {
  /// What to evaluate.
  package struct Request: Sendable {
    /// The dataset's folder; nil for the one recorded in the model's run.
    package var dataset: String?
    /// train, val or test.
    package var split = "test"
    /// Count of classes for the top-K figure.
    package var topK = 1
    /// What the network is shown of an image; nil for what the model says.
    package var tta: TestTimeAugmentation?
    /// Images with more pixels are refused.
    package var maxPixels = 64_000_000

    /// The test images of the run's dataset.
    package init() {}
  }

  private let model: ClassifierModel
  private let run: RunFolder?
  private let engine: Engine

  /// An evaluator; `run` is the model's run folder where there is one.
  package init(model: ClassifierModel, run: String?, engine: Engine) {
    self.model = model
    self.run = run.map(RunFolder.init(existing:))
    self.engine = engine
  }

  /// Answers every image of the split once.
  ///
  /// Errors: `DatasetError` for the folder, `TrainingError` for a request that cannot be met, and
  /// what `progress` throws.
  package func evaluate(
    _ request: Request, progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
  ) throws -> EvaluationResult {
    guard let split = Split(rawValue: request.split) else {
      throw TrainingError(
        .usage, "--split does not know \(request.split)", found: request.split,
        expected: Split.allCases.map(\.rawValue).joined(separator: ", "))
    }
    guard (1...model.classes.count).contains(request.topK) else {
      throw TrainingError(
        .usage, "--top-k is out of range: \(request.topK)", found: "\(request.topK)",
        expected: "a whole number from 1 to \(model.classes.count)")
    }
    let path = try request.dataset ?? recordedDataset()
    // Class folders alone are the images to evaluate, unless they are what the run dealt itself.
    let dataset = try Dataset.open(
      path, classes: model.classes, unsplit: request.dataset == nil ? .train : split)
    let (samples, heading) = try samples(dataset, split, maxPixels: request.maxPixels)
    guard !samples.isEmpty else {
      throw TrainingError(
        .badData, "\(path) holds no \(split.rawValue) images",
        expected: "DATASET/{\(split.folderNames.joined(separator: ","))}/<class>/*.jpg|png",
        advice: "--split with one of train, val, test")
    }
    let predictor = Predictor(
      model: model, engine: engine, tta: request.tta, maxPixels: request.maxPixels)
    let predictions = try predictor.predict(samples) { try progress($0, samples.count) }
    let answered = predictions.count { $0.failure == nil }
    guard answered > 0 else {
      throw TrainingError(
        .badData, "\(path): none of \(samples.count) images can be read")
    }
    return EvaluationResult(
      heading: "\(heading): \(answered) images of \(path)", dataset: path,
      evaluation: Evaluation(
        predictions: predictions, classes: model.classes, topK: request.topK,
        temperature: model.temperature, tta: predictor.tta),
      predictions: predictions)
  }

  /// The dataset that the run was trained on.
  private func recordedDataset() throws(TrainingError) -> String {
    guard let run else {
      throw TrainingError(
        .usage, "DATASET is missing: a model that is not in a run folder names none",
        expected: "cnnctl evaluate DATASET --model FILE")
    }
    let configuration = try configuration(run)
    if FileSystem.isFolder(configuration.dataset) { return configuration.dataset }
    // The run may have been started in another folder.
    return try RunRecord(folder: run).dataset
  }

  private func configuration(_ run: RunFolder) throws(TrainingError) -> Configuration {
    try Configuration(file: run.file(RunFolder.configurationName))
  }

  /// The images of a split: those of its folder, or the part of the training folder that the run
  /// held out by content; for want of test images those that validate.
  private func samples(
    _ dataset: Dataset, _ split: Split, maxPixels: Int
  ) throws -> ([Sample], heading: String) {
    let data = try run.map { try configuration($0).data } ?? Recipe.standard.configuration.data
    let hasFolder = dataset.splits[split] != nil
    let hasTest = dataset.splits[.test] != nil || data.testSplit > 0
    let hasTraining = dataset.splits[.train] != nil
    if split == .test, !hasTest, dataset.splits[.val] != nil || hasTraining {
      let (samples, heading) = try samples(dataset, .val, maxPixels: maxPixels)
      return (samples, "for want of test images " + heading)
    }
    // The tutorial's recipes hold nothing out of the training folder when there is a test set.
    let content = ContentSplit(
      validation: data.validateOnTest && hasTest ? 0 : data.valSplit, test: data.testSplit,
      fraction: data.fraction)
    let whole = content.validation == 0 && content.test == 0 && content.fraction == 1
    if hasFolder, split != .train || whole {
      return (dataset.splits[split] ?? [], split.rawValue)
    }
    guard hasTraining else { return ([], split.rawValue) }
    return (
      try heldOut(dataset, split, content, maxPixels: maxPixels),
      split == .train
        ? "train, without what is held out" : "\(split.rawValue), held out of the training images"
    )
  }

  /// The images that fall to `split` by their content, and those that cannot be read.
  ///
  /// The store deals as it does for training; its tiny pictures are thrown away.
  private func heldOut(
    _ dataset: Dataset, _ split: Split, _ content: ContentSplit, maxPixels: Int
  ) throws -> [Sample] {
    let store = try ImageStore.load(
      dataset, splits: [split], content: content,
      preprocessing: Preprocessing(
        width: 8, height: 8, filter: .nearest, exif: .ignore, maxPixels: maxPixels),
      workers: engine.workers, kernels: engine.kernels)
    return store.indices(split).map { store.samples[$0] }
  }
}

/// An evaluation with its answers.
package struct EvaluationResult: Sendable {
  /// Says which images these are.
  package var heading: String
  /// The dataset's folder.
  package var dataset: String
  /// The numbers.
  package var evaluation: Evaluation
  /// The answers, image by image, in order of the paths a class.
  package var predictions: [Prediction]
}
