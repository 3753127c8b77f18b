struct InspectCommand {
  init(_ a: Arguments, _ c: Console) {}; func run() throws -> ExitCode { .bug }
}
