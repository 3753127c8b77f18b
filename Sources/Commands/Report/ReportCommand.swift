internal import Classifier
internal import Compute
internal import Primitives
internal import Training

/// `cnnctl report [RUN]`: plots, images and report.html from a run's folder.
struct ReportCommand {
  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let engine = try Engine(arguments, console.environment)
    let run = try arguments.run(of: .report)
    let dataset = arguments.operands.dropFirst().first
    if let dataset, !FileSystem.isFolder(dataset) {
      throw Failure(
        .noInput, "\(dataset) is not a folder", expected: "the folder of the run's images")
    }
    var builder = try RunReportBuilder(reading: run, dataset: dataset, engine: engine)
    if let out = arguments.text("out") {
      let recorded = dataset ?? builder.contents.record?.dataset
      _ = try OutputFolder(creating: out, outside: recorded, below: ["plots", "test"], own: run)
    }
    try builder.requireMemory()
    let report = builder.report()
    for problem in builder.problems {
      console.warning("missing from the report: " + problem.message)
    }
    let place = arguments.text("out") ?? builder.contents.folder.path
    let names = try ReportFiles(in: place).write(report)
    let page = place + "/" + ReportFiles.page
    if arguments.flag("json") {
      let result: JSON = [
        "report": .string(page), "files": .array(names.map(JSON.string)),
        "left_out": .array(
          builder.problems.map { problem in
            ["file": .string(problem.file), "message": .string(problem.message)]
          }),
      ]
      try console.result(result.line)
    } else {
      try console.result(terminalSafe("report \(page)"))
      try console.result(terminalSafe("and \(names.count - 1) images in \(place)"))
    }
    return .done
  }
}
