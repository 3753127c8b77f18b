internal import Glibc
internal import ImageData
internal import Primitives
internal import Ranks
internal import Training

/// The program: takes the command line apart and runs the command that it names.
package enum Tool {
  /// Every command, in the order in which help lists them.
  static var commands: [any Command.Type] {
    [
      TrainCommand.self,
      EvaluateCommand.self,
      PredictCommand.self,
      EmbedCommand.self,
      SimilarCommand.self,
      SortCommand.self,
      CheckCommand.self,
      AuditCommand.self,
      InspectCommand.self,
      CompareCommand.self,
      ExplainCommand.self,
      ReportCommand.self,
      VerifyCommand.self,
      ExportCommand.self,
      ImportCommand.self,
      RunsCommand.self,
      ModelsCommand.self,
      BenchCommand.self,
      CompletionsCommand.self,
      ManualCommand.self,
      HelpCommand.self,
    ]
  }

  /// The description of each, for help and the parser.
  package static var descriptions: [CommandDescription] { commands.map { $0.description } }

  /// What they know of the one of a name; nil where there is none.
  package static func description(of name: String) -> CommandDescription? {
    commands.first { $0.name == name }?.description
  }

  /// Runs this process's command line and ends the process.
  package static func runProcess() -> Never {
    // Killed in the middle of a line, a program leaves it on the terminal; writing fails instead.
    signal(SIGPIPE, SIG_IGN)
    AvailableMemory.shareHeapWhereLimited()
    ImageReader.quietLibraries()
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
      let failure = Failure(error, of: words.first.flatMap(description))
      // What is wrong with a command line is wrong for all processes that a launcher has started.
      if words.first == TrainCommand.name,
        let launcher = Launcher(environment.variables),
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
        expected: commands.map { $0.name }.joined(separator: ", "),
        advice: "cnnctl train DATASET", helpPage: "cnnctl help")
    }
    switch first {
    case "--version":
      try environment.output.write(versionText())
      return .done
    case "--help", "-h":
      try environment.output.write(HelpText.text(.overview, columns: environment.columns))
      return .done
    case Completion.request:
      try Completion(of: Array(words.dropFirst()), environment).write(to: environment.output)
      return .done
    default:
      let command = try command(named: first)
      let arguments = try ArgumentParser.parse(
        Array(words.dropFirst()), for: command.description)
      let all = arguments[SharedOption.helpAll]
      if all || arguments[SharedOption.help] {
        let page = HelpPage(command.description, all: all)
        try environment.output.write(HelpText.text(page, columns: environment.columns))
        return .done
      }
      let console = Console(environment, arguments: arguments)
      try OpenFiles.check()
      return try command.init(arguments: arguments, console: console).run()
    }
  }

  /// The command of a name, or a usage error that says which there are.
  static func command(named word: String) throws(Failure) -> any Command.Type {
    if let command = commands.first(where: { $0.name == word }) { return command }
    let names = commands.map { $0.name }
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
      arguments.given[SharedOption.color.description.name] = .text(String(word.dropFirst(8)))
    }
    return arguments
  }
}
