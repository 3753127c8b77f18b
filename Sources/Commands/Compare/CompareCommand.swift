internal import Classifier
internal import Compute
internal import ImageData
internal import Primitives
internal import Training

/// `cnnctl compare A B [DATASET]`: two models on the same images.
struct CompareCommand: Command {
  static let name = "compare"
  static let description = CommandDescription(
    name: name, usage: "cnnctl compare A [B [DATASET]] [options]",
    summary: "two models on the same images: which is better, and where",
    details: [
      "A and B are run folders, weights files, cats-dogs, the model built into this program, or "
        + "names that 'cnnctl models' lists; they must have the same classes. B defaults to the newest run. DATASET is a folder as "
        + "for evaluate; it defaults to the one that A's run was trained on, or B's if A is not "
        + "in a run.",
      "Both models predict every image. McNemar's exact test says whether chance alone would "
        + "explain the images that only one of them gets right; if p is 0.05 or more, neither is "
        + "called better. Images that one of them cannot read are left out and counted.",
      "With --out DIR it writes compare.json, compare.txt, predictions.csv, the images whose "
        + "prediction changed, the curves of both trainings, and compare.html, which contains all "
        + "of it. Without --out it writes nothing.",
    ],
    operands: 1...3, operandName: "A and B",
    options: [
      SharedOption.maxPixels, SharedOption.split, SharedOption.tta, SharedOption.out,
      SharedOption.noPlots,
    ],
    examples: [
      ("cnnctl compare runs/train-001 runs/train-002", "on the test images of the first one's run"),
      (
        "cnnctl compare cats-dogs runs/latest photos --out compared", "on other photos, with a page"
      ),
      ("cnnctl compare runs/train-001 runs/train-002 --json", "one JSON object"),
    ])

  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let engine = try Engine(arguments, console.environment)
    let other = try arguments.run(operand: "B", at: 1, of: Self.description)
    let first = try ComparedModel(
      "A", arguments.operands[0], shelf: console.environment.shelf)
    let second = try ComparedModel("B", other, shelf: console.environment.shelf)
    try check(first, second)
    for side in [first, second] { console.note(side.introduction) }

    let images = try images(first, second, engine)
    // Before minutes of work that would be lost.
    let folder = try arguments[SharedOption.out].map {
      try OutputFolder(creating: $0, outside: images.dataset)
    }
    let comparison = try ModelComparison(
      first, try answers(of: first, images, engine), second,
      try answers(of: second, images, engine), on: images, split: split)
    console.note(comparison.heading)
    console.leftOut(comparison.skipped)
    for side in [first, second] {
      let seen = SeenImages.count(
        images.samples.map(\.path), by: side.model, at: side.location, engine: engine)
      guard let seen, let caution = seen.caution(of: images.samples.count, "image") else {
        continue
      }
      console.warning("\(side.letter): \(caution)")
    }
    if let folder {
      let files = ComparisonFiles(comparison, arguments: arguments)
      try files.write(to: folder, plots: !arguments[SharedOption.noPlots], engine: engine)
    }
    if arguments[SharedOption.json] {
      try console.result(comparison.json.line)
    } else {
      let files =
        folder.map { "files in " + $0.path } ?? "no files written (use --out DIR)"
      try console.result(
        comparison.text(isVerbose: console.isVerbose) + "\n\n" + terminalSafe(files))
    }
    return .done
  }

  private var split: String { arguments[SharedOption.split].rawValue }
  private var maxPixels: Int { arguments[SharedOption.maxPixels] }

  private func check(_ first: ComparedModel, _ second: ComparedModel) throws(Failure) {
    guard first.sha256 != second.sha256 else {
      throw Failure(
        .usage, "A and B are the same model: \(first.name) and \(second.name) hold the same bytes",
        found: "SHA-256 \(first.sha256) twice", expected: CompareCommand.description.usage,
        helpPage: CompareCommand.description.helpPage)
    }
    guard first.model.classes == second.model.classes else {
      func list(_ side: ComparedModel) -> String {
        "\(side.letter) \(side.name): \(listed(side.model.classes))"
      }
      throw Failure(
        .badData, "models of different classes cannot be compared",
        found: list(first) + "; " + list(second), expected: "two models of the same classes")
    }
  }

  /// The images of the dataset that was named, or of the first run that names one.
  private func images(
    _ first: ComparedModel, _ second: ComparedModel, _ engine: Engine
  ) throws -> EvaluationImages {
    let owner = first.location.run == nil && second.location.run != nil ? second : first
    let other = owner.letter == first.letter ? second : first
    var request = Evaluator.Request()
    request.dataset = arguments.operands.dropFirst(2).first
    request.split = split
    request.maxPixels = maxPixels
    guard request.dataset != nil || owner.location.run != nil else {
      throw Failure(
        .usage, "DATASET is missing: neither model is in a run folder, which would name one",
        expected: CompareCommand.description.usage,
        helpPage: CompareCommand.description.helpPage)
    }
    let evaluator = Evaluator(model: owner.model, run: owner.location.run, engine: engine)
    let images = try evaluator.images(request, preparing: EvaluationProgress(console).show)
    console.clear()
    let otherEvaluator = Evaluator(
      model: other.model, run: other.location.run, engine: engine)
    if images.isHeldOut, split != Split.train.rawValue, !evaluator.hasSameSplit(as: otherEvaluator)
    {
      console.warning(
        "\(other.letter) may have been trained on some of these images: \(owner.letter) held them "
          + "out of its training images, \(other.letter) may not have")
    }
    return images
  }

  private func answers(
    of side: ComparedModel, _ images: EvaluationImages, _ engine: Engine
  ) throws -> ComparedAnswers {
    let predictor = Predictor(
      model: side.model, engine: engine,
      tta: arguments[SharedOption.tta], maxPixels: maxPixels)
    let progress = StepProgress("\(side.letter) predicts", console)
    let predictions = try predictor.predict(images.samples) {
      progress.show($0, of: images.samples.count)
    }
    console.clear()
    return ComparedAnswers(predictions: predictions, tta: predictor.tta)
  }
}

/// One of the two models of a comparison.
struct ComparedModel {
  /// A or B.
  let letter: String
  /// As the command line names it.
  let name: String
  let location: ModelLocation
  let model: ClassifierModel
  let sha256: String

  /// The model that the command line names.
  init(_ letter: String, _ name: String, shelf: ModelShelf?) throws {
    self.letter = letter
    self.name = name
    location = try ClassifierModel.locate(name, shelf: shelf)
    model = try ClassifierModel(at: location)
    sha256 = try model.fileSHA256 ?? location.fileFacts().sha256
  }

  /// The model and its quality, in one line.
  var introduction: String {
    ModelLine(model, at: location).text(isChosen: true, letter: letter)
  }
}

/// The predictions of a model.
struct ComparedAnswers {
  let predictions: [Prediction]
  /// The views of an image that were averaged.
  let tta: TestTimeAugmentation
}
