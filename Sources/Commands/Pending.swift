struct TrainCommand {
  init(_ a: Arguments, _ c: Console) {}; func run() throws -> ExitCode { .bug }
}
struct EvaluateCommand {
  init(_ a: Arguments, _ c: Console) {}; func run() throws -> ExitCode { .bug }
}
struct PredictCommand {
  init(_ a: Arguments, _ c: Console) {}; func run() throws -> ExitCode { .bug }
}
struct InspectCommand {
  init(_ a: Arguments, _ c: Console) {}; func run() throws -> ExitCode { .bug }
}
func versionText() -> String { "" }
