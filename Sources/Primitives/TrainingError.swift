/// A reason why training, evaluation or prediction cannot continue: the problem, its place and a
/// remedy.
package struct TrainingError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kind of failure, which a command turns into an exit code.
  package enum Kind: Sendable, Hashable {
    /// An option, or a value of one, that means nothing here.
    case usage
    /// Data that is there and cannot be used: layout, classes, a corrupt model.
    case badData
    /// A named path does not exist.
    case missing
    /// The run folder cannot be created.
    case cannotCreate
    /// Memory or disk would not suffice.
    case noRoom
    /// Reading or writing a file failed.
    case inputOutput
    /// The loss is no longer finite.
    case diverged
    /// A state that the program itself should have ruled out.
    case `internal`
  }

  package var kind: Kind
  /// One lower-case sentence: the path or option, and the cause.
  package var problem: String
  package var found: String?
  package var expected: String?
  /// A command that helps.
  package var advice: String?

  /// A failure with as much of found, expected and advice as is known.
  package init(
    _ kind: Kind, _ problem: String, found: String? = nil, expected: String? = nil,
    advice: String? = nil
  ) {
    self.kind = kind
    self.problem = problem
    self.found = found
    self.expected = expected
    self.advice = advice
  }

  /// The message in one to four lines that a terminal can show, without the word "error".
  package var description: String {
    var lines = [problem]
    if let found { lines.append("found: " + found) }
    if let expected { lines.append("expected: " + expected) }
    // The one part that may have lines of its own.
    if let advice { lines += ("try: " + advice).split(separator: "\n").map(String.init) }
    return lines.map(terminalSafe).joined(separator: "\n")
  }

  /// The same with no more of each part, as a terminal shows it, than some lines beyond a path's
  /// length.
  package func shortened(beyond path: String) -> TrainingError {
    let limit = 1000
    func cut(_ text: String, _ limit: Int) -> String {
      let text = terminalSafe(text)
      let scalars = text.unicodeScalars
      return scalars.count <= limit
        ? text : String(String.UnicodeScalarView(scalars.prefix(limit))) + "…"
    }
    var error = self
    error.problem = cut(problem, path.unicodeScalars.count + limit)
    error.found = found.map { cut($0, limit) }
    error.expected = expected.map { cut($0, limit) }
    return error
  }
}
