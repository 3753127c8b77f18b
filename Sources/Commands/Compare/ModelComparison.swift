internal import Classifier
internal import Primitives
internal import Report
internal import Training

/// Two models' answers to the same images, image by image.
struct ModelComparison {
  /// One model with its figures on the images that both could read.
  struct Side {
    let letter: String
    let name: String
    let run: String?
    let sha256: String
    let recipe: String
    let evaluation: Evaluation
    /// Its training, where a run folder tells of it.
    let epochs: [RunReport.Epoch]

    /// Short enough for a legend: `A: train-001`.
    var shortName: String {
      let path = name.hasSuffix("/") ? String(name.dropLast()) : name
      return "\(letter): \(path.split(separator: "/").last.map(String.init) ?? name)"
    }
  }

  /// Both answers to one image.
  struct Pair {
    let first: Prediction
    let second: Prediction

    var path: String { first.path }
    var isFirstRight: Bool { first.index == first.trueIndex }
    var isSecondRight: Bool { second.index == second.trueIndex }
    /// The probability of the wrong one of the two predictions.
    var wrongProbability: Double {
      let wrong = isFirstRight ? second : first
      return wrong.index.map { wrong.probabilities[$0] } ?? 0
    }
  }

  let first: Side
  let second: Side
  let classes: [String]
  let dataset: String
  let split: String
  /// The name and number of the images.
  let heading: String
  /// Images that both answered, in the dataset's order.
  let pairs: [Pair]
  /// Images that one of them or both could not read.
  let skipped: [SkippedImage]
  /// The comparison of correct predictions.
  let test: McNemarTest

  /// A comparison of the answers to `images`; both lists are in their order.
  ///
  /// Error: no image that both could read.
  init(
    _ first: ComparedModel, _ firstAnswers: ComparedAnswers, _ second: ComparedModel,
    _ secondAnswers: ComparedAnswers, on images: EvaluationImages, split: String
  ) throws(TrainingError) {
    let all = zip(firstAnswers.predictions, secondAnswers.predictions).map {
      Pair(first: $0, second: $1)
    }
    let pairs = all.filter { $0.first.failure == nil && $0.second.failure == nil }
    guard !pairs.isEmpty else { throw images.nothingReadable }
    func side(_ compared: ComparedModel, _ answers: ComparedAnswers, _ own: [Prediction]) -> Side {
      let model = compared.model
      let epochs = compared.location.run.map { MetricsRow.all(of: RunFolder(existing: $0)) }
      return Side(
        letter: compared.letter, name: compared.name, run: compared.location.run,
        sha256: compared.sha256, recipe: model.recipe,
        evaluation: Evaluation(
          predictions: own, classes: model.classes, temperature: model.temperature,
          tta: answers.tta),
        epochs: epochs ?? [])
    }
    self.first = side(first, firstAnswers, pairs.map(\.first))
    self.second = side(second, secondAnswers, pairs.map(\.second))
    self.pairs = pairs
    classes = first.model.classes
    dataset = images.dataset
    self.split = split
    heading = images.heading(pairs.count)
    skipped = all.compactMap { $0.first.failure ?? $0.second.failure }
    test = McNemarTest(
      first: pairs.map(\.isFirstRight), second: pairs.map(\.isSecondRight))
  }

  /// Images that only the first has right, those that the second is surest of first.
  var lost: [Pair] { surestFirst(pairs.filter { $0.isFirstRight && !$0.isSecondRight }) }

  /// Images that only the second has right, those that the first is surest of first.
  var gained: [Pair] { surestFirst(pairs.filter { !$0.isFirstRight && $0.isSecondRight }) }

  /// Images that both have wrong, each in its own way; none of two classes.
  var bothWrongDifferently: Int {
    pairs.count {
      !$0.isFirstRight && !$0.isSecondRight && $0.first.index != $0.second.index
    }
  }

  /// Stable: equally sure answers stay in the dataset's order.
  private func surestFirst(_ pairs: [Pair]) -> [Pair] {
    pairs.enumerated().sorted {
      ($1.element.wrongProbability, $0.offset) < ($0.element.wrongProbability, $1.offset)
    }.map(\.element)
  }

  /// The comparison as a page with no images yet; `names` stand for the two models.
  func report(names: (String, String)) -> ComparisonReport {
    var report = ComparisonReport(
      title: "\(first.name) and \(second.name)",
      first: (names.0, first.evaluation, first.epochs),
      second: (names.1, second.evaluation, second.epochs), test: test)
    report.subtitle = heading
    return report
  }
}
