internal import CNN
internal import Classifier
internal import Compute
internal import ImageData
internal import Primitives
internal import Ranks

/// Checkpoints, and the return to one after numbers that are not finite.
extension TrainingLoop {
  private static let mostRollbacks = 3

  /// Whether the run returns to a checkpoint after numbers that are not finite.
  var mayStepBack: Bool { configuration.training.onNaN == .rollback }

  /// Runs the epochs, from the last checkpoint again where numbers are not finite and that is wanted.
  mutating func runSteppingBack(
    _ log: inout RunLog, _ events: (TrainingEvent) throws -> Void, _ shouldStop: () -> StopReason?
  ) throws -> StopReason? {
    if mayStepBack, !isResumed {
      boundary = 0
      try keep(nil, &log, events)
    }
    while true {
      do {
        return try runEpochs(&log, events, shouldStop)
      } catch let error as TrainingError where error.kind == .diverged && mayStepBack {
        guard rollbacks < TrainingLoop.mostRollbacks,
          // Without a checkpoint that can be read, the numbers remain what is to be reported.
          let checkpoint = try team.checkpoint({
            try? CheckpointFolder(folder).newest(first: boundary, skipped: { _ in })
          })
        else { throw error }
        let count = rollbacks + 1
        try restore(checkpoint)
        rollbacks = count
        if let note = try log.restore(checkpoint.progress) {
          try log.tell(.warning(note), events)
        }
        try log.tell(
          .warning(
            "\(error.problem); going back to the checkpoint after \(done) epochs and "
              + "\(underWay?.step ?? 0) steps, and continuing at "
              + "\(count == 1 ? "half" : "1/\(1 << count) of") the learning rate"), events)
      }
    }
  }

  /// Goes on from where a run was left: the rest of it gives the bits that it would have given.
  mutating func restore(_ checkpoint: Checkpoint) throws {
    let progress = checkpoint.progress
    do throws(ModelError) {
      var state = checkpoint.state
      // A head on features has nothing before it.
      if features != nil { state.backboneRate = 1 }
      try session.restore(state)
      if let average { try average.restore(checkpoint.average ?? [:]) }
    } catch {
      throw TrainingError(
        .badData, "the checkpoint in \(folder.path) belongs to another network: \(error)")
    }
    (done, underWay) = (progress.epochs, progress.underWay)
    (best, reductions, rollbacks) = (progress.best, progress.reductions, progress.rollbacks)
    (isResumed, boundary) = (true, progress.boundary)
    writer.restore(kept: progress.kept, sha256: progress.weightsSHA256)
  }

  /// Refuses to begin where what the run will keep could not be read again.
  func checkReadable(_ log: inout RunLog) throws(TrainingError) {
    guard folder.isWritten else { return }
    try checkpoint(nil, log.markMetrics(), seconds: log.seconds).checkReadable()
  }

  /// A warning about an epoch started by an older version, whose last batch was smaller.
  var notesOnBatches: [String] {
    let batches = EvenBatches(of: images.training.count, atMost: batchSize)
    guard let underWay, underWay.images != batches[underWay.step].lowerBound else { return [] }
    return [
      "epoch \(done + 1) was started by an older version with a smaller last batch: some of its "
        + "images are used twice or not at all; later epochs use each image once"
    ]
  }

  /// Refuses to begin where the disk has no room for what the run will keep.
  func checkDisk() throws(TrainingError) {
    guard folder.isWritten else { return }
    let state = session.memoryOfState + (average.map { 4 * $0.parameterCount } ?? 0)
    let weights = 4 * network.parameterCount
    // Each checkpoint is written before an old one goes, and so are weights; each one in twenty more.
    let checkpoints = CheckpointFolder.generations + (mayStepBack ? 2 : 1)
    let needed = (checkpoints * state + 5 * weights) * 21 / 20 + (1 << 20)
    guard let free = FileSystem.freeBytes(folder.path), free < needed else { return }
    throw TrainingError(
      .noRoom, "not enough disk space in \(folder.path) for the run's weights and checkpoints",
      found: "\(free / 1_000_000) MB free", expected: "\(needed / 1_000_000 + 1) MB",
      advice: "--out with a folder on another disk")
  }

  /// Writes a checkpoint between two steps, of an epoch or between two epochs.
  mutating func keep(
    _ underWay: EpochMeter.Sums?, isLast: Bool = false, _ log: inout RunLog,
    _ events: (TrainingEvent) throws -> Void
  ) throws {
    try writer.flush(&log, events, encode: encode)
    guard folder.isWritten else { return }
    let loop = self
    try checkpointer.write(
      isLast: isLast, warn: { try log.tell(.warning($0), events) },
      make: { loop.checkpoint(underWay, try log.markMetrics(), seconds: log.seconds) })
  }

  private func checkpoint(
    _ underWay: EpochMeter.Sums?, _ metrics: MetricsFile.Mark, seconds: Double
  ) -> Checkpoint {
    let state = session.state
    return Checkpoint(
      Checkpoint.Progress(
        configuration: configuration, fingerprint: images.store.fingerprint,
        isa: engine.instructionSet.rawValue, conv: engine.convolution.rawValue, epochs: done,
        underWay: underWay, steps: state.steps, backboneStepsBefore: state.backboneStepsBefore,
        backboneRate: state.backboneRate, boundary: boundary,
        reductions: reductions, rollbacks: rollbacks, best: best, kept: writer.kept,
        weightsSHA256: writer.sha256, metrics: metrics, seconds: seconds),
      session: state, average: average)
  }
}
