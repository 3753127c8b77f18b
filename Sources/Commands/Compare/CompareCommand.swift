internal import Classifier
internal import Compute
internal import ImageData
internal import Primitives
internal import Training

/// `cnnctl compare A B... [DATASET]`: two models or more on the same images.
struct CompareCommand: Command {
  static let name = "compare"
  static let description = CommandDescription(
    name: name, usage: "cnnctl compare A [B... [DATASET]] [options]",
    summary: "two models or more on the same images: which is better, and where",
    details: [
      "A and B are run folders, weights files, cats-dogs, the model built into this program, or "
        + "names that 'cnnctl models' lists; they must have the same classes. B defaults to the newest run. DATASET is a folder as "
        + "for evaluate; it defaults to the one that A's run was trained on, or B's if A is not "
        + "in a run.",
      "The models predict every image. McNemar's exact test says whether chance alone would "
        + "explain the images that only one of them gets right; if p is 0.05 or more, neither is "
        + "called better. Images that one of them cannot read are left out and counted.",
      "With --out DIR it writes compare.json, compare.txt, predictions.csv, the images whose "
        + "prediction changed, the curves of both trainings, and compare.html, which contains all "
        + "of it. Without --out it writes nothing.",
      "Of more than two models each is compared with A, in a table with a line per model; --out "
        + "then writes compare.json and compare.txt. A model that is named twice, such as "
        + "runs/latest among runs/*, is compared once.",
    ],
    operands: 1...letters.count + 1, operandName: "A and B",
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
      ("cnnctl compare runs/*", "each run with the newest"),
    ])

  /// What models are called, as many as can be compared.
  private static let letters = (UInt8(ascii: "A")...UInt8(ascii: "Z")).map {
    String(UnicodeScalar($0))
  }

  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let engine = try Engine(arguments, console.environment)
    let (named, dataset) = try named()
    let models = try zip(Self.letters, named).map { letter, model in
      try ComparedModel(letter, model.name, at: model.location)
    }
    try check(models)
    for side in models { console.note(side.introduction) }

    let images = try images(models, dataset, engine)
    let folder = try outputFolder(outside: images.dataset)
    let first = models[0]
    let answers = try models.map { try self.answers(of: $0, images, engine) }
    let comparisons = try zip(models, answers).dropFirst().map { other, own in
      try ModelComparison(first, answers[0], other, own, on: images, split: split)
    }
    console.note(comparisons[0].heading)
    console.leftOut(comparisons[0].skipped)
    for side in models {
      let seen = SeenImages.count(
        images.samples.map(\.path), by: side.model, at: side.location, engine: engine)
      guard let seen, let caution = seen.caution(of: images.samples.count, "image") else {
        continue
      }
      console.warning("\(side.letter): \(caution)")
    }
    let several = comparisons.count > 1 ? SeveralComparisons(comparisons) : nil
    if let folder {
      if let several {
        try folder.write([
          ("compare.json", several.json.indented), ("compare.txt", several.wholeText + "\n"),
        ])
      } else {
        let files = ComparisonFiles(comparisons[0], arguments: arguments)
        try files.write(to: folder, plots: !arguments[SharedOption.noPlots], engine: engine)
      }
    }
    try show(
      json: several?.json ?? comparisons[0].json,
      text: (several?.text ?? comparisons[0].text(isVerbose: console.isVerbose)) + "\n\n"
        + OutputFolder.line(folder?.path))
    return .done
  }

  private var split: String { arguments[SharedOption.split].rawValue }
  private var maxPixels: Int { arguments[SharedOption.maxPixels] }

  /// A model as the command line names it.
  private typealias Named = (name: String, location: ModelLocation)

  /// The models, and the images' folder if there is one: the last of three operands or more, where
  /// it is a folder and no run.
  private func named() throws -> (models: [Named], dataset: String?) {
    var names = arguments.operands
    if names.count == 1 { names.append(try newest(besides: names[0])) }
    var dataset: String?
    if names.count > 2, let last = names.last, FileSystem.isFolder(last),
      !RunFolder.holdsRun(last), !FileSystem.exists(RunFolder(existing: last).bestWeights)
    {
      dataset = names.removeLast()
    }
    let models = try distinct(names)
    guard models.count <= Self.letters.count else {
      throw Self.description.usageError(
        "too many models", found: "\(models.count)", expected: "at most \(Self.letters.count)")
    }
    return (models, dataset)
  }

  /// The newest run that has weights, to compare with `first`.
  private func newest(besides first: String) throws -> String {
    let latest = try arguments.run(operand: "B", at: 1, of: Self.description)
    let location = try ClassifierModel.locate(nil, shelf: console.environment.shelf)
    let newest = location.run ?? latest
    let place = FileSystem.absolute(location.weights)
    let other = try ClassifierModel.locate(first, shelf: console.environment.shelf)
    guard place == nil || place != FileSystem.absolute(other.weights) else {
      throw Self.description.usageError(
        "B is missing, and the newest run is A itself: \(first)", expected: Self.description.usage,
        advice: "cnnctl runs, which lists the runs; cats-dogs is a model, too")
    }
    console.warn(ofRunsPassedOver: location)
    return newest
  }

  /// The models of these names, without those that an earlier name means, as `runs/latest` does one
  /// of `runs/*`: a line names each.
  ///
  /// All of them where only one model would be left, for the error that says so.
  private func distinct(_ names: [String]) throws -> [Named] {
    let all = try names.map { name -> Named in
      (name, try ClassifierModel.locate(name, shelf: console.environment.shelf))
    }
    var first: [String: String] = [:]
    var repeated: [(name: String, first: String)] = []
    let models = all.filter { name, location in
      let place = FileSystem.absolute(location.weights) ?? location.weights
      if let known = first[place] {
        repeated.append((name, known))
        return false
      }
      first[place] = name
      return true
    }
    guard models.count > 1 else { return all }
    for (name, first) in repeated {
      console.note("left out \(name): it is the same model as \(first)")
    }
    return models
  }

  /// Refuses a model that is given twice, and models of different classes.
  private func check(_ models: [ComparedModel]) throws(Failure) {
    func list(_ side: ComparedModel) -> String {
      "\(side.letter) \(side.name): \(listed(side.model.classes))"
    }
    for (place, second) in models.enumerated().dropFirst() {
      if let first = models[..<place].first(where: { $0.sha256 == second.sha256 }) {
        throw Self.description.usageError(
          "\(first.letter) and \(second.letter) are the same model: \(first.name) and \(second.name) "
            + "hold the same bytes",
          found: "SHA-256 \(first.sha256) twice", expected: Self.description.usage)
      }
      guard models[0].model.classes == second.model.classes else {
        throw Failure(
          .badData, "models of different classes cannot be compared",
          found: list(models[0]) + "; " + list(second), expected: "models of the same classes")
      }
    }
  }

  /// The images of the dataset that was named, or of the first run that names one.
  private func images(
    _ models: [ComparedModel], _ dataset: String?, _ engine: Engine
  ) throws -> EvaluationImages {
    let owner = models.first { $0.location.run != nil } ?? models[0]
    var request = Evaluator.Request()
    request.dataset = dataset
    request.split = split
    request.maxPixels = maxPixels
    guard request.dataset != nil || owner.location.run != nil else {
      throw Self.description.usageError(
        "DATASET is missing: \(models.count > 2 ? "no" : "neither") model is in a run folder, which "
          + "would name one",
        expected: Self.description.usage)
    }
    let evaluator = Evaluator(model: owner.model, run: owner.location.run, engine: engine)
    let images = try evaluator.images(request, preparing: EvaluationProgress(console).show)
    console.clear()
    guard images.isHeldOut, split != Split.train.rawValue else { return images }
    for other in models where other.letter != owner.letter {
      let own = Evaluator(model: other.model, run: other.location.run, engine: engine)
      guard !evaluator.hasSameSplit(as: own) else { continue }
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

/// One of the models of a comparison.
struct ComparedModel {
  /// A, B, ...
  let letter: String
  /// As the command line names it.
  let name: String
  let location: ModelLocation
  let model: ClassifierModel
  let sha256: String

  /// The model that the command line names so.
  init(_ letter: String, _ name: String, at location: ModelLocation) throws {
    self.letter = letter
    self.name = name
    self.location = location
    model = try ClassifierModel(at: location)
    sha256 = try model.fileSHA256 ?? location.fileFacts().sha256
  }

  /// The model and its quality, in one line.
  var introduction: String {
    ModelLine(model, at: location).text(advice: nil, letter: letter)
  }
}

/// The predictions of a model.
struct ComparedAnswers {
  let predictions: [Prediction]
  /// The views of an image that were averaged.
  let tta: TestTimeAugmentation
}
