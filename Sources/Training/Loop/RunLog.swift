internal import Primitives

/// Writes a run's files as its events come.
///
/// A disk that is full, or fails, is told of once; what could not be written follows when it can.
struct RunLog {
  let folder: RunFolder
  var record: RunRecord
  private let hasValidation: Bool
  private let started: ContinuousClock.Instant
  /// Seconds of the run before this process.
  private let earlier: Double
  private let lock: RunLock
  private var history: [EpochMetrics]
  private var events: AppendedFile
  private var text: AppendedFile
  /// Whether metrics.csv lacks a row.
  private var metricsAreOld = true
  private(set) var failure: TrainingError?

  /// Begins the files of a new run folder, or goes on with those of one, from `history` on.
  init(
    folder: RunFolder, lock: RunLock, record: RunRecord, hasValidation: Bool,
    history: [EpochMetrics] = [], earlier: Double = 0, started: ContinuousClock.Instant
  ) throws(TrainingError) {
    self.folder = folder
    self.lock = lock
    self.record = record
    self.hasValidation = hasValidation
    self.history = history
    self.earlier = earlier
    self.started = started
    events = AppendedFile(RunFolder.eventsName, in: folder)
    text = AppendedFile(RunFolder.logName, in: folder)
    try events.endLine()
    try text.endLine()
    try writeRecord()
    try writeMetrics()
  }

  /// Seconds since the run began, without those while nobody trained.
  var seconds: Double { earlier + (ContinuousClock.now - started) / .seconds(1) }

  /// The epochs that are over.
  var epochs: [EpochMetrics] { history }

  /// Goes back to the epochs of a checkpoint.
  mutating func restore(history: [EpochMetrics]) {
    self.history = history
    record.epochs = history.count
    metricsAreOld = true
  }

  /// Notes an event in the folder and passes it on.
  mutating func tell(_ event: TrainingEvent, _ events: (TrainingEvent) throws -> Void) throws {
    if case .epoch(let metrics) = event { history.append(metrics) }
    // The handler may write files that `done` speaks of, so the note comes after it.
    try events(event)
    let (json, lines) = (event.json, event.lines)
    try attempt(events) { log throws(TrainingError) in
      switch event {
      case .dataset(let summary):
        try log.folder.write(
          summary.classes.map { $0 + "\n" }.joined(), to: RunFolder.classesName)
      case .epoch:
        log.metricsAreOld = true
        try log.writeMetrics()
      default: break
      }
    }
    try attempt(events) { log throws(TrainingError) in
      try log.events.append(json.map { $0 + "\n" } ?? "")
    }
    try attempt(events) { log throws(TrainingError) in
      try log.text.append(lines.map { $0 + "\n" }.joined())
    }
  }

  /// Writes something that the run can go on without for a while; a failure is told of once.
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
        .warning("\(error.problem); training goes on, and what is missing follows when it can"))
    }
  }

  /// Writes what has waited; the error is the one that still stands.
  mutating func finish() throws(TrainingError) {
    try events.append("")
    try text.append("")
    if metricsAreOld { try writeMetrics() }
    failure = nil
  }

  private mutating func writeMetrics() throws(TrainingError) {
    let rows =
      [CSV.row(MetricsRow.columns(validation: hasValidation))]
      + history.map { MetricsRow.csv($0, validation: hasValidation) }
    try folder.write(rows.joined(), to: RunFolder.metricsName)
    metricsAreOld = false
  }

  /// Writes run.json as it is now.
  func writeRecord() throws(TrainingError) {
    var record = record
    record.seconds = seconds
    try folder.write(JSONText.indented(record), to: RunFolder.recordName)
  }
}
