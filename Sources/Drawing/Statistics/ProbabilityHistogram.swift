/// Histograms of predicted probabilities.
package enum ProbabilityHistogram {
  /// The number of these values, 0...1, in each of `bins` bins of equal width.
  ///
  /// A value at an edge belongs to the bin above, 1 to the last; what is not in 0...1 is omitted.
  package static func counts(of values: [Double], bins: Int) -> [Int] {
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
  package static func panels(
    probabilities: [[Double]], truths: [Int], names: [String], bins: Int = 20
  ) -> [HistogramChart.Panel] {
    precondition(probabilities.count == truths.count, "a true class for each image")
    return names.enumerated().map { index, name in
      func values(members: Bool) -> [Double] {
        zip(probabilities, truths).filter { ($0.1 == index) == members }.map { $0.0[index] }
      }
      return HistogramChart.Panel(
        name: name, members: counts(of: values(members: true), bins: bins),
        others: counts(of: values(members: false), bins: bins))
    }
  }
}
