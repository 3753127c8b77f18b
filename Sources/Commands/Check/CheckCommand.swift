internal import Compute
internal import ImageData

/// `cnnctl check DATASET`: what is wrong with a dataset, and what is worth a look.
struct CheckCommand {
  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let engine = try Engine(arguments, console.environment)
    let scanning = StepProgress("scanning", unit: "files", console)
    let checking = StepProgress("checking", console)
    let report = try DatasetCheck.run(
      arguments.operands[0],
      maxPixels: arguments.integer("max-pixels") ?? Preprocessing.defaultMaxPixels,
      workers: engine.workers, kernels: engine.kernels,
      scanned: { scanning.show($0, of: nil) }
    ) { checking.show($0, of: $1) }
    console.clear()
    let result = CheckResult(report: report, isStrict: arguments.flag("strict"))
    if arguments.flag("json") {
      try console.result(result.json.line)
    } else {
      try console.result(result.text(isVerbose: console.isVerbose))
    }
    return result.errors.isEmpty ? .done : .conditionFailed
  }
}

/// A check's report with the verdict on it.
struct CheckResult {
  let report: CheckReport
  /// Whether notes count as errors.
  let isStrict: Bool

  /// The findings that make the exit code 1.
  var errors: [CheckFinding] { report.findings.filter { isStrict || $0.kind.isError } }
  /// The other findings.
  var notes: [CheckFinding] { report.findings.filter { !isStrict && !$0.kind.isError } }
}
