internal import Classifier
internal import Compute
internal import Glibc
internal import ImageData
internal import Primitives
internal import Ranks
internal import Training

/// `cnnctl train DATASET`: trains, writes a run folder, evaluates the test images once.
struct TrainCommand {
  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    // Before there is any other thread: they take over which signals are blocked.
    let signal = console.environment.watchSignals()
    guard let ranks = try RankedTraining(console.environment) else {
      if let tasks = Launcher.strangers(console.environment.variables) {
        console.warning(
          "srun has started \(tasks) tasks that are not connected, so each trains by itself; "
            + "use srun --mpi=pmix to train together")
      }
      return try run(signal, ranks: nil)
    }
    do {
      let own = Console(ranks.environment(console.environment), arguments: arguments)
      let code = try TrainCommand(arguments: arguments, console: own).run(signal, ranks: ranks)
      try ranks.leave()
      return code
    } catch {
      ranks.end(error, console)
    }
  }

  private func run(_ signal: @escaping @Sendable () -> Int32?, ranks: RankedTraining?) throws
    -> ExitCode
  {
    let isFirst = ranks?.communicator.isFirst ?? true
    let resumption = isFirst ? try resumption() : nil
    let configuration = try ranks.configuration {
      try resumption?.configuration ?? self.configuration()
    }
    let engine = try Engine(
      arguments, console.environment, threads: arguments.integer("threads") ?? ranks?.threads,
      like: ranks.record(resumption?.record), upTo: ranks?.instructionSet)
    let progress = TrainingProgress(
      console, json: arguments.flag("json"), plots: !arguments.flag("no-plots"),
      engine: engine, signal: signal)
    if try ranks.isTrue(resumption?.finished != nil) {
      guard let summary = resumption?.finished else { return .done }
      let how = summary.ending(of: summary.askedEpochs ?? summary.epochs)
      console.note(
        "\(summary.run) has finished"
          + (how.map { ": " + $0 } ?? ": all \(counted(summary.epochs, "epoch")) are trained"))
      console.note(
        summary.endedBy == .patience
          ? "use --epochs N to train it further with the same patience, or --patience N or --no-patience"
          : "use --epochs N with more than \(summary.epochs) to train it further")
      try progress.show(.done(summary))
      try progress.finish()
      return .done
    }
    let cache = PictureCache(arguments, console.environment)
    let trainer =
      resumption.map {
        Trainer(
          $0, cache: cache, engine: engine, communicator: ranks?.communicator,
          neighbours: ranks?.neighbours)
      }
      ?? Trainer(
        configuration: configuration, out: arguments.text("out"),
        cache: cache, engine: engine, communicator: ranks?.communicator,
        neighbours: ranks?.neighbours)
    trainer.drawsReport = !arguments.flag("no-plots")
    let summary: TrainingSummary
    do {
      summary = try trainer.run(
        events: progress.show, shouldStop: { signal().map(StopReason.signal) })
    } catch let stopped as StoppedEarly {
      throw stoppedEarly(stopped.signal)
    } catch ImageStoreError.stopped {
      // Another process was asked to stop.
      throw stoppedEarly(signal() ?? SIGTERM)
    } catch DatasetError.stopped {
      throw stoppedEarly(signal() ?? 0)
    }
    try progress.finish()
    console.clear()
    if let signal = summary.stoppedBySignal {
      console.note(
        "stopped by \(signalName(signal)) after \(counted(summary.epochs, "epoch")); all steps are saved. "
          + "To continue: cnnctl train --resume=\(shellWord(summary.run))")
      return ExitCode(signal: signal)
    }
    if let failure = progress.reportFailure { throw failure }
    return .done
  }

  private func stoppedEarly(_ signal: Int32) -> Failure {
    console.clear()
    return Failure(
      ExitCode(signal: signal), "stopped before the first step")
  }

  /// The run to continue with: that of `--resume=RUN`, of `--out`, or the newest.
  private func resumption() throws -> Resumption? {
    guard arguments.has("resume"), !arguments.isOff("resume") else { return nil }
    for option in ["config", "from"] where arguments.has(option) {
      throw Failure(
        .usage, "--resume and --\(option) exclude each other: a run has its own settings",
        helpPage: CommandDescription.train.helpPage)
    }
    let named = arguments.flag("resume") ? nil : arguments.text("resume")
    let out = arguments.text("out")
    if let named, let out, named != out {
      throw Failure(
        .usage, "--resume and --out name two runs", found: "\(named) and \(out)",
        expected: "one of them", helpPage: CommandDescription.train.helpPage)
    }
    return try Resumption(
      run: named ?? out ?? RunFolder.latest, dataset: arguments.operands.first,
      options: TrainingOptions(arguments))
  }

  private func configuration() throws -> Configuration {
    let dataset = arguments.operands.first
    let options = TrainingOptions(arguments)
    if let file = arguments.text("config") {
      if arguments.has("recipe") {
        throw Failure(
          .usage, "--recipe and --config exclude each other: the file names its recipe",
          helpPage: CommandDescription.train.helpPage)
      }
      return try Configuration(file: file, dataset: dataset, options: options)
    }
    guard let dataset else {
      throw Failure(
        .usage, "DATASET is missing", expected: CommandDescription.train.usage,
        helpPage: CommandDescription.train.helpPage)
    }
    return try Configuration(dataset: dataset, options: options)
  }
}

/// A signal came before the trainer could be asked to stop.
struct StoppedEarly: Error {
  var signal: Int32
}

/// A signal's name as people know it.
func signalName(_ number: Int32) -> String {
  switch number {
  case 1: "SIGHUP"
  case 2: "SIGINT"
  case 15: "SIGTERM"
  default: "signal \(number)"
  }
}
