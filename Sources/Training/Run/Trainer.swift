internal import CNN
internal import Classifier
package import Compute
internal import Glibc
package import ImageData
internal import Primitives
package import Ranks

/// Trains a classifier as a configuration says, and leaves a run folder.
package final class Trainer {
  /// The run's configuration.
  package let configuration: Configuration
  private let out: String?
  private let resumption: Resumption?
  /// Seconds for the whole command; nil for no limit.
  private let limit: Double?
  /// Seconds since the command began.
  private let clock: () -> Double
  private let cache: ImageCache
  private let engine: Engine
  private let team: Group
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
    clock: @escaping () -> Double = Trainer.clock()
  ) {
    let limit = configuration.training.maxSeconds
    self.limit = limit > 0 ? limit : nil
    self.clock = clock
    var configuration = configuration
    configuration.training.maxSeconds = 0
    self.configuration = configuration
    self.out = out
    resumption = nil
    self.cache = cache
    self.engine = engine
    team = group
  }

  /// A trainer that continues with a run where it was left.
  package init(
    _ resumption: Resumption, cache: ImageCache = ImageCache(), engine: Engine,
    group: Group = Group(),
    clock: @escaping () -> Double = Trainer.clock()
  ) {
    limit = resumption.request.maxSeconds.flatMap { $0 > 0 ? $0 : nil }
    self.clock = clock
    configuration = resumption.configuration
    out = nil
    self.resumption = resumption
    self.cache = cache
    self.engine = engine
    team = group
  }

  /// Seconds from now on.
  package static func clock() -> () -> Double {
    let began = ContinuousClock.now
    return { (ContinuousClock.now - began) / .seconds(1) }
  }

  /// Trains, keeps the best weights, evaluates the test images once.
  ///
  /// Events come on the calling thread. `shouldStop` is asked after every step; with a reason the
  /// run saves its weights and ends. Errors: `DatasetError` (`.stopped` for a reason to
  /// stop while folders are listed) and `ImageStoreError` for the images,
  /// `ModelError` for a network that cannot be built, `TrainingError` for all else, and what
  /// `events` throws. The run folder is made once the dataset's layout and the network are found
  /// to be right, and says afterwards how the run ended.
  package func run(
    events: (TrainingEvent) throws -> Void, shouldStop: () -> StopReason? = { nil }
  ) throws -> TrainingSummary {
    let started = ContinuousClock.now
    let plan = try RunPlan(configuration, resumption?.request, engine: engine) { entries in
      // What the handler has against it, it says again at the next event.
      try? events(.scanning(entries: entries))
      return shouldStop() != nil
    }
    if resumption == nil {
      try RunFolder.requireOutside(configuration.dataset, out: out)
    }
    let memory = try MemoryEstimate(
      plan, cache: cache, engine: engine, team: team, draws: drawsReport)
    try memory.check()
    try team.requireSame(
      "versions",
      RunRecord.currentVersions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        .joined(separator: ", "))
    try team.requireSame(
      "kernels", "\(engine.instructionSet.rawValue), \(engine.convolution.rawValue)")
    let (folder, lock) = try folder()
    var notes: [String] = []
    let checkpoint = try team.checkpoint {
      try resumption?.checkpoint { notes.append($0) }
    }
    if resumption != nil { notes += self.notes(on: checkpoint) }
    var metrics = MetricsFile(in: folder, hasValidation: plan.mayValidate)
    if let note = try metrics.begin(checkpoint?.progress) { notes.append(note) }
    var log = try RunLog(
      folder: folder, lock: lock, record: record(plan, checkpoint), metrics: metrics,
      earlier: checkpoint?.progress.seconds ?? 0, started: started)
    do {
      return try withoutActuallyEscaping(events) { events in
        try run(plan, memory, checkpoint, notes, &log, events: events, shouldStop: shouldStop)
      }
    } catch {
      if shouldStop() == nil {
        (log.record.status, log.record.reason) = (.failed, .error)
        log.record.error = "\(error)"
      } else {
        // A signal while images are read ends in an error of the one who watches for it.
        (log.record.status, log.record.reason) = (.stopped, .signal)
      }
      // The first error is the one to report, whatever becomes of the note of it.
      try? log.writeRecord()
      try? log.finish()
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
  private func record(_ plan: RunPlan, _ checkpoint: Checkpoint?) -> RunRecord {
    var record = plan.record
    record.ranks = team.recorded
    // A run that continues has taken that time; one that starts over has not.
    record.parts = checkpoint == nil ? nil : resumption?.record?.parts
    record.maxSeconds = limit
    if let progress = checkpoint?.progress { record.restore(progress) }
    return record
  }

  /// Warnings about a resumed run.
  private func notes(on checkpoint: Checkpoint?) -> [String] {
    guard let progress = checkpoint?.progress else {
      return ["no checkpoint found; starting the run from the beginning"]
    }
    let now = (engine.instructionSet.rawValue, engine.convolution.rawValue)
    let ranks = resumption?.record?.ranks ?? 1
    return
      (now == (progress.isa, progress.conv)
      ? []
      : [
        "the run was started with \(progress.isa) and \(progress.conv) convolutions and continues "
          + "with \(now.0) and \(now.1): its results will differ in the last digits"
      ])
      + (ranks == team.count
        ? []
        : [
          "the run was started by \(counted(ranks, "process", "processes")) and continues with "
            + "\(team.count): its results will differ in the last digits"
        ])
      + versionNotes
  }

  /// Other versions than the run was started with.
  private var versionNotes: [String] {
    guard let before = resumption?.record?.versions else { return [] }
    let changes = RunRecord.currentVersions.sorted { $0.key < $1.key }.compactMap { name, now in
      before[name] == now ? nil : "\(name) \(before[name] ?? "none") then, \(now) now"
    }
    return changes.isEmpty
      ? []
      : [
        "the run continues with other versions: \(changes.joined(separator: "; ")); its results may "
          + "differ in the last digits"
      ]
  }

  private func run(
    _ plan: RunPlan, _ memory: MemoryEstimate, _ checkpoint: Checkpoint?, _ notes: [String],
    _ log: inout RunLog,
    events: (TrainingEvent) throws -> Void, shouldStop: () -> StopReason?
  ) throws -> TrainingSummary {
    log.record.add(log.processSeconds, to: .start)
    let images = try log.time(.reading) { _ in
      try RunImages(
        plan, cache: memory.cache, engine: engine, group: team
      ) { done, total in
        try events(.loading(done: done, total: total))
      }
    }
    try checkpoint?.check(
      fingerprint: images.store.fingerprint, dataset: configuration.dataset)
    log.record.datasetFingerprint = images.store.fingerprint
    log.record.skipped = images.skipped
    var plan = plan
    plan.configuration = try goOn(images, checkpoint, log.folder)
    var loop = try TrainingLoop(plan, images, engine: engine, team: team, folder: log.folder)
    if let checkpoint { try loop.restore(checkpoint) }
    try loop.checkDisk()
    try loop.checkReadable(&log)
    try log.tell(
      .start(loop.start(recipe: configuration.recipe, memoryBytes: memory.total)), events)
    try log.tell(.dataset(images.summary), events)
    for warning in notes + loop.notesOnBatches + plan.warnings + images.warnings {
      try log.tell(.warning(warning), events)
    }
    try log.writeRecord()
    let drawing = clock()
    if checkpoint == nil, team.isFirst {
      try log.time(.start) { log in try log.tell(.samples(loop.samples()), events) }
    }
    loop.timePlan = try timePlan(plan, images, loop, drawn: clock() - drawing)
    var stop: Int32?
    var temperature = 1.0
    var result: TestResult?
    let reason = try loop.run(&log, events: events, shouldStop: shouldStop)
    if case .signal(let number) = reason {
      stop = number
    } else {
      do {
        temperature = try log.time(.calibration) { log in
          try calibrate(plan, images, &log, events, shouldStop)
        }
        result = try log.time(.test) { log in
          try test(images, folder: log.folder, events, shouldStop)
        }
      } catch let stopped as StoppedBySignal {
        stop = stopped.number
      }
    }
    var summary = loop.summary(log.record)
    summary.weightsSHA256 = log.record.weightsSHA256 ?? summary.weightsSHA256
    summary.temperature = temperature
    summary.stoppedBySignal = stop
    if let result {
      summary.testAccuracy = result.evaluation.accuracy
      summary.testAccuracyPlain = result.evaluation.accuracyPlain
      summary.testLoss = result.evaluation.loss
      log.record.test = RunRecord.Test(
        split: (plan.test ?? .val).rawValue, images: result.evaluation.images,
        accuracy: result.evaluation.accuracy)
      try log.tell(.evaluated(result), events)
      let remedies = Configuration.remedies(
        configuration, images: images.training.count, classes: result.classes.count)
      for caution in result.evaluation.cautions(of: result.noun, remedies: remedies) {
        try log.tell(.warning(caution), events)
      }
    }
    log.record.status = stop == nil ? .done : .stopped
    log.record.reason = stop == nil ? Ending(reason) : .signal
    summary.endedBy = log.record.reason
    summary.seconds = log.seconds
    summary.peakMemoryBytes = peakMemoryBytes()
    log.record.peakMemoryBytes = summary.peakMemoryBytes
    try log.writeRecord()
    try log.tell(.done(summary), events)
    try log.finish()
    return summary
  }

  /// The configuration that the run has from here on: the first process's, with what was asked for
  /// where it is resumed.
  private func goOn(
    _ images: RunImages, _ checkpoint: Checkpoint?, _ folder: RunFolder
  ) throws -> Configuration {
    let bytes = try team.broadcast {
      var configuration = configuration
      if let resumption {
        configuration.training.goOn(
          resumption.request, from: checkpoint?.progress,
          stepsPerEpoch: configuration.training.stepsPerEpoch(images: images.training.count),
          hasEnded: resumption.record?.status == .done)
        try folder.write(configuration.encoded(), to: RunFolder.configurationName)
      }
      return configuration.encoded()
    }
    return try Configuration(decoding: bytes)
  }

  /// The plan that fits the run into its time limit; nil without a limit, and for all processes but
  /// the first.
  ///
  /// - drawn: seconds that the sheet of training images has taken.
  private func timePlan(
    _ plan: RunPlan, _ images: RunImages, _ loop: TrainingLoop, drawn: Double
  ) throws -> TimePlan? {
    guard let limit, team.isFirst else { return nil }
    let samples = images.testSamples
    let held = images.validation.count
    let answer = try seconds(of: samples.isEmpty ? [] : samples, loop)
    let calibrated = calibrates(plan, images) ? held : 0
    return TimePlan(
      limit: limit, clock: clock,
      asked: plan.configuration.training.askedEpochs(stepsPerEpoch: loop.stepsPerEpoch),
      stepsPerEpoch: loop.stepsPerEpoch,
      between: answer * Double((held + team.count - 1) / team.count),
      ending: answer * Double((calibrated + samples.count + team.count - 1) / team.count)
        + Trainer.reportShare * drawn,
      work: loop.work)
  }

  /// The report takes about as many times as long as the sheet of training images.
  private static let reportShare = 4.0

  /// Seconds that a prediction takes, by answers to a few images.
  private func seconds(of samples: [Sample], _ loop: TrainingLoop) throws -> Double {
    let few = Array(samples.prefix(32))
    guard !few.isEmpty else { return 0 }
    let predictor = Predictor(
      model: loop.model, engine: engine, maxPixels: configuration.data.maxPixels)
    // The first one takes memory that the others find.
    _ = try predictor.predict(Array(few.prefix(1))) { _ in }
    let start = clock()
    _ = try predictor.predict(few) { _ in }
    return max(0, clock() - start) / Double(few.count)
  }

  private func calibrates(_ plan: RunPlan, _ images: RunImages) -> Bool {
    plan.validation == .val && !images.validation.isEmpty && !configuration.recipe.isSeed
  }

  /// Fits the temperature of the weights that are kept on the validation images, and writes them
  /// again with it; returns the model's temperature.
  ///
  /// Never on test images, and not under the tutorial's recipes. The predictions come by the path
  /// that every command takes, in the model's own way.
  private func calibrate(
    _ plan: RunPlan, _ images: RunImages, _ log: inout RunLog,
    _ events: (TrainingEvent) throws -> Void, _ shouldStop: () -> StopReason?
  ) throws -> Double {
    guard calibrates(plan, images) else { return 1 }
    let samples = images.validation.map { images.store.samples[$0] }
    let (model, predictor, predictions) = try answer(samples, log.folder, events, shouldStop)
    let lost = predictions.compactMap(\.failure)
    if let first = lost.first {
      try log.tell(
        .warning(
          "\(lost.count) of \(samples.count) validation images can no longer be read and are not "
            + "used to fit the temperature, the first is \(first.path): \(first.message)"), events)
    }
    let calibration = Calibration(predictions, model: model, tta: predictor.tta)
    if let temperature = calibration.temperature {
      let bytes = model.calibrated(temperature: temperature).encoded()
      try log.folder.write(model: bytes, to: RunFolder.bestName)
      log.record.weightsSHA256 = SHA256.hex(of: bytes)
      try log.writeRecord()
    }
    try log.tell(.calibrated(calibration), events)
    return calibration.temperature ?? 1
  }

  /// Predicts the test images with the weights as they were written, by the path that every other
  /// command takes.
  private func test(
    _ images: RunImages, folder: RunFolder, _ events: (TrainingEvent) throws -> Void,
    _ shouldStop: () -> StopReason?
  ) throws -> TestResult? {
    guard !images.testSamples.isEmpty else { return nil }
    let (model, predictor, answers) = try answer(
      images.testSamples, folder, events, shouldStop)
    // Files that were omitted at the start are omitted here, and named.
    let predictions =
      answers + images.skippedTestImages.map { Prediction(path: $0.path, failure: $0) }
    var evaluation = Evaluation(
      predictions: predictions, classes: model.classes, temperature: model.temperature,
      tta: predictor.tta)
    evaluation.seen = images.testSeen
    return TestResult(
      heading: images.testHeading, noun: images.testNoun, evaluation: evaluation,
      predictions: predictions, classes: model.classes, run: folder)
  }
}

extension Trainer {
  /// Predictions of the saved weights; each process predicts a part of the images.
  private func answer(
    _ samples: [Sample], _ folder: RunFolder, _ events: (TrainingEvent) throws -> Void,
    _ shouldStop: () -> StopReason?
  ) throws -> (ClassifierModel, Predictor, [Prediction]) {
    let model = try team.model(of: folder)
    let predictor = Predictor(
      model: model, engine: engine, maxPixels: configuration.data.maxPixels)
    let part = Array(samples[team.range(of: samples.count)])
    let own = try predictor.predict(part) { done in
      try events(.validating(done: done, total: part.count))
      try team.stopIfAsked(shouldStop, isOver: false)
    }
    try team.stopIfAsked(shouldStop, isOver: true)
    return (model, predictor, try team.gather(own))
  }
}

/// A signal came while something was computed that is computed anew when the run continues.
struct StoppedBySignal: Error {
  let number: Int32
}

/// The most memory that this process has held, in bytes.
func peakMemoryBytes() -> Int {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return usage.ru_maxrss * 1024
}

extension Ending {
  /// The ending of a run that was not stopped by a signal.
  fileprivate init(_ reason: StopReason?) {
    self =
      switch reason {
      case .maxTime: .time
      case .patience: .patience
      case .signal: .signal
      case nil: .epochs
      }
  }
}
