import Foundation
import Synchronization
import Testing

/// The built program as a process of its own: streams, signals, the current folder.
@Suite struct ProgramTests {
  @Test func `The newest run answers where no model is named`() throws {
    let data = try TinyDataset()
    var words = data.training()
    words.removeLast(2)
    let training = try run(words, in: data.folder.path)
    #expect(training.code == 0, "\(training.diagnostics)")
    #expect(training.output.contains("run     runs/train-001"))
    let answer = try run(["predict", data.path + "/test_set/cats/1000.png"], in: data.folder.path)
    #expect(answer.code == 0, "\(answer.diagnostics)")
    #expect(answer.diagnostics.contains("runs/latest"))
    #expect(answer.diagnostics.contains("--model RUN|FILE names another"))
    let evaluation = try run(["evaluate"], in: data.folder.path)
    #expect(evaluation.code == 0, "\(evaluation.diagnostics)")
  }

  @Test func `Without a run the message says how to get one`() throws {
    let folder = try TemporaryFolder()
    let outcome = try run(["predict", "photo.jpg"], in: folder.path)
    #expect(outcome.code == 66)
    #expect(outcome.diagnostics.contains("error: "))
    #expect(outcome.diagnostics.contains("try: cnnctl train DATASET"))
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `A signal ends training after saving`(signal: Int32) throws {
    let data = try TinyDataset()
    let words = data.training("--epochs", "100000", "--json")
    // The first epoch's event tells that the steps have begun.
    let outcome = try run(words, in: data.folder.path, signal: signal, after: "\"epoch\"")
    #expect(outcome.code == 128 + signal, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("stopped by SIG"))
    let record = try object(text(of: data.folder.file("run/run.json")))
    #expect(record["status"] as? String == "stopped")
  }

  @Test func `A usage error is exit code 64 with nothing on standard output`() throws {
    let outcome = try run(["train", "--frobnicate"], in: "/")
    #expect(outcome.code == 64)
    #expect(outcome.output == "")
  }
}

private struct Ended {
  var code: Int32
  var output: String
  var diagnostics: String
}

/// Runs the program that was built beside these tests.
///
/// Both pipes are drained while it runs; with a `signal` it is sent once standard output has shown
/// `mark`.
private func run(
  _ words: [String], in folder: String, signal: Int32? = nil, after mark: String = ""
) throws -> Ended {
  let process = Process()
  let tests = URL(fileURLWithPath: CommandLine.arguments[0])
  process.executableURL = tests.deletingLastPathComponent().appending(path: "cnnctl")
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
