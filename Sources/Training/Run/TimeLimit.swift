internal import Primitives

/// The time that a whole command may take.
package struct TimeLimit {
  /// Nil for no limit.
  let seconds: Double?
  /// Seconds since the command began.
  let clock: () -> Double

  /// - seconds: 0 for no limit.
  init(_ seconds: Double?, _ clock: @escaping () -> Double) {
    self.seconds = seconds.flatMap { $0 > 0 ? $0 : nil }
    self.clock = clock
  }

  /// Seconds from now on.
  package static func clock() -> () -> Double {
    let began = ContinuousClock.now
    return { (ContinuousClock.now - began) / .seconds(1) }
  }

  var isOver: Bool { seconds.map { clock() >= $0 } ?? false }

  /// The error where no time is left for a first step.
  func outOfTime(after work: String) -> any Error {
    guard let limit = seconds else { return Stopped(signal: 0) }
    return TrainingError(
      .usage, "--max-time \(Training.seconds(limit)) is over before the first step",
      found: "after \(work)", expected: "time to read and compare all images and to train",
      advice: "a longer --max-time, or a smaller --fraction")
  }
}
