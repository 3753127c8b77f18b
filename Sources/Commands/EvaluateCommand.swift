internal import KernelSelection
internal import Primitives
internal import Report
internal import Training

/// `cnnctl evaluate [DATASET]`: accuracy, loss, report and confusion matrix.
struct EvaluateCommand {
  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let engine = try Engine(arguments, console.environment)
    let location = try ClassifierModel.locate(arguments.text("model"))
    let model = try ClassifierModel(at: location)
    console.introduce(model, at: location, named: arguments.text("model"))
    var request = Evaluator.Request()
    request.dataset = arguments.operands.first
    request.split = arguments.text("split") ?? request.split
    request.topK = arguments.integer("top-k") ?? request.topK
    request.tta = arguments.text("tta").flatMap(TestTimeAugmentation.init)
    request.maxPixels = arguments.integer("max-pixels") ?? request.maxPixels

    let preparation = EvaluationProgress(console)
    let progress = StepProgress("evaluating", console)
    let result = try Evaluator(model: model, run: location.run, engine: engine)
      .evaluate(request, preparing: preparation.show) { progress.show($0, of: $1) }
    console.clear()
    console.note(result.heading)
    console.leftOut(result.evaluation.skipped)

    let report = EvaluationReport(
      heading: result.heading, evaluation: result.evaluation, predictions: result.predictions,
      classes: model.classes)
    let place = try writeFiles(report, split: request.split, run: location.run) { folder in
      try writePictures(result, model, maxPixels: request.maxPixels, engine, to: folder)
    }
    if arguments.flag("json") {
      try console.result(result.evaluation.json())
    } else {
      let files = place.map { "files in " + $0 } ?? "no files written (--out DIR says where)"
      let rest =
        place.map { "all of it is in \($0)/report.txt" }
        ?? "--out DIR writes all of it, --json shows it"
      try console.result(report.text(rest: rest) + "\n" + terminalSafe(files))
    }
    return verdict(result.evaluation)
  }

  /// Writes the files and says where: `--out`, else for the run's own images the run's folder.
  ///
  /// Answers on other images are not the run's, and go nowhere unless asked to.
  private func writeFiles(
    _ report: EvaluationReport, split: String, run: String?, pictures: (String) throws -> Void
  ) throws -> String? {
    if let out = arguments.text("out") {
      try report.write(to: OutputFolder(creating: out).files)
      try pictures(out)
      return out
    }
    guard arguments.operands.isEmpty, let run else { return nil }
    let folder = run + "/" + split
    do {
      try report.write(to: OutputFolder(creating: folder).files)
      // Those of an earlier evaluation do not show these answers.
      ReportFiles(in: folder).removeEvaluation()
      try pictures(folder)
      return folder
    } catch {
      // The answers are on standard output; nobody asked for the files.
      console.warning(Failure(error).message)
      return nil
    }
  }

  /// Draws the answers, as a run's report does.
  private func writePictures(
    _ result: EvaluationResult, _ model: ClassifierModel, maxPixels: Int, _ engine: Engine,
    to folder: String
  ) throws {
    guard !arguments.flag("no-plots") else { return }
    let answers = RecordedAnswers(
      classes: model.classes, evaluation: result.evaluation, predictions: result.predictions)
    var report = RunReport(title: result.heading)
    report.evaluated = RunReport.evaluated(answers, of: result.heading)
    report.show(
      ShownAnswers(answers.predictions).tiles(
        classes: model.classes, places: ImagePlaces(), maxPixels: maxPixels,
        workers: engine.workers))
    try ReportFiles(in: folder).writeEvaluation(report)
  }

  private func verdict(_ evaluation: Evaluation) -> ExitCode {
    guard let least = arguments.number("min-accuracy"), evaluation.accuracy < least else {
      return .done
    }
    console.failure(
      Failure(
        .conditionFailed,
        "accuracy \(fixed(evaluation.accuracy, 4)) is below --min-accuracy \(least)"))
    return .conditionFailed
  }
}
