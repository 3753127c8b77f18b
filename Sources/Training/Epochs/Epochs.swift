internal import CNN
internal import Classifier
internal import Compute
internal import ImageData
internal import Primitives
internal import Ranks

/// The epochs of a run: steps, validation, weights and checkpoints, until there is a reason to end.
///
/// A class, because it is the one state that a run has.
final class Epochs {
  private let steps: Steps
  private let journal: RunJournal
  private let engine: Engine
  private let team: Group
  private let validator: Validator?
  /// The run's configuration; its length may change during the run.
  private var configuration: Configuration
  /// Chooses how many epochs fit where time is limited, on the first process.
  private var timePlan: TimePlan?
  private var best: BestEpoch
  private var weights: WeightsWriter
  private var checkpointer = Checkpointer()
  private var done = 0
  /// The length that the steps under way are made by.
  private var planned = RunLength(epochs: 0, steps: 0)
  /// The sums of the epoch in which the run was interrupted before, until it continues there.
  private var underWay: EpochMeter.Sums?
  /// The sums of an epoch whose steps are made, until it is validated.
  private var unfinished: EpochMeter.Sums?
  private var isResumed = false
  /// The number of times the rate was reduced on a plateau.
  private var reductions = 0
  /// The number of times the rate was halved after numbers that were not finite.
  private var rollbacks = 0
  /// The step of the last checkpoint between two epochs, to which such numbers lead back; nil if
  /// there is none.
  ///
  /// Not to the newest checkpoint: when that is written depends on the clock, and what is learnt
  /// must not.
  private var boundary: Int?

  private static let mostRollbacks = 3

  /// Takes all memory that the epochs need.
  init(
    _ plan: RunPlan, _ images: RunImages, engine: Engine, team: Group, _ journal: RunJournal
  ) throws {
    configuration = plan.configuration
    (self.engine, self.team, self.journal) = (engine, team, journal)
    steps = try Steps(plan, images, engine: engine, team: team)
    validator = try steps.makeValidator()
    best = BestEpoch(monitor: configuration.training.monitor)
    // Epochs on features take milliseconds, a file's way to the disk tens of them.
    weights = WeightsWriter(interval: steps.features == nil ? 0 : 2)
  }

  /// Trains to the end; returns why it has come.
  ///
  /// Throws `Stopped` for a signal: after the first step everything is kept.
  func run() throws -> Ending {
    do {
      let ending = try runSteppingBack()
      try weights.flush(model, journal)
      return ending
    } catch {
      // What came before the error is kept; the error itself is the one to report.
      try? weights.rescue(journal)
      throw error
    }
  }

  /// Runs the epochs, from the last checkpoint again where numbers are not finite and that is wanted.
  private func runSteppingBack() throws -> Ending {
    if mayStepBack, !isResumed {
      boundary = 0
      try keep()
    }
    while true {
      do {
        return try runEpochs()
      } catch let error as TrainingError where error.kind == .diverged && mayStepBack {
        try stepBack(error)
      }
    }
  }

  /// Runs the epochs; a signal that comes after the first step leaves every step kept.
  private func runEpochs() throws -> Ending {
    do {
      var source: (any BatchSource)?
      while true {
        if isPatienceOver {
          // Asked for more after it, the run waits as long again.
          guard training.isAskedAgain(after: steps.made) else { return .patience }
          best.waitAgain()
        }
        guard done < length.epochs, underWay != nil || steps.made < length.steps else {
          return training.isCutShort(after: steps.made, stepsPerEpoch: steps.perEpoch)
            ? .time : .epochs
        }
        try finish(makeSteps(&source))
        let isOver = done >= length.epochs || isPatienceOver
        if isOver || mayStepBack || checkpointer.isDue {
          if mayStepBack { boundary = steps.made }
          try keep(isLast: isOver)
        }
        timePlan?.noteEpoch()
        if !isOver { try agreeBetween(&source) }
      }
    } catch let stopped as Stopped where hasBegun {
      try keep(unfinished ?? underWay, isLast: true)
      if unfinished != nil {
        // The weights after the steps that were made, where there are no better ones.
        try save(epoch: done, asBest: !weights.hasBest)
        try weights.flush(model, journal)
      }
      throw stopped
    }
  }

  /// Makes the steps of an epoch, or the rest of them, on batches of `source`, which keeps those that
  /// the next epoch can use.
  private func makeSteps(_ source: inout (any BatchSource)?) throws -> EpochMeter {
    unfinished = nil
    planned = length
    try steps.prepare(epoch: done, of: planned.epochs, journal)
    var meter = EpochMeter(
      epoch: done + 1, epochs: planned.epochs, steps: steps.perEpoch, source ?? self.source(), team,
      from: underWay ?? .init())
    let first = meter.step
    underWay = nil
    var stopped: Stopped?
    var (isNew, isCut) = (false, false)
    timePlan?.beginSteps()
    while stopped == nil, !isCut, steps.made < planned.steps, let batch = try meter.batches.next() {
      let factor = training.rates.factor(
        step: steps.made, total: length.steps, reductions: reductions)
      try steps.step(batch, factor: factor, rollbacks: rollbacks, &meter)
      timePlan?.noteStep(epoch: done, of: planned.epochs)
      try journal.report(.batch(meter.progress))
      if StepDigest.isDue(after: steps.made) { try journal.report(.digest(steps.digest(meter))) }
      stopped = try agree(inEpoch: meter.step)
      // What was asked for after the plan's last step came later: the epoch ended there.
      isCut = training.ends(after: steps.made, stepsPerEpoch: steps.perEpoch)
      if length != planned, !isCut || length.steps == steps.made {
        planned = length
        isNew = true
        try reportPlan()
        try follow(&meter)
      }
      if stopped == nil, !isCut, meter.step < steps.perEpoch, steps.made < planned.steps,
        checkpointer.isDue
      {
        try keep(meter.sums)
      }
    }
    // What was prepared for another length, or beyond the end, is of no use.
    source = isNew || isCut || steps.made >= planned.steps ? nil : meter.batches
    unfinished = meter.sums
    if let stopped { throw stopped }
    if meter.step == first { try journal.report(.batch(meter.progress)) }
    return meter
  }

  /// Validates, keeps weights, reports the figures.
  private func finish(_ meter: EpochMeter) throws {
    let trainingSeconds = meter.seconds
    let evaluation = try validator?.evaluate(journal)
    // Without validation images the last epoch is kept.
    let (isKept, isBest) =
      evaluation.map { best.keeps($0, epoch: meter.epoch, training.keep) } ?? (true, false)
    // Plateaus count for the schedule that falls at them.
    if case .plateau(_, let patience) = training.rates, best.standstill > 0,
      best.standstill % patience == 0
    {
      reductions += 1
    }
    (done, unfinished) = (meter.epoch, nil)
    journal.record.epochs = done
    try journal.report(
      .epoch(
        meter.metrics(
          evaluation, trainingSeconds: trainingSeconds, isBest: isBest && training.keep == .best)))
    try save(epoch: done, asBest: isKept)
  }

  /// Continues in the epoch under way as a run of the planned length does.
  private func follow(_ meter: inout EpochMeter) throws {
    meter.epochs = planned.epochs
    guard meter.step < steps.perEpoch, steps.made < planned.steps else { return }
    try steps.resize(epoch: done, of: planned.epochs)
    // The loader has prepared a batch already, of the size that it would have had.
    let sums = meter.sums
    meter.restart(
      steps.source(from: done, step: sums.step, of: planned.epochs), from: sums)
  }

  /// The batches from where the run stands to its end.
  private func source() -> any BatchSource {
    steps.source(from: done, step: underWay?.step ?? 0, of: length.epochs)
  }
}

/// The length of a run, and what changes it.
extension Epochs {
  private var training: Configuration.Training { configuration.training }

  /// The length of the run, as known after its current step.
  private var length: RunLength {
    training.length(after: steps.made, stepsPerEpoch: steps.perEpoch)
  }

  /// Whether there is something to lose: steps, or a last layer that is solved.
  var hasBegun: Bool { steps.made > 0 || weights.hasBest }

  /// Whether the weights before the first epoch are kept, as none was better.
  var keepsStart: Bool { weights.hasBest && weights.kept == 0 }

  private var isPatienceOver: Bool {
    let patience = training.patience(after: steps.made)
    return patience > 0 && best.standstill >= patience
  }

  /// The signal, common to all processes, to stop; a change of the plan that the time limit requires
  /// is recorded.
  private func agree(inEpoch: Int) throws -> Stopped? {
    let place = TimePlan.Place(
      done: done, inEpoch: inEpoch, steps: steps.made, length: length)
    let (stopped, change) = try team.agree(journal.stopped, timePlan?.change(at: place))
    if let change {
      configuration.training.changes = (training.changes ?? []) + [change]
      // Written before the step that depends on it.
      try journal.folder.write(configuration.encoded(), to: RunFolder.configurationName)
    }
    return stopped
  }

  /// The same between two epochs.
  private func agreeBetween(_ source: inout (any BatchSource)?) throws {
    let stopped = try agree(inEpoch: 0)
    if length != planned {
      try reportPlan()
      source = nil
    }
    if let stopped { throw stopped }
    // The time may have ended the run just now.
    if done >= length.epochs || steps.made >= length.steps { try keep(isLast: true) }
  }

  private func reportPlan() throws {
    try journal.report(
      .plan(
        PlanUpdate(
          training, after: steps.made, stepsPerEpoch: steps.perEpoch, limit: timePlan?.limit)))
  }
}

/// What a run keeps, and the return to it.
extension Epochs {
  /// Whether the run returns to a checkpoint after numbers that are not finite.
  private var mayStepBack: Bool { training.onNaN == .rollback }

  /// Returns to the last checkpoint between two epochs, at half of the rate; throws `error` if there
  /// is none, or that was done often enough.
  private func stepBack(_ error: TrainingError) throws {
    guard rollbacks < Epochs.mostRollbacks,
      // Without a checkpoint that can be read, the numbers remain what is to be reported.
      let checkpoint = try team.checkpoint({
        try? CheckpointFolder(journal.folder).newest(first: boundary, skipped: { _ in })
      })
    else { throw error }
    let count = rollbacks + 1
    try restore(checkpoint)
    rollbacks = count
    if let note = try journal.restore(checkpoint.progress) { try journal.report(.warning(note)) }
    try journal.report(
      .warning(
        "\(error.problem); going back to the checkpoint after \(done) epochs and "
          + "\(underWay?.step ?? 0) steps, and continuing at "
          + "\(count == 1 ? "half" : "1/\(1 << count) of") the learning rate"))
  }

  /// Continues where a run was left: the rest of it gives the bits that it would have given.
  func restore(_ checkpoint: Checkpoint) throws(TrainingError) {
    let progress = checkpoint.progress
    try steps.restore(checkpoint, in: journal.folder)
    (done, underWay) = (progress.epochs, progress.underWay)
    (best, reductions, rollbacks) = (progress.best, progress.reductions, progress.rollbacks)
    (isResumed, boundary) = (true, progress.boundary)
    weights.restore(kept: progress.kept, sha256: progress.weightsSHA256)
  }

  /// The model as it would be used now.
  var model: ClassifierModel { steps.model }

  /// Takes note of the weights that would be used now, and writes them if it is time.
  private func save(epoch: Int, asBest: Bool) throws {
    try steps.settle(epoch: epoch)
    try weights.save(model, epoch: epoch, asBest: asBest, journal)
  }

  /// Writes a checkpoint between two steps, of an epoch or between two epochs.
  private func keep(_ underWay: EpochMeter.Sums? = nil, isLast: Bool = false) throws {
    try weights.flush(model, journal)
    guard journal.folder.isWritten else { return }
    try checkpointer.write(isLast: isLast, journal) { try checkpoint(underWay) }
  }

  private func checkpoint(_ underWay: EpochMeter.Sums?) throws(TrainingError) -> Checkpoint {
    let state = steps.state
    return Checkpoint(
      Checkpoint.Progress(
        configuration: configuration, fingerprint: steps.images.store.fingerprint,
        isa: engine.instructionSet.rawValue, conv: engine.convolution.rawValue, epochs: done,
        underWay: underWay, steps: state.steps, backboneStepsBefore: state.backboneStepsBefore,
        backboneRate: state.backboneRate, boundary: boundary, reductions: reductions,
        rollbacks: rollbacks, best: best, kept: weights.kept, weightsSHA256: weights.sha256,
        metrics: try journal.markMetrics(), seconds: journal.seconds),
      session: state, average: steps.average)
  }

  /// Refuses to begin where what the run will keep could not be read again.
  func checkKeeping() throws(TrainingError) {
    guard journal.folder.isWritten else { return }
    try checkpoint(nil).checkReadable()
  }
}

/// The state of a run before its first step.
extension Epochs {
  /// Begins with a last layer that is solved, whose weights are kept until those of an epoch are.
  func begin(with solution: CrossValidation, _ folds: Folds) throws {
    try steps.setLastLayer(to: solution.layer)
    try team.requireSame("weights", steps.trained.digest)
    let figures = try validator?.evaluate(journal)
    if let figures { best.begin(with: figures) }
    try journal.report(.solved(SolvedStart(solution, folds: folds, validation: figures)))
    try save(epoch: 0, asBest: true)
    try keep()
  }

  /// Reports how the run begins.
  func reportStart(recipe: Recipe, memoryBytes: Int) throws {
    let (model, growth) = (steps.model, configuration.network.growth)
    let architecture = model.network.architecture
    try journal.report(
      .start(
        RunStart(
          run: journal.folder.path, dataset: configuration.dataset, recipe: recipe.rawValue,
          architecture: architecture.name, size: architecture.input.width,
          trainingSizes: [growth.first, growth.last], classes: model.classes,
          parameters: model.network.parameterCount, memoryBytes: memoryBytes, epochs: length.epochs,
          stepsPerEpoch: steps.perEpoch, batchSize: steps.batchSize, seed: configuration.seed,
          isa: engine.instructionSet.rawValue, conv: engine.convolution.rawValue,
          threads: engine.threads, ranks: team.recorded,
          cache: steps.images.store.place.rawValue, from: steps.origin,
          resumed: isResumed ? RunStart.Place(epochs: done, steps: underWay?.step ?? 0) : nil)))
  }

  /// A warning about an epoch started by an older version, whose last batch was smaller.
  var notesOnBatches: [String] {
    underWay.flatMap { steps.note(on: $0, ofEpoch: done + 1) }.map { [$0] } ?? []
  }

  /// Reports training images as the first epochs will see them.
  func reportSamples() throws {
    try journal.report(.samples(steps.samples(of: length.epochs, in: journal.folder)))
  }

  /// Fits the run into a time limit, with so many seconds after each epoch and after the last.
  func fit(
    into limit: Double, clock: @escaping () -> Double, between: Double, ending: Double
  ) {
    timePlan = TimePlan(
      limit: limit, clock: clock, asked: training.askedEpochs(stepsPerEpoch: steps.perEpoch),
      stepsPerEpoch: steps.perEpoch, between: between, ending: ending, work: steps.work)
  }

  /// The results of the run, without those on the test images.
  var summary: TrainingSummary {
    TrainingSummary(
      run: journal.folder.path, weights: journal.folder.bestWeights, weightsSHA256: weights.sha256,
      epochs: journal.record.epochs, bestEpoch: weights.kept,
      valAccuracy: best.keptAccuracy ?? best.accuracy,
      seconds: 0, peakMemoryBytes: 0,
      askedEpochs: training.askedEpochs(stepsPerEpoch: steps.perEpoch))
  }
}
