internal import ImageData
internal import Training

/// Shows how far one long step is: a line in place on a terminal, elsewhere a plain line now and then.
///
/// Silent with `-q`. Used by one thread at a time.
final class StepProgress {
  private let title: String
  private let unit: String
  private let console: Console
  private let began: Double
  /// The start of the rate's measurement: before the first report, caches warm up and files are
  /// found.
  private var base: (done: Int, time: Double)?
  private var pace: PlainPace
  /// Seconds before the first line in place: what ends sooner leaves nothing behind.
  ///
  /// Where the results go elsewhere, as to `| head`, another program may write to the same terminal.
  private let delay: Double

  /// Seconds after which a rate says something: the images of a batch are reported all at once.
  private static let shortest = 0.2

  /// A step that begins now.
  init(_ title: String, unit: String = "img", _ console: Console) {
    self.title = title
    self.unit = unit
    self.console = console
    began = console.environment.clock()
    pace = PlainPace(from: began)
    delay = console.environment.output.isTerminal ? 0 : 0.5
  }

  /// Says that `done` are done, of `total` where that is known.
  func show(_ done: Int, of total: Int?) {
    let now = console.environment.clock()
    // A new step's first line does not wait for its turn after the last step's.
    if self.base == nil { console.clear() }
    let base = base ?? (done, now)
    self.base = base
    // Nothing found yet, of nobody knows how much, is nothing to tell.
    if done == 0, total == nil { return }
    func line() -> StepLine {
      let rate =
        now - base.time >= StepProgress.shortest && done > base.done
        ? Double(done - base.done) / (now - base.time) : nil
      return StepLine(
        title: title, done: done, total: total, unit: unit, seconds: now - began, rate: rate)
    }
    let environment = console.environment
    if console.isDrawing {
      if now - began < delay { return }
      console.draw { line().line(columns: environment.columns, isUnicode: environment.isUnicode) }
    } else if done != total, line().rate != nil, pace.isDue(at: now) {
      console.note(line().plain)
    }
  }
}

/// The pace of progress lines that stay on screen: after 5 seconds, then 10, 20, 40 and finally
/// every minute, so that a short step prints nothing and a day's log stays readable.
package struct PlainPace: Sendable {
  private var next: Double
  private var gap = PlainPace.first

  private static let first = 5.0
  private static let longest = 60.0

  /// The pace of a step that begins at `start`, in seconds.
  package init(from start: Double) { next = start + PlainPace.first }

  /// Whether a line is due; if so, schedules the next one.
  package mutating func isDue(at now: Double) -> Bool {
    guard now >= next else { return false }
    gap = min(2 * gap, PlainPace.longest)
    next = now + gap
    return true
  }
}

/// Shows what an evaluator does before it answers.
final class EvaluationProgress {
  private let scanning: StepProgress
  private let reading: StepProgress
  /// Begins when there is something to compare.
  private lazy var comparing = StepProgress("comparing images", console)
  private let console: Console

  init(_ console: Console) {
    self.console = console
    scanning = StepProgress("scanning", unit: "files", console)
    reading = StepProgress("reading images", console)
  }

  func show(_ step: EvaluationPreparation) {
    switch step {
    case .scanning(let entries): scanning.show(entries, of: nil)
    case .passedOver(let files):
      if let line = files.line { console.warning(line) }
    case .reading(let done, let total): reading.show(done, of: total)
    case .comparing(let done, let total): comparing.show(done, of: total)
    }
  }
}
