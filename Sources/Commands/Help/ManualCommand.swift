internal import Primitives
internal import Training

/// `cnnctl manual [COMMAND]`: the help pages as manual pages.
struct ManualCommand: Command {
  static let name = "manual"
  static let description = CommandDescription(
    name: name, usage: "cnnctl manual [COMMAND] [options]",
    summary: "the help pages as manual pages for man",
    details: [
      "Prints the manual page cnnctl(1), or cnnctl-COMMAND(1) with all options of COMMAND, for the "
        + "program man. The text is that of 'cnnctl help'. --into writes all pages into a folder "
        + "DIR/man1, where man finds them if DIR is on its path."
    ],
    operands: 0...1, operandName: "COMMAND",
    options: [into], general: [SharedOption.quiet, SharedOption.help],
    examples: [
      ("cnnctl manual train | man -l -", "read the page of train"),
      ("cnnctl manual --into ~/.local/share/man", "install all pages; then: man cnnctl-train"),
    ])

  private static let into = Option(
    "into", .text, "DIR", in: .output, "write all pages into the folder man1 in DIR")

  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    guard let folder = arguments[Self.into] else {
      let command = try arguments.operands.first.map { try Tool.command(named: $0).description }
      try console.environment.output.write(ManualText.page(of: command))
      return .done
    }
    guard arguments.operands.isEmpty else {
      throw Self.description.usageError(
        "--into writes all pages, it takes no COMMAND", found: arguments.operands[0],
        expected: "cnnctl manual --into DIR")
    }
    let place = folder + "/man1"
    try FileSystem.createFolders(place, option: "--into")
    let pages = [nil] + Tool.descriptions
    for command in pages {
      let path = "\(place)/\(ManualText.name(of: command)).1"
      try FileSystem.replace(
        FilePlace(named: path), with: Array(ManualText.page(of: command).utf8))
    }
    console.note("wrote \(counted(pages.count, "page")) into \(place)")
    return .done
  }
}
