internal import Compute
internal import ImageData
internal import Primitives
internal import Training

/// `cnnctl check DATASET`: what is wrong with a dataset, and what is worth a look.
struct CheckCommand: Command {
  static let name = "check"
  static let description = CommandDescription(
    name: name, usage: "cnnctl check DATASET [options]",
    summary: "what is wrong with a dataset; reads all of it, writes nothing",
    details: [
      "Decodes every image of DATASET, a folder as for train, and looks for errors (exit code 1): "
        + "a layout that cannot be trained on, files that cannot be decoded, classes without "
        + "images, the same picture in two classes or in two splits. Pictures are compared by "
        + "their pixels, whatever the file.",
      "Notes (exit code 0, or 1 with --strict): duplicates, pictures that look alike, names that do "
        + "not fit the contents, tiny or very long pictures, classes of very different sizes, "
        + "hidden and other files, links out of DATASET. The first of each kind are named; -v and "
        + "--json name all.",
    ],
    operands: 1...1, operandName: "DATASET",
    options: [SharedOption.maxPixels, strict],
    unlisted: [SharedOption.seed, SharedOption.conv],
    examples: [
      ("cnnctl check photos", "before training"),
      ("cnnctl check photos --strict --json", "one JSON object; exit code 1 on any note"),
    ])

  private static let strict = Option(
    flag: "strict", in: .results, "treat notes as errors: exit code 1")

  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    try arguments.requirePhotos(of: Self.description) { "cnnctl report \($0)" }
    let engine = try Engine(arguments, console.environment)
    let scanning = StepProgress("scanning", unit: "files", console)
    let checking = StepProgress("checking", console)
    var comparing: StepProgress?
    let report = try DatasetCheck.run(
      arguments.operands[0],
      maxPixels: arguments[SharedOption.maxPixels],
      workers: engine.workers, kernels: engine.kernels,
      scanned: { scanning.show($0, of: nil) },
      comparing: { done, total in
        let step = comparing ?? StepProgress("comparing", console)
        step.show(done, of: total)
        comparing = step
      }
    ) { checking.show($0, of: $1) }
    console.clear()
    let result = CheckResult(report: report, isStrict: arguments[Self.strict])
    try show(json: result.json, text: result.text(isVerbose: console.isVerbose))
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
  var notes: [CheckFinding] { report.findings.filter { !isStrict && !$0.kind.isError } }
}
