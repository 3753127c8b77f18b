/// The exit code of a command.
package enum ExitCode: Int32, Sendable, CaseIterable {
  /// Everything asked for was done.
  case done = 0
  /// The command ran, but a condition that was asked for does not hold.
  case conditionFailed = 1
  /// Training diverged: a loss or a weight is no longer finite.
  case diverged = 3
  /// The command line is wrong.
  case usage = 64
  /// The data are wrong: layout, nothing decodable, class mismatch, corrupt model.
  case badData = 65
  /// A path that was named does not exist.
  case noInput = 66
  /// Memory or disk would not suffice.
  case unavailable = 69
  case bug = 70
  /// An output cannot be created.
  case cannotCreate = 73
  /// Reading or writing failed.
  case io = 74
  /// Stopped by SIGHUP after saving.
  case hangUp = 129
  /// Stopped by SIGINT after saving.
  case interrupted = 130
  /// Whoever read standard output has gone away: what a shell says of a program that SIGPIPE ends.
  case pipeClosed = 141
  /// Stopped by SIGTERM after saving.
  case terminated = 143

  /// The code of a run that this signal stopped, as a shell tells it: 128 and the signal's number.
  package init(signal: Int32) {
    self = ExitCode(rawValue: 128 + signal) ?? .interrupted
  }
}
