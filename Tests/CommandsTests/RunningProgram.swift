import Foundation
import Synchronization

/// The program that was built beside these tests.
let builtProgram = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
  .appending(path: "cnnctl").path(percentEncoded: false)

/// How a process ended, and what it wrote.
struct Ended {
  var code: Int32
  var output: String
  var diagnostics: String
}

/// Runs the program that was built beside these tests.
///
/// Both pipes are drained while it runs; with a `signal` it is sent once standard output has shown
/// `mark`. `program` is another copy of it.
func run(
  _ words: [String], in folder: String, signal: Int32? = nil, after mark: String = "",
  program: String = builtProgram
) throws -> Ended {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: program)
  process.arguments = words
  process.currentDirectoryURL = URL(fileURLWithPath: folder)
  process.standardInput = FileHandle.nullDevice
  let output = Pipe()
  let diagnostics = Pipe()
  process.standardOutput = output
  process.standardError = diagnostics
  try process.run()

  let errors = Drained()
  let reader = Thread {
    errors.text.withLock { $0 = read(diagnostics) { _ in } }
    errors.done.signal()
  }
  reader.start()
  var isSent = false
  let text = read(output) { sofar in
    guard let signal, !isSent, sofar.contains(mark) else { return }
    isSent = true
    kill(process.processIdentifier, signal)
  }
  errors.done.wait()
  process.waitUntilExit()
  return Ended(
    code: process.terminationStatus, output: text, diagnostics: errors.text.withLock { $0 })
}

private final class Drained: Sendable {
  let text = Mutex("")
  let done = DispatchSemaphore(value: 0)
}

private func read(_ pipe: Pipe, _ each: (String) -> Void) -> String {
  var bytes = Data()
  while true {
    let more = pipe.fileHandleForReading.availableData
    if more.isEmpty { break }
    bytes += more
    each(String(decoding: bytes, as: UTF8.self))
  }
  return String(decoding: bytes, as: UTF8.self)
}
