internal import Training

/// `cnnctl completions SHELL`: the script that completes command lines in a shell.
struct CompletionsCommand: Command {
  static let name = "completions"
  static let description = CommandDescription(
    name: name, usage: "cnnctl completions bash|zsh|fish [options]",
    summary: "a script that completes command lines in a shell",
    details: [
      "Prints a script for bash, zsh or fish. With it the shell completes commands, options, their "
        + "values, the names of models and presets, run folders and files.",
      "bash: put the line 'source <(cnnctl completions bash)' into ~/.bashrc. zsh: the line 'source "
        + "<(cnnctl completions zsh)' into ~/.zshrc, after compinit. fish: the line 'cnnctl "
        + "completions fish | source' into ~/.config/fish/config.fish.",
    ],
    operands: 1...1, operandName: "SHELL",
    options: [], general: [SharedOption.help],
    examples: [
      ("source <(cnnctl completions bash)", "complete in this bash from now on")
    ])

  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let name = arguments.operands[0]
    guard let shell = CompletionScript(rawValue: name) else {
      throw Self.description.usageError(
        "unknown shell \(name)",
        expected: CompletionScript.allCases.map(\.rawValue).joined(separator: ", "))
    }
    try console.environment.output.write(shell.text)
    return .done
  }
}
