package import Training

/// A command: what help and the parser know of it, and what it does.
///
/// A new one is a file with such a type, and its line in `Tool.commands`.
protocol Command {
  static var description: CommandDescription { get }

  init(arguments: Arguments, console: Console)

  func run() throws -> ExitCode
}

/// What help and the parser know of a command.
package struct CommandDescription: Sendable {
  package let name: String
  /// The line after `Usage:`.
  let usage: String
  /// One line for the list of commands.
  let summary: String
  /// Paragraphs under the usage line.
  let details: [String]
  /// How many operands it takes.
  let operands: ClosedRange<Int>
  /// What an operand is called in a message.
  let operandName: String
  /// What it takes, in the order in which help lists it within a group.
  package let options: [SettingDescription]
  /// Names of those among them that it says nothing to, which its help does not list.
  let unlisted: Set<String>
  /// Command lines with what they do.
  let examples: [(line: String, meaning: String)]

  /// A description; `general` are the options that it has in common with all commands.
  init(
    name: String, usage: String, summary: String, details: [String], operands: ClosedRange<Int>,
    operandName: String, settings: [Setting] = [], options: [any CommandOption],
    general: [any CommandOption] = SharedOption.general, unlisted: [any CommandOption] = [],
    examples: [(line: String, meaning: String)]
  ) {
    (self.name, self.usage, self.summary, self.details) = (name, usage, summary, details)
    (self.operands, self.operandName, self.examples) = (operands, operandName, examples)
    let names = Set(settings.map(\.description.name))
    self.options =
      settings.map(\.description)
      + (options + general).map(\.description).filter { !names.contains($0.name) }
    self.unlisted = Set(unlisted.map(\.description.name))
  }

  /// Where a wrong command line sends its reader.
  var helpPage: String { "cnnctl help \(name)" }

  /// Whether there are so many that help lists those first that people use first.
  var hasMany: Bool { options.contains { $0.isFirst && $0.group != .all } }

  /// What help lists.
  package var listed: [SettingDescription] {
    options.filter {
      !unlisted.contains($0.name)
        && (hasMany || $0.name != SharedOption.helpAll.description.name)
    }
  }
}
