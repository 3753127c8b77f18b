internal import Classifier
internal import Primitives

/// What a run leaves while it runs: its files, the events that it reports, and whether it is to stop.
///
/// A disk that is full, or fails, is reported once; what could not be written follows when it can.
/// A class, because all parts of a run write into one journal.
final class RunJournal {
  let folder: RunFolder
  var record: RunRecord
  private let handler: (TrainingEvent) throws -> Void
  private let shouldStop: () -> Stopped?
  private let started: ContinuousClock.Instant
  /// Seconds of the run before this process.
  private let earlier: Double
  private let lock: RunLock
  private var metrics: MetricsFile
  private var events: AppendedFile
  private var text: AppendedFile
  private var failure: TrainingError?

  /// Begins the files of a new run folder, or continues with those of one; `metrics` has started.
  init(
    folder: RunFolder, lock: RunLock, record: RunRecord, metrics: MetricsFile, earlier: Double,
    started: ContinuousClock.Instant, events handler: @escaping (TrainingEvent) throws -> Void,
    shouldStop: @escaping () -> Stopped?
  ) throws(TrainingError) {
    self.folder = folder
    self.lock = lock
    self.record = record
    self.metrics = metrics
    self.earlier = earlier
    self.started = started
    self.handler = handler
    self.shouldStop = shouldStop
    events = AppendedFile(RunFolder.eventsName, in: folder)
    text = AppendedFile(RunFolder.logName, in: folder)
    try events.endLine()
    try text.endLine()
    try writeRecord()
  }

  /// The signal that this process was asked to stop by, if there was one.
  var stopped: Stopped? { shouldStop() }

  /// Seconds since the run began, without those while nobody trained.
  var seconds: Double { earlier + processSeconds }

  /// Seconds since this process began with it.
  var processSeconds: Double { (ContinuousClock.now - started) / .seconds(1) }

  /// Does a part of the run that is no epoch, and notes how long it took.
  func time<Value>(_ part: RunRecord.Part, _ body: () throws -> Value) rethrows -> Value {
    let start = ContinuousClock.now
    let value = try body()
    record.add((ContinuousClock.now - start) / .seconds(1), to: part)
    return value
  }

  /// Goes back to a checkpoint; returns what is to be said of the figures of its epochs.
  func restore(_ progress: Checkpoint.Progress) throws(TrainingError) -> String? {
    record.restore(progress)
    // What cannot be written now follows with the next weights.
    try? writeRecord()
    return try metrics.begin(progress)
  }

  /// The mark of metrics.csv, for a checkpoint that is written now.
  func markMetrics() throws(TrainingError) -> MetricsFile.Mark { try metrics.mark() }

  /// Reports an event, and notes in the folder what belongs there.
  func report(_ event: TrainingEvent) throws {
    // The handler may write files that `done` speaks of, so the note comes after it.
    try handler(event)
    try note(event)
  }

  /// Passes an event of a fold's run on, which notes it in its own folder.
  func pass(_ event: TrainingEvent) throws { try handler(event) }

  /// Reports how far work has come that is lost if it is left; throws `Stopped` if it is to be.
  func progress(_ event: TrainingEvent) throws {
    try handler(event)
    if let stopped { throw stopped }
  }

  /// Notes an event in the folder.
  func note(_ event: TrainingEvent) throws {
    let (json, lines) = (event.json, event.lines)
    guard json != nil || !lines.isEmpty else { return }
    try attempt { () throws(TrainingError) in
      switch event {
      case .dataset(let summary):
        try folder.write(summary.classes.map { $0 + "\n" }.joined(), to: RunFolder.classesName)
      case .epoch(let epoch): try metrics.append(epoch)
      default: break
      }
    }
    try attempt { () throws(TrainingError) in try events.append(json.map { $0 + "\n" } ?? "") }
    try attempt { () throws(TrainingError) in
      try text.append(lines.map { terminalSafe($0, most: longestLine) + "\n" }.joined())
    }
  }

  /// Writes something that the run can continue without for a while; a failure is reported once.
  func attempt(_ write: () throws(TrainingError) -> Void) throws {
    do throws(TrainingError) {
      try write()
    } catch {
      let isFirst = failure == nil
      failure = error
      guard isFirst else { return }
      try handler(
        .warning(
          "\(error.problem); training continues, and the missing data is written once that is possible"
        ))
    }
  }

  /// Writes what has waited; the error is the one that still stands.
  func finish() throws(TrainingError) {
    try events.append("")
    try text.append("")
    try metrics.synchronize()
    failure = nil
  }

  /// Writes run.json as it is now.
  func writeRecord() throws(TrainingError) {
    var record = record
    record.seconds = seconds
    try record.write(to: folder)
  }
}
