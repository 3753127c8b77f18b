internal import Classifier
internal import Primitives

/// Writes checkpoints so seldom that they cost next to nothing, and continues where one fails.
struct Checkpointer {
  private var written = ContinuousClock.now
  /// Seconds that the last one took.
  private var cost = 0.0
  private var isFailing = false

  /// The share of the time that goes into checkpoints, as 1 : share.
  private static let share = 100.0
  /// Seconds before the first one, and at least between two.
  private static let least = 1.0

  /// Whether the next checkpoint is due.
  var isDue: Bool {
    (ContinuousClock.now - written) / .seconds(1)
      >= max(Checkpointer.least, Checkpointer.share * cost)
  }

  /// Writes a checkpoint; one that fails is reported, and tried again when it is time.
  ///
  /// With `isLast` a failure is an error.
  mutating func write(
    isLast: Bool, _ journal: RunJournal, make: () throws -> Checkpoint
  ) throws {
    let start = ContinuousClock.now
    defer {
      written = .now
      cost = (written - start) / .seconds(1)
    }
    do {
      let checkpoint = try make()
      guard let bytes = checkpoint.encoded() else {
        throw TrainingError(.diverged, "the optimizer's state is not finite")
      }
      try CheckpointFolder(journal.folder).write(
        bytes, step: checkpoint.progress.steps, hasBest: checkpoint.progress.hasBest,
        boundary: checkpoint.progress.boundary)
      isFailing = false
    } catch let error as TrainingError where !isLast && error.kind != .diverged {
      if !isFailing {
        try journal.report(
          .warning(
            "\(error.problem); training continues, the last good checkpoint is kept, and writing is "
              + "tried again"))
      }
      isFailing = true
    }
  }
}
