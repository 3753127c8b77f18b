package import Training

/// A command line, parsed: the options given and the operands.
package struct Arguments: Sendable, Equatable {
  /// The given options by name.
  ///
  /// If an option is repeated, the last one counts.
  package var given: [String: Given] = [:]
  /// The operands, in the order given.
  package var operands: [String] = []

  /// The value of an option, or its default.
  subscript<Value>(_ option: Option<Value>) -> Value {
    given[option.description.name].flatMap(option.read) ?? option.standard
  }

  func has(_ option: any CommandOption) -> Bool { given[option.description.name] != nil }

  /// The training settings among the options.
  package var settings: Settings { Settings(given) }
}
