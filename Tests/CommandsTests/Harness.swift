import Commands
import Foundation
import Synchronization
import TestSupport

/// A stream that keeps what is written to it.
final class CapturedStream: TextStream {
  let isTerminal: Bool
  private let content = Mutex("")
  private let failure: StreamError?

  init(isTerminal: Bool = false, failure: StreamError? = nil) {
    self.isTerminal = isTerminal
    self.failure = failure
  }

  var text: String { content.withLock { $0 } }

  func write(_ text: String) throws(StreamError) {
    if let failure { throw failure }
    content.withLock { $0 += text }
  }
}

/// What a command line did.
struct Outcome {
  var code: ExitCode
  var output: String
  var diagnostics: String

  /// The lines of standard output.
  var lines: [String] {
    output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
  }
}

/// Runs a command line in this process.
func cnnctl(
  _ words: String..., input: String = "", variables: [String: String] = [:],
  isTerminal: Bool = false, stopAfter checks: Int? = nil, signal: Int32 = 2
) -> Outcome {
  cnnctl(
    words, input: input, variables: variables, isTerminal: isTerminal, stopAfter: checks,
    signal: signal)
}

/// Runs a command line in this process.
///
/// `checks`: how often the command may ask whether to stop before a signal has come. `clockStep`: how
/// many seconds go by whenever it looks at the clock; without, they go by on a terminal alone, so
/// that no slow machine has more lines of progress than another.
func cnnctl(
  _ words: [String], input: String = "", variables: [String: String] = [:],
  isTerminal: Bool = false, outputFailure: StreamError? = nil, stopAfter checks: Int? = nil,
  signal: Int32 = 2, clockStep: Double? = nil
) -> Outcome {
  let output = CapturedStream(isTerminal: isTerminal, failure: outputFailure)
  let diagnostics = CapturedStream(isTerminal: isTerminal)
  let environment = testEnvironment(
    output, diagnostics, input: input, variables: variables, stopAfter: checks, signal: signal,
    clockStep: clockStep ?? (isTerminal ? nil : 0))
  let code = Tool.run(words, environment)
  return Outcome(code: code, output: output.text, diagnostics: diagnostics.text)
}

private final class Counter: Sendable {
  let value = Mutex(0)
}

private func testEnvironment(
  _ output: CapturedStream, _ diagnostics: CapturedStream, input: String,
  variables: [String: String], stopAfter checks: Int?, signal: Int32, clockStep: Double?
) -> Environment {
  let rest = Mutex(Array(input.utf8)[...])
  let box = Box(rest)
  let counter = Counter()
  let looks = Counter()
  return Environment(
    output: output, diagnostics: diagnostics,
    input: { count throws(StreamError) in
      box.value.withLock { rest in
        let bytes = Array(rest.prefix(count))
        rest = rest.dropFirst(count)
        return bytes
      }
    },
    variables: TestEngine.variables.merging(variables) { $1 },
    clock: {
      guard let clockStep else { return ProcessInfo.processInfo.systemUptime }
      return looks.value.withLock { count in
        count += 1
        return Double(count) * clockStep
      }
    },
    terminalColumns: { nil },
    watchSignals: {
      {
        guard let checks else { return nil }
        return counter.value.withLock { asked in
          asked += 1
          return asked > checks ? signal : nil
        }
      }
    })
}

private final class Box: Sendable {
  let value: Mutex<ArraySlice<UInt8>>
  init(_ value: consuming sending Mutex<ArraySlice<UInt8>>) { self.value = value }
}

/// The text of a file in the folder Golden beside this one.
func golden(_ name: String) throws -> String {
  let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  return try String(contentsOf: folder.appending(path: "Golden/\(name)"), encoding: .utf8)
}

/// A folder that is removed with everything in it when the test is over.
final class TemporaryFolder {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "cnnctl-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path(percentEncoded: false)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }
}
