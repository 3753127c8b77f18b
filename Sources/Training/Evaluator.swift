package import KernelSelection

/// Evaluates a model on a dataset's folder.
package struct Evaluator {
  /// What to evaluate.
  package struct Request: Sendable {
    /// The dataset's folder; nil for the one recorded in the model's run.
    package var dataset: String?
    /// train, val or test.
    package var split = "test"
    /// Count of classes for the top-K figure.
    package var topK = 1
    /// Images with more pixels are refused.
    package var maxPixels = 64_000_000

    /// The test images of the run's dataset.
    package init() {}
  }

  private let model: ClassifierModel
  private let run: String?
  private let engine: Engine

  /// An evaluator; `run` is the model's run folder where there is one.
  package init(model: ClassifierModel, run: String?, engine: Engine) {
    self.model = model
    self.run = run
    self.engine = engine
  }

  /// Answers every image of the split once.
  package func evaluate(
    _ request: Request, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> EvaluationResult {
    throw TrainingError(.internal, "not written yet")
  }
}

/// An evaluation with its answers.
package struct EvaluationResult: Sendable {
  /// Says which images these are.
  package var heading: String
  /// The dataset's folder.
  package var dataset: String
  /// The numbers.
  package var evaluation: Evaluation
  /// The answers, image by image, in order of the paths a class.
  package var predictions: [Prediction]
}
