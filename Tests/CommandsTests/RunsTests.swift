import Commands
import Foundation
import Primitives
import TestSupport
import Testing

/// The table of runs says what the runs' own files say.
@Suite struct RunsTests {
  /// Two trained runs, `second` with half the epochs, and one that a killed process left.
  private func runs() throws -> (data: TinyDataset, folder: String) {
    let data = try TinyDataset()
    let home = data.folder.file("runs")
    _ = try data.trained(out: "runs/first")
    _ = try data.trained("--epochs", "1", out: "runs/second")
    try FileManager.default.copyItem(atPath: "\(home)/first", toPath: "\(home)/third")
    let record = "\(home)/third/run.json"
    let text = try text(of: record)
    try text.replacing("\"status\" : \"done\"", with: "\"status\" : \"running\"")
      .write(toFile: record, atomically: false, encoding: .utf8)
    return (data, home)
  }

  private func objects(_ outcome: Outcome) throws -> [[String: Any]] {
    try outcome.lines.map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  @Test func `Every run is listed with the figures of its own files`() throws {
    let (data, home) = try runs()
    let outcome = cnnctl("runs", home, "--json")
    #expect(outcome.code == .done)
    let found = try objects(outcome)
    #expect(
      found.map { $0["run"] as? String } == ["first", "second", "third"].map { "\(home)/\($0)" })
    for (object, epochs) in zip(found, [2, 1, 2]) {
      let path = try #require(object["run"] as? String)
      let report = try #require(
        try JSONSerialization.jsonObject(
          with: Data(contentsOf: URL(fileURLWithPath: path + "/test/report.json")))
          as? [String: Any])
      for key in ["accuracy", "accuracy_low", "accuracy_high"] {
        let (listed, own) = (object[key] as? Double, report[key] as? Double)
        #expect(abs((listed ?? -1) - (own ?? -2)) < 1e-12, "\(key)")
      }
      #expect(object["epochs"] as? Int == epochs)
      #expect(object["recipe"] as? String == "seed")
      #expect(object["error"] is NSNull)
      // It was started within the last ten minutes.
      let started = try #require(object["started"] as? String)
      let date = try Date(started, strategy: .iso8601)
      #expect((-1...600).contains(Date().timeIntervalSince(date)))
    }
    #expect(found.map { $0["status"] as? String } == ["done", "done", "interrupted"])
    withExtendedLifetime(data) {}
  }

  @Test func `The table has a line a run, in the order asked for`() throws {
    let (data, home) = try runs()
    func names(_ words: String...) -> [String] {
      cnnctl(["runs", home] + words).lines.dropFirst(2).map { line in
        String(line.prefix { $0 != " " }.dropFirst(home.count + 1))
      }
    }
    #expect(names() == ["first", "second", "third"])
    // Equal ones keep the order of their names.
    #expect(names("--sort", "images") == ["first", "second", "third"])
    let damaged = "\(home)/first/config.json"
    try "{".write(toFile: damaged, atomically: false, encoding: .utf8)
    #expect(names("--sort", "images") == ["second", "third", "first"])
    let outcome = cnnctl("runs", home)
    #expect(outcome.code == .done)
    #expect(outcome.output.contains("cannot be read"))
    #expect(outcome.diagnostics.hasPrefix("warning: \(damaged)"))
    withExtendedLifetime(data) {}
  }

  @Test func `A link to one of the runs is not listed, however the folder is named`() throws {
    let (data, home) = try runs()
    try FileManager.default.createSymbolicLink(
      atPath: home + "/latest", withDestinationPath: "third")
    for name in [home, home + "/", home + "/."] {
      let found = try objects(cnnctl("runs", name, "--json")).compactMap { $0["run"] as? String }
      let prefix = name.hasSuffix("/") ? name : name + "/"
      #expect(found == ["first", "second", "third"].map { prefix + $0 })
    }
    // One that leads elsewhere is a run of its own.
    let other = data.folder.file("other")
    try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: other + "/latest", withDestinationPath: home + "/first")
    #expect(try objects(cnnctl("runs", other, "--json")).count == 1)
  }

  @Test func `A terminal that shows ASCII alone gets a table in ASCII`() throws {
    let (data, home) = try runs()
    let plain = cnnctl("runs", home, variables: ["LANG": "C"], isTerminal: true)
    #expect(plain.output.utf8.allSatisfy { $0 < 0x80 } && plain.output.contains("\n-----"))
    let drawn = cnnctl("runs", home, variables: ["LANG": "C.UTF-8"], isTerminal: true)
    #expect(drawn.output.contains("\n─────"))
    #expect(drawn.output.replacing("─", with: "-").replacing("–", with: "-") == plain.output)
    // A file or a pipe is no terminal: the same bytes wherever they are written.
    #expect(cnnctl("runs", home, variables: ["LANG": "C"]).output == drawn.output)
    withExtendedLifetime(data) {}
  }

  @Test func `A folder without runs, a run itself and no folder`() throws {
    let (data, home) = try runs()
    let empty = cnnctl("runs", data.path)
    #expect(empty.code == .done)
    #expect(empty.output == "")
    #expect(empty.diagnostics.contains("no runs in \(data.path)"))
    let run = cnnctl("runs", home + "/first")
    #expect(run.code == .usage)
    #expect(run.diagnostics.contains("is a run, not a folder of runs"))
    #expect(cnnctl("runs", home + "/none").code == .noInput)
  }
}
