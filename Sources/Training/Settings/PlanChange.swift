/// A change of how long a run is, made while it ran.
///
/// A run's bits depend on its length at every step, by the schedule of the learning rate and the
/// sizes of its images. So each change stands in `config.json` with the step that it was made
/// after, and who repeats or verifies the run makes it there again.
package struct PlanChange: Codable, Sendable, Hashable {
  /// Who wanted a change.
  package enum Reason: String, Codable, Sendable {
    /// An option where the run was resumed.
    case request
    /// A time limit.
    case time
  }

  /// Steps made before the change.
  package var step: Int
  /// Epochs of the run from there on.
  package var epochs: Int
  /// Steps of the run in all where its last epoch is cut short; nil where it is whole.
  package var steps: Int?
  /// Epochs without improvement before training stops, where that changed too; 0 for never.
  package var patience: Int?
  /// Who wanted it.
  package var reason: Reason

  /// A change after `step` steps.
  package init(
    step: Int, epochs: Int, steps: Int? = nil, patience: Int? = nil, reason: Reason
  ) {
    self.step = step
    self.epochs = epochs
    self.steps = steps
    self.patience = patience
    self.reason = reason
  }
}

/// How long a run is.
package struct RunLength: Sendable, Hashable {
  /// Epochs; the last one may be cut short.
  package var epochs: Int
  /// Optimizer steps in all: where the schedule ends.
  package var steps: Int

  /// So many epochs and steps.
  package init(epochs: Int, steps: Int) {
    self.epochs = epochs
    self.steps = steps
  }
}

extension Configuration.Training {
  /// How long the run is once `made` steps are made, with so many steps in a whole epoch.
  ///
  /// A change that was made after a step that this run does not reach, as on fewer images, is made
  /// at its end.
  package func length(after made: Int, stepsPerEpoch: Int) -> RunLength {
    var length = RunLength(
      epochs: epochs(steps: stepsPerEpoch), steps: epochs(steps: stepsPerEpoch) * stepsPerEpoch)
    // Where the last epoch before the change began.
    var (first, epoch) = (0, 0)
    for change in changes ?? [] {
      let step = min(change.step, length.steps)
      guard step <= made else { break }
      let whole = (step - first) / stepsPerEpoch
      (first, epoch) = (first + whole * stepsPerEpoch, epoch + whole)
      // An epoch that the plan cut short counts as one.
      if step == length.steps, step > first { (first, epoch) = (step, epoch + 1) }
      let begun = epoch + (step > first ? 1 : 0)
      let epochs = max(change.epochs, begun)
      length = RunLength(
        epochs: epochs,
        steps: max(step, change.steps ?? first + (epochs - epoch) * stepsPerEpoch))
    }
    return length
  }

  /// Whether the run, as it was planned once `made` steps were made, ends after them; more may have
  /// been asked for since.
  func ends(after made: Int, stepsPerEpoch: Int) -> Bool {
    let all = changes ?? []
    let before = all.prefix { $0.step < made }.count
    return (before...max(before, all.prefix { $0.step <= made }.count)).contains { count in
      var planned = self
      planned.changes = Array(all.prefix(count))
      return planned.length(after: made, stepsPerEpoch: stepsPerEpoch).steps == made
    }
  }

  /// Whether time, and no wish, decided how long the run is once `made` steps are made.
  func isCutShort(after made: Int, stepsPerEpoch: Int) -> Bool {
    let length = length(after: made, stepsPerEpoch: stepsPerEpoch)
    guard let last = change(after: made), last.reason == .time else { return false }
    return length.epochs < askedEpochs(stepsPerEpoch: stepsPerEpoch) || last.steps != nil
  }

  /// The change that the length is by once `made` steps are made; nil for none.
  func change(after made: Int) -> PlanChange? { (changes ?? []).last { $0.step <= made } }

  /// Whether more was asked for after exactly so many steps.
  func isAskedAgain(after made: Int) -> Bool {
    (changes ?? []).contains { $0.step == made && $0.reason == .request }
  }

  /// Epochs without improvement before training stops, once `made` steps are made; 0 for never.
  func patience(after made: Int) -> Int {
    (changes ?? []).last { $0.step <= made && $0.patience != nil }?.patience ?? patience
  }

  /// The epochs that were asked for, whatever time allowed.
  package func askedEpochs(stepsPerEpoch: Int) -> Int {
    (changes ?? []).last { $0.reason == .request }?.epochs ?? epochs(steps: stepsPerEpoch)
  }

  /// The most epochs that the run has at any time.
  func mostEpochs(stepsPerEpoch: Int) -> Int {
    (changes ?? []).reduce(epochs(steps: stepsPerEpoch)) { max($0, $1.epochs) }
  }
}
