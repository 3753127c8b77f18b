import Commands
import Foundation
import Testing

@Suite struct VerifyTests {
  @Test func `The first steps of a run come out again, on any number of threads`() throws {
    let data = try TinyDataset()
    let run = try data.trained("--augment", "standard", "--threads", "2")
    let before = try FileManager.default.subpathsOfDirectory(atPath: run).sorted()
    let outcome = cnnctl("verify", run, "--threads", "1")
    #expect(outcome.code == .done && outcome.diagnostics == "", "\(outcome.diagnostics)")
    let last = try #require(outcome.lines.last)
    #expect(last.hasSuffix("repeated on 1 thread: identical to the run, bit for bit"))
    #expect(outcome.lines.filter { $0.hasSuffix("same") }.count >= 2)
    // It reads the run and leaves it alone.
    #expect(try FileManager.default.subpathsOfDirectory(atPath: run).sorted() == before)

    let json = try object(cnnctl("verify", run, "--json", "--steps", "2").output)
    #expect(json["same"] as? Bool == true && json["changes"] as? [String] == [])
    let steps = try #require(json["steps"] as? [[String: Any]])
    #expect(steps.map { $0["step"] as? Int } == [1, 2])
    for step in steps {
      #expect(step["weights_sha256"] as? String == step["run_weights_sha256"] as? String)
      #expect((step["weights_sha256"] as? String)?.count == 64)
      #expect(step["loss"] as? Double == step["run_loss"] as? Double)
    }
  }

  @Test func `A run that was computed otherwise is found out, at the step where it parts`() throws {
    let data = try TinyDataset()
    let run = try data.trained()
    // As if the second step had come out differently.
    let path = run + "/events.ndjson"
    let lines = try text(of: path).components(separatedBy: "\n").map { line in
      line.contains("\"digest\"") && line.contains("\"step\":2,")
        ? line.replacingOccurrences(of: "\"weights_sha256\":\"", with: "\"weights_sha256\":\"0")
        : line
    }
    try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
    let outcome = cnnctl("verify", run)
    #expect(outcome.code == .conditionFailed)
    #expect(outcome.lines.last == "the repetition differs from the run after 2 steps")
    #expect(outcome.lines.contains { $0.hasSuffix("same") })
    let json = try object(cnnctl("verify", run, "--json").output)
    #expect(json["same"] as? Bool == false)
    #expect((json["steps"] as? [[String: Any]])?.last?["step"] as? Int == 2)
  }

  @Test func `Other images, other settings and other versions are told apart`() throws {
    let data = try TinyDataset()
    let run = try data.trained()
    let other = try TinyDataset(training: 5)
    let images = cnnctl("verify", run, other.path)
    #expect(images.code == .badData && images.diagnostics.contains("fingerprint"))
    #expect(cnnctl("verify", run, data.path).code == .done)

    let record = run + "/run.json"
    try text(of: record).replacingOccurrences(
      of: "\"cnnctl\" : \"", with: "\"cnnctl\" : \"0."
    ).write(toFile: record, atomically: true, encoding: .utf8)
    let version = cnnctl("verify", run)
    #expect(version.code == .done)
    #expect(version.lines.last?.hasPrefix("cnnctl 0.") == true, "\(version.lines)")

    try text(of: record).replacingOccurrences(of: "\"status\"", with: "\"ranks\" : 3, \"status\"")
      .write(toFile: record, atomically: true, encoding: .utf8)
    let together = cnnctl("verify", run)
    #expect(together.lines.contains("3 processes then, 1 now"), "\(together.lines)")
  }

  @Test func `What is no run, or tells of no step, is refused`() throws {
    let data = try TinyDataset()
    #expect(cnnctl("verify", data.folder.file("nothing")).code == .noInput)
    let noRun = cnnctl("verify", data.path)
    #expect(noRun.code == .badData && noRun.diagnostics.contains("no run to verify"))
    let run = try data.trained()
    let events = run + "/events.ndjson"
    let lines = try text(of: events).components(separatedBy: "\n")
      .filter { !$0.contains("\"digest\"") }
    try lines.joined(separator: "\n").write(toFile: events, atomically: true, encoding: .utf8)
    let silent = cnnctl("verify", run)
    #expect(
      silent.code == .badData && silent.diagnostics.contains("no recorded step to compare with"))
  }

  @Test func `A signal ends it, and no temporary folder stays`() throws {
    let data = try TinyDataset()
    let run = try data.trained()
    let temporary = data.folder.file("temporary")
    try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
    let outcome = cnnctl("verify", run, variables: ["TMPDIR": temporary], stopAfter: 3, signal: 15)
    #expect(
      outcome.code == .terminated
        && outcome.diagnostics.contains("by SIGTERM; nothing was verified"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: temporary).isEmpty)
    let nowhere = cnnctl("verify", run, variables: ["TMPDIR": data.folder.file("nowhere")])
    #expect(nowhere.code == .cannotCreate && nowhere.diagnostics.contains("TMPDIR"))
  }
}
