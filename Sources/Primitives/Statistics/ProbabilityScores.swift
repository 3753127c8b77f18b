import Glibc

/// Figures of predicted probabilities.
package enum ProbabilityScores {
  /// Brier's score: the mean squared distance of the probabilities from what was true (Brier 1950).
  ///
  /// The squares are summed over the classes; of two classes half of that, which is the squared
  /// distance of the second one's probability, as in scikit-learn. Nil without images.
  package static func brier(probabilities: [[Double]], truths: [Int]) -> Double? {
    precondition(probabilities.count == truths.count, "a true class for each image")
    guard let classes = probabilities.first?.count else { return nil }
    var sum = 0.0
    for (row, truth) in zip(probabilities, truths) {
      for (index, probability) in row.enumerated() {
        let distance = probability - (index == truth ? 1 : 0)
        sum += distance * distance
      }
    }
    return sum / Double(probabilities.count) / (classes == 2 ? 2 : 1)
  }

  /// Mean of -log of the true class's probability in nats; nil without images.
  ///
  /// A probability of 0 counts as the least positive number that differs from 0 beside 1.
  package static func logLoss(probabilities: [[Double]], truths: [Int]) -> Double? {
    precondition(probabilities.count == truths.count, "a true class for each image")
    guard !truths.isEmpty else { return nil }
    let losses = zip(probabilities, truths).map { row, truth in logLoss(row[truth]) }
    return losses.reduce(0, +) / Double(truths.count)
  }

  /// -log of a probability in nats, bounded as above.
  package static func logLoss(_ probability: Double) -> Double {
    -log(min(1, max(probability, Double.ulpOfOne)))
  }
}
