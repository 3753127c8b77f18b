internal import Primitives

/// The output of a command: results on standard output, progress and messages on standard error.
///
/// A line of progress stays in place on a terminal until a message or the next line replaces it.
/// Used by one thread at a time.
final class Console {
  let environment: Environment
  let isQuiet: Bool
  let isVerbose: Bool
  private let hasColor: Bool
  private var isLineOpen = false
  private var lastDrawn = -Double.infinity

  init(_ environment: Environment, arguments: Arguments) {
    self.environment = environment
    isQuiet = arguments[SharedOption.quiet]
    isVerbose = arguments[SharedOption.verbose] && !isQuiet
    hasColor =
      switch arguments[SharedOption.color] {
      case .always: true
      case .never: false
      case .auto: environment.canRedraw && (environment.variables["NO_COLOR"] ?? "").isEmpty
      }
  }

  /// A line of progress; silent with `-q`.
  func note(_ line: String) {
    guard !isQuiet else { return }
    for line in fitting(line) { message(line) }
  }

  /// The lines of a text, safe for a terminal, which breaks a longer one anywhere, in the middle of
  /// a number too.
  private func fitting(_ text: String) -> [String] {
    let line = terminalSafe(text, most: longestLine)
    guard environment.diagnostics.isTerminal, line.count > environment.columns else {
      return [line]
    }
    let parts = HelpText.wrapped(line, indent: 0, width: environment.columns - 2)
    return parts.enumerated().map { index, part in (index == 0 ? "" : "  ") + part }
  }

  /// A line of progress that only `-v` shows.
  func detail(_ line: String) {
    if isVerbose { note(line) }
  }

  /// Something that is wrong, but stops nothing; shown even with `-q`.
  func warning(_ text: String) {
    let lines = fitting("warning: " + text)
    message(painted("warning:", "33") + lines[0].dropFirst(8))
    for line in lines.dropFirst() { message(line) }
  }

  /// Prints the reason why the command fails.
  func failure(_ failure: Failure) {
    for line in failure.lines {
      guard line.hasPrefix("error:") else {
        message(line)
        continue
      }
      message(painted("error:", "1;31") + line.dropFirst(6))
    }
  }

  /// Draws a line in place, at most ten times a second; nothing where no line can be redrawn.
  ///
  /// The line is asked for only when it is drawn.
  func draw(_ line: () -> String) {
    guard !isQuiet, environment.canRedraw else { return }
    let now = environment.clock()
    guard now - lastDrawn >= 0.1 else { return }
    lastDrawn = now
    put("\r" + terminalSafe(line()) + "\u{1b}[K")
    isLineOpen = true
  }

  /// Whether lines are redrawn in place; never with `-q`.
  var isDrawing: Bool { !isQuiet && environment.canRedraw }

  /// Replaces the line drawn in place by its final form.
  func finish(_ line: String, highlight: String? = nil) {
    guard !isQuiet else { return }
    var text = terminalSafe(line)
    if let highlight, text.hasSuffix(highlight) {
      text = String(text.dropLast(highlight.count)) + painted(highlight, "32")
    }
    message(text)
  }

  /// Takes the line drawn in place away.
  ///
  /// `evenIfUnseen`: another console may have drawn it.
  func clear(evenIfUnseen: Bool = false) {
    if isLineOpen || (evenIfUnseen && environment.canRedraw) { put("\r\u{1b}[K") }
    isLineOpen = false
    lastDrawn = -Double.infinity
  }

  func result(_ line: String) throws(StreamError) {
    let shown = environment.output.isTerminal ? environment.drawable(line) : line
    try environment.output.write(shown + "\n")
  }

  private func message(_ line: String) {
    clear()
    put(line + "\n")
  }

  /// Nobody is left to tell when standard error itself fails.
  private func put(_ text: String) {
    let shown = environment.diagnostics.isTerminal ? environment.drawable(text) : text
    do { try environment.diagnostics.write(shown) } catch {}
  }

  private func painted(_ text: String, _ code: String) -> String {
    hasColor ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
  }
}
