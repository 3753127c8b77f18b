package import Classifier
package import Compute
internal import Glibc
package import ImageData
package import Primitives

/// The first steps of a run, made again and compared bit by bit.
package struct Verification: Sendable {
  /// The environment in which the run was computed; nil if its folder does not record it.
  package let record: RunRecord?
  /// The recorded steps to compare; never empty.
  package let recorded: [StepDigest]
  private let configuration: Configuration

  /// One step of both.
  package struct Comparison: Sendable, Hashable {
    package var recorded: StepDigest
    package var repeated: StepDigest

    /// Whether both are the same, to the bit.
    package var isSame: Bool {
      recorded.weightsSHA256 == repeated.weightsSHA256
        && recorded.loss.bitPattern == repeated.loss.bitPattern
    }
  }

  /// Reads a run folder; up to `steps` steps are made again.
  ///
  /// `dataset` is where the images lie now; without it they are where the run found them. Errors: a
  /// folder without a run, and one that tells of no step that early.
  package init(
    run path: String, dataset: String? = nil, steps: Int, shelf: ModelShelf? = nil
  ) throws(TrainingError) {
    let run = try RecordedRun(path, "to verify")
    var configuration = run.configuration
    configuration.dataset = run.dataset(dataset)
    configuration.transfer.shelf = shelf
    // The steps of the folds' runs are recorded by these.
    if configuration.recipe.hasEpochs, configuration.data.fold == nil {
      configuration.data.folds = nil
    }
    self.configuration = configuration
    record = run.record
    let events = try RunEvents(reading: run.folder.place(RunFolder.eventsName))
    recorded = events.digests.filter { $0.step <= steps }
    guard !recorded.isEmpty else {
      throw TrainingError(
        .badData, "\(path) has no recorded step to compare with",
        found: events.digests.first.map { "the first is step \($0.step)" }
          ?? "no digest in its \(RunFolder.eventsName)",
        expected: "a run that made at least one step, with this version or a later one")
    }
  }

  /// Makes the steps again in a folder in `temporary` that goes away, and compares each that the run tells of.
  ///
  /// Ends with the first one that differs. Events are those of a run. Errors: those of `Trainer`,
  /// images that are not the run's, and `Stopped` once `shouldStop` says so, asked at each event.
  package func run(
    in temporary: String, cache: ImageCache, engine: Engine,
    events: (TrainingEvent) throws -> Void,
    shouldStop: () -> Stopped? = { nil }
  ) throws -> [Comparison] {
    var comparisons: [Comparison] = []
    let last = recorded.map(\.step).max() ?? 0
    var stopped: Stopped?
    guard !Dataset.lies(temporary, in: configuration.dataset) else {
      throw TrainingError(
        .usage, "the temporary folder lies in the dataset, where nothing may be written",
        found: temporary, expected: "TMPDIR set to a folder outside of \(configuration.dataset)")
    }
    let folder = try FileSystem.createTemporaryFolder("cnnctl-verify", in: temporary)
    defer { FileSystem.removeFolder(folder) }
    do {
      _ = try Trainer(
        configuration: configuration, out: folder + "/run", cache: cache, engine: engine
      ).run(
        events: { event in
          // Nothing of this run is kept.
          stopped = shouldStop()
          if stopped != nil { throw Enough() }
          try check(event)
          try events(event)
          guard case .digest(let digest) = event else { return }
          // A run that was resumed may have recorded a step twice.
          let same = recorded.filter { $0.step == digest.step }
            .map { Comparison(recorded: $0, repeated: digest) }
          guard let comparison = same.first(where: \.isSame) ?? same.first else { return }
          comparisons.append(comparison)
          if !comparison.isSame || digest.step >= last { throw Enough() }
        })
    } catch is Enough {}
    if let stopped { throw stopped }
    return comparisons
  }

  /// All that was to be compared is compared, or the repetition was stopped.
  private struct Enough: Error {}

  /// Refuses to compare what was learned from other images.
  private func check(_ event: TrainingEvent) throws(TrainingError) {
    guard case .dataset(let found) = event, let expected = record?.datasetFingerprint,
      found.fingerprint != expected
    else { return }
    throw TrainingError(
      .badData, "the images of \(found.path) differ from those the run was started with",
      found: "fingerprint \(found.fingerprint)", expected: expected)
  }
}
