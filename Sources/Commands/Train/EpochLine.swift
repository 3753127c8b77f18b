internal import Primitives

/// The line of one epoch, in the shape that Keras users know.
///
/// While the epoch runs:
/// `Epoch 3/25  180/250 ━━━━━━──  1s left 16ms/step  loss 0.6286  accuracy 0.6499`; then
/// `4s 16ms/step` and `val_loss … val_accuracy … 3,120 img/s  best` follow. The last part but `best`
/// is the time that is left of the whole run.
package struct EpochLine: Sendable, Equatable {
  var epoch: Int
  var epochs: Int
  var step: Int
  var steps: Int
  var seconds: Double
  var loss: Double
  var accuracy: Double
  /// About how long the whole run still takes, where that can be told.
  package var runLeft: Double?
  /// The results of a finished epoch.
  var outcome: Outcome?

  /// The figures of a finished epoch.
  package struct Outcome: Sendable, Equatable {
    var validationLoss: Double?
    var validationAccuracy: Double?
    var imagesPerSecond: Double
    var isBest: Bool

    /// The validation figures (nil without validation), training images per second, and whether the
    /// epoch is the best so far.
    package init(
      validationLoss: Double?, validationAccuracy: Double?, imagesPerSecond: Double, isBest: Bool
    ) {
      self.validationLoss = validationLoss
      self.validationAccuracy = validationAccuracy
      self.imagesPerSecond = imagesPerSecond
      self.isBest = isBest
    }
  }

  /// The line for an epoch after `seconds`, with mean loss and accuracy so far, and `outcome` at
  /// its end.
  package init(
    epoch: Int, epochs: Int, step: Int, steps: Int, seconds: Double, loss: Double,
    accuracy: Double, outcome: Outcome? = nil
  ) {
    self.epoch = epoch
    self.epochs = epochs
    self.step = step
    self.steps = steps
    self.seconds = seconds
    self.loss = loss
    self.accuracy = accuracy
    self.outcome = outcome
  }

  /// The whole line without the bar, for files and pipes.
  package var plain: String { joined(shortening: 0, bar: "") }

  /// The line with the longest bar that fits, at most 30 cells; where even the rest does not fit,
  /// the less telling parts give way, and at last the end is cut.
  package func line(columns: Int, isUnicode: Bool = true) -> String {
    // Of two finished epochs one is the best and the other not: their columns stay the same.
    let isPlain = outcome.map { !$0.isBest } ?? false
    let columns = isPlain ? columns - "  best".count : columns
    for level in 0...EpochLine.levels {
      let withoutBar = joined(shortening: level, bar: "")
      // A space goes with the bar; fewer than 5 cells say nothing.
      let room = columns - withoutBar.count - 1
      if level <= 1, room >= 5 {
        return joined(
          shortening: level, bar: bar(step, steps, cells: min(30, room), isUnicode: isUnicode))
      }
      if withoutBar.count <= columns, level > 0 || runLeft == nil { return withoutBar }
    }
    return String(joined(shortening: EpochLine.levels, bar: "").prefix(columns))
  }

  private static let levels = 8

  /// The parts, two spaces apart.
  ///
  /// Each level of shortening gives something up: the run's time left, milliseconds a step, images
  /// per second, long names, the count of steps, the time, the losses, and the training accuracy
  /// beside the one in validation.
  private func joined(shortening level: Int, bar: String) -> String {
    var parts = ["Epoch \(epoch)/\(epochs)"]
    if level < 5 || (outcome == nil && level < 7) {
      parts.append("\(step)/\(steps)" + (bar.isEmpty ? "" : " " + bar))
    }
    if level < 6 {
      let milliseconds = fixed(seconds * 1000 / Double(max(1, step)), 0)
      parts.append(time + (level < 2 ? " \(milliseconds)ms/step" : ""))
    }
    let accuracyName = level < 4 ? "accuracy" : "acc"
    if level < 7 || outcome == nil { parts.append("loss " + fixed(loss, 4)) }
    if level < 8 || outcome?.validationAccuracy == nil {
      parts.append("\(accuracyName) " + fixed(accuracy, 4))
    }
    if let outcome {
      if let value = outcome.validationLoss, level < 7 {
        parts.append("val_loss " + fixed(value, 4))
      }
      if let value = outcome.validationAccuracy {
        parts.append("val_\(accuracyName) " + fixed(value, 4))
      }
      if level < 3 { parts.append(grouped(Int(outcome.imagesPerSecond.rounded())) + " img/s") }
    }
    if let runLeft, level < 1 { parts.append("run \(shortDuration(runLeft)) left") }
    if outcome?.isBest == true { parts.append("best") }
    return parts.joined(separator: "  ")
  }

  /// The time that the epoch took, or while it runs the time left of it.
  private var time: String {
    guard outcome == nil, step > 0 else { return shortDuration(seconds) }
    return shortDuration(secondsLeft) + " left"
  }

  /// About how long the epoch's remaining steps take.
  package var secondsLeft: Double {
    step > 0 ? seconds / Double(step) * Double(max(0, steps - step)) : 0
  }
}

/// Progress in `cells` cells: `━━━━━━──`, or in ASCII `######--`.
func bar(_ done: Int, _ total: Int, cells: Int, isUnicode: Bool = true) -> String {
  let filled = total > 0 ? cells * max(0, min(done, total)) / total : 0
  let (full, empty) = isUnicode ? ("━", "─") : ("#", "-")
  return String(repeating: full, count: filled) + String(repeating: empty, count: cells - filled)
}
