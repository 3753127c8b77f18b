internal import Classifier
internal import Compute
internal import ImageData
internal import Primitives
internal import Report
internal import Training

/// `cnnctl evaluate [DATASET]`: accuracy, loss, report and confusion matrix.
struct EvaluateCommand: Command {
  static let name = "evaluate"
  static let description = CommandDescription(
    name: name, usage: "cnnctl evaluate [DATASET] [options]",
    summary: "accuracy, report and confusion matrix of a model",
    details: [
      "DATASET is a folder as for train, or class folders alone; it defaults to the one that the "
        + "model's run was trained on. The classes come from the model and are matched by name.",
      SharedOption.namingModels,
      "--others measures how well photos of FOLDER, which belong to none of the classes, are told "
        + "from the evaluated images: by their distance, as predict --reject-above auto does, and "
        + "by the highest probability.",
    ],
    operands: 0...1, operandName: "DATASET",
    options: [
      SharedOption.maxPixels, SharedOption.model, SharedOption.split, minAccuracy, topK,
      SharedOption.tta, others, SharedOption.out, SharedOption.noPlots,
    ],
    examples: [
      ("cnnctl evaluate", "the newest run on its own test images"),
      ("cnnctl evaluate photos --model runs/train-001", "that run on other photos"),
      ("cnnctl evaluate --min-accuracy 0.9", "exit code 1 below 90 %"),
      ("cnnctl evaluate --others flowers", "how well flowers are rejected"),
    ])

  private static let minAccuracy = Option(
    "min-accuracy", .number(.strength), "X", in: .results, "exit code 1 below this accuracy")
  private static let topK = Option(
    "top-k", .integer(1...Int.max), "K", or: 1, in: .results,
    "also the fraction of images whose label is among the K most likely")

  private static let others = Option(
    "others", .text, "FOLDER", in: .results,
    "photos that belong to none of the classes, also in folders of FOLDER")

  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    try arguments.requirePhotos(of: Self.description) { "cnnctl evaluate --model \($0)" }
    // Before the engine: its threads take over which signals are blocked.
    let signal = console.environment.watchSignals()
    let engine = try Engine(arguments, console.environment)
    let location = try locateModel()
    let model = try ClassifierModel(at: location)
    guard !arguments.operands.isEmpty || location.run != nil else {
      throw Self.description.usageError(
        "DATASET is missing: \(location.title) is not in a run folder that names one",
        expected: Self.description.usage, advice: "cnnctl evaluate photos")
    }
    console.introduce(model, at: location, named: arguments[SharedOption.model])
    var request = Evaluator.Request()
    request.dataset = arguments.operands.first
    request.split = arguments[SharedOption.split].rawValue
    request.topK = arguments[Self.topK]
    request.tta = arguments[SharedOption.tta]
    request.maxPixels = arguments[SharedOption.maxPixels]

    let others = try arguments[Self.others].map {
      try OtherPhotos(in: $0, model, at: location, console)
    }
    request.detector = others?.rejection.detector
    if !arguments[SharedOption.noPlots], arguments.has(SharedOption.out) || location.run != nil {
      try AnswerMemory.requireDrawing(0, classes: model.classes.count, advice: "--no-plots")
    }
    let evaluator = Evaluator(model: model, run: location.run, engine: engine)
    let dataset = try evaluator.dataset(of: request)
    let folder = try outputFolder(outside: dataset)
    let preparation = EvaluationProgress(console)
    let progress = StepProgress("evaluating", console)
    var result: EvaluationResult
    var answered = ""
    do {
      result = try evaluator.evaluate(request, preparing: preparation.show) { done, total in
        if let number = signal(), done < total {
          answered = "\(grouped(done)) of \(counted(total, "image"))"
          throw Stopped(signal: number)
        }
        progress.show(done, of: total)
      }
    } catch let stopped as Stopped {
      console.clear()
      throw Failure(
        ExitCode(signal: stopped.signal),
        "stopped by \(signalName(stopped.signal)) after \(answered); nothing was written")
    }
    console.clear()
    console.note(result.heading)
    console.leftOut(result.evaluation.skipped)
    result.evaluation.seen = SeenImages.count(
      result.predictions.filter { $0.failure == nil }.map(\.path), by: model, at: location,
      engine: engine)
    let remedies = Configuration.remedies(
      location.configuration, images: model.trainingImages, classes: model.classes.count)
    let noun = RunRecord.Test.noun(of: request.split)
    for caution in result.evaluation.cautions(of: noun, remedies: remedies) {
      console.warning(caution)
    }

    let strangers = try others?.predictions(
      by: model, engine, tta: request.tta, maxPixels: request.maxPixels, signal)
    if let others, let strangers {
      result.evaluation.others = NoveltyFigures(
        own: result.predictions, others: strangers, folder: others.folder,
        threshold: others.rejection.threshold)
    }
    let report = EvaluationReport(of: result, others: strangers ?? [])
    let place = try writeFiles(
      report, to: folder, split: request.split, run: location.run, dataset: dataset
    ) { files in
      try writePictures(result, maxPixels: request.maxPixels, engine, to: files)
    }
    if arguments[SharedOption.json] {
      try console.result(result.evaluation.json())
    } else {
      let rest =
        place.map { "the full report is in \($0)/report.txt" }
        ?? "--out DIR writes the full report, --json shows it"
      try console.result(report.text(rest: rest) + "\n" + OutputFolder.line(place))
    }
    return verdict(result.evaluation)
  }

  /// Writes the files and says where: `--out`, else for the run's own images the run's folder.
  ///
  /// Predictions on other images are not the run's, and go nowhere unless asked to.
  private func writeFiles(
    _ report: EvaluationReport, to folder: OutputFolder?, split: String, run: String?,
    dataset: String, pictures: (ReportFiles) throws -> Void
  ) throws -> String? {
    if let folder {
      try folder.write(report)
      try pictures(ReportFiles(in: folder.path))
      return folder.path
    }
    guard arguments.operands.isEmpty, let run else { return nil }
    let files = ReportFiles(in: run, below: split + "/")
    do {
      // A dataset in a run's folder may have the name of a split.
      try RunFolder.requireOutside(dataset, files: run + "/" + split)
      let folder = try OutputFolder(split, of: run)
      try folder.write(report)
      // Those of an earlier evaluation do not show these predictions.
      files.removeEvaluation()
      try pictures(files)
      return folder.path
    } catch {
      // The predictions are on standard output; nobody asked for the files.
      console.warning(Failure(error).message)
      return nil
    }
  }

  /// Draws the predictions, as a run's report does.
  private func writePictures(
    _ result: EvaluationResult, maxPixels: Int, _ engine: Engine, to files: ReportFiles
  ) throws {
    guard !arguments[SharedOption.noPlots] else { return }
    var report = RunReport(title: result.heading)
    _ = report.show(
      RecordedAnswers(result), of: result.heading, from: .own, maxPixels: maxPixels,
      workers: engine.workers)
    try files.writeEvaluation(report)
  }

  private func verdict(_ evaluation: Evaluation) -> ExitCode {
    guard let least = arguments[Self.minAccuracy], evaluation.accuracy < least else {
      return .done
    }
    console.failure(
      Failure(
        .conditionFailed,
        "accuracy \(fixed(evaluation.accuracy, 4)) is below --min-accuracy \(least)"))
    return .conditionFailed
  }
}
