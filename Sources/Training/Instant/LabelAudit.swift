internal import CNN
package import Classifier
package import Compute
package import ImageData
package import Primitives

/// The images of a dataset whose labels are doubtful: predicted by layers that had not seen them, or
/// by the models of a run with folds.
///
/// The layers are those of the recipe `instant`. An image is a suspect by confident learning
/// (Northcutt, Jiang and Chuang 2021): among the classes that it has at least as probably as their
/// own images have them on average, the most probable is another than its label. The least probable
/// label comes first, which measured best of their rankings.
package struct LabelAudit: Sendable {
  /// The verdict on an image's label.
  package struct Label: Sendable, Hashable {
    /// The file.
    package var path: String
    /// The file below the dataset's folder.
    package var relativePath: String
    /// The class whose folder the image is in, and its probability.
    package var label: Int
    package var labelProbability: Double
    /// The most probable of the other classes, and its probability.
    package var suggestion: Int
    package var suggestionProbability: Double
    package var isSuspect: Bool
  }

  package let classes: [String]
  /// All images that could be read, the least probable label first.
  package let labels: [Label]
  /// Images that could not be read.
  package let skipped: [SkippedImage]
  /// Figures of the predictions.
  package let evaluation: Evaluation
  /// Parts that the images were divided into.
  package let folds: Int
  /// The penalty of the last layers, as of `LogisticData`; nil where models were trained.
  package let penalty: Double?
  /// Predictions of each image, of which the logits are averaged.
  package let rounds: Int
  /// The run whose predictions they are; nil where they were made for the audit.
  package let run: String?
  /// Images whose search for the same picture was cut short; nil where none was made.
  package let searchesCutShort: Int?

  /// The doubtful labels, the least probable first.
  package var suspects: [Label] { labels.filter(\.isSuspect) }

  /// The predictors of an image, none of which had seen it: `3 layers`.
  package var judges: String {
    rounds == 1 ? (penalty == nil ? "a model" : "a layer") : "\(rounds) layers"
  }

  /// Divisions into folds, of whose predictions the logits are averaged: with one, chance decides which
  /// images that are nearly the same help each other.
  private static let rounds = 3

  /// The phase under way.
  package enum Step: Sendable {
    /// The features of so many images are there.
    case features(done: Int, of: Int)
    case fitting
  }

  /// Audits the images of all splits of a dataset.
  ///
  /// - model: features are those that its last layer sees.
  /// - groupBy: the expression of `ImageGroups`; nil for equal files alone.
  /// - folds: parts at most that the images are divided into.
  /// - nearDuplicates: what becomes of images that are the same picture.
  ///
  /// Errors: a model without features, a class with less than two groups of images, an expression
  /// that is none, no memory for the features.
  package init(
    _ dataset: Dataset, model: ClassifierModel, groupBy: String?,
    nearDuplicates: NearDuplicatePolicy = .together, folds most: Int = Folds.most, maxPixels: Int,
    engine: Engine,
    progress: (Step) throws -> Void
  ) throws {
    let samples = dataset.images()
    let embedder = try Embedder(
      model: model, engine: engine, tta: .flip, maxPixels: maxPixels)
    let features = embedder.features
    // The rows as they come and as they are fitted, and what the fits take.
    try AnswerMemory.require(
      3 * 4 * samples.count * features, for: "the features of \(counted(samples.count, "image"))")
    var values: [Float] = []
    values.reserveCapacity(samples.count * features)
    var known: [Int] = []
    var skipped: [SkippedImage] = []
    var done = 0
    try embedder.embed(samples.lazy.map(\.path)) { embedding in
      if let failure = embedding.failure {
        skipped.append(failure)
      } else {
        values += embedding.features
        known.append(done)
      }
      done += 1
      try progress(.features(done: done, of: samples.count))
    }
    try progress(.fitting)
    let readable = samples.selecting(known)
    let (units, cutShort) = try LabelAudit.units(
      readable, groupBy: groupBy, nearDuplicates, maxPixels: maxPixels, engine)
    let rows = try FloatMemory(count: values.count)
    rows.write(values, at: 0)
    values = []
    let truths = readable.map(\.classIndex)
    var sums: [[Float]] = []
    var (folds, penalty) = (0, 0.0)
    for round in 0..<LabelAudit.rounds {
      let division = try LabelAudit.folds(
        readable, skipped, units, dataset.classes, most, round)
      let data = LogisticData(
        rows, features: features, targets: truths, folds: division.ofImages,
        classes: dataset.classes.count, engine: engine)
      let solution = try CrossValidation(
        data, targets: truths.map { Int32($0) }, classes: dataset.classes.count,
        folds: division
      ) { try progress(.fitting) }
      sums =
        round == 0
        ? solution.logits
        : zip(sums, solution.logits).map { zip($0, $1).map { $0 + $1 } }
      (folds, penalty) = (division.count, solution.penalty)
    }
    let logits = sums.map { row in row.map { $0 / Float(LabelAudit.rounds) } }
    let temperature = Temperature.fitted(logits, truths: truths, workers: engine.workers) ?? 1
    let predictions = zip(readable, logits).map { sample, logits in
      Prediction(
        path: sample.path, trueIndex: sample.classIndex, logits: logits,
        probabilities: probabilities(
          logits: logits, outputs: logits.count, temperature: temperature)[0])
    }
    (self.skipped, self.folds, self.penalty) = (skipped, folds, penalty)
    (rounds, run) = (LabelAudit.rounds, nil)
    searchesCutShort = nearDuplicates == .together ? cutShort : nil
    classes = dataset.classes
    labels = LabelAudit.ranked(
      predictions, relativePaths: readable.map(\.relativePath), classes: dataset.classes.count)
    evaluation = Evaluation(
      predictions: predictions, classes: dataset.classes, temperature: temperature,
      workers: engine.workers)
  }

  /// Audits the training images of a run by its own predictions out of fold; no image is opened.
  ///
  /// Errors: a run without such predictions, or whose predictions cannot be read.
  package init(of contents: RunContents) throws(TrainingError) {
    let recorded = try RecordedRun(contents.folder.path, "to audit")
    let table = contents.folder.file(RunFolder.foldsName + "/predictions.csv")
    guard let outOfFold = contents.record?.outOfFold else {
      throw TrainingError(
        .badData, "\(contents.folder.path) has no predictions out of fold",
        expected: "a run of --folds or --recipe instant",
        advice: "cnnctl audit \(shellPath(recorded.dataset(nil))) --from "
          + shellPath(contents.folder.path))
    }
    guard let answers = contents.folds else {
      let problem = contents.problems.first { $0.file.hasPrefix(RunFolder.foldsName + "/") }
      throw TrainingError(
        .badData, problem?.message ?? "\(table) has no predictions",
        expected: "the predictions out of fold, with a probability of each class")
    }
    let named = FileSystem.withoutFinalSlashes(recorded.configuration.dataset)
    let root = FileSystem.withoutFinalSlashes(recorded.dataset(nil))
    // Below the folder that the run named; others stay as they are.
    let relative = answers.predictions.map { prediction in
      prediction.path.hasPrefix(named + "/")
        ? String(prediction.path.dropFirst(named.count + 1)) : prediction.path
    }
    classes = answers.classes
    labels = LabelAudit.ranked(
      zip(answers.predictions, relative).map { prediction, path in
        Prediction(
          path: path == prediction.path ? path : root + "/" + path, trueIndex: prediction.trueIndex,
          probabilities: prediction.probabilities)
      }, relativePaths: relative, classes: answers.classes.count)
    var evaluation = answers.evaluation
    evaluation.temperature = outOfFold.temperature
    (skipped, self.evaluation) = ([], evaluation)
    (folds, penalty, rounds) = (outOfFold.folds, outOfFold.penalty, 1)
    (run, searchesCutShort) = (contents.folder.path, nil)
  }

  /// For each image the digest that stands for it and those that must stay together with it, and for
  /// how many images the search for such was cut short.
  private static func units(
    _ samples: ImageList, groupBy: String?, _ nearDuplicates: NearDuplicatePolicy, maxPixels: Int,
    _ engine: Engine
  ) throws -> (units: [[UInt8]], cutShort: Int) {
    let groups = try groupBy.map { try ImageGroups($0) }
    let names = samples.map { groups?.name(of: $0.relativePath) }
    if let groupBy, names.allSatisfy({ $0 == nil }) {
      throw TrainingError.noGroups(groupBy, samples.first)
    }
    let resizer = PerceptualHash.resizer(engine.kernels)
    let known = engine.workers.map(samples.indices) {
      index, _ -> (digest: [UInt8], PerceptualHash?) in
      guard let bytes = try? FileBytes.read(samples.path(of: index)) else { return ([], nil) }
      let hash =
        nearDuplicates == .together
        ? PerceptualHash(file: bytes, maxPixels: maxPixels, resizer: resizer) : nil
      return (SHA256.digest(bytes), hash)
    }
    let similar = NearDuplicates.outcome(
      of: known.map(\.1), workers: engine.workers, kernels: engine.kernels)
    let images = DividedImages(
      samples.indices.map { (known[$0].digest, names[$0], samples.classIndex(of: $0)) })
    return (images.units(alike: similar.pairs).map(\.bytes), similar.cutShort)
  }

  private static func folds(
    _ samples: ImageList, _ skipped: [SkippedImage], _ units: [[UInt8]], _ classes: [String],
    _ most: Int, _ round: Int
  ) throws(TrainingError) -> Folds {
    do throws(Folds.Problem) {
      return try Folds(
        targets: samples.map(\.classIndex), groups: units, classes: classes.count,
        most: most, round: round)
    } catch {
      let label =
        switch error {
        case .oneGroup(let label, _), .wholeClass(let label): label
        }
      throw TrainingError(
        .badData, "too few images of \(classes[label]) to predict each by a layer without it",
        found: counted(samples.count { $0.classIndex == label }, "image")
          + (skipped.first.map {
            "; \(skipped.count) of \(samples.count + skipped.count) images cannot be read, the first "
              + "is \($0.path): \($0.message)"
          } ?? ""),
        expected: "at least 2 different images per class, and with --group-by 2 groups",
        advice: "more images of \(classes[label])")
    }
  }

  /// The doubtful labels of predictions out of fold whose images have a label.
  package static func suspects(of predictions: [Prediction], classes: Int) -> [Label] {
    let known = predictions.filter { $0.index != nil && $0.trueIndex != nil }
    return ranked(known, relativePaths: known.map(\.path), classes: classes).filter(\.isSuspect)
  }

  /// The labels of predictions, by confident learning.
  ///
  /// A class's threshold is its mean probability among the images with its label.
  static func ranked(
    _ predictions: [Prediction], relativePaths: [String], classes: Int
  ) -> [Label] {
    var sums = [Double](repeating: 0, count: classes)
    var counts = [Double](repeating: 0, count: classes)
    for prediction in predictions {
      guard let label = prediction.trueIndex else { continue }
      sums[label] += prediction.probabilities[label]
      counts[label] += 1
    }
    let thresholds = zip(sums, counts).map { $1 > 0 ? $0 / $1 : 1 }
    let labels = zip(predictions, relativePaths).compactMap { prediction, path -> Label? in
      guard let label = prediction.trueIndex else { return nil }
      let shares = prediction.probabilities
      let others = shares.indices.filter { $0 != label }
      let suggestion = others.max { (shares[$0], $1) < (shares[$1], $0) } ?? label
      let confident = shares.indices.filter { shares[$0] >= thresholds[$0] }
      let best = confident.max { (shares[$0], $1) < (shares[$1], $0) } ?? label
      return Label(
        path: prediction.path, relativePath: path, label: label,
        labelProbability: shares[label], suggestion: suggestion,
        suggestionProbability: shares[suggestion], isSuspect: best != label)
    }
    // In the order of the paths where labels are as probable.
    return labels.sorted {
      ($0.labelProbability, $0.relativePath) < ($1.labelProbability, $1.relativePath)
    }
  }
}
