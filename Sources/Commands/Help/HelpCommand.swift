internal import Training

/// `cnnctl help [COMMAND]`: what there is, or a command's options.
struct HelpCommand: Command {
  static let name = "help"
  static let description = CommandDescription(
    name: name, usage: "cnnctl help [COMMAND] [--all]",
    summary: "this help, or a command's options",
    details: [], operands: 0...1, operandName: "COMMAND",
    options: [all], general: [], examples: [])

  private static let all = Option(
    flag: "all", in: .all, "all options of COMMAND, not only the most used")

  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let page =
      if let name = arguments.operands.first {
        HelpPage(try Tool.command(named: name).description, all: arguments[Self.all])
      } else {
        HelpPage.overview
      }
    let environment = console.environment
    try environment.output.write(HelpText.text(page, columns: environment.columns))
    return .done
  }
}
