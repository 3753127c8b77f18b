package import KernelSelection

/// Trains a classifier as a configuration says, and leaves a run folder.
package final class Trainer {
  /// What the run computes.
  package let configuration: Configuration
  private let out: String?
  private let engine: Engine

  /// A trainer; nothing is read or written yet.
  ///
  /// `out` is the run folder to create; without it the next free `runs/train-NNN`.
  package init(configuration: Configuration, out: String? = nil, engine: Engine) {
    self.configuration = configuration
    self.out = out
    self.engine = engine
  }

  /// Trains, keeps the best weights, evaluates the test images once.
  ///
  /// Events come on the calling thread. `shouldStop` is asked after every step; with a reason the
  /// run saves its weights and ends.
  package func run(
    events: (TrainingEvent) throws -> Void, shouldStop: () -> StopReason? = { nil }
  ) throws -> TrainingSummary {
    throw TrainingError(.internal, "not written yet")
  }
}
