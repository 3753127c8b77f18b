/// A command line, parsed: the options given and the operands.
struct Arguments: Sendable, Equatable {
  /// What was given for each option, by name.
  ///
  /// Given twice, the last one holds.
  var values: [String: OptionValue] = [:]
  var operands: [String] = []

  /// Whether the option was given at all.
  func has(_ name: String) -> Bool { values[name] != nil }

  /// Whether a flag is on.
  func flag(_ name: String) -> Bool { values[name] == .flag(true) }

  /// Whether the option was turned off with `--no-name`.
  func isOff(_ name: String) -> Bool { values[name] == .flag(false) }

  func integer(_ name: String) -> Int? {
    if case .integer(let value) = values[name] { value } else { nil }
  }

  /// A number; turned off it is zero.
  func number(_ name: String) -> Double? {
    switch values[name] {
    case .number(let value): value
    case .flag(false): 0
    default: nil
    }
  }

  /// A word or path; turned off it is `none`.
  func text(_ name: String) -> String? {
    switch values[name] {
    case .text(let value): value
    case .flag(false): "none"
    default: nil
    }
  }

  func seconds(_ name: String) -> Double? {
    if case .seconds(let value) = values[name] { value } else { nil }
  }

  func interval(_ name: String) -> (lower: Double, upper: Double)? {
    if case .interval(let lower, let upper) = values[name] { (lower, upper) } else { nil }
  }
}
