internal import Classifier
internal import Compute
internal import Primitives
internal import Report
internal import Training

/// `cnnctl report [RUN]`: plots, pictures and report.html from a run's folder.
struct ReportCommand: Command {
  static let name = "report"
  static let description = CommandDescription(
    name: name, usage: "cnnctl report [RUN [DATASET]] [options]",
    summary: "plots and report.html again from a run's folder",
    details: [
      "RUN is the newest run unless one is named. Reads what the run has left in its folder (config.json, run.json, metrics.csv, events.ndjson, "
        + "test/report.json, test/predictions.csv, weights) and, where they still are, the images "
        + "that it shows, and writes plots/*.png, test/*.png and report.html: one file with "
        + "everything in it, no script, no network. Of an untouched run they are what train wrote, "
        + "byte for byte.",
      "Of the files that test/predictions.csv names those are shown whose digests are in "
        + "test/pictures.sha256: a run's folder from somebody else cannot have your own pictures put "
        + "into a report. DATASET is the folder of the images where they have moved, or where the "
        + "run noted no digests: what lies in it is shown.",
      "A file that is missing, damaged or edited is named on standard error, and what would follow "
        + "from it is left out.",
    ],
    operands: 0...2, operandName: "RUN",
    options: [out],
    unlisted: [SharedOption.seed, SharedOption.isa, SharedOption.conv],
    examples: [
      ("cnnctl report", "the newest run's report again"),
      ("cnnctl report runs/train-001 --out report", "into another folder"),
    ])

  private static let out = SharedOption.out("output folder", said: "RUN")

  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let engine = try Engine(arguments, console.environment)
    let run = try arguments.run(of: Self.description)
    try arguments.requirePhotos(at: 1, of: Self.description) { "cnnctl report \($0)" }
    let dataset = arguments.operands.dropFirst().first
    if let dataset, !FileSystem.isFolder(dataset) {
      throw Failure(
        .noInput, "\(dataset) is not a folder", expected: "the folder of the run's images")
    }
    var builder = try RunReportBuilder(reading: run, dataset: dataset, engine: engine)
    if let out = arguments[Self.out] {
      let recorded = dataset ?? builder.contents.record?.dataset
      _ = try OutputFolder(creating: out, outside: recorded, below: ["plots", "test"], own: run)
    }
    try builder.requireMemory()
    let report = builder.report()
    for problem in builder.problems {
      console.warning("missing from the report: " + problem.message)
    }
    let place = arguments[Self.out] ?? builder.contents.folder.path
    let names = try write(report, to: place)
    let page = place + "/" + ReportFiles.page
    try show(
      json: [
        "report": .string(page), "files": .array(names.map(JSON.string)),
        "left_out": .array(
          builder.problems.map { problem in
            ["file": .string(problem.file), "message": .string(problem.message)]
          }),
      ],
      text: terminalSafe("report \(page)") + "\n"
        + terminalSafe("and \(names.count - 1) images in \(place)"))
    return .done
  }

  /// Writes the files; where a run's folder does not take them another may.
  private func write(_ report: RunReport, to place: String) throws -> [String] {
    do {
      try FileSystem.createFolders(place)
      return try ReportFiles(in: place).write(report)
    } catch var error as TrainingError where !arguments.has(Self.out) {
      error.advice = error.advice ?? "--out with a folder that can be written"
      throw error
    }
  }
}
