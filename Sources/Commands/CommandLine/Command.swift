internal import Classifier
internal import Primitives
package import Training

/// A command: its description for help and parser, and its action.
///
/// A new one is a file with such a type, and its line in `Tool.commands`.
protocol Command {
  /// The word of the command line; the description of a command that is not wanted is never made.
  static var name: String { get }
  static var description: CommandDescription { get }

  var arguments: Arguments { get }
  var console: Console { get }

  init(arguments: Arguments, console: Console)

  func run() throws -> ExitCode
}

extension Command {
  /// The model that `--model` names, or the default one.
  func locateModel() throws(TrainingError) -> ModelLocation {
    try ClassifierModel.locate(arguments[SharedOption.model], shelf: console.environment.shelf)
  }

  /// The folder that `--out` names; nil without it.
  func outputFolder(outside dataset: String) throws -> OutputFolder? {
    guard let path = arguments[SharedOption.out] else { return nil }
    return try OutputFolder(creating: path, outside: dataset)
  }

  /// Prints a result, as JSON where that is asked for.
  func show(json: @autoclosure () -> JSON, text: @autoclosure () throws -> String) throws {
    try console.result(arguments[SharedOption.json] ? json().line : text())
  }
}

/// The description of a command for help and parser.
package struct CommandDescription: Sendable {
  package let name: String
  /// The line after `Usage:`.
  let usage: String
  /// One line for the list of commands.
  let summary: String
  /// Paragraphs under the usage line.
  let details: [String]
  let operands: ClosedRange<Int>
  /// The operand's name in messages.
  let operandName: String
  /// The options, in the order of help within a group.
  package let options: [SettingDescription]
  /// The names of accepted options without effect, which help does not list.
  let unlisted: Set<String>
  /// Example command lines with their meaning.
  let examples: [(line: String, meaning: String)]

  /// A description; `general` are the options of all commands.
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

  /// The help command that usage errors refer to.
  var helpPage: String { "cnnctl help \(name)" }

  /// The error of a command line that is wrong.
  func usageError(
    _ problem: String, found: String? = nil, expected: String? = nil, advice: String? = nil
  ) -> Failure {
    Failure(
      .usage, problem, found: found, expected: expected, advice: advice, helpPage: helpPage)
  }

  /// Whether there are so many options that help lists only the most used.
  var hasMany: Bool { options.contains { $0.isFirst && $0.group != .all } }

  /// The options that help lists.
  package var listed: [SettingDescription] {
    options.filter {
      !unlisted.contains($0.name)
        && (hasMany || $0.name != SharedOption.helpAll.description.name)
    }
  }
}
