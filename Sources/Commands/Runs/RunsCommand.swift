internal import Classifier
internal import FoundationEssentials
internal import Glibc
internal import ImageData
internal import Primitives
internal import Training

/// `cnnctl runs [FOLDER]`: the runs of a folder in a table.
struct RunsCommand: Command {
  static let name = "runs"
  static let description = CommandDescription(
    name: name, usage: "cnnctl runs [FOLDER] [options]",
    summary: "the runs of a folder in a table",
    details: [
      "Lists the runs in FOLDER, by default runs: recipe, network, the model that training started "
        + "from, training images, accuracy with its 95 % interval, time spent, start, and how the "
        + "run ended. The accuracy is that on test images; without them that out of fold, or on "
        + "validation images (val). A run that no process continues is listed as interrupted; "
        + "'cnnctl train --resume=RUN' continues it.",
      "Intervals that overlap do not tell which of two models is better; 'cnnctl compare A B' "
        + "compares them on the same images.",
    ],
    operands: 0...1, operandName: "FOLDER",
    options: [sort],
    unlisted: [SharedOption.threads, SharedOption.seed, SharedOption.isa, SharedOption.conv],
    examples: [
      ("cnnctl runs", "all runs, in the order of their names"),
      ("cnnctl runs --sort accuracy", "the most accurate first"),
    ])

  private enum Order: String, CaseIterable {
    case name
    case accuracy
    case images
    case time
    case date
  }

  private static let sort = Option(
    "sort", Form<Order>.word, or: .name, in: .output,
    "order of the runs; all but name begin with the highest, longest or newest")

  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let folder = arguments.operands.first ?? RunFolder.home
    guard arguments.operands.isEmpty || FileSystem.isFolder(folder) else {
      throw Failure(
        .noInput,
        FileSystem.exists(folder) ? "\(folder) is not a folder" : "\(folder) does not exist",
        expected: "a folder of runs, such as runs")
    }
    if RunFolder.holdsRun(folder) {
      throw Failure(
        .usage, "\(folder) is a run, not a folder of runs", expected: Self.description.usage,
        advice: "cnnctl report \(shellWord(folder)), or cnnctl runs "
          + shellWord(FileSystem.parent(of: folder)))
    }
    let runs = ordered(RunFolder.runs(in: folder).map(RunSummary.init))
    if arguments[SharedOption.json] {
      for run in runs { try console.result(run.json.line) }
      return .done
    }
    guard !runs.isEmpty else {
      console.note("no runs in \(folder); cnnctl train DATASET makes one")
      return .done
    }
    let columns = RunColumn.allCases.filter { column in
      column != .from || runs.contains { $0.from != nil }
    }
    let table = TextTable(
      header: columns.map(\.rawValue),
      rows: runs.map { run in columns.map { terminalSafe(run.cell($0)) } },
      leftColumns: columns.count)
    try console.result(table.lines.joined(separator: "\n"))
    for run in runs {
      if let problem = run.problem { console.warning(Failure(problem).message) }
    }
    return .done
  }

  /// Sorted; runs without the figure come last, equal ones stay in the order of their names.
  private func ordered(_ runs: [RunSummary]) -> [RunSummary] {
    let key: (RunSummary) -> Double? =
      switch arguments[Self.sort] {
      case .name: { _ in nil }
      case .accuracy: { $0.accuracy?.share }
      case .images: { $0.images.map(Double.init) }
      case .time: { $0.record?.seconds }
      case .date: { Double($0.started) }
      }
    return runs.enumerated().sorted { first, second in
      let (a, b) = (key(first.element) ?? -1, key(second.element) ?? -1)
      return a == b ? first.offset < second.offset : a > b
    }.map(\.element)
  }
}

/// A column of the table.
private enum RunColumn: String, CaseIterable {
  case run = "Run"
  case recipe = "Recipe"
  case network = "Network"
  case from = "From"
  case images = "Images"
  case accuracy = "Accuracy"
  case time = "Time"
  case started = "Started"
  case status = "Status"
}

extension RunSummary {
  fileprivate func cell(_ column: RunColumn) -> String {
    switch column {
    case .run: return path
    case .recipe: return recipe?.rawValue ?? "–"
    case .network: return architecture ?? "–"
    case .from: return from ?? "–"
    case .images: return images.map { grouped($0) } ?? "–"
    case .accuracy:
      guard let accuracy else { return "–" }
      let interval = accuracy.interval
      return percent(accuracy.share, from: interval.lowerBound, to: interval.upperBound)
        + (accuracy.split == Split.test.rawValue ? "" : ", \(accuracy.split)")
    case .time: return record.map { shortDuration($0.seconds) } ?? "–"
    case .started: return started > 0 ? localTime(started) : "–"
    case .status: return status ?? "cannot be read"
    }
  }

  /// One object; null for what is not known.
  fileprivate var json: JSON {
    [
      "run": .string(path), "recipe": .optional(recipe?.rawValue),
      "architecture": .optional(architecture), "from": .optional(from),
      "images": .optional(images), "accuracy": .optional(accuracy?.share),
      "accuracy_low": .optional(accuracy?.interval.lowerBound),
      "accuracy_high": .optional(accuracy?.interval.upperBound),
      "split": .optional(accuracy?.split), "epochs": .optional(record?.epochs),
      "seconds": .optional(record?.seconds),
      "started": .optional(
        started > 0 ? Date(timeIntervalSince1970: Double(started)).formatted(.iso8601) : nil),
      "status": .optional(status), "weights_sha256": .optional(record?.weightsSHA256),
      "error": .optional(problem?.problem),
    ]
  }
}

/// Date and time of day where this machine stands: `2026-11-29 16:20`.
private func localTime(_ seconds: Int) -> String {
  var (seconds, parts) = (time_t(seconds), tm())
  localtime_r(&seconds, &parts)
  func two(_ number: Int32) -> String { zeroPadded(number, 2) }
  return "\(1900 + parts.tm_year)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
    + "\(two(parts.tm_hour)):\(two(parts.tm_min))"
}
