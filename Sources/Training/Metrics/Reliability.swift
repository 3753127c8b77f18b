/// How far the probabilities of answers can be trusted.
package enum Reliability {
  /// Bins of the expected calibration error.
  static let bins = 15

  /// Mean distance between how sure answers are and how often they are right.
  ///
  /// The expected calibration error of Naeini et al. 2015 on the label answered: answers are sorted
  /// by probability into 15 bins (k/15, (k + 1)/15], and each bin's distance between mean
  /// probability and share of right answers counts as its answers do. 0 without answers.
  package static func expectedCalibrationError(
    _ answers: [(probability: Double, isRight: Bool)]
  ) -> Double {
    var difference = [Double](repeating: 0, count: bins)
    for answer in answers {
      let bin = (0..<(bins - 1)).first { answer.probability <= Double($0 + 1) / Double(bins) }
      difference[bin ?? bins - 1] += answer.probability - (answer.isRight ? 1 : 0)
    }
    // Count / answers times |mean - share| is |sum - right| / answers.
    return answers.isEmpty ? 0 : difference.reduce(0) { $0 + abs($1) } / Double(answers.count)
  }

  /// What remains where answers below a probability are not given.
  package struct Selective: Codable, Sendable, Hashable {
    /// The least probability that is an answer, as for `--abstain-below`.
    package var threshold: Double
    /// Share of the images that are answered.
    package var coverage: Double
    /// Share of the answers that are right; nil without answers.
    package var accuracy: Double?

    /// Writes every key, null where there is no figure.
    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(threshold, forKey: .threshold)
      try container.encode(coverage, forKey: .coverage)
      try container.encode(accuracy, forKey: .accuracy)
    }
  }

  /// The thresholds of the report.
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
