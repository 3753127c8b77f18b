package import Primitives

/// Measures of how well probabilities are calibrated.
package enum Reliability {
  /// Coverage and accuracy if predictions below a probability are withheld.
  package struct Selective: Codable, Sendable, Hashable {
    /// The least probability that is a prediction, as for `--abstain-below`.
    package var threshold: Double
    /// Share of the images that are answered.
    package var coverage: Double
    /// Share of the predictions that are right; nil without answers.
    @AlwaysWritten package var accuracy: Double? = nil
  }

  static let thresholds = [0.5, 0.7, 0.8, 0.9, 0.95, 0.99]

  /// Coverage and accuracy at each threshold.
  static func selective(_ answers: [(probability: Double, isRight: Bool)]) -> [Selective] {
    thresholds.map { threshold in
      let given = answers.filter { $0.probability >= threshold }
      let right = given.count { $0.isRight }
      return Selective(
        threshold: threshold,
        coverage: answers.isEmpty ? 0 : Double(given.count) / Double(answers.count),
        accuracy: given.isEmpty ? nil : Double(right) / Double(given.count))
    }
  }
}
