internal import Primitives
internal import Training

/// Parses a command's arguments.
///
/// `--name value`, `--name=value`, `--no-name`, `-b 32`, `-b32`, `-qr`; `--` ends the options. An
/// repeated option: the last one counts, so that a script's default can be overridden.
package struct ArgumentParser {
  private let command: CommandDescription
  private let options: [SettingDescription]
  private var arguments = Arguments()
  private var rest: ArraySlice<String>

  private init(_ words: [String], _ command: CommandDescription) {
    self.command = command
    options = command.options
    rest = words[...]
  }

  /// The arguments in `words`, or a usage error that says what is wrong with them.
  package static func parse(
    _ words: [String], for command: CommandDescription
  ) throws(Failure) -> Arguments {
    var parser = ArgumentParser(words, command)
    while let word = parser.rest.popFirst() {
      if word == "--" {
        parser.arguments.operands += parser.rest
        parser.rest = []
      } else if word.hasPrefix("--") {
        try parser.long(String(word.dropFirst(2)))
      } else if word.hasPrefix("-"), word != "-", word != "-0" {
        try parser.letters(word)
      } else {
        parser.arguments.operands.append(word)
      }
    }
    let isHelp = parser.arguments[SharedOption.help] || parser.arguments[SharedOption.helpAll]
    if !isHelp { try parser.checkOperands() }
    return parser.arguments
  }

  private mutating func long(_ word: String) throws(Failure) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    let attached = parts.count == 2 ? String(parts[1]) : nil
    if let option = options.first(where: { $0.isNamed(name) }) {
      try set(option, attached: attached)
    } else if name.hasPrefix("no-"),
      let option = options.first(where: { $0.isNamed(name.dropFirst(3)) })
    {
      try turnOff(option, attached: attached)
    } else {
      throw unknown("--" + name)
    }
  }

  private mutating func letters(_ word: String) throws(Failure) {
    var letters = word.dropFirst()
    while let letter = letters.popFirst() {
      guard let option = options.first(where: { $0.short == letter }) else {
        throw unknown(word.count == 2 ? word : "-\(letter) in \(word)")
      }
      if option.kind == .flag {
        try set(option, attached: nil)
      } else {
        if letters.first == "=" { letters = letters.dropFirst() }
        try set(option, attached: letters.isEmpty ? nil : String(letters))
        return
      }
    }
  }

  private mutating func set(_ option: SettingDescription, attached: String?) throws(Failure) {
    if option.kind == .flag {
      guard attached == nil else {
        throw command.usageError("\(option.title) takes no value", found: attached)
      }
      arguments.given[option.name] = .alone
      return
    }
    if option.kind == .optionalText, attached == nil {
      arguments.given[option.name] = .alone
      return
    }
    guard let text = attached ?? nextValue() else {
      throw command.usageError("\(option.title) needs a value", expected: option.expectation)
    }
    guard option.accepts(text) else { throw wrong(text, for: option) }
    arguments.given[option.name] = .text(text)
  }

  private mutating func turnOff(_ option: SettingDescription, attached: String?) throws(Failure) {
    guard option.kind == .flag || option.canBeOff else {
      throw command.usageError("\(option.title) cannot be turned off with --no-\(option.name)")
    }
    guard attached == nil else {
      throw command.usageError("--no-\(option.name) takes no value", found: attached)
    }
    arguments.given[option.name] = .off
  }

  /// The next word, unless it is an option itself.
  ///
  /// A number may be negative; `-` is a value.
  private mutating func nextValue() -> String? {
    guard let word = rest.first else { return nil }
    let second = word.dropFirst().first
    if word.hasPrefix("-"), let second, !second.isNumber, second != "." { return nil }
    return rest.popFirst()
  }

  private func checkOperands() throws(Failure) {
    let operands = arguments.operands
    if let empty = operands.firstIndex(of: "") {
      throw command.usageError("argument \(empty + 1) is empty", expected: command.usage)
    }
    if operands.count < command.operands.lowerBound, !operands.isEmpty {
      throw command.usageError(
        "too few arguments", found: operands.joined(separator: " "), expected: command.usage)
    }
    if operands.count < command.operands.lowerBound {
      let verb = command.operandName.contains(" and ") ? "are" : "is"
      throw command.usageError("\(command.operandName) \(verb) missing", expected: command.usage)
    }
    if operands.count > command.operands.upperBound {
      throw command.usageError(
        "too many arguments",
        found: operands[command.operands.upperBound...].joined(separator: " "),
        expected: command.usage)
    }
  }

  private func unknown(_ title: String) -> Failure {
    let name = title.drop { $0 == "-" }
    let names =
      options.flatMap { [$0.name] + $0.also }
      + options.filter { $0.kind == .flag || $0.canBeOff }.map { "no-" + $0.name }
    let elsewhere = Tool.descriptions.filter { $0.options.contains { $0.name == name } }
      .map(\.name).sorted().joined(separator: ", ")
    var failure = command.usageError("unknown option \(title) of cnnctl \(command.name)")
    if let known = ForeignName.advice(
      for: String(name), of: command, among: options)
    {
      failure.advice = known
      return failure
    }
    if !elsewhere.isEmpty {
      failure.found = "an option of " + elsewhere
    }
    // Other programs write --batch for --batch-size.
    let sameStart = names.first { $0.hasPrefix(name + "-") || name.hasPrefix($0 + "-") }
    if title.hasPrefix("--"), let near = sameStart ?? nearest(to: String(name), among: names) {
      failure.advice = "--" + near
    }
    return failure
  }

  private func wrong(_ text: String, for option: SettingDescription) -> Failure {
    var failure = command.usageError(option.problem(with: text), expected: option.expectation)
    if case .words(let words) = option.kind, let near = nearest(to: text, among: words) {
      failure.advice = "\(option.title) \(near)"
    }
    if let share = option.share(ofPercentage: text) {
      failure.advice = "\(option.title) \(share)"
    }
    return failure
  }
}
