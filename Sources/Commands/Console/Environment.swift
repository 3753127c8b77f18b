internal import Glibc
internal import Primitives

/// The environment of a command, given as a value so that a test can run it in process.
package struct Environment: Sendable {
  /// Results.
  package var output: any TextStream
  /// Progress and messages.
  package var diagnostics: any TextStream
  /// The next bytes of standard input, at most as many as asked for; none at its end.
  package var input: @Sendable (Int) throws(StreamError) -> [UInt8]
  /// The environment variables that commands read.
  package var variables: [String: String]
  /// Seconds on a clock that only goes forward.
  package var clock: @Sendable () -> Double
  /// The width of the terminal at standard error, if it tells one.
  package var terminalColumns: @Sendable () -> Int?
  /// Starts to watch for signals that ask to stop; the result gives the first one received.
  package var watchSignals: @Sendable () -> @Sendable () -> Int32?

  package init(
    output: any TextStream, diagnostics: any TextStream,
    input: @escaping @Sendable (Int) throws(StreamError) -> [UInt8],
    variables: [String: String], clock: @escaping @Sendable () -> Double,
    terminalColumns: @escaping @Sendable () -> Int?,
    watchSignals: @escaping @Sendable () -> @Sendable () -> Int32?
  ) {
    self.output = output
    self.diagnostics = diagnostics
    self.input = input
    self.variables = variables
    self.clock = clock
    self.terminalColumns = terminalColumns
    self.watchSignals = watchSignals
  }

  /// The columns that a line on standard error may fill: `COLUMNS` if it says so, else the
  /// terminal's, else 80; kept in 40...200.
  package var columns: Int {
    let said = variables["COLUMNS"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
    return min(200, max(40, said ?? terminalColumns() ?? 80))
  }

  /// Whether the locale's encoding is UTF-8; if not, plain ASCII is drawn.
  package var isUnicode: Bool {
    // The first of these that says anything holds.
    let said = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { variables[$0] }.first { !$0.isEmpty }
    let name = (said ?? "").lowercased()
    return name.hasSuffix("utf-8") || name.hasSuffix("utf8") || name.contains("utf-8@")
      || name.contains("utf8@")
  }

  /// A line with this program's own marks as the locale's terminal can show them: those outside of
  /// ASCII are replaced where its encoding is not UTF-8, each by one of the same width.
  func drawable(_ line: String) -> String {
    guard !isUnicode, !line.utf8.allSatisfy({ $0 < 0x80 }) else { return line }
    return String(
      line.map { mark in
        switch mark {
        case "─", "–": "-"
        case "…": "~"
        default: mark
        }
      })
  }

  /// Whether a line on standard error can be redrawn in place.
  package var canRedraw: Bool {
    diagnostics.isTerminal && variables["TERM"] != "dumb"
  }
}

/// A stream of text that a command writes to.
package protocol TextStream: AnyObject, Sendable {
  var isTerminal: Bool { get }
  /// Writes all of `text` at once.
  func write(_ text: String) throws(StreamError)
}

/// The reason why a stream could not be read or written.
package struct StreamError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The system's error number.
  package var number: Int32
  package var name: String

  package init(number: Int32, name: String) {
    self.number = number
    self.name = name
  }

  /// Whether the reader of a pipe has gone away.
  package var isBrokenPipe: Bool { number == EPIPE }

  /// What a file to write should have been.
  var place: String {
    switch number {
    case ENOENT, ENOTDIR: "a file in a folder that exists"
    case EISDIR: "the name of a file, not of a folder"
    default: "a file in a folder that can be written"
    }
  }

  /// The stream and the system's own words.
  package var description: String { "\(name): \(FileSystem.lastError(number))" }
}
