internal import Classifier
internal import Primitives
internal import Report
internal import Training

/// The end of a run on one screen: what it came to, where everything is, and what to do next.
struct EndScreen {
  /// nil while nothing is evaluated.
  var verdict: RunVerdict?
  var hasOutOfFold = false
  var hasPage = false
  /// The images' folder, as the run names it.
  private var dataset: String?
  private var recipe: Recipe?

  /// The end of a run that begins.
  init() {}

  /// The end of a run that has finished, from its folder.
  init(of contents: RunContents) {
    verdict = RunVerdict(of: contents)
    hasOutOfFold = contents.record?.outOfFold != nil
    dataset = contents.configuration?.dataset
    recipe = contents.configuration?.recipe
  }

  /// Takes note of a run's plan.
  mutating func begin(_ start: RunStart) {
    dataset = start.dataset
    recipe = Recipe(rawValue: start.recipe)
  }

  /// The lines, safe for a terminal of `width` columns; nil where they may be of any length.
  func lines(of summary: TrainingSummary, width: Int?) -> [String] {
    let verdict = summary.stoppedBySignal == nil ? verdict : nil
    let said = verdict.map { results($0, width: width) + [""] } ?? []
    return
      (said + places(of: summary) + commands(after: summary, verdict, width: width)
      + reason(for: summary)).map(terminalSafe)
  }

  private func results(_ verdict: RunVerdict, width: Int?) -> [String] {
    func filled(_ text: String, indent: Int) -> [String] {
      width.map { HelpText.wrapped(text, indent: indent, width: $0) }
        ?? [String(repeating: " ", count: indent) + text]
    }
    var lines = verdict.cautions.flatMap { filled($0, indent: 0) } + [verdict.accuracy]
    lines += verdict.details.flatMap { filled($0, indent: 2) }
    if !verdict.mistakes.isEmpty { lines.append("  most confident mistakes:") }
    for mistake in verdict.mistakes {
      let path = terminalSafe(mistake.path)
      let rest = ": " + mistake.text
      let room = max(8, (width ?? .max) - 4 - terminalSafe(rest).count)
      // The end of a path tells more than its beginning.
      lines.append("    " + (path.count <= room ? path : "…" + path.suffix(room - 1)) + rest)
    }
    return lines
  }

  /// The files of the run.
  private func places(of summary: TrainingSummary) -> [String] {
    let run = summary.run
    let asked = summary.askedEpochs.map { ", \($0) were asked for" } ?? ""
    let kept =
      if recipe?.hasEpochs == false || recipe?.solvesHead == true && summary.bestEpoch == 0 {
        "the solved last layer"
      } else if summary.epochs == 0 {
        "no epoch has ended" + asked
      } else {
        "epoch \(summary.bestEpoch) of \(summary.epochs)"
          + (summary.stoppedBySignal == nil ? "" : asked)
      }
    var lines = ["weights \(summary.weights) (\(kept))", "run     \(run)"]
    if summary.stoppedBySignal == nil, verdict != nil {
      lines.append("tables  \(run)/\(RunFolder.reportTextName)")
    }
    if hasPage { lines.append("open    \(run)/\(ReportFiles.page)") }
    return lines
  }

  /// The commands to try next, each with its purpose where the line has room for it.
  private func commands(
    after summary: TrainingSummary, _ verdict: RunVerdict?, width: Int?
  ) -> [String] {
    guard summary.stoppedBySignal == nil else { return [] }
    let run = summary.run
    let isNewest = RunFolder.lasting(RunFolder.latest) == run
    let model = isNewest ? "" : " --model \(shellWord(run))"
    var commands: [(line: String, purpose: String)] = []
    if let dataset, verdict?.cautions.isEmpty == false {
      commands.append(("cnnctl check \(shellPath(dataset))", "are the photos in order?"))
    }
    if hasOutOfFold, verdict?.mistakes.isEmpty == false {
      commands.append(("cnnctl audit \(shellPath(run))", "doubtful labels"))
    }
    if let mistake = verdict?.mistakes.first {
      commands.append(
        ("cnnctl explain \(shellPath(mistake.path))\(model)", "where it looked"))
    }
    commands.append(("cnnctl predict photo.jpg\(model)", "your own photos"))
    return commands.enumerated().map { index, command in
      let line = (index == 0 ? "try     " : "        ") + command.line
      let whole = line + "  # " + command.purpose
      return terminalSafe(whole).count <= width ?? 80 ? whole : line
    }
  }

  /// The reason why the run is shorter than requested, and how to continue it.
  private func reason(for summary: TrainingSummary) -> [String] {
    guard let asked = summary.askedEpochs, let text = summary.ending(of: asked) else { return [] }
    let resume = "cnnctl train --resume=" + shellWord(summary.run)
    let advice =
      summary.endedBy == .time
      ? "to continue without a limit: \(resume); --max-time sets another"
      : "to continue with the same patience: \(resume) --epochs \(asked); --no-patience trains to the end"
    return [text, advice]
  }
}
