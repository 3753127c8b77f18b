internal import Primitives

/// The reason why a command fails: the problem, what was found and expected, and a remedy.
package struct Failure: Error, Sendable, Equatable {
  package var code: ExitCode
  /// The path and the cause, in one line.
  package var message: String
  package var found: String?
  package var expected: String?
  /// A command or a change that helps.
  package var advice: String?
  /// The command whose help page says more; only for usage errors.
  package var helpPage: String?

  package init(
    _ code: ExitCode, _ message: String, found: String? = nil, expected: String? = nil,
    advice: String? = nil, helpPage: String? = nil
  ) {
    self.code = code
    self.message = message
    self.found = found
    self.expected = expected
    self.advice = advice
    self.helpPage = helpPage
  }

  /// The lines for standard error, escaped, without colour or final newline.
  package var lines: [String] {
    var lines = ["error: " + message]
    if let found { lines.append("found: " + found) }
    if let expected { lines.append("expected: " + expected) }
    // An advice of two lines is code to copy.
    for (index, line) in (advice ?? "").split(separator: "\n").enumerated() {
      lines.append((index == 0 ? "try: " : "     ") + line)
    }
    if let helpPage { lines.append("See '\(helpPage)'.") }
    return lines.map { terminalSafe($0, most: longestLine) }
  }
}
