internal import Classifier
internal import Compute
internal import ImageData
internal import Primitives
internal import Ranks
internal import Training

/// `cnnctl train DATASET`: trains, writes a run folder, evaluates the test images once.
struct TrainCommand: Command {
  static let name = "train"
  static let description = CommandDescription(
    name: name, usage: "cnnctl train DATASET [options]",
    summary: "train a classifier on a folder of photos",
    details: [
      "DATASET holds training_set/<class>/*.jpg|png (WebP, HEIC, AVIF, BMP and GIF are read as well), "
        + "and test_set and validation_set in the same form if you have them, or class folders alone. Without a validation folder a tenth of "
        + "the training images is held out. Everything the run writes goes into one folder, "
        + "runs/train-NNN; nothing is ever written into DATASET.",
      "The test images are evaluated once, at the end, and choose nothing (except under the seed "
        + "recipes, which repeat a tutorial that validates on its test set). An explicit option "
        + "overrides the recipe. Ctrl-C stops after the current step and saves what there is.",
    ],
    // --config may name it.
    operands: 0...1, operandName: "DATASET",
    settings: Setting.options,
    options: [SharedOption.cache, config, resume, out, SharedOption.noPlots],
    examples: [
      ("cnnctl train dataset", "the default recipe"),
      ("cnnctl train dataset --recipe seed --epochs 10", "the tutorial's network, shorter"),
      ("cnnctl train dataset --config runs/train-001/config.json", "the same run again"),
    ])

  private static let config = Option(
    "config", .text, "FILE", in: .training, "repeat the run that wrote this config.json")
  private static let resume = Option(
    "resume", .optionalText, "RUN", said: "runs/latest if no RUN is named", isFirst: true,
    in: .training,
    "continue a run where it stopped, to the weights that it would have had; only --epochs, "
      + "--patience, --max-time, --threads and output options may differ from its start")
  private static let out = SharedOption.out(
    "folder for the run", said: "runs/train-NNN", isFirst: true)

  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    try arguments.requirePhotos(of: Self.description) { run in
      "cnnctl train --resume=\(run), which continues it"
    }
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
    let isFirst = ranks?.group.isFirst ?? true
    let resumption = isFirst ? try resumption() : nil
    var configuration = try ranks.configuration {
      try resumption?.configuration ?? self.configuration()
    }
    configuration.transfer.shelf = console.environment.shelf
    let engine = try Engine(
      arguments, console.environment, threads: arguments[SharedOption.threads] ?? ranks?.threads,
      like: ranks.record(resumption?.record), upTo: ranks?.instructionSet)
    let progress = TrainingProgress(
      console, json: arguments[SharedOption.json], plots: !arguments[SharedOption.noPlots],
      engine: engine, continuing: resumption?.folder.path,
      hint: resumption == nil ? hint(configuration) : nil)
    if try ranks.isTrue(resumption?.finished != nil) {
      guard let summary = resumption?.finished else { return .done }
      guard resumption?.configuration.recipe.hasEpochs == true else {
        console.note("\(summary.run) has finished: its last layer is solved")
        try progress.finish(again: summary)
        return .done
      }
      let how = summary.ending(of: summary.askedEpochs ?? summary.epochs)
      console.note(
        "\(summary.run) has finished"
          + (how.map { ": " + $0 } ?? ": all \(counted(summary.epochs, "epoch")) are trained"))
      console.note(
        summary.endedBy == .patience
          ? "use --epochs N to train it further with the same patience, or --patience N or --no-patience"
          : "use --epochs N with more than \(summary.epochs) to train it further")
      try progress.finish(again: summary)
      return .done
    }
    let cache = ImageCache(arguments, console.environment)
    let trainer =
      resumption.map {
        Trainer(
          $0, cache: cache, engine: engine, group: ranks?.group ?? Group())
      }
      ?? Trainer(
        configuration: configuration, out: arguments[Self.out],
        cache: cache, engine: engine, group: ranks?.group ?? Group())
    trainer.drawsReport = !arguments[SharedOption.noPlots]
    let summary: TrainingSummary
    do {
      summary = try trainer.run(
        events: progress.show, shouldStop: { signal().map(Stopped.init) })
    } catch let stopped as Stopped {
      let line = stopLine(stopped.signal, progress.place)
      console.clear()
      // One of several processes ends the others, which may not know yet.
      guard ranks == nil else { throw Failure(ExitCode(signal: stopped.signal), line) }
      console.note(line)
      return ExitCode(signal: stopped.signal)
    } catch var error as TrainingError where error.kind == .inputOutput {
      console.clear()
      error.advice =
        error.advice
        ?? progress.run.map {
          "to continue once that is fixed: cnnctl train --resume=\(shellWord($0))"
        }
      throw error
    }
    try progress.finish()
    console.clear()
    if let signal = summary.stoppedBySignal {
      let place = "after \(counted(summary.epochs, "epoch")); all steps are saved"
      console.note(stopLine(signal, (place, summary.run)))
      return ExitCode(signal: signal)
    }
    if let failure = progress.reportFailure { throw failure }
    return .done
  }

  /// Where a signal stopped the run, and how to go on.
  private func stopLine(_ signal: Int32, _ place: (text: String, run: String?)) -> String {
    "stopped by \(signalName(signal)) \(place.text). To continue: "
      + (place.run.map { "cnnctl train --resume=\(shellWord($0))" } ?? "the same command")
  }

  /// The hint for few photos, unless the command line names the network or a tutorial's recipe.
  private func hint(_ configuration: Configuration) -> PretrainedHint? {
    let isChosen =
      configuration.transfer.from != nil || configuration.recipe.isSeed
      || arguments.has(Self.config) || settings.has(\.network.arch)
    return isChosen ? nil : PretrainedHint(shelf: console.environment.shelf)
  }

  private var settings: Settings {
    Settings(arguments.given, shelf: console.environment.shelf)
  }

  /// The run to continue with: that of `--resume=RUN`, of `--out`, or the newest.
  private func resumption() throws -> Resumption? {
    let given = arguments.given[Self.resume.description.name]
    guard let given, given != .off else { return nil }
    let other =
      arguments.has(Self.config)
      ? "config" : settings.has(\.transfer.from) ? "from" : nil
    if let other {
      throw Self.description.usageError(
        "--resume and --\(other) exclude each other: a run has its own settings")
    }
    let named = arguments[Self.resume]
    let out = arguments[Self.out]
    if let named, let out, named != out {
      throw Self.description.usageError(
        "--resume and --out name two runs", found: "\(named) and \(out)", expected: "one of them")
    }
    return try Resumption(
      run: named ?? out ?? RunFolder.latest, dataset: arguments.operands.first,
      settings: settings)
  }

  private func configuration() throws -> Configuration {
    let dataset = arguments.operands.first
    if let file = arguments[Self.config] {
      if settings.has(\.recipe) {
        throw Self.description.usageError(
          "--recipe and --config exclude each other: the file names its recipe")
      }
      return try Configuration(file: file, dataset: dataset, settings: settings)
    }
    guard let dataset else {
      throw Self.description.usageError(
        "DATASET is missing", expected: Self.description.usage)
    }
    return try Configuration(dataset: dataset, settings: settings(for: dataset))
  }

  /// The settings: with a model that goes by a name, of the recipe that suits the number of photos.
  private func settings(for dataset: String) throws -> Settings {
    let settings = settings
    guard settings.leaveRecipeOpen,
      let least = try? Dataset.open(dataset).counts(.train).min()
    else { return settings }
    let tuned = "the last layer is solved, then all layers are trained"
    if let option = settings.needEpochs {
      console.note("recipe finetune, because \(option) is for training in epochs: \(tuned)")
      return settings.with(.finetune)
    }
    guard least < PretrainedHint.enough else {
      console.note(
        "recipe finetune, because every class has \(PretrainedHint.enough) training photos or more: "
          + "\(tuned); --recipe instant leaves it at the first")
      return settings.with(.finetune)
    }
    console.note(
      "recipe instant, because a class has fewer than \(PretrainedHint.enough) training photos: the "
        + "last layer is solved; --recipe finetune trains all layers from there")
    return settings.with(.instant)
  }
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
