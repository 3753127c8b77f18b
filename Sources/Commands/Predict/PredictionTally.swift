internal import Classifier
internal import Primitives
internal import Training

/// The number of predictions per class: `cats 412, dogs 388, 3 don't know, 4 none of these, 2
/// unreadable`.
struct PredictionTally {
  private var counts: [Int]
  private var unsure = 0
  private var rejected = 0
  private var unreadable = 0

  init(classes: Int) {
    counts = [Int](repeating: 0, count: classes)
  }

  /// Counts a prediction.
  mutating func add(
    _ prediction: Prediction, abstainBelow: Double, rejectAbove: Double? = nil
  ) {
    guard let index = prediction.index else {
      unreadable += 1
      return
    }
    if prediction.isRejected(above: rejectAbove) {
      rejected += 1
    } else if prediction.abstains(below: abstainBelow) {
      unsure += 1
    } else {
      counts[index] += 1
    }
  }

  /// The most frequent class first; a class that was never the prediction is not named.
  func line(classes: [String]) -> String {
    var parts = mostFrequent(counts) { "\(classes[$0]) \(grouped(counts[$0]))" }
    if unsure > 0 { parts.append("\(grouped(unsure)) don't know") }
    if rejected > 0 { parts.append("\(grouped(rejected)) none of these") }
    if unreadable > 0 { parts.append("\(grouped(unreadable)) unreadable") }
    return parts.joined(separator: ", ")
  }
}

/// A text for each of the ten greatest counts by class, the first of equal ones first, and one for
/// those that follow; a class without any has none.
func mostFrequent(_ counts: [Int], text: (_ label: Int) -> String) -> [String] {
  let found = counts.indices.filter { counts[$0] > 0 }
    .sorted { (counts[$1], $0) < (counts[$0], $1) }
  let rest = found.dropFirst(10)
  let images = rest.reduce(0) { $0 + counts[$1] }
  return found.prefix(10).map(text)
    + (rest.isEmpty
      ? [] : ["\(grouped(images)) of \(counted(rest.count, "other class", "other classes"))"])
}
