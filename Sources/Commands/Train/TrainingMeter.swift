internal import Primitives
internal import Training

/// The progress of a training run: lines redrawn in place on a terminal, elsewhere plain lines now
/// and then, and at the end small curves of the run.
final class TrainingMeter {
  private let console: Console
  private var step: (title: String, progress: StepProgress, done: Int)?
  /// The step that is no epoch and came last, and how far it was: `reading images: 3,120 of 9,000`.
  private(set) var work: String?
  private var last: BatchProgress?
  /// Steps of a whole epoch.
  private var steps = 0
  /// Whether the run has no epochs to show.
  private var isSolved = false
  private var finished: [EpochMetrics] = []
  /// The start of the current epoch.
  private var epochBegan: Double?
  /// The time of the last complete epoch, with its validation.
  private var epochSeconds: Double?
  private var pace: PlainPace?

  init(_ console: Console) {
    self.console = console
  }

  private var now: Double { console.environment.clock() }

  /// Shows a step that is no epoch; another title or a count that falls begins a new one.
  func show(_ title: String, unit: String = "img", _ done: Int, of total: Int?) {
    if step?.title != title || done < (step?.done ?? 0) {
      step = (title, StepProgress(title, unit: unit, console), done)
    }
    step?.done = done
    work = "\(title): \(grouped(done)) " + (total.map { "of \(grouped($0))" } ?? unit)
    step?.progress.show(done, of: total)
  }

  /// Takes note of what is about to happen.
  func begin(_ start: RunStart) {
    steps = start.stepsPerEpoch
    isSolved = start.recipe == Recipe.instant.rawValue
  }

  /// Shows an epoch under way.
  func show(_ progress: BatchProgress) {
    step = nil
    last = progress
    let now = now
    epochBegan = epochBegan ?? now - progress.seconds
    func line() -> EpochLine {
      var line = EpochLine(progress)
      let whole = epochSeconds ?? (progress.seconds + line.secondsLeft)
      let rest = progress.epochs - progress.epoch
      if rest > 0 { line.runLeft = line.secondsLeft + whole * Double(rest) }
      return line
    }
    if console.isDrawing {
      console.draw { shown(line()) }
      return
    }
    var pace = pace ?? PlainPace(from: now)
    if pace.isDue(at: now) { console.note(line().plain) }
    self.pace = pace
  }

  /// Shows a finished epoch, whose line stays.
  func finish(_ metrics: EpochMetrics) {
    guard !isSolved else { return }
    finished.append(metrics)
    let now = now
    epochSeconds = now - (epochBegan ?? now)
    epochBegan = now
    step = nil
    // All steps of an epoch that was only to be validated were made before the run was left.
    let made = last?.epoch == metrics.epoch ? last?.step : steps
    var line = EpochLine(metrics, steps: made ?? steps, of: steps)
    let rest = metrics.epochs - metrics.epoch
    if rest > 0, let epochSeconds { line.runLeft = epochSeconds * Double(rest) }
    console.finish(console.environment.canRedraw ? shown(line) : line.plain, highlight: "best")
  }

  private func shown(_ line: EpochLine) -> String {
    let environment = console.environment
    return line.line(columns: environment.columns, isUnicode: environment.isUnicode)
  }

  /// The course of the run in a line a figure, from its first to its last number; none where nobody
  /// looks on, or after a single epoch.
  var curves: [String] {
    guard console.environment.canRedraw, finished.count > 1 else { return [] }
    let hasValidation = finished.contains { $0.valLoss != nil }
    let figures: [(name: String, values: [Double])] =
      hasValidation
      ? [
        ("loss", finished.map(\.loss)), ("val_loss", finished.map { $0.valLoss ?? .nan }),
        ("val_accuracy", finished.map { $0.valAccuracy ?? .nan }),
      ] : [("loss", finished.map(\.loss)), ("accuracy", finished.map(\.accuracy))]
    let width = figures.map(\.name.count).max() ?? 0
    // A name, two numbers of six characters, and what stands between.
    let cells = min(60, max(5, console.environment.columns - width - 18))
    return figures.map { name, values in
      let curve = Sparkline.text(
        values, cells: cells, isUnicode: console.environment.isUnicode)
      let padding = String(repeating: " ", count: width - name.count)
      let ends = [values.first, values.last].map { fixed($0 ?? .nan, 4) }
      return "\(name)\(padding)  \(ends[0])  \(curve)  \(ends[1])"
    }
  }
}
