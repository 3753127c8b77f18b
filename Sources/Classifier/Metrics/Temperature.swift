package import Compute
import Glibc

/// The number that logits are divided by so that probabilities mean what they say.
///
/// Guo et al. 2017, arXiv 1706.04599: a network's predictions are often too sure of themselves, or
/// not sure enough; one number, fitted on images that it was not trained on, mends most of it, and
/// changes no prediction's label.
package enum Temperature {
  /// The temperatures that a model may have.
  package static let range = 0.01...100.0

  /// The weight of a temperature of 1, which is what is known before any image is seen.
  ///
  /// It is a standard deviation of 1/√2 of the logarithm: temperatures within a factor of 2 of
  /// 1 are usual. Of 1, 2, 4 and 8 it did best with 20, 40 and 100 images of
  /// Tests/Scripts/simulate_calibration.py.
  package static let prior = 2.0

  /// The most probable temperature for `rows` of logits, within `range`.
  ///
  /// - rows: one logit for two classes, else one a class.
  /// - truths: the true class of each row.
  /// - prior: the weight of a temperature of 1; with 0 the result has the least loss on the images.
  ///
  /// Nil where no row is there, one is not finite, or every prediction is right, which tells little
  /// of how sure to be. With s = 1 / temperature the sum over the images of the loss plus prior ·
  /// (s - 1 - ln s) is least: the maximum a posteriori estimate (Bishop, Pattern Recognition and
  /// Machine Learning, 2006, 1.2.5) under a gamma distribution of s of shape prior + 1 and rate
  /// prior, whose mode is 1. The loss grows with the images and the prior does not: from many
  /// images its part is gone, from few the temperature stays near 1. The sum is convex in s: its
  /// slope, the sum over the images of the logit expected less that of the true class plus prior ·
  /// (1 - 1/s), is brought to zero by Newton's method, or by bisection where that leaves the
  /// bracket.
  package static func fitted(
    _ rows: [[Float]], truths: [Int], prior: Double = Temperature.prior,
    workers: WorkerPool? = nil
  ) -> Double? {
    precondition(rows.count == truths.count, "a true class for each row")
    precondition(prior >= 0, "a weight")
    guard !rows.isEmpty, rows.allSatisfy({ $0.allSatisfy(\.isFinite) }) else { return nil }
    let someWrong = zip(rows, truths).contains { row, truth in
      // One logit stands beside 0, that of the first class.
      row.count == 1
        ? truth == 0 ? row[0] > 0 : row[0] < 0
        : row.contains { $0 > row[truth] }
    }
    guard someWrong else { return nil }
    var low = 1 / range.upperBound
    var high = 1 / range.lowerBound
    func slope(_ factor: Double) -> (first: Double, second: Double) {
      var first = prior * (1 - 1 / factor)
      var second = prior / (factor * factor)
      // Each row by itself on all threads, the sums in the order of the rows.
      let terms = workers.mapRanges(rows.count, length: max(1, 4096 / rows[0].count)) { range in
        var powers: [Double] = []
        return range.map { row in
          rows[row].count == 1
            ? moments([0, rows[row][0]], truths[row], factor, &powers)
            : moments(rows[row], truths[row], factor, &powers)
        }
      }
      for term in terms {
        first += term.excess
        second += term.variance
      }
      return (first, second)
    }
    if slope(low).first >= 0 { return range.upperBound }
    if slope(high).first <= 0 { return range.lowerBound }
    var factor = 1.0
    // Bisection alone would need fewer: 10^4 halved 60 times is below the last digit.
    for _ in 0..<100 {
      let (first, second) = slope(factor)
      if first == 0 { break }
      if first < 0 { low = factor } else { high = factor }
      var next = factor - first / second
      if !(next > low && next < high) { next = (low + high) / 2 }
      let step = abs(next - factor)
      factor = next
      if step <= 1e-13 * factor { break }
    }
    return 1 / factor
  }

  /// The mean of a row's logits under the probabilities of `factor` times the row, less that of the
  /// true class, and their variance.
  ///
  /// `powers` is room for as many numbers as there are logits.
  private static func moments(
    _ row: [Float], _ truth: Int, _ factor: Double, _ powers: inout [Double]
  ) -> (excess: Double, variance: Double) {
    let most = Double(row.max() ?? 0)
    powers.removeAll(keepingCapacity: true)
    var sum = 0.0
    var first = 0.0
    for value in row {
      let power = exp(factor * (Double(value) - most))
      powers.append(power)
      sum += power
      first += power * Double(value)
    }
    let mean = first / sum
    var second = 0.0
    for (power, value) in zip(powers, row) {
      second += power * (Double(value) - mean) * (Double(value) - mean)
    }
    return (mean - Double(row[truth]), second / sum)
  }
}
