import Commands
import Foundation
import Testing

/// `cnnctl report` on folders that lack files, or hold files that somebody edited.
@Suite struct DamagedRunTests {
  private func replace(_ old: String, with new: String, in path: String) throws {
    let before = try text(of: path)
    let after = before.replacingOccurrences(of: old, with: new)
    try #require(before != after, "\(old) is not in \(path)")
    try Data(after.utf8).write(to: URL(fileURLWithPath: path))
  }

  @Test func `A path that holds no run is refused`() throws {
    let folder = try TemporaryFolder()
    let missing = cnnctl("report", folder.file("nowhere"))
    #expect(missing.code == .noInput && missing.diagnostics.contains("nowhere does not exist"))
    let empty = cnnctl("report", folder.path)
    #expect(empty.code == .badData && empty.diagnostics.contains("is not a run folder"))
    try Data().write(to: URL(fileURLWithPath: folder.file("file")))
    #expect(cnnctl("report", folder.file("file")).code == .badData)
  }

  @Test func `Each missing file is named, and only what follows from it is left out`() throws {
    let data = try TinyDataset()
    let run = try data.trained(plots: true)
    let cases: [(file: String, gone: [String], kept: [String])] = [
      ("metrics.csv", ["plots/loss.png"], ["test/roc.png"]),
      (
        "test/predictions.csv", ["test/roc.png", "test/least_sure.png"],
        ["test/confusion_matrix.png", "plots/lr.png"]
      ),
      ("test/report.json", [], ["test/roc.png", "test/confusion_matrix.png"]),
      ("events.ndjson", [], ["plots/loss.png", "test/roc.png"]),
      ("run.json", [], ["plots/loss.png", "test/examples.png"]),
      ("config.json", [], ["plots/loss.png", "test/examples.png"]),
      ("weights/best.safetensors", [], ["plots/loss.png", "test/roc.png"]),
    ]
    for (file, gone, kept) in cases {
      let copy = data.folder.file("copy")
      try FileManager.default.copyItem(atPath: run, toPath: copy)
      try FileManager.default.removeItem(atPath: copy + "/" + file)
      let out = data.folder.file("out")
      let outcome = cnnctl("report", copy, "--out", out)
      #expect(outcome.code == .done, "\(file): \(outcome.diagnostics)")
      #expect(outcome.diagnostics.contains(file), "\(outcome.diagnostics)")
      #expect(gone.allSatisfy { !isThere(out + "/" + $0) }, "\(file)")
      #expect((kept + ["report.html"]).allSatisfy { isThere(out + "/" + $0) }, "\(file)")
      try FileManager.default.removeItem(atPath: copy)
      try FileManager.default.removeItem(atPath: out)
    }
  }

  @Test func `An edited file is named with what is wrong in it`() throws {
    let data = try TinyDataset()
    let run = try data.trained(plots: true)
    let huge = "9223372036854775807"
    let cases: [(file: String, old: String, new: String, says: String)] = [
      ("metrics.csv", "\n2,", "\n3,", "row 2"), ("metrics.csv", "loss", "los", "unknown columns"),
      ("metrics.csv", "\n2,", "\n2,x", "row 2"),
      ("metrics.csv", "\n2,", "\n2,1,", "8 columns"),
      ("config.json", "\"seed\" : 0", "\"seed\" : \"no\"", "config.json"),
      ("config.json", "{", "[", "config.json"),
      ("run.json", "\"status\" : \"done\"", "\"status\" : \"odd\"", "run.json"),
      ("events.ndjson", "\"per_class\":[", "\"per_class\":[\(huge),", "counts do not match"),
      ("events.ndjson", "\"event\":\"epoch\"", "\"event\":\"epoch", "events.ndjson: line"),
      ("test/report.json", "\"images\" : 12", "\"images\" : 13", "counts do not match"),
      ("test/report.json", "\"images\" : 12", "\"images\" : \(huge)", "counts do not match"),
      ("test/report.json", "\"confusion\" : [", "\"confusion\" : [[1],", "differ in length"),
      ("test/report.json", "\"loss\" : ", "\"loss\" : 1", "does not match the predictions"),
      ("test/predictions.csv", "cats", "lions", "predictions.csv"),
      ("test/predictions.csv", "p_cats", "p_dogs", "unknown columns"),
      ("test/predictions.csv", ",0.", ",1.", "contradicts itself"),
      ("test/predictions.csv", ",0.", ",nan", "contradicts itself"),
      ("test/predictions.csv", ",0.", ",\"0.", "predictions.csv: line"),
    ]
    for (file, old, new, says) in cases {
      let copy = data.folder.file("copy")
      try FileManager.default.copyItem(atPath: run, toPath: copy)
      try replace(old, with: new, in: copy + "/" + file)
      let outcome = cnnctl("report", copy)
      #expect(outcome.code == .done, "\(file) \(new): \(outcome.diagnostics)")
      #expect(
        outcome.diagnostics.contains("warning: missing from the report: ")
          && outcome.diagnostics.contains(says),
        "\(file) \(new): \(outcome.diagnostics)")
      try FileManager.default.removeItem(atPath: copy)
    }
  }

  @Test func `Any truncation of any file ends in a report or a named refusal`() throws {
    let data = try TinyDataset()
    let run = try data.trained(plots: true)
    for file in [
      "config.json", "run.json", "metrics.csv", "events.ndjson", "test/report.json",
      "test/predictions.csv", "plots/samples.png", "weights/best.safetensors",
    ] {
      let whole = try bytes(of: run + "/" + file)
      for share in [0.0, 0.4, 0.97] {
        var count = Int(share * Double(whole.count))
        // Cut at the end of a line, events are sound, only fewer.
        while count > 0, "}\n".utf8.contains(whole[count - 1]) { count -= 1 }
        try write(Array(whole.prefix(count)), to: run + "/" + file)
        let outcome = cnnctl("report", run)
        #expect(outcome.code == .done, "\(file): \(outcome.diagnostics)")
        #expect(outcome.diagnostics.contains(file), "\(file) of \(count): \(outcome.diagnostics)")
      }
      try write(whole, to: run + "/" + file)
    }
    #expect(cnnctl("report", run).diagnostics == "")
  }

  @Test func `Images that are gone are counted, and the page is made without them`() throws {
    let data = try TinyDataset()
    let run = try data.trained(plots: true)
    try FileManager.default.removeItem(atPath: data.path + "/test_set")
    let outcome = cnnctl("report", run, "--out", data.folder.file("out"))
    #expect(outcome.code == .done)
    #expect(outcome.diagnostics.contains("12 of the images to show cannot be read or have changed"))
    #expect(isThere(data.folder.file("out/test/roc.png")))
    #expect(!isThere(data.folder.file("out/test/examples.png")))
  }
}
