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
    let losses = zip(probabilities, truths).map { row, truth in
      -log(min(1, max(row[truth], Double.ulpOfOne)))
    }
    return losses.reduce(0, +) / Double(truths.count)
  }

  /// How many of these values, 0...1, lie in each of so many bins of one width.
  ///
  /// A value at an edge belongs to the bin above, 1 to the last; what is not in 0...1 is left out.
  package static func histogram(_ values: [Double], bins: Int) -> [Int] {
    precondition(bins > 0, "at least one bin")
    var counts = [Int](repeating: 0, count: bins)
    for value in values where value >= 0 && value <= 1 {
      var bin = min(bins - 1, Int(value * Double(bins)))
      // The product may have rounded over an edge.
      if value < Double(bin) / Double(bins) { bin -= 1 }
      if bin + 1 < bins, value >= Double(bin + 1) / Double(bins) { bin += 1 }
      counts[bin] += 1
    }
    return counts
  }

  /// A panel a class of how probable members and others were held, as `HistogramChart` draws them.
  package static func histograms(
    probabilities: [[Double]], truths: [Int], names: [String], bins: Int = 20
  ) -> [HistogramChart.Panel] {
    precondition(probabilities.count == truths.count, "a true class for each image")
    return names.enumerated().map { index, name in
      func values(members: Bool) -> [Double] {
        zip(probabilities, truths).filter { ($0.1 == index) == members }.map { $0.0[index] }
      }
      return HistogramChart.Panel(
        name: name, members: histogram(values(members: true), bins: bins),
        others: histogram(values(members: false), bins: bins))
    }
  }
}
