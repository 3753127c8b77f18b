import Commands
import Foundation
import Testing

/// Which run a command line means, and what it is told where it means none.
@Suite struct MeantRunTests {
  @Test func `A run in the place of photos is refused with the command that is meant`() throws {
    let data = try TinyDataset()
    let run = try data.trained()
    for (words, meant) in [
      (["train", run, "--out", data.folder.file("other")], "cnnctl train --resume=\(run)"),
      (["evaluate", run], "cnnctl evaluate --model \(run)"),
      (["check", run], "cnnctl report \(run)"),
      (["report", run, run], "cnnctl report \(run)"),
      (["verify", run, run], "cnnctl verify \(run)"),
    ] {
      let page = try? bytes(of: run + "/report.html")
      let outcome = cnnctl(words)
      #expect(outcome.code == .usage && outcome.output == "", "\(words)")
      #expect(outcome.diagnostics.contains("\(run) is a run, not a folder of photos\n"))
      #expect(outcome.diagnostics.contains("try: \(meant)"), "\(outcome.diagnostics)")
      #expect((try? bytes(of: run + "/report.html")) == page)
    }
    #expect(!FileManager.default.fileExists(atPath: data.folder.file("other")))
  }

  @Test func `A folder of runs in the place of a run leads to the list of them`() throws {
    let data = try TinyDataset()
    let home = data.folder.file("runs")
    let photo = data.path + "/test_set/cats/1000.png"
    for words in [
      ["predict", photo, "--model", home], ["report", home], ["verify", home],
      ["train", "--resume=" + home], ["inspect", home],
    ] {
      try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
      let empty = cnnctl(words)
      #expect(empty.code != .done && !empty.diagnostics.contains("cnnctl runs"), "\(words)")
      _ = try data.trained("--epochs", "1", out: "runs/one")
      let outcome = cnnctl(words)
      #expect(outcome.code == empty.code)
      #expect(
        outcome.diagnostics.contains("try: cnnctl runs \(home), which lists the runs in it\n"))
      try FileManager.default.removeItem(atPath: home)
    }
  }

  @Test func `A run without weights is named with the command that continues it`() throws {
    let data = try TinyDataset()
    let run = try data.trained("--epochs", "1")
    try FileManager.default.removeItem(atPath: run + "/weights")
    let outcome = cnnctl("inspect", run)
    #expect(outcome.code == .badData)
    #expect(outcome.diagnostics.contains("the run \(run) has no weights yet\n"))
    #expect(outcome.diagnostics.contains("try: cnnctl train --resume=\(run), which continues it\n"))
  }

  @Test func `A finished run that was moved says where it lies now`() throws {
    let data = try TinyDataset()
    let run = try data.trained()
    let moved = data.folder.file("moved")
    try FileManager.default.moveItem(atPath: run, toPath: moved)
    // Another run has taken its place.
    _ = try data.trained("--epochs", "1")
    let outcome = cnnctl("train", "--resume=" + moved, "--no-plots")
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(outcome.output.contains("weights \(moved)/weights/best.safetensors (epoch "))
    #expect(outcome.output.contains("run     \(moved)\n"))
    #expect(outcome.diagnostics.contains("\(moved) has finished: all 2 epochs are trained"))
    #expect(!(outcome.output + outcome.diagnostics).contains("\(run)/"))
  }

  @Test func `Without B the newest run that has weights is compared, unless it is A`() throws {
    let data = try TinyDataset()
    func trained(_ seed: String) throws {
      var words = data.training("--seed", seed, "--epochs", "1", "--no-plots")
      words.removeAll { $0 == "--out" || $0 == data.folder.file("run") }
      let outcome = try CommandsTests.run(words, in: data.folder.path)
      try #require(outcome.code == 0, "\(outcome.diagnostics)")
    }
    func compared(_ words: String...) throws -> Ended {
      try CommandsTests.run(["compare"] + words, in: data.folder.path)
    }
    try trained("1")
    let alone = try compared("runs/train-001")
    #expect(alone.code == 64)
    #expect(
      alone.diagnostics.contains("B is missing, and the newest run is A itself: runs/train-001\n"))
    try trained("2")
    let two = try compared("runs/train-001")
    #expect(two.code == 0, "\(two.diagnostics)")
    #expect(two.diagnostics.contains("\nB: runs/train-002, "))
    // As a shell expands runs/*.
    let all = try compared("runs/latest", "runs/train-001", "runs/train-002")
    #expect(all.code == 0, "\(all.diagnostics)")
    #expect(
      all.diagnostics.contains("left out runs/train-002: it is the same model as runs/latest\n"))
    try FileManager.default.removeItem(
      atPath: data.folder.file("runs/train-002/weights/best.safetensors"))
    let older = try compared("cats-dogs")
    #expect(older.code == 0, "\(older.diagnostics)")
    #expect(
      older.diagnostics.contains(
        "warning: the newest run, runs/train-002, has no weights; an older one is used\n"))
    #expect(older.diagnostics.contains("\nB: runs/train-001, "))
  }

  @Test func `export of the newest model says how export names another`() throws {
    let folder = try TemporaryFolder()
    let outcome = try CommandsTests.run(["export", "-o", "model.onnx"], in: folder.path)
    #expect(outcome.code == 0, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.hasSuffix("; cnnctl export MODEL exports another\n"))
    #expect(!outcome.diagnostics.contains("--model"))
  }
}
