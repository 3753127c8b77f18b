package import KernelSelection

/// Answers images: the one path from a file to probabilities, for every command.
package final class Predictor {
  /// The model that answers.
  package let model: ClassifierModel

  /// A predictor that works on `batchSize` images at a time; no answer depends on it.
  package init(
    model: ClassifierModel, engine: Engine, batchSize: Int = 32, maxPixels: Int = 64_000_000
  ) throws {
    throw TrainingError(.internal, "not written yet")
  }

  /// Answers `paths` in order; `each` gets every answer as its batch is done.
  package func predict(
    _ paths: some Sequence<String>, each: (Prediction) throws -> Void
  ) throws {}
}
