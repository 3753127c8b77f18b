import Foundation
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
    #expect(answer.diagnostics.hasPrefix("model: runs/train-001, "))
    #expect(answer.diagnostics.contains("; --model selects another"))
    let evaluation = try run(["evaluate"], in: data.folder.path)
    #expect(evaluation.code == 0, "\(evaluation.diagnostics)")
  }

  @Test func `Where no run is newest, commands on one say so and name their usage`() throws {
    let empty = try TemporaryFolder()
    for (words, missing) in [(["report"], "RUN"), (["verify"], "RUN"), (["compare", "a"], "B")] {
      let outcome = try run(words, in: empty.path)
      #expect(outcome.code == 66)
      #expect(
        outcome.diagnostics.hasPrefix(
          "error: \(missing) is missing, and there is no run yet: runs/latest does not exist"
        ), "\(outcome.diagnostics)")
      #expect(outcome.diagnostics.contains("cnnctl \(words[0])"))
    }
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

  @Test func `A reader that goes away early ends predict quietly, past a bad file`() throws {
    let data = try TinyDataset(training: 60, test: 3)
    let model = try data.trained("--epochs", "1")
    try write(Array("no picture".utf8), to: data.path + "/training_set/cats/10.png")
    let words = ["predict", "-r", data.path + "/training_set", "--model", model, "--json"]
    let errors = data.folder.file("errors")
    let program = ([builtProgram] + words).map { "'\($0)'" }.joined(separator: " ")
    let codeFile = data.folder.file("code")
    let script = "{ \(program); echo $? > '\(codeFile)'; } 2> '\(errors)' | head -n 3"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", script]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let lines = String(
      decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self
    ).split(separator: "\n")
    process.waitUntilExit()
    #expect(lines.count == 3)
    // 141, or 1 where all answers had room in the pipe: one file is bad.
    let code = try text(of: codeFile)
    #expect(["141\n", "1\n"].contains(code))
    let said = try text(of: errors)
    #expect(!said.contains("Broken pipe") && !said.contains("bug"), "\(said)")
    // Nothing is lost where nobody goes away.
    let whole = try run(words, in: data.folder.path)
    #expect(whole.code == 1)
    #expect(whole.output.split(separator: "\n").count == 120)
    #expect(whole.diagnostics.contains("error: 1 of 120 images could not be read"))
  }

  @Test func `A usage error is exit code 64 with nothing on standard output`() throws {
    let outcome = try run(["train", "--frobnicate"], in: "/")
    #expect(outcome.code == 64)
    #expect(outcome.output == "")
  }
}
