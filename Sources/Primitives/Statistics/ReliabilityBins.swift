/// Predictions sorted by how probable they were held, and how many of them were right.
package struct ReliabilityBins: Sendable, Hashable {
  /// Predictions of about one probability.
  package struct Bin: Sendable, Hashable {
    /// The least probability, not included.
    package var lower: Double
    /// The greatest probability.
    package var upper: Double
    /// The number of predictions.
    package var count = 0
    /// The number of correct predictions.
    package var right = 0
    /// The sum of their probabilities.
    package var sum = 0.0

    /// Their mean probability; 0 without answers.
    package var probability: Double { count > 0 ? sum / Double(count) : 0 }
    /// The share of them that is right; 0 without answers.
    package var accuracy: Double { count > 0 ? Double(right) / Double(count) : 0 }
  }

  /// The bins (k/n, (k + 1)/n] from 0 to 1.
  package var bins: [Bin]

  /// The bins of predictions, each with its probability; one that is no number is omitted.
  package init(_ answers: [(probability: Double, isRight: Bool)], bins count: Int = 15) {
    precondition(count > 0, "at least one bin")
    bins = (0..<count).map { k in
      Bin(lower: Double(k) / Double(count), upper: Double(k + 1) / Double(count))
    }
    for answer in answers where answer.probability.isFinite {
      let k = bins.firstIndex { answer.probability <= $0.upper } ?? count - 1
      bins[k].count += 1
      bins[k].sum += answer.probability
      bins[k].right += answer.isRight ? 1 : 0
    }
  }

  /// Mean distance between how sure answers are and how often they are right; 0 without answers.
  ///
  /// The expected calibration error of Naeini et al. 2015 on the label answered: each bin's
  /// distance between mean probability and share of correct predictions counts as its predictions
  /// do.
  package var expectedCalibrationError: Double {
    let total = bins.reduce(0) { $0 + $1.count }
    guard total > 0 else { return 0 }
    // Count / total times |mean - share| is |sum - right| / total.
    return bins.reduce(0) { $0 + abs($1.sum - Double($1.right)) } / Double(total)
  }
}
