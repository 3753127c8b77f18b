internal import ImageData
internal import KernelSelection
internal import Training

/// `cnnctl train DATASET`: trains, writes a run folder, evaluates the test images once.
struct TrainCommand {
  private let arguments: Arguments
  private let console: Console

  init(_ arguments: Arguments, _ console: Console) {
    self.arguments = arguments
    self.console = console
  }

  func run() throws -> ExitCode {
    let configuration = try configuration()
    // Before the engine: its threads take over which signals are blocked.
    let signal = console.environment.watchSignals()
    let engine = try Engine(arguments, console.environment)
    let progress = TrainingProgress(
      console, json: arguments.flag("json"), plots: !arguments.flag("no-plots"),
      workers: engine.workers, signal: signal)
    let trainer = Trainer(
      configuration: configuration, out: arguments.text("out"), cache: pictureCache(),
      engine: engine)
    let summary: TrainingSummary
    do {
      summary = try trainer.run(
        events: progress.show, shouldStop: { signal().map(StopReason.signal) })
    } catch let stopped as StoppedEarly {
      throw stoppedEarly(stopped.signal)
    } catch DatasetError.stopped {
      throw stoppedEarly(signal() ?? 0)
    }
    console.clear()
    if let signal = summary.stoppedBySignal {
      console.note(
        "stopped by \(signalName(signal)) after \(summary.epochs) epochs; weights and run.json "
          + "are saved in \(summary.run)")
      return ExitCode(signal: signal)
    }
    return .done
  }

  private func stoppedEarly(_ signal: Int32) -> Failure {
    console.clear()
    return Failure(
      ExitCode(signal: signal), "stopped before the first step; nothing is trained yet")
  }

  /// Where decoded images are kept: never in the dataset, and across runs only as a cache may be.
  private func pictureCache() -> PictureCache {
    let variables = console.environment.variables
    // The base directory specification has empty and relative paths ignored.
    let bases = [variables["XDG_CACHE_HOME"], variables["HOME"].map { $0 + "/.cache" }]
    let folder = bases.compactMap { $0 }.first { $0.hasPrefix("/") }.map { $0 + "/cnnctl" }
    let policy = arguments.text("cache").flatMap(PictureCache.Policy.init) ?? .auto
    return PictureCache(policy, folder: folder)
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
