internal import CNN

/// A run that is to go on where it was left.
package struct Resumption: Sendable {
  /// The run's folder.
  package let folder: RunFolder
  /// The run's configuration, with more or fewer epochs where they were asked for.
  package let configuration: Configuration
  /// What the run did it with.
  package let record: RunRecord?
  /// What a run that is over came to, unless it is to have more epochs.
  package let finished: TrainingSummary?

  /// Reads a run folder (`train --resume`).
  ///
  /// `dataset` is where the images lie now; without it they are where the run found them. Of
  /// `options` only the epochs may differ from what the run was begun with. Errors: a folder that
  /// holds no run, and options that differ, each with the run's value and the one given.
  package init(
    run path: String, dataset: String? = nil, options: TrainingOptions = TrainingOptions()
  ) throws(TrainingError) {
    let run = try RecordedRun(path, "to resume")
    let begun = run.configuration
    (folder, record) = (run.folder, run.record)
    try folder.requireNoLinks(grows: true)
    if var damage = run.damage {
      // It would be written anew, and what it says of the dataset and the end be lost.
      damage.advice =
        "the file as it was; without it, moved away, the run goes on where its checkpoint stands"
      throw damage
    }
    var wanted = begun
    try wanted.apply(options)
    let differences =
      (options.recipe.map { $0 == begun.recipe.rawValue } ?? true
        ? [] : ["recipe: \(begun.recipe.rawValue) in the run, \(options.recipe ?? "") given"])
      + begun.differences(from: wanted, except: Resumption.free)
    guard differences.isEmpty else {
      throw TrainingError(
        .usage, "\(path) was begun with other options", found: differences.joined(separator: "; "),
        expected: "the same, or none: they come from the run",
        advice: "--epochs may differ; for anything else a new run with --out")
    }
    wanted.dataset = run.dataset(dataset)
    configuration = wanted
    finished =
      record?.status == .done && wanted.training.epochs == begun.training.epochs
      ? try? RunEvents.summary(of: folder) : nil
  }

  /// The keys of a configuration that may differ where a run goes on.
  private static let free: Set<String> = [
    "dataset", "training.epochs", "training.minimumSteps",
  ]

  /// Finds the checkpoint to go on from, and refuses one of another run or other images.
  ///
  /// nil where there is none: the run begins anew. `skipped` is told why one is passed over.
  func checkpoint(skipped: (String) -> Void) throws(TrainingError) -> Checkpoint? {
    folder.removeTemporaries()
    guard let checkpoint = try CheckpointFolder(folder).newest(skipped: skipped) else {
      try refuseToLoseWeights()
      return nil
    }
    let differences = checkpoint.progress.configuration.differences(
      from: configuration, except: Resumption.free)
    guard differences.isEmpty else {
      throw TrainingError(
        .badData,
        "\(folder.file(RunFolder.configurationName)) is not what the checkpoint was made with",
        found: differences.joined(separator: "; "), expected: "the run's own file, unchanged")
    }
    let (done, wanted) = (checkpoint.progress.epochs, configuration.training.epochs)
    guard configuration.training.minimumSteps > 0 || done <= wanted else {
      throw TrainingError(
        .usage, "\(folder.path) has more epochs already than --epochs \(wanted)",
        found: "\(done) epochs", expected: "at least \(done)")
    }
    return checkpoint
  }
}

extension Resumption {
  /// Seconds of training after which a run must have written a checkpoint, many times over.
  private static let longest = 10.0

  /// Refuses to begin a run anew where it has trained and its checkpoints are gone.
  ///
  /// A run that was killed in its first moments may have weights and no checkpoint yet; one that
  /// ended or trained on has written checkpoints, and what it left is not written over.
  private func refuseToLoseWeights() throws(TrainingError) {
    guard folder.place(RunFolder.bestName).isThere || folder.place(RunFolder.lastName).isThere
    else {
      return
    }
    let hasEnded =
      record?.status == .done || record?.status == .stopped && record?.weightsSHA256 != nil
    let trained = (try? MetricsRow.read(folder.place(RunFolder.metricsName)))
      .map { $0.reduce(0) { $0 + $1.seconds } }
    guard hasEnded || trained.map({ !($0 < Resumption.longest) }) ?? true else { return }
    throw TrainingError(
      .badData, "\(folder.path) has weights and no checkpoint, and is not begun anew over them",
      found: "no file in \(folder.file("checkpoint"))", expected: "the run's checkpoints",
      advice: folder.adviceToBeginAnew)
  }
}

extension Checkpoint {
  /// Refuses to go on with other images than were trained on.
  func check(fingerprint: String, dataset: String) throws(TrainingError) {
    guard progress.fingerprint != fingerprint else { return }
    throw TrainingError(
      .badData, "the images of \(dataset) are not those that the run was begun with",
      found: "fingerprint \(fingerprint)", expected: progress.fingerprint,
      advice: "the same files and classes, or a new run")
  }
}

extension Configuration {
  /// What differs, key by key: this one's value and the other's.
  func differences(from other: Configuration, except keys: Set<String>) -> [String] {
    let (own, others) = (leaves, other.leaves)
    return Set(own.keys).union(others.keys).subtracting(keys).sorted().compactMap { key in
      let (a, b) = (own[key] ?? "nothing", others[key] ?? "nothing")
      return a == b ? nil : "\(key): \(a) in the run, \(b) given"
    }
  }

  /// Every value by its path.
  private var leaves: [String: String] {
    var leaves: [String: String] = [:]
    func visit(_ node: JSONNode, _ path: String) {
      guard case .object(let members) = node else {
        leaves[path] = text(of: node)
        return
      }
      for member in members {
        visit(member.value, path.isEmpty ? member.key : path + "." + member.key)
      }
    }
    func text(of node: JSONNode) -> String {
      switch node {
      case .string(let text), .number(let text): text
      case .boolean(let value): "\(value)"
      case .null: "none"
      case .array(let values): values.map(text).joined(separator: ", ")
      case .object(let members):
        members.map { "\($0.key) \(text(of: $0.value))" }.joined(separator: ", ")
      }
    }
    if let tree = try? StrictJSON.parse(encoded()[...], depth: Configuration.depthLimit) {
      visit(tree, "")
    }
    return leaves
  }
}
