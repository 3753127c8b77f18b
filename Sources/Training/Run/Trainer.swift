internal import CNN
internal import Classifier
package import Compute
internal import FoundationEssentials
internal import Glibc
package import ImageData
package import Primitives
package import Ranks

/// Trains a classifier as a configuration says, and leaves a run folder.
package final class Trainer {
  /// The run's configuration.
  package let configuration: Configuration
  private let out: String?
  private let resumption: Resumption?
  private let time: TimeLimit
  let cache: ImageCache
  let engine: Engine
  let team: Group
  /// Whether a report will be drawn of the run, for which there must be memory.
  package var drawsReport = false

  /// A trainer; nothing is read or written yet.
  ///
  /// `out` is the run folder to create; without it the next free `runs/train-NNN`. `cache` is where
  /// decoded images are kept, which changes nothing but time. Of several processes that train
  /// together the first writes the run and tells of it. A time limit counts by `clock`, in seconds
  /// since the command began; by default that is now.
  package init(
    configuration: Configuration, out: String? = nil, cache: ImageCache = ImageCache(),
    engine: Engine, group: Group = Group(),
    clock: @escaping () -> Double = TimeLimit.clock()
  ) {
    time = TimeLimit(configuration.training.maxSeconds, clock)
    var configuration = configuration
    configuration.training.maxSeconds = 0
    self.configuration = configuration
    self.out = out
    resumption = nil
    (self.cache, self.engine, team) = (cache, engine, group)
  }

  /// A trainer that continues with a run where it was left.
  package init(
    _ resumption: Resumption, cache: ImageCache = ImageCache(), engine: Engine,
    group: Group = Group(),
    clock: @escaping () -> Double = TimeLimit.clock()
  ) {
    time = TimeLimit(resumption.request.maxSeconds, clock)
    configuration = resumption.configuration
    out = nil
    self.resumption = resumption
    (self.cache, self.engine, team) = (cache, engine, group)
  }

  /// Trains, keeps the best weights, evaluates the test images once.
  ///
  /// Events come on the calling thread. `shouldStop` is asked after every step; for a signal the run
  /// saves its weights and ends. Errors: `Stopped` for a signal before the first step,
  /// `DatasetError` and `ImageStoreError` for the images, `ModelError` for a network that cannot be
  /// built, `TrainingError` for all else, and what `events` throws. The run folder is made once the
  /// dataset's layout and the network are found to be right, and says afterwards how the run ended.
  package func run(
    events: (TrainingEvent) throws -> Void, shouldStop: () -> Stopped? = { nil }
  ) throws -> TrainingSummary {
    // Otherwise the program holds the length of the path of this file, another in each folder.
    #sourceLocation(file:"Trainer",line:84)
    try withoutActuallyEscaping(events) { events in
      try withoutActuallyEscaping(shouldStop) { shouldStop in
        try run(events, shouldStop)
      }
    }
  }
  #sourceLocation()

  private func run(
    _ events: @escaping (TrainingEvent) throws -> Void, _ shouldStop: @escaping () -> Stopped?
  ) throws -> TrainingSummary {
    let started = ContinuousClock.now
    let plan: RunPlan
    do {
      plan = try RunPlan(configuration, resumption?.request, engine: engine) { entries in
        // If the handler fails, it fails again at the next event.
        try? events(.scanning(entries: entries))
        return shouldStop() != nil || isOverTime
      }
    } catch DatasetError.stopped {
      throw shouldStop() ?? time.outOfTime(after: "listing \(configuration.dataset)")
    }
    if resumption == nil {
      try RunFolder.requireOutside(configuration.dataset, out: out)
    }
    let memory = try MemoryEstimate(
      plan, cache: cache, engine: engine, team: team, draws: drawsReport)
    try memory.check()
    // Before there is a folder: a run that is refused leaves none.
    if team.isFirst {
      try memory.checkDisk(of: resumption?.folder.path ?? out ?? RunFolder.home)
    }
    try team.requireSame(
      "versions",
      RunRecord.currentVersions(opening: team.count > 1 ? plan.dataset.codecs : [])
        .sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        .joined(separator: ", "))
    try team.requireSame(
      "kernels", "\(engine.instructionSet.rawValue), \(engine.convolution.rawValue)")
    let (folder, lock) = try folder()
    try events(.folder(folder.path))
    var notes: [String] = []
    let checkpoint = try team.checkpoint {
      try resumption?.checkpoint { notes.append($0) }
    }
    // Those whose folds are not done have trained nothing else.
    if let resumption, checkpoint != nil || configuration.data.folds == nil {
      notes += resumption.notes(on: checkpoint, engine, processes: team.count)
    }
    var metrics = MetricsFile(in: folder, hasValidation: plan.mayValidate)
    if let note = try metrics.begin(checkpoint?.progress) { notes.append(note) }
    let journal = try RunJournal(
      folder: folder, lock: lock, record: record(plan, checkpoint, folder), metrics: metrics,
      earlier: checkpoint?.progress.seconds ?? 0, started: started, events: events,
      shouldStop: shouldStop)
    do {
      return try run(plan, memory, checkpoint, notes, journal)
    } catch {
      if error is Stopped || journal.stopped != nil {
        (journal.record.status, journal.record.reason) = (.stopped, .signal)
      } else {
        (journal.record.status, journal.record.reason) = (.failed, .error)
        journal.record.error = "\(error)"
      }
      // The first error is the one to report, whatever becomes of the note of it.
      try? journal.writeRecord()
      try? journal.finish()
      throw error
    }
  }

  /// The run's folder, which no other process writes into.
  private func folder() throws -> (RunFolder, RunLock) {
    let path = try team.broadcast {
      let folder =
        try resumption?.folder
        ?? RunFolder.create(out: out, configuration: configuration.encoded())
      return Array(folder.path.utf8)
    }
    let shared = RunFolder(existing: String(decoding: path, as: UTF8.self))
    let folder = team.isFirst ? shared : shared.unwritten
    if resumption != nil { try folder.createFolders() }
    return (folder, try RunLock(folder))
  }

  /// The record of a run that begins, or continues.
  private func record(
    _ plan: RunPlan, _ checkpoint: Checkpoint?, _ folder: RunFolder
  ) -> RunRecord {
    var record = plan.record
    record.started =
      resumption?.record?.started
      ?? folder.created.map { Date(timeIntervalSince1970: Double($0)) }
    record.ranks = team.recorded
    // A run that continues has taken that time; one that starts over has not.
    record.parts = checkpoint == nil ? nil : resumption?.record?.parts
    record.maxSeconds = time.seconds
    if let progress = checkpoint?.progress { record.restore(progress) }
    return record
  }

  /// The run in a folder: prepares, trains, calibrates, tests.
  private func run(
    _ plan: RunPlan, _ memory: MemoryEstimate, _ checkpoint: Checkpoint?, _ notes: [String],
    _ journal: RunJournal
  ) throws -> TrainingSummary {
    if configuration.recipe.hasEpochs, configuration.data.fold == nil,
      let count = configuration.data.folds
    {
      try journal.time(.folds) { try crossValidate(plan, folds: count, journal) }
    }
    let images = try read(plan, memory, checkpoint, journal)
    let outcome =
      configuration.recipe.hasEpochs
      ? try train(plan, images, memory, checkpoint, notes, journal)
      : try solve(plan, images, memory, notes, journal)
    return try conclude(outcome, images, journal)
  }

  /// The result of training, before it is reported.
  struct Outcome {
    var summary: TrainingSummary
    var ending: Ending
    /// The signal that stopped the run.
    var signal: Int32?
    var evaluated: Evaluated?

    /// The last evaluation.
    struct Evaluated {
      var result: EvaluationResult
      /// The split's name in the run's record.
      var split: String
      var noun: String
    }
  }

  private func train(
    _ plan: RunPlan, _ images: RunImages, _ memory: MemoryEstimate, _ checkpoint: Checkpoint?,
    _ notes: [String], _ journal: RunJournal
  ) throws -> Outcome {
    let epochs = try prepare(plan, images, memory, checkpoint, notes, journal)
    let isSolved = configuration.recipe.solvesHead
    var ending = Ending.signal
    var signal: Int32?
    var temperature = 1.0
    var evaluated: Outcome.Evaluated?
    do {
      ending = try epochs.run()
      if isSolved, epochs.keepsStart { try journal.report(.warning(Trainer.noGain)) }
      temperature = try journal.time(.calibration) { try calibrate(plan, images, journal) }
      evaluated = try journal.time(.test) { try test(plan, images, journal) }
    } catch let stopped as Stopped where epochs.hasBegun {
      (ending, signal) = (.signal, stopped.signal)
    }
    var summary = epochs.summary
    summary.temperature = temperature
    return Outcome(summary: summary, ending: ending, signal: signal, evaluated: evaluated)
  }

  /// Records and reports the run's end.
  private func conclude(
    _ outcome: Outcome, _ images: RunImages, _ journal: RunJournal
  ) throws -> TrainingSummary {
    var summary = outcome.summary
    summary.weightsSHA256 = journal.record.weightsSHA256 ?? summary.weightsSHA256
    summary.stoppedBySignal = outcome.signal
    if let evaluated = outcome.evaluated {
      let (result, evaluation) = (evaluated.result, evaluated.result.evaluation)
      // What is out of fold is no test.
      if evaluated.split != OutOfFold.name {
        summary.testAccuracy = evaluation.accuracy
        summary.testAccuracyPlain = evaluation.accuracyPlain
        summary.testLoss = evaluation.loss
      }
      journal.record.test = RunRecord.Test(
        split: evaluated.split, images: evaluation.images, accuracy: evaluation.accuracy)
      try journal.report(.evaluated(result, noun: evaluated.noun, run: journal.folder))
      let remedies = Configuration.remedies(
        configuration, images: images.training.count, classes: result.classes.count)
      for caution in evaluation.cautions(of: evaluated.noun, remedies: remedies) {
        try journal.report(.warning(caution))
      }
    }
    journal.record.status = outcome.signal == nil ? .done : .stopped
    journal.record.reason = outcome.ending
    summary.endedBy = outcome.ending
    summary.seconds = journal.seconds
    summary.peakMemoryBytes = Platform.peakMemoryBytes
    journal.record.peakMemoryBytes = summary.peakMemoryBytes
    try journal.writeRecord()
    try journal.report(.done(summary))
    try journal.finish()
    return summary
  }

  private func read(
    _ plan: RunPlan, _ memory: MemoryEstimate, _ checkpoint: Checkpoint?, _ journal: RunJournal
  ) throws -> RunImages {
    journal.record.add(journal.processSeconds, to: .start)
    do {
      let images = try journal.time(.reading) {
        try RunImages(
          plan, cache: memory.cache, engine: engine, group: team,
          comparing: {
            try journal.progress(.comparing(done: $0, total: $1))
            try checkTime("comparing", $0, of: $1)
          }
        ) {
          try journal.progress(.loading(done: $0, total: $1))
          try checkTime("reading", $0, of: $1)
        }
      }
      try checkpoint?.check(
        fingerprint: images.store.fingerprint, dataset: configuration.dataset)
      journal.record.datasetFingerprint = images.store.fingerprint
      // Some libraries are opened for the first file that they decode.
      journal.record.versions = RunRecord.currentVersions()
      journal.record.skipped = images.skipped
      return images
    } catch ImageStoreError.stopped {
      // Another process was asked to stop.
      throw journal.stopped ?? Stopped(signal: SIGTERM)
    }
  }

  /// Whether the time of the whole command is over, as far as this process decides.
  private var isOverTime: Bool { team.isFirst && time.isOver }

  /// Ends the run where its time is over while it works on its images.
  private func checkTime(_ work: String, _ done: Int, of total: Int) throws {
    if isOverTime, done < total {
      throw time.outOfTime(after: "\(work) \(grouped(done)) of \(counted(total, "image"))")
    }
  }

  private func prepare(
    _ plan: RunPlan, _ images: RunImages, _ memory: MemoryEstimate, _ checkpoint: Checkpoint?,
    _ notes: [String], _ journal: RunJournal
  ) throws -> Epochs {
    var plan = plan
    plan.configuration = try agreedConfiguration(images, checkpoint, journal.folder)
    // Refused before the features are computed, and of no use to a run that goes on.
    let folds =
      configuration.recipe.solvesHead && checkpoint == nil ? try folds(plan, images) : nil
    let epochs = try Epochs(plan, images, engine: engine, team: team, journal)
    if let checkpoint { try epochs.restore(checkpoint) }
    try epochs.checkKeeping()
    try epochs.reportStart(recipe: configuration.recipe, memoryBytes: memory.total)
    try journal.report(.dataset(images.summary))
    for warning in notes + epochs.notesOnBatches + plan.warnings + images.warnings {
      try journal.report(.warning(warning))
    }
    try journal.writeRecord()
    let drawing = time.clock()
    if checkpoint == nil, team.isFirst {
      try journal.time(.start) { try epochs.reportSamples() }
    }
    let drawn = time.clock() - drawing
    if let folds {
      let (rows, features) = try features(plan, images, journal)
      let solution = try solution(rows, features: features, plan, images, folds, journal)
      try epochs.begin(with: solution, folds)
    }
    try fit(epochs, plan, images, drawn: drawn)
    return epochs
  }

  /// Said where training has not paid.
  private static let noGain =
    "the weights of the solved last layer are kept: no epoch did better on the validation images; "
    + "--recipe instant solves it on all training images, in seconds"

  /// The configuration that the run has from here on: the first process's, with what was asked for
  /// where it is resumed.
  private func agreedConfiguration(
    _ images: RunImages, _ checkpoint: Checkpoint?, _ folder: RunFolder
  ) throws -> Configuration {
    let bytes = try team.broadcast {
      var configuration = configuration
      if let resumption {
        configuration.training.resume(
          resumption.request, from: checkpoint?.progress,
          stepsPerEpoch: configuration.training.stepsPerEpoch(images: images.training.count),
          hasEnded: resumption.record?.status == .done)
        try folder.write(configuration.encoded(), to: RunFolder.configurationName)
      }
      return configuration.encoded()
    }
    return try Configuration(decoding: bytes)
  }

  /// Fits the run into its time limit, where it has one; the first process does it for all.
  ///
  /// - drawn: seconds that the sheet of training images has taken.
  private func fit(
    _ epochs: Epochs, _ plan: RunPlan, _ images: RunImages, drawn: Double
  ) throws {
    guard let limit = time.seconds, team.isFirst else { return }
    let samples = images.testSamples
    let held = images.validation.count
    let prediction = try secondsPerPrediction(samples, epochs.model)
    let calibrated = passesToCalibrate(plan, images)
    epochs.fit(
      into: limit, clock: time.clock,
      between: prediction * Double((held + team.count - 1) / team.count),
      ending: prediction * Double((calibrated + samples.count + team.count - 1) / team.count)
        + Trainer.reportShare * drawn)
  }

  /// The report takes about as many times as long as the sheet of training images.
  private static let reportShare = 4.0

  /// Seconds that a prediction takes, by those of a few images.
  private func secondsPerPrediction(_ samples: ImageList, _ model: ClassifierModel) throws -> Double
  {
    let few = samples.selecting(samples.indices.prefix(32))
    guard !few.isEmpty else { return 0 }
    let predictor = predictor(model)
    // The first one takes memory that the others find.
    _ = try predictor.predict(few.selecting([0])) { _ in }
    let start = time.clock()
    _ = try predictor.predict(few) { _ in }
    return max(0, time.clock() - start) / Double(few.count)
  }
}
