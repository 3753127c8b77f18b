internal import Classifier
internal import Compute
internal import Drawing
internal import ImageData
internal import Primitives
internal import Report
internal import Training

/// Shows a run's events: lines on standard error, the result or `--json` events on standard output.
final class TrainingProgress {
  private let console: Console
  private let json: Bool
  private let plots: Bool
  private let engine: Engine
  private let meter: TrainingMeter
  private let hint: PretrainedHint?
  private var done: TrainingSummary?
  /// The facts so far for the run's final screen.
  private var end = EndScreen()
  /// The training of cross-validation that is under way.
  private var fold: FoldStart?
  /// The run's folder; nil before there is one.
  private(set) var run: String?
  private let isContinued: Bool
  /// The number of trainings of cross-validation, once all are done.
  private var foldsDone: Int?
  /// The error in writing the report of a finished run.
  private(set) var reportFailure: Failure?

  /// - run: the run that is continued, if one is.
  /// - hint: the hint for few photos; nil for none.
  init(
    _ console: Console, json: Bool, plots: Bool, engine: Engine, continuing run: String? = nil,
    hint: PretrainedHint? = nil
  ) {
    (self.run, isContinued) = (run, run != nil)
    self.hint = hint
    self.console = console
    self.json = json
    self.plots = plots
    self.engine = engine
    meter = TrainingMeter(console)
  }

  func show(_ event: TrainingEvent) throws {
    if json, let line = event.json { try result(line) }
    switch event {
    case .scanning(let entries):
      meter.show("scanning", unit: "files", entries, of: nil)
    case .folder(let path):
      run = path
    case .start(let start):
      meter.begin(start)
      end.begin(start)
      note(event)
    case .dataset(let summary):
      note(event)
      console.leftOut(summary.skipped)
      if let line = hint?.line(for: summary) { console.note(line) }
    case .samples(let samples):
      if plots { draw(samples) }
    case .loading(let done, let total):
      meter.show("reading images", done, of: total)
    case .comparing(let done, let total):
      meter.show("comparing images", done, of: total)
    case .features(let done, let total):
      meter.show("computing features", done, of: total)
    case .batch(let progress):
      meter.show(progress)
    case .plan, .solved, .calibrated: note(event)
    case .digest: break
    case .validating(let done, let total):
      meter.show("evaluating", done, of: total)
    case .epoch(let metrics):
      meter.finish(metrics)
    case .checkpoint:
      for line in event.lines { console.detail(line) }
    case .warning(let text):
      console.warning(text)
    case .fold(let start):
      fold = start
      note(event)
    case .foldDone(_, let result, let run):
      try EvaluationReport(of: result).write(to: run, place: RunFolder.testName + "/")
      note(event)
    case .outOfFold(let figures, let result, let run):
      fold = nil
      end.hasOutOfFold = true
      if figures.penalty == nil { foldsDone = figures.folds }
      try run.createFolder(RunFolder.foldsName)
      try EvaluationReport(
        of: result,
        alsoShown: DoubtfulLabels(of: result.predictions, classes: result.classes).paths
      ).write(to: run, place: RunFolder.foldsName + "/")
      note(event)
    case .evaluated(let test, let noun, let run):
      try EvaluationReport(of: test).write(to: run, place: RunFolder.testName + "/")
      console.note(test.heading)
      end.verdict = RunVerdict(RecordedAnswers(test), of: noun)
    case .done(let summary):
      done = summary
    }
  }

  private func note(_ event: TrainingEvent) {
    for line in event.lines { console.note(line) }
  }

  /// The place of a run that is stopped without a step of its own training that it could keep, and the
  /// run; nil where it has no folder yet.
  var place: (text: String, run: String?) {
    if let fold {
      let done = fold.fold - 1
      return (
        "in fold \(fold.fold) of \(fold.folds)"
          + (done > 0 ? ", after \(counted(done, "whole fold"))" : "") + "; all steps are saved",
        run
      )
    }
    if let foldsDone {
      return (
        "after all \(foldsDone) folds, before the first step of the last training; the folds are saved",
        run
      )
    }
    return (
      "before the \(isContinued ? "next" : "first") step"
        + (meter.work.map { " (\($0))" } ?? "")
        + (run == nil ? "; there is no run folder yet" : ""), run
    )
  }

  /// Shows the end of a run that had finished before.
  func finish(again summary: TrainingSummary) throws {
    if let contents = try? RunContents(reading: summary.run) { end = EndScreen(of: contents) }
    try show(.done(summary))
    try finish()
  }

  /// Draws the report of the run that is done, and says what it came to and where everything is.
  ///
  /// It comes when the trainer has returned and all its memory is free again.
  func finish() throws {
    guard let summary = done else { return }
    for line in meter.curves { console.note(line) }
    end.hasPage = plots && summary.stoppedBySignal == nil && writeReport(of: summary.run)
    let output = console.environment.output
    let lines = end.lines(of: summary, width: output.isTerminal ? console.environment.columns : nil)
    if !json { try result(lines.joined(separator: "\n")) }
  }

  /// Draws the sheet of training images; a run does not end for lack of it.
  private func draw(_ samples: TrainingSamples) {
    guard !samples.sheet.rows.isEmpty else { return }
    do {
      let sheet = ContactSheet(rows: samples.sheet.rows)
      try samples.run.createFolder("plots")
      try samples.run.write(sheet.picture.png(), to: RunFolder.samplesName)
    } catch {
      console.warning("\(samples.run.file(RunFolder.samplesName)) was not written: \(error)")
    }
  }

  /// Draws the report from the files that the run has left, as `cnnctl report` does; the run is done
  /// whatever becomes of it.
  ///
  /// Returns whether the page is there.
  private func writeReport(of run: String) -> Bool {
    do {
      var builder = try RunReportBuilder(reading: run, engine: engine)
      let report = builder.report()
      // What a run has no images for was said when it began.
      for problem in builder.problems where !problem.isMissing {
        console.warning("missing from the report: " + problem.message)
      }
      _ = try ReportFiles(in: run).write(report)
      return true
    } catch {
      var failure = Failure(error)
      failure.message = "the report of \(run) is incomplete: " + failure.message
      failure.advice = "cnnctl report \(shellWord(run)), once there is disk space"
      if failure.code == .io || failure.code == .cannotCreate {
        failure.code = .io
        reportFailure = failure
      } else {
        console.warning(failure.message)
      }
      return false
    }
  }

  /// The reader of standard output may go away; a run continues for its folder's sake.
  private func result(_ line: String) throws {
    do {
      try console.result(line)
    } catch  where error.isBrokenPipe {}
  }
}

extension EpochLine {
  /// An epoch under way.
  init(_ progress: BatchProgress) {
    self.init(
      epoch: progress.epoch, epochs: progress.epochs, step: progress.step, steps: progress.steps,
      seconds: progress.seconds, loss: progress.loss, accuracy: progress.accuracy)
  }

  /// A finished epoch, of whose steps so many were made.
  init(_ metrics: EpochMetrics, steps made: Int, of steps: Int) {
    self.init(
      epoch: metrics.epoch, epochs: metrics.epochs, step: made,
      steps: steps, seconds: metrics.seconds, loss: metrics.loss,
      accuracy: metrics.accuracy,
      outcome: Outcome(
        validationLoss: metrics.valLoss, validationAccuracy: metrics.valAccuracy,
        imagesPerSecond: metrics.imagesPerSecond, isBest: metrics.isBest))
  }
}
