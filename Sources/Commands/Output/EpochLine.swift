internal import Primitives

/// The line of one epoch, in the shape that Keras users know.
///
/// While the epoch runs:
/// `Epoch 3/25  180/250 ━━━━━━──  4s 16ms/step  loss 0.6286  accuracy 0.6499`; then
/// `val_loss … val_accuracy … 3,120 img/s  best` follow.
package struct EpochLine: Sendable, Equatable {
  var epoch: Int
  var epochs: Int
  var step: Int
  var steps: Int
  var seconds: Double
  var loss: Double
  var accuracy: Double
  /// What is known once the epoch is over.
  var outcome: Outcome?

  /// The figures of a finished epoch.
  package struct Outcome: Sendable, Equatable {
    var validationLoss: Double?
    var validationAccuracy: Double?
    var imagesPerSecond: Double
    var isBest: Bool

    /// The validation figures (nil without validation), training images a second, and whether the
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

  /// Where an epoch stands: `seconds` since it began, mean loss and share right so far, and with
  /// `outcome` how it ended.
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
  package var plain: String { joined(shortening: 0, bar: 0) }

  /// The line with the longest bar that fits, at most 30 cells; where even the rest does not fit,
  /// the less telling parts give way, and at last the end is cut.
  package func line(columns: Int) -> String {
    for level in 0...EpochLine.levels {
      let withoutBar = joined(shortening: level, bar: 0)
      // A space goes with the bar; fewer than 5 cells say nothing.
      let room = columns - withoutBar.count - 1
      if level == 0, room >= 5 { return joined(shortening: 0, bar: min(30, room)) }
      if withoutBar.count <= columns { return withoutBar }
    }
    return String(joined(shortening: EpochLine.levels, bar: 0).prefix(columns))
  }

  private static let levels = 7

  /// The parts, two spaces apart.
  ///
  /// Each level of shortening gives something up: milliseconds a step, images a second, long names,
  /// the count of steps, the time, the losses, and the training accuracy beside the one in
  /// validation.
  private func joined(shortening level: Int, bar cells: Int) -> String {
    var parts = ["Epoch \(epoch)/\(epochs)"]
    if level < 4 || (outcome == nil && level < 6) {
      parts.append("\(step)/\(steps)" + (cells > 0 ? " " + bar(step, steps, cells: cells) : ""))
    }
    if level < 5 {
      let milliseconds = fixed(seconds * 1000 / Double(max(1, step)), 0)
      parts.append(shortDuration(seconds) + (level < 1 ? " \(milliseconds)ms/step" : ""))
    }
    let accuracyName = level < 3 ? "accuracy" : "acc"
    if level < 6 || outcome == nil { parts.append("loss " + fixed(loss, 4)) }
    if level < 7 || outcome?.validationAccuracy == nil {
      parts.append("\(accuracyName) " + fixed(accuracy, 4))
    }
    if let outcome {
      if let value = outcome.validationLoss, level < 6 {
        parts.append("val_loss " + fixed(value, 4))
      }
      if let value = outcome.validationAccuracy {
        parts.append("val_\(accuracyName) " + fixed(value, 4))
      }
      if level < 2 { parts.append(grouped(Int(outcome.imagesPerSecond.rounded())) + " img/s") }
      if outcome.isBest { parts.append("best") }
    }
    return parts.joined(separator: "  ")
  }
}

/// Progress in `cells` cells: `━━━━━━──`.
func bar(_ done: Int, _ total: Int, cells: Int) -> String {
  let filled = total > 0 ? cells * min(done, total) / total : 0
  return String(repeating: "━", count: filled) + String(repeating: "─", count: cells - filled)
}
