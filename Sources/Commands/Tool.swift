internal import Glibc
internal import Primitives
internal import Ranks

/// The program: takes the command line apart and runs the command that it names.
package enum Tool {
  /// Runs this process's command line and ends the process.
  package static func runProcess() -> Never {
    // Killed in the middle of a line, a program leaves it on the terminal; writing fails instead.
    signal(SIGPIPE, SIG_IGN)
    AvailableMemory.shareHeapWhereLimited()
    let words = UnsafeBufferPointer(start: CommandLine.unsafeArgv, count: Int(CommandLine.argc))
    exit(
      run(words.dropFirst().compactMap { $0.map { String(systemPath: $0) } }, .process()).rawValue)
  }

  /// Runs a command line, given without the program's name.
  package static func run(_ words: [String], _ environment: Environment) -> ExitCode {
    do {
      return try dispatch(words, environment)
    } catch let error as StreamError where error.isBrokenPipe {
      Console(environment, arguments: lenientArguments(words)).clear(evenIfUnseen: true)
      return .pipeClosed
    } catch {
      let failure = Failure(error, of: words.first.flatMap(CommandName.init(rawValue:)))
      // What is wrong with a command line is wrong for all processes that a launcher has started.
      if words.first == CommandName.train.rawValue, let launcher = Launcher(environment.variables),
        launcher.rank > 0
      {
        return failure.code
      }
      Console(environment, arguments: lenientArguments(words)).failure(failure)
      return failure.code
    }
  }

  private static func dispatch(
    _ words: [String], _ environment: Environment
  ) throws -> ExitCode {
    guard let first = words.first else {
      throw Failure(
        .usage, "no command given",
        expected: CommandName.allCases.map(\.rawValue).joined(separator: ", "),
        advice: "cnnctl train DATASET", helpPage: "cnnctl help")
    }
    switch first {
    case "--version":
      try environment.output.write(versionText())
      return .done
    case "--help", "-h":
      try environment.output.write(HelpText.overview(columns: environment.columns))
      return .done
    default:
      let command = try command(named: first)
      let arguments = try ArgumentParser.parse(Array(words.dropFirst()), for: command)
      if arguments.flag("help") {
        try environment.output.write(
          HelpText.page(command.description, columns: environment.columns))
        return .done
      }
      let console = Console(environment, arguments: arguments)
      try OpenFiles.check()
      switch command {
      case .train: return try TrainCommand(arguments: arguments, console: console).run()
      case .evaluate: return try EvaluateCommand(arguments: arguments, console: console).run()
      case .predict: return try PredictCommand(arguments: arguments, console: console).run()
      case .check: return try CheckCommand(arguments: arguments, console: console).run()
      case .inspect: return try InspectCommand(arguments: arguments, console: console).run()
      case .compare: return try CompareCommand(arguments: arguments, console: console).run()
      case .explain: return try ExplainCommand(arguments: arguments, console: console).run()
      case .report: return try ReportCommand(arguments: arguments, console: console).run()
      case .verify: return try VerifyCommand(arguments: arguments, console: console).run()
      case .export: return try ExportCommand(arguments: arguments, console: console).run()
      case .import: return try ImportCommand(arguments: arguments, console: console).run()
      case .bench: return try BenchCommand(arguments: arguments, console: console).run()
      case .help: return try help(arguments, environment)
      }
    }
  }

  private static func help(_ arguments: Arguments, _ environment: Environment) throws -> ExitCode {
    let columns = environment.columns
    let text =
      if let name = arguments.operands.first {
        HelpText.page(try command(named: name).description, columns: columns)
      } else {
        HelpText.overview(columns: columns)
      }
    try environment.output.write(text)
    return .done
  }

  private static func command(named word: String) throws(Failure) -> CommandName {
    if let command = CommandName(rawValue: word) { return command }
    let names = CommandName.allCases.map(\.rawValue)
    let meant = ForeignName.commands[word] ?? nearest(to: word, among: names)
    throw Failure(
      .usage, (word.hasPrefix("-") ? "unknown option " : "unknown command ") + word,
      expected: names.joined(separator: ", "), advice: meant.map { "cnnctl " + $0 },
      helpPage: "cnnctl help")
  }

  /// The options, among invalid words, that determine how the error message looks.
  private static func lenientArguments(_ words: [String]) -> Arguments {
    var arguments = Arguments()
    for word in words where word.hasPrefix("--color=") {
      arguments.values["color"] = .text(String(word.dropFirst(8)))
    }
    return arguments
  }
}
