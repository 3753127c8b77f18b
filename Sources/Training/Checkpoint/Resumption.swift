internal import CNN
package import Classifier
internal import Compute
package import Primitives

/// A run that is to continue where it was left.
package struct Resumption: Sendable {
  package let folder: RunFolder
  /// The run's configuration.
  package let configuration: Configuration
  /// The environment in which the run was computed.
  package let record: RunRecord?
  /// The options that may differ from those the run was started with.
  package let request: Request
  /// The summary of a finished run; nil if the run is to be continued.
  package let finished: TrainingSummary?

  /// The options that may differ from those the run was started with; nil if not given.
  package struct Request: Sendable, Hashable {
    /// `--epochs`.
    package var epochs: Int?
    /// `--patience`, 0 for `--no-patience`.
    package var patience: Int?
    /// `--max-time` of the process that continues, 0 for `--no-max-time`.
    package var maxSeconds: Double?
  }

  /// Reads a run folder (`train --resume`).
  ///
  /// `dataset` is where the images lie now; without it they are where the run found them. Of
  /// `options` only the length of the run may differ from what it was started with. Errors: a
  /// folder that holds no run, and options that differ, each with the run's value and the one
  /// given.
  package init(
    run path: String, dataset: String? = nil, settings: Settings = Settings()
  ) throws(TrainingError) {
    let run = try RecordedRun(path, "to resume")
    let begun = run.configuration
    (folder, record) = (run.folder, run.record)
    try folder.requireNoLinks(grows: true)
    if var damage = run.damage {
      // It would be written anew, and what it says of the dataset and the end be lost.
      damage.advice =
        "restore the original file, or move it away: the run then continues from its checkpoint"
      throw damage
    }
    // Checked as those of a new run are.
    let asked = try Configuration(dataset: "", settings: settings.filter(mayDiffer: true)).training
    let request = Request(
      epochs: settings.has(\.training.epochs) ? asked.epochs : nil,
      patience: settings.has(\.training.patience) ? asked.patience : nil,
      maxSeconds: settings.has(\.training.maxSeconds) ? asked.maxSeconds : nil)
    self.request = request
    var wanted = begun
    try wanted.apply(settings.filter(mayDiffer: false))
    let differences = begun.differences(from: wanted)
    guard differences.isEmpty else {
      throw TrainingError(
        .usage, "\(path) was started with other options",
        found: differences.joined(separator: "; "),
        expected: "the same options or none: the run has its own",
        advice: "--epochs, --patience and --max-time may differ; for other changes start a new "
          + "run with --out")
    }
    var configuration = begun
    configuration.dataset = run.dataset(dataset)
    configuration.transfer.shelf = settings.shelf
    self.configuration = configuration
    let last = record?.status == .done ? (try? RunEvents.summary(of: folder)) : nil
    finished = last.flatMap { Resumption.isOver(begun, $0, request) ? $0 : nil }
  }

  /// Whether a finished run has nothing left to do.
  private static func isOver(
    _ configuration: Configuration, _ summary: TrainingSummary, _ request: Request
  ) -> Bool {
    let training = configuration.training
    let planned = training.changes?.last?.epochs ?? training.epochs
    // Of a run that earlier versions wrote, the limits tell what ended it.
    let ending =
      summary.endedBy
      ?? (summary.epochs >= planned
        ? .epochs : training.maxSeconds > 0 ? .time : training.patience > 0 ? .patience : .epochs)
    switch ending {
    case .time: return false
    case .patience:
      return request.epochs == nil
        && (request.patience.map { $0 == training.patience(after: .max) } ?? true)
    default: return request.epochs.map { $0 == max(planned, summary.epochs) } ?? true
    }
  }

  /// Finds the checkpoint to continue from, and refuses one of another run or other images.
  ///
  /// nil if there is none: the run starts over. `skipped` gets the reason why one is ignored.
  func checkpoint(skipped: (String) -> Void) throws(TrainingError) -> Checkpoint? {
    folder.removeTemporaries()
    guard let checkpoint = try CheckpointFolder(folder).newest(skipped: skipped) else {
      try refuseToLoseWeights()
      return nil
    }
    let differences = checkpoint.progress.configuration.differences(from: configuration)
    guard differences.isEmpty else {
      throw TrainingError(
        .badData,
        "\(folder.file(RunFolder.configurationName)) does not match the checkpoint",
        found: differences.joined(separator: "; "), expected: "the run's own file, unchanged")
    }
    let step = checkpoint.progress.steps
    func changes(_ configuration: Configuration) -> [PlanChange] {
      (configuration.training.changes ?? []).filter { $0.step <= step }
    }
    guard changes(configuration).starts(with: changes(checkpoint.progress.configuration)) else {
      throw TrainingError(
        .badData,
        "\(folder.file(RunFolder.configurationName)) does not match the checkpoint",
        found: "other training.changes up to step \(step)",
        expected: "the run's own file, unchanged")
    }
    let done = checkpoint.progress.epochs
    if let wanted = request.epochs, wanted < done {
      throw TrainingError(
        .usage, "\(folder.path) already has more epochs than --epochs \(wanted)",
        found: "\(done) epochs", expected: "at least \(done)")
    }
    return checkpoint
  }
}

extension Resumption {
  /// Seconds of training after which a run must have written a checkpoint, many times over.
  private static let longest = 10.0

  /// Refuses to begin a run anew where it has trained and its checkpoints are gone.
  ///
  /// A run that was killed in its first moments may have weights and no checkpoint yet; one that
  /// ended or trained on has written checkpoints, and what it left is not written over.
  private func refuseToLoseWeights() throws(TrainingError) {
    // An instant run has no checkpoints: it takes seconds, and gives the same weights again.
    guard configuration.recipe.hasEpochs else { return }
    guard folder.place(RunFolder.bestName).isThere || folder.place(RunFolder.lastName).isThere
    else {
      return
    }
    let hasEnded =
      record?.status == .done || record?.status == .stopped && record?.weightsSHA256 != nil
    let trained = (try? MetricsRow.read(folder.place(RunFolder.metricsName)))
      .map { $0.reduce(0) { $0 + $1.seconds } }
    guard hasEnded || trained.map({ !($0 < Resumption.longest) }) ?? true else { return }
    throw TrainingError(
      .badData, "\(folder.path) has weights but no checkpoint, and is not restarted over them",
      found: "no file in \(folder.file("checkpoint"))", expected: "the run's checkpoints",
      advice: folder.adviceToBeginAnew)
  }
}

extension Resumption {
  /// Warnings about the run that continues from `checkpoint`, with the given number of processes.
  func notes(on checkpoint: Checkpoint?, _ engine: Engine, processes: Int) -> [String] {
    guard let progress = checkpoint?.progress else {
      return ["no checkpoint found; starting the run from the beginning"]
    }
    var notes: [String] = []
    let now = (engine.instructionSet.rawValue, engine.convolution.rawValue)
    if now != (progress.isa, progress.conv) {
      notes.append(
        "the run was started with \(progress.isa) and \(progress.conv) convolutions and continues "
          + "with \(now.0) and \(now.1): its results will differ in the last digits")
    }
    let before = record?.ranks ?? 1
    if before != processes {
      notes.append(
        "the run was started by \(counted(before, "process", "processes")) and continues with "
          + "\(processes): its results will differ in the last digits")
    }
    let changes = record?.versionChanges ?? []
    if !changes.isEmpty {
      notes.append(
        "the run continues with other versions: \(changes.joined(separator: "; ")); its results may "
          + "differ in the last digits")
    }
    return notes
  }
}

extension Configuration.Training {
  /// Takes over what is asked of a run that continues from `progress`, as a change of its plan; nil
  /// for one without a checkpoint.
  ///
  /// `hasEnded`: the run came to its end, and was not interrupted.
  mutating func resume(
    _ request: Resumption.Request, from progress: Checkpoint.Progress?, stepsPerEpoch: Int,
    hasEnded: Bool = true
  ) {
    let made = progress?.steps ?? 0
    let done = progress?.epochs ?? 0
    if let before = progress?.configuration.training, before.epochs != epochs {
      // Earlier versions wrote the new number over the old one, and so may a hand.
      let wanted = epochs
      (epochs, minimumSteps) = (before.epochs, before.minimumSteps)
      add(PlanChange(step: made, epochs: max(wanted, done, 1), reason: .request))
    }
    maxSeconds = 0
    let planned = length(after: .max, stepsPerEpoch: stepsPerEpoch)
    let isTimed = changes?.last?.reason == .time
    // A run that was stopped in its test comes to its end first.
    let isOver = hasEnded && done >= planned.epochs
    let patience = request.patience.flatMap { $0 == self.patience(after: .max) ? nil : $0 }
    var epochs = request.epochs
    if isTimed, isOver || request.maxSeconds != nil || patience != nil {
      // Time is given anew, or without a limit: it is not what was asked for.
      epochs = epochs ?? askedEpochs(stepsPerEpoch: stepsPerEpoch)
    }
    let waited = self.patience(after: made)
    let isPatienceOver = waited > 0 && (progress?.best.standstill ?? 0) >= waited
    let isNew = epochs.map { $0 != planned.epochs || isTimed || isPatienceOver } ?? false
    if isNew || patience != nil {
      let epochs = max(done, epochs ?? planned.epochs)
      var change = PlanChange(step: made, epochs: epochs, patience: patience, reason: .request)
      var changed = self
      changed.add(change)
      // A run of an earlier version may have fewer steps than its epochs would have.
      let steps = made - (progress?.underWay?.step ?? 0) + (epochs - done) * stepsPerEpoch
      if changed.length(after: made, stepsPerEpoch: stepsPerEpoch).steps != steps {
        change.steps = max(1, steps)
      }
      add(change)
    }
  }

  /// Changes the plan from a step on: what was planned for later steps is no more.
  private mutating func add(_ change: PlanChange) {
    changes = (changes ?? []).filter { $0.step <= change.step } + [change]
  }
}

extension Checkpoint {
  /// Refuses to continue with other images than were trained on.
  func check(fingerprint: String, dataset: String) throws(TrainingError) {
    guard progress.fingerprint != fingerprint else { return }
    throw TrainingError(
      .badData, "the images of \(dataset) differ from those the run was started with",
      found: "fingerprint \(fingerprint)", expected: progress.fingerprint,
      advice: "the same files and classes, or a new run")
  }
}
