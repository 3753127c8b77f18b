import Commands
import Foundation
import Testing

/// Run folders as a stranger may send them: something else where a file or folder should be.
@Suite struct PlantedLinkTests {
  private static let files = [
    "config.json", "run.json", "classes.txt", "metrics.csv", "events.ndjson", "log.txt", ".lock",
    "report.html", "weights/best.safetensors", "weights/last.safetensors", "test/report.txt",
    "test/report.json", "test/predictions.csv", "test/confusion_matrix.csv", "test/roc.png",
    "test/examples.png", "plots/loss.png", "plots/samples.png",
    "checkpoint/step-000000006.safetensors", "checkpoint/step-000000006-best.safetensors",
    "val/report.json",
  ]
  private static let folders = ["weights", "test", "plots", "checkpoint", "val", "train"]

  /// Photos, a run that says it is not over, and a folder to plant in.
  private struct Bench {
    let data: TinyDataset
    let run: String
    let planted: String
    let outside: String

    init() throws {
      data = try TinyDataset()
      run = try data.trained(plots: true)
      planted = data.folder.file("planted")
      outside = data.folder.file("outside")
      let record = run + "/run.json"
      let text = try text(of: record).replacingOccurrences(of: "\"done\"", with: "\"running\"")
      try write(Array(text.utf8), to: record)
    }

    /// A fresh copy of the run, with nothing where `place` was; gives what was there.
    func prepare(_ place: String) throws -> String {
      let files = FileManager.default
      for path in [planted, outside] { try? files.removeItem(atPath: path) }
      try files.copyItem(atPath: run, toPath: planted)
      let path = planted + "/" + place
      try files.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      if files.fileExists(atPath: path) {
        try files.moveItem(atPath: path, toPath: outside)
      } else if PlantedLinkTests.folders.contains(place) {
        try files.createDirectory(atPath: outside, withIntermediateDirectories: true)
      } else {
        try write(Array("precious\n".utf8), to: outside)
      }
      return path
    }

    /// Every command that is given the planted run, in the order in which it could do harm.
    var commands: [[String]] {
      let photo = data.path + "/test_set/cats/1000.png"
      return [
        ["train", "--resume=" + planted, "--no-plots", "--threads", "1"],
        ["train", data.path, "--from", planted, "--out", data.folder.file("new")],
        ["report", planted], ["report", planted, "--out", data.folder.file("page")],
        ["evaluate", "--model", planted, "--no-plots"],
        ["evaluate", "--model", planted, "--split", "val", "--no-plots"],
        ["verify", planted], ["predict", photo, "--model", planted],
        ["explain", photo, "--model", planted, "-o", data.folder.file("e.png")],
        ["compare", planted, "cats-dogs"], ["compare", "cats-dogs", planted],
        ["export", planted, "-o", data.folder.file("m.safetensors")], ["inspect", planted],
      ]
    }
  }

  /// Everything below a path, or the file itself: names and bytes.
  private func contents(_ path: String) throws -> [String: Data] {
    let names = FileManager.default.subpaths(atPath: path) ?? []
    var found: [String: Data] = ["": FileManager.default.contents(atPath: path) ?? Data()]
    for name in names {
      found[name] = FileManager.default.contents(atPath: path + "/" + name) ?? Data()
    }
    return found
  }

  @Test func `No command reads or writes through a link in a run's folder`() throws {
    let bench = try Bench()
    for place in Self.files + Self.folders {
      let path = try bench.prepare(place)
      try FileManager.default.createSymbolicLink(
        atPath: path, withDestinationPath: bench.outside)
      let before = try contents(bench.outside)
      for command in bench.commands {
        let outcome = cnnctl(command)
        #expect(outcome.code == .badData, "\(command) with \(place): \(outcome.diagnostics)")
        #expect(
          outcome.diagnostics.contains("\(path) is a link"), "\(command): \(outcome.diagnostics)")
        #expect(try contents(bench.outside) == before, "\(command) wrote through \(place)")
      }
    }
    // The run itself may be named by a link, as runs/latest is.
    let link = bench.data.folder.file("latest")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "run")
    #expect(cnnctl("evaluate", "--model", link, "--no-plots").code == .done)
  }

  @Test func `A link that leads to nothing makes no file there`() throws {
    let bench = try Bench()
    for place in [".lock", "log.txt", "events.ndjson", "metrics.csv"] {
      let path = try bench.prepare(place)
      try FileManager.default.removeItem(atPath: bench.outside)
      try FileManager.default.createSymbolicLink(
        atPath: path, withDestinationPath: bench.outside)
      for command in bench.commands.prefix(3) {
        #expect(cnnctl(command).code == .badData, "\(command) with \(place)")
        #expect(!isThere(bench.outside), "\(command) made the file behind \(place)")
      }
    }
  }

  @Test func `A pipe where a file should be makes no command wait`() throws {
    let bench = try Bench()
    for place in Self.files.filter({ !$0.contains("confusion") && !$0.hasSuffix(".png") }) {
      let path = try bench.prepare(place)
      try #require(mkfifo(path, 0o600) == 0)
      for command in bench.commands {
        let outcome = cnnctl(command)
        #expect(outcome.code == .badData, "\(command) with \(place): \(outcome.diagnostics)")
        #expect(outcome.diagnostics.contains("\(path) is not a regular file"))
      }
    }
  }

  @Test func `A file that has another name elsewhere is not added to`() throws {
    let bench = try Bench()
    for place in ["log.txt", "events.ndjson", "metrics.csv", ".lock"] {
      let path = try bench.prepare(place)
      try FileManager.default.linkItem(atPath: bench.outside, toPath: path)
      let before = try contents(bench.outside)
      let outcome = cnnctl(bench.commands[0])
      #expect(outcome.code == .badData, "\(place): \(outcome.diagnostics)")
      #expect(outcome.diagnostics.contains("\(path) has another hard link"))
      #expect(try contents(bench.outside) == before, "\(place)")
    }
    // Without, the same command goes on.
    _ = try bench.prepare("report.html")
    let outcome = cnnctl(bench.commands[0])
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
  }

  @Test func `Folders that results are written to may hold no link on the way`() throws {
    let data = try TinyDataset()
    let run = try data.trained()
    let (out, outside) = (data.folder.file("out"), data.folder.file("outside"))
    for folder in [out, outside] {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    }
    for name in ["test", "plots", "weights"] {
      try FileManager.default.createSymbolicLink(
        atPath: out + "/" + name, withDestinationPath: outside)
    }
    let report = cnnctl("report", run, "--out", out)
    #expect(report.code == .badData, "\(report.diagnostics)")
    let training = cnnctl(data.training("--no-plots", out: "out"))
    #expect(training.code == .badData, "\(training.diagnostics)")
    #expect(try contents(outside).count == 1)
    #expect(!isThere(out + "/config.json"))
  }
}
