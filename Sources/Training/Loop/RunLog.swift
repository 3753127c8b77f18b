internal import Primitives

/// Writes a run's files as its events come.
struct RunLog {
  let folder: RunFolder
  var record: RunRecord
  private let hasValidation: Bool
  private let started: ContinuousClock.Instant

  /// Begins the files of a new run folder.
  init(
    folder: RunFolder, record: RunRecord, hasValidation: Bool, started: ContinuousClock.Instant
  ) throws(TrainingError) {
    self.folder = folder
    self.record = record
    self.hasValidation = hasValidation
    self.started = started
    try writeRecord()
    try folder.write(
      CSV.row(MetricsRow.columns(validation: hasValidation)), to: RunFolder.metricsName)
  }

  /// Seconds since the run began.
  var seconds: Double { (ContinuousClock.now - started) / .seconds(1) }

  /// Notes an event in the folder and passes it on.
  func tell(_ event: TrainingEvent, _ events: (TrainingEvent) throws -> Void) throws {
    switch event {
    case .dataset(let summary):
      try folder.write(
        summary.classes.map { $0 + "\n" }.joined(), to: RunFolder.classesName)
    case .epoch(let metrics):
      try folder.append(
        MetricsRow.csv(metrics, validation: hasValidation), to: RunFolder.metricsName)
    default: break
    }
    // The handler may write files that `done` speaks of, so the note comes after it.
    try events(event)
    if let json = event.json { try folder.append(json + "\n", to: RunFolder.eventsName) }
    let lines = event.lines
    if !lines.isEmpty {
      try folder.append(lines.map { $0 + "\n" }.joined(), to: RunFolder.logName)
    }
  }

  /// Writes run.json as it is now.
  func writeRecord() throws(TrainingError) {
    var record = record
    record.seconds = seconds
    try folder.write(JSONText.indented(record), to: RunFolder.recordName)
  }
}
