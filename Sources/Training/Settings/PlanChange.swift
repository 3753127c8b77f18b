/// A change of a run's length, made while it ran.
///
/// A run's bits depend on its length at every step, by the schedule of the learning rate and the
/// sizes of its images. So `config.json` records each change with the step after which it was made,
/// and a repetition or verification of the run makes it at the same step.
package struct PlanChange: Codable, Sendable, Hashable {
  /// The cause of a change.
  package enum Reason: String, Codable, Sendable {
    /// An option when the run was resumed.
    case request
    /// A time limit.
    case time
  }

  /// Steps before the change.
  package var step: Int
  /// The run's epochs from then on.
  package var epochs: Int
  /// The run's total steps if its last epoch is cut short; nil if it is complete.
  package var steps: Int?
  /// Epochs without improvement before training stops, if that changed too; 0 for never.
  package var patience: Int?
  /// The cause.
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

/// The length of a run.
package struct RunLength: Sendable, Hashable {
  /// Epochs; the last one may be cut short.
  package var epochs: Int
  /// Total optimizer steps, which the schedule spans.
  package var steps: Int

  /// A length of `epochs` epochs and `steps` steps.
  package init(epochs: Int, steps: Int) {
    self.epochs = epochs
    self.steps = steps
  }
}

extension Configuration.Training {
  /// The run's length as planned after `made` steps, with `stepsPerEpoch` steps in a full epoch.
  ///
  /// A change after a step that this run does not reach, for instance with fewer images, is made at
  /// its end.
  package func length(after made: Int, stepsPerEpoch: Int) -> RunLength {
    var length = RunLength(
      epochs: epochs(steps: stepsPerEpoch), steps: epochs(steps: stepsPerEpoch) * stepsPerEpoch)
    // The start of the last epoch before the change.
    var (first, epoch) = (0, 0)
    for change in changes ?? [] {
      let step = min(change.step, length.steps)
      guard step <= made else { break }
      let whole = (step - first) / stepsPerEpoch
      (first, epoch) = (first + whole * stepsPerEpoch, epoch + whole)
      // An epoch that was cut short counts as one.
      if step == length.steps, step > first { (first, epoch) = (step, epoch + 1) }
      let begun = epoch + (step > first ? 1 : 0)
      let epochs = max(change.epochs, begun)
      length = RunLength(
        epochs: epochs,
        steps: max(step, change.steps ?? first + (epochs - epoch) * stepsPerEpoch))
    }
    return length
  }

  /// Whether the run, as planned after `made` steps, ends there; it may have been extended since.
  func ends(after made: Int, stepsPerEpoch: Int) -> Bool {
    let all = changes ?? []
    let before = all.prefix { $0.step < made }.count
    return (before...max(before, all.prefix { $0.step <= made }.count)).contains { count in
      var planned = self
      planned.changes = Array(all.prefix(count))
      return planned.length(after: made, stepsPerEpoch: stepsPerEpoch).steps == made
    }
  }

  /// Whether a time limit decided the run's length after `made` steps.
  func isCutShort(after made: Int, stepsPerEpoch: Int) -> Bool {
    let length = length(after: made, stepsPerEpoch: stepsPerEpoch)
    guard let last = change(after: made), last.reason == .time else { return false }
    return length.epochs < askedEpochs(stepsPerEpoch: stepsPerEpoch) || last.steps != nil
  }

  /// The change that decides the length after `made` steps; nil for none.
  func change(after made: Int) -> PlanChange? { (changes ?? []).last { $0.step <= made } }

  /// Whether the run was extended after exactly so many steps.
  func isAskedAgain(after made: Int) -> Bool {
    (changes ?? []).contains { $0.step == made && $0.reason == .request }
  }

  /// Epochs without improvement before training stops, after `made` steps; 0 for never.
  func patience(after made: Int) -> Int {
    (changes ?? []).last { $0.step <= made && $0.patience != nil }?.patience ?? patience
  }

  /// The requested epochs, whatever the time limit allowed.
  package func askedEpochs(stepsPerEpoch: Int) -> Int {
    (changes ?? []).last { $0.reason == .request }?.epochs ?? epochs(steps: stepsPerEpoch)
  }

  /// The most epochs that the run has at any time.
  func mostEpochs(stepsPerEpoch: Int) -> Int {
    (changes ?? []).reduce(epochs(steps: stepsPerEpoch)) { max($0, $1.epochs) }
  }
}
