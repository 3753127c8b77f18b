package import Training

/// A command line, parsed: the options given and the operands.
package struct Arguments: Sendable, Equatable {
  /// What was given for each option, by name.
  ///
  /// Given twice, the last one holds.
  package var given: [String: Given] = [:]
  /// The words that are no options, in the order given.
  package var operands: [String] = []

  /// The value of an option.
  subscript<Value>(_ option: Option<Value>) -> Value {
    given[option.description.name].flatMap(option.read) ?? option.standard
  }

  /// Whether the option was given at all.
  func has(_ option: any CommandOption) -> Bool { given[option.description.name] != nil }

  /// What was said of the settings of training.
  package var settings: Settings { Settings(given) }
}
