/// A command line, parsed: the options given and the operands.
package struct Arguments: Sendable, Equatable {
  /// What was given for each option, by name.
  ///
  /// Given twice, the last one holds.
  var values: [String: OptionValue] = [:]
  /// The words that are no options, in the order given.
  package var operands: [String] = []

  /// Whether the option was given at all.
  func has(_ name: String) -> Bool { values[name] != nil }

  /// Whether a flag is on.
  package func flag(_ name: String) -> Bool { values[name] == .flag(true) }

  /// Whether the option was turned off with `--no-name`.
  package func isOff(_ name: String) -> Bool { values[name] == .flag(false) }

  /// A whole number; nil where none was given.
  package func integer(_ name: String) -> Int? {
    if case .integer(let value) = values[name] { value } else { nil }
  }

  /// A number; turned off it is zero.
  package func number(_ name: String) -> Double? {
    switch values[name] {
    case .number(let value): value
    case .flag(false): 0
    default: nil
    }
  }

  /// A word or path; turned off it is `none`.
  package func text(_ name: String) -> String? {
    switch values[name] {
    case .text(let value): value
    case .flag(false): "none"
    default: nil
    }
  }

  /// A time in seconds; nil where none was given.
  package func seconds(_ name: String) -> Double? {
    if case .seconds(let value) = values[name] { value } else { nil }
  }

  /// The bounds of `A:B`; nil where none were given.
  package func interval(_ name: String) -> (lower: Double, upper: Double)? {
    if case .interval(let lower, let upper) = values[name] { (lower, upper) } else { nil }
  }
}
