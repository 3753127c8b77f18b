package import Classifier
package import Compute
package import ImageData
internal import KernelTypes
package import Primitives

/// Evaluates a model on a dataset's folder.
package struct Evaluator {
  package struct Request: Sendable {
    /// The dataset's folder; nil for the one recorded in the model's run.
    package var dataset: String?
    /// train, val or test.
    package var split = "test"
    /// Count of classes for the top-K figure.
    package var topK = 1
    /// The views to average per image; nil for the model's own choice.
    package var tta: TestTimeAugmentation?
    /// Whether all images of the training folder count as training images: if the model is in no
    /// run, it is unknown which were held out.
    package var isWhole = false
    /// Images with more pixels are refused.
    package var maxPixels = 64_000_000

    /// Measures how far each image lies from the classes; nil to leave it out.
    package var detector: NoveltyDetector?

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

  /// Predicts every image of the split once.
  ///
  /// `preparing` gets the steps before the first prediction. Errors: `DatasetError` for the
  /// folder, `TrainingError` for a request that cannot be met, and what `progress` throws.
  package func evaluate(
    _ request: Request, preparing: (EvaluationPreparation) -> Void = { _ in },
    progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
  ) throws -> EvaluationResult {
    guard (1...model.classes.count).contains(request.topK) else {
      throw TrainingError(
        .usage, "--top-k is out of range: \(request.topK)", found: "\(request.topK)",
        expected: "a whole number from 1 to \(model.classes.count)")
    }
    let images = try images(request, preparing: preparing)
    let predictor =
      try request.detector.map {
        try Predictor(
          model: model, measuring: $0, engine: engine, tta: request.tta,
          maxPixels: request.maxPixels)
      }
      ?? Predictor(model: model, engine: engine, tta: request.tta, maxPixels: request.maxPixels)
    let predictions = try predictor.predict(images.samples) {
      try progress($0, images.samples.count)
    }
    let answered = predictions.count { $0.failure == nil }
    guard answered > 0 else { throw images.nothingReadable }
    return EvaluationResult(
      heading: images.heading(answered), classes: model.classes,
      evaluation: Evaluation(
        predictions: predictions, classes: model.classes, topK: request.topK,
        temperature: model.temperature, tta: predictor.tta, workers: engine.workers),
      predictions: predictions)
  }

  /// The images of a request, at least one.
  ///
  /// Errors as of `evaluate`.
  package func images(
    _ request: Request, preparing: (EvaluationPreparation) -> Void = { _ in }
  ) throws -> EvaluationImages {
    guard let split = Split(rawValue: request.split) else {
      throw TrainingError(
        .usage, "unknown split \(request.split)", found: request.split,
        expected: Split.allCases.map(\.rawValue).joined(separator: ", "))
    }
    let path = try dataset(of: request)
    // Class folders alone are the images to evaluate, unless they are what the run dealt itself:
    // to count the images that a model has learnt from among those that judge it would be a lie.
    let isOwn = request.dataset == nil || isRecorded(path)
    let dataset = try Dataset.open(
      path, classes: model.classes, unsplit: isOwn ? .train : split
    ) { entries in
      preparing(.scanning(entries: entries))
      return false
    }
    preparing(.passedOver(dataset.passedOver))
    let (samples, name, isHeldOut) = try samples(
      dataset, split, maxPixels: request.maxPixels, isWhole: request.isWhole, preparing)
    guard !samples.isEmpty else {
      let others = dataset.splits.filter { !$0.value.isEmpty }.keys.sorted().map(\.rawValue)
      throw TrainingError(
        .badData, "\(path) holds no \(split.rawValue) images",
        found: others.isEmpty
          ? "no image in a class folder" : "images in " + others.joined(separator: ", "),
        expected: "DATASET/\(split.rawValue)/<class>/*.jpg|png",
        advice: isOwn && others == [Split.train.rawValue]
          ? adviceWithoutTest
          : others.first.map { "--split \($0)" } ?? "cnnctl check \(shellWord(path))")
    }
    return EvaluationImages(name: name, dataset: path, samples: samples, isHeldOut: isHeldOut)
  }

  /// The advice for a run that has no other images than those that it was trained on.
  private var adviceWithoutTest: String {
    let unseen = "cnnctl evaluate with a folder of photos that the model has not seen"
    guard let run, (try? RunRecord(folder: run))?.outOfFold != nil else {
      return unseen + "; --split train evaluates those that it has learned from"
    }
    let report = run.file(RunFolder.foldsName + "/report.txt")
    return "\(unseen); \(report) has its accuracy out of fold"
  }

  /// Whether both runs split the images in the same way, so that an image held out by one was held
  /// out by the other.
  package func hasSameSplit(as other: Evaluator) -> Bool {
    guard let mine = run, let theirs = other.run, let data = try? configuration(mine).data,
      let otherData = try? configuration(theirs).data
    else { return false }
    return data.valSplit == otherData.valSplit && data.testSplit == otherData.testSplit
      && data.splitRule == otherData.splitRule && data.groupBy == otherData.groupBy
      && data.fraction == otherData.fraction
      && data.validateOnTest == otherData.validateOnTest
      && model.datasetFingerprint == other.model.datasetFingerprint
  }

  /// The dataset's folder: the one asked for, or the run's.
  ///
  /// Errors: neither is there.
  package func dataset(of request: Request) throws(TrainingError) -> String {
    if let named = request.dataset { return named }
    return try recordedDataset()
  }

  private func recordedDataset() throws(TrainingError) -> String {
    guard let run else {
      throw TrainingError(
        .usage, "DATASET is missing, and the model is not in a run folder that names one",
        expected: "cnnctl evaluate DATASET --model FILE")
    }
    let configuration = try configuration(run)
    if FileSystem.isFolder(configuration.dataset) { return configuration.dataset }
    // The run may have been started in another folder.
    return try RunRecord(folder: run).dataset
  }

  /// Whether a path leads to the folder that the run was trained on.
  private func isRecorded(_ path: String) -> Bool {
    guard run != nil, let own = try? recordedDataset(), let place = FileSystem.absolute(own)
    else { return false }
    return FileSystem.absolute(path) == place
  }

  private func configuration(_ run: RunFolder) throws(TrainingError) -> Configuration {
    try Configuration(file: run.place(RunFolder.configurationName))
  }

  /// The images of a split: those of its folder, or the part of the training folder that the run
  /// held out by content; without test images, the validation images.
  private func samples(
    _ dataset: Dataset, _ split: Split, maxPixels: Int, isWhole: Bool = false,
    _ preparing: (EvaluationPreparation) -> Void
  ) throws -> (ImageList, heading: String, isHeldOut: Bool) {
    if isWhole { return (dataset.images([split]), split.rawValue, false) }
    let data = try run.map { try configuration($0).data } ?? Recipe.standard.configuration.data
    let hasFolder = dataset.splits[split] != nil && !(split == .test && data.fold != nil)
    let hasTest = dataset.splits[.test] != nil || data.testSplit > 0 || data.fold != nil
    let hasTraining = dataset.splits[.train] != nil
    if split == .test, !hasTest, dataset.splits[.val] != nil || hasTraining {
      let (samples, heading, isHeldOut) = try samples(
        dataset, .val, maxPixels: maxPixels, preparing)
      return (samples, heading + ModelCard.noTestSet, isHeldOut)
    }
    // The tutorial's recipes hold nothing out of the training folder when there is a test set.
    let content = ContentSplit(
      validation: data.validateOnTest && hasTest && data.fold == nil ? 0 : data.valSplit,
      test: data.testSplit,
      fraction: data.fraction, rule: data.splitRule ?? .independent, groupBy: data.groupBy,
      nearDuplicates: data.nearDuplicates, fold: data.heldFold)
    let whole =
      content.validation == 0 && content.test == 0 && content.fraction == 1
      && content.fold == nil
    if hasFolder, split != .train || whole {
      return (dataset.images([split]), split.rawValue, false)
    }
    guard hasTraining else { return (dataset.images([]), split.rawValue, false) }
    return (
      try heldOut(dataset, split, content, maxPixels: maxPixels, preparing),
      split == .train
        ? "train, without the held-out images"
        : "\(split.rawValue), held out of the training images",
      true
    )
  }

  /// The images that fall to `split` by their content, and those that cannot be read.
  ///
  /// The store deals as it does for training; its tiny images are thrown away.
  private func heldOut(
    _ dataset: Dataset, _ split: Split, _ content: ContentSplit, maxPixels: Int,
    _ preparing: (EvaluationPreparation) -> Void
  ) throws -> ImageList {
    let store = try ImageStore.load(
      dataset, splits: [split], content: content,
      preprocessing: Preprocessing(
        width: 8, height: 8, filter: .nearest, exif: .ignore, maxPixels: maxPixels),
      workers: engine.workers, kernels: engine.kernels,
      comparing: { preparing(.comparing(done: $0, total: $1)) },
      progress: { preparing(.reading(done: $0, total: $1)) })
    return store.samples.selecting(store.indices(split))
  }
}

/// Progress of an evaluator before its first prediction.
package enum EvaluationPreparation: Sendable {
  /// Folders are listed; so many entries so far.
  case scanning(entries: Int)
  /// The folders hold other files, too, or none.
  case passedOver(PassedOver)
  /// Images are read, to find those that a run held out.
  case reading(done: Int, total: Int)
  /// They are compared, as near-duplicates were held out together.
  case comparing(done: Int, total: Int)
}

/// The images of one split, as an evaluator chose them.
package struct EvaluationImages: Sendable {
  /// The name of the split, such as `test`.
  package var name: String
  /// The dataset's folder.
  package var dataset: String
  /// The images in order of their paths a class.
  package var samples: ImageList
  /// Whether they are the part of the training folder that the run held out by content.
  package var isHeldOut: Bool

  /// The line above an evaluation of so many of them.
  package func heading(_ answered: Int) -> String {
    "\(name): \(counted(answered, "image")) of \(dataset)"
  }

  /// The error if none of the images can be read.
  package var nothingReadable: TrainingError {
    TrainingError(.badData, "\(dataset): none of \(counted(samples.count, "image")) can be read")
  }
}

/// An evaluation with its predictions.
package struct EvaluationResult: Sendable {
  /// Says which images these are, such as "test: 1000 images of data/test_set".
  package var heading: String
  package var classes: [String]
  package var evaluation: Evaluation
  /// The predictions, image by image, in order of the paths a class.
  package var predictions: [Prediction]
}
