internal import Primitives

/// The reason why a run ended.
package enum Ending: String, Codable, Sendable {
  case epochs
  /// No epoch was better for `--patience` epochs.
  case patience
  /// `--max-time` left room for no more.
  case time
  case signal
  case error
}

/// A run's new length, from a step on.
package struct PlanUpdate: Codable, Sendable, Hashable {
  /// Steps made so far.
  package var step: Int
  package var epochs: Int
  /// Optimizer steps of the run.
  package var steps: Int
  package var stepsPerEpoch: Int
  package var askedEpochs: Int
  /// The cause of the change.
  package var reason: PlanChange.Reason
  /// Whether the last epoch is incomplete.
  package var isLastCut: Bool
  /// The time limit that decided, in seconds; nil if the configuration tells of the change.
  package var maxSeconds: Double?

  enum CodingKeys: String, CodingKey {
    case step, epochs, steps
    case stepsPerEpoch = "steps_per_epoch"
    case askedEpochs = "asked_epochs"
    case reason
    case isLastCut = "last_epoch_is_cut"
    case maxSeconds = "max_seconds"
  }

  /// The change of a run's plan after `made` steps.
  init(_ training: Configuration.Training, after made: Int, stepsPerEpoch: Int, limit: Double?) {
    let length = training.length(after: made, stepsPerEpoch: stepsPerEpoch)
    let change = training.change(after: made)
    (step, epochs, steps) = (made, length.epochs, length.steps)
    self.stepsPerEpoch = stepsPerEpoch
    askedEpochs = training.askedEpochs(stepsPerEpoch: stepsPerEpoch)
    reason = change?.reason ?? .request
    isLastCut = change?.reason == .time && change?.steps != nil
    maxSeconds = limit
  }

  /// One sentence.
  package var line: String {
    guard reason == .time else {
      return
        "from step \(step) on, the run has \(counted(epochs, "epoch")), as set in its config.json"
    }
    let who = maxSeconds.map { "--max-time \(seconds($0))" } ?? "time limit of the repeated run"
    if steps <= step { return "\(who): training ends after \(counted(step, "step"))" }
    if epochs == 1, isLastCut {
      return "\(who): less than an epoch fits; training ends after \(steps) of "
        + counted(stepsPerEpoch, "step")
    }
    return "\(who): \(epochs) of \(counted(askedEpochs, "epoch"))"
      + (epochs == 1 ? " fits" : " fit")
      + (isLastCut ? ", the last one cut short after \(counted(steps, "step")) in all" : "")
  }
}

/// `45s`, `1.5s`.
func seconds(_ value: Double) -> String {
  value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))s" : "\(value)s"
}
