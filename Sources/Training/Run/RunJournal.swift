internal import Classifier
internal import Primitives

/// Writes a run's files as its events come.
///
/// A disk that is full, or fails, is told of once; what could not be written follows when it can.
struct RunLog {
  let folder: RunFolder
  var record: RunRecord
  private let started: ContinuousClock.Instant
  /// Seconds of the run before this process.
  private let earlier: Double
  private let lock: RunLock
  private var metrics: MetricsFile
  private var events: AppendedFile
  private var text: AppendedFile
  private(set) var failure: TrainingError?

  /// Begins the files of a new run folder, or continues with those of one; `metrics` has started.
  init(
    folder: RunFolder, lock: RunLock, record: RunRecord, metrics: MetricsFile,
    earlier: Double = 0, started: ContinuousClock.Instant
  ) throws(TrainingError) {
    self.folder = folder
    self.lock = lock
    self.record = record
    self.metrics = metrics
    self.earlier = earlier
    self.started = started
    events = AppendedFile(RunFolder.eventsName, in: folder)
    text = AppendedFile(RunFolder.logName, in: folder)
    try events.endLine()
    try text.endLine()
    try writeRecord()
  }

  /// Seconds since the run began, without those while nobody trained.
  var seconds: Double { earlier + processSeconds }

  /// Seconds since this process began with it.
  var processSeconds: Double { (ContinuousClock.now - started) / .seconds(1) }

  /// Does a part of the run that is no epoch, and notes how long it took.
  mutating func time<Value>(
    _ part: RunRecord.Part, _ body: (inout RunLog) throws -> Value
  ) rethrows -> Value {
    let start = ContinuousClock.now
    let value = try body(&self)
    record.add((ContinuousClock.now - start) / .seconds(1), to: part)
    return value
  }

  /// Goes back to a checkpoint; returns what is to be said of the figures of its epochs.
  mutating func restore(_ progress: Checkpoint.Progress) throws(TrainingError) -> String? {
    record.restore(progress)
    // What cannot be written now follows with the next weights.
    try? writeRecord()
    return try metrics.begin(progress)
  }

  /// The mark of metrics.csv, for a checkpoint that is written now.
  mutating func markMetrics() throws(TrainingError) -> MetricsFile.Mark { try metrics.mark() }

  /// Notes an event in the folder and passes it on.
  mutating func tell(_ event: TrainingEvent, _ events: (TrainingEvent) throws -> Void) throws {
    // The handler may write files that `done` speaks of, so the note comes after it.
    try events(event)
    let (json, lines) = (event.json, event.lines)
    try attempt(events) { log throws(TrainingError) in
      switch event {
      case .dataset(let summary):
        try log.folder.write(
          summary.classes.map { $0 + "\n" }.joined(), to: RunFolder.classesName)
      case .epoch(let epoch): try log.metrics.append(epoch)
      default: break
      }
    }
    try attempt(events) { log throws(TrainingError) in
      try log.events.append(json.map { $0 + "\n" } ?? "")
    }
    try attempt(events) { log throws(TrainingError) in
      try log.text.append(lines.map { terminalSafe($0, most: longestLine) + "\n" }.joined())
    }
  }

  /// Writes something that the run can continue without for a while; a failure is told of once.
  mutating func attempt(
    _ events: (TrainingEvent) throws -> Void,
    _ write: (inout RunLog) throws(TrainingError) -> Void
  ) throws {
    do throws(TrainingError) {
      try write(&self)
    } catch {
      let isFirst = failure == nil
      failure = error
      guard isFirst else { return }
      try events(
        .warning(
          "\(error.problem); training continues, and the missing data is written once that is possible"
        ))
    }
  }

  /// Writes what has waited; the error is the one that still stands.
  mutating func finish() throws(TrainingError) {
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
