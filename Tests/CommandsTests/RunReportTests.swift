import Commands
import Foundation
import ImageData
import Primitives
import Testing

/// The pictures that a run with mistakes leaves, beside samples.png.
let chartNames = [
  "plots/loss.png", "plots/accuracy.png", "plots/lr.png", "test/confusion_matrix.png",
  "test/confusion_matrix_normalized.png", "test/roc.png", "test/precision_recall.png",
  "test/reliability.png", "test/histogram.png", "test/misclassified.png", "test/least_sure.png",
  "test/examples.png",
]

/// Whether a file or folder is there.
func isThere(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

@Suite struct RunReportTests {
  @Test func `A run leaves every picture, and a page that needs nothing but itself`() throws {
    let data = try TinyDataset()
    let run = try data.trained(plots: true)
    for name in chartNames + ["plots/samples.png"] {
      let picture = try ImageReader.decode(bytes: bytes(of: run + "/" + name))
      #expect(picture.width > 200 && Set(picture.pixels).count > 3, "\(name)")
    }
    let page = try text(of: run + "/report.html")
    // A name space is a name, and nothing is fetched from it.
    let addresses = page.replacingOccurrences(of: "xmlns=\"http://www.w3.org/", with: "")
      .replacingOccurrences(of: "xmlns:xlink=\"http://www.w3.org/", with: "")
    for part in ["<script", "http:", "https:", "url(", "@import", "<link"] {
      #expect(!addresses.contains(part), "\(part)")
    }
    for part in [
      "test images", "95 % interval", "Worst mistakes", "Where the model looked", "Least confident",
      "Examples",
      "Training images", "batch-size",
      "optimizer", "tiny", "cnnctl train --config", "instruction set", "cats", "dogs",
    ] {
      #expect(page.contains(part), "\(part)")
    }
    #expect(page.components(separatedBy: "data:image/png;base64,").count > 12)
  }

  @Test func `Report makes the same bytes again, here and elsewhere`() throws {
    let data = try TinyDataset()
    let run = try data.trained(plots: true)
    let names = chartNames + ["report.html"]
    let first = try names.map { try bytes(of: run + "/" + $0) }
    for name in names { try FileManager.default.removeItem(atPath: run + "/" + name) }
    let outcome = cnnctl("report", run)
    #expect(outcome.code == .done && outcome.diagnostics == "", "\(outcome.diagnostics)")
    #expect(outcome.lines.first == "report \(run)/report.html")
    for (name, before) in zip(names, first) {
      #expect(try bytes(of: run + "/" + name) == before, "\(name)")
    }
    let out = data.folder.file("elsewhere/deep")
    let json = cnnctl("report", run, "--out", out, "--json", "--threads", "1")
    let result = try object(json.output)
    #expect(result["report"] as? String == out + "/report.html")
    #expect((result["left_out"] as? [Any])?.isEmpty == true)
    #expect(Set(try #require(result["files"] as? [String])) == Set(names))
    for (name, before) in zip(names, first) {
      #expect(try bytes(of: out + "/" + name) == before, "\(name)")
    }
  }

  @Test func `Pictures of an earlier evaluation do not stay beside the numbers of another`() throws
  {
    let data = try TinyDataset()
    let run = try data.trained(plots: true)
    let drawn = chartNames.filter { $0.hasPrefix("test/") }
    #expect(drawn.allSatisfy { isThere(run + "/" + $0) })
    let outcome = cnnctl("evaluate", "--model", run, "--no-plots")
    #expect(outcome.code == .done && !drawn.contains { isThere(run + "/" + $0) })
  }

  @Test func `Without plots there is no picture and no page`() throws {
    let data = try TinyDataset()
    let run = try data.trained("--no-plots")
    #expect(!isThere(run + "/plots") && !isThere(run + "/report.html"))
    let files = try FileManager.default.contentsOfDirectory(atPath: run + "/test")
    #expect(files.count == 5 && !files.contains { $0.hasSuffix(".png") }, "\(files)")
    // They can be had later; the sheet of training images cannot.
    let outcome = cnnctl("report", run)
    #expect(outcome.code == .done && outcome.diagnostics.contains("plots/samples.png"))
    #expect(chartNames.allSatisfy { isThere(run + "/" + $0) })
  }

  @Test func `Without test images the page speaks of validation images`() throws {
    let data = try TinyDataset(training: 16, test: 0)
    let run = try data.trained(plots: true)
    let page = try text(of: run + "/report.html")
    #expect(page.contains("On the validation images (there is no test set)."))
    #expect(!page.contains("On the test images"))
  }

  @Test func `Without any image to evaluate there are curves and no test pictures`() throws {
    let data = try TinyDataset(training: 10, test: 0)
    let outcome = cnnctl(data.training("--val-split", "0"))
    #expect(outcome.code == .done && !outcome.diagnostics.contains("report"))
    let run = data.folder.file("run")
    #expect(isThere(run + "/plots/loss.png") && isThere(run + "/report.html"))
    #expect(!isThere(run + "/test/roc.png"))
  }

  @Test func `Names cannot reach out of the page or steer a terminal`() throws {
    let data = try TinyDataset(classes: ["<img src=x onerror=alert(1)>", "b&\"'", "cats"])
    let run = try data.trained(plots: true)
    let page = try text(of: run + "/report.html")
    #expect(!page.contains("<img src=x") && page.contains("&lt;img src=x onerror=alert(1)&gt;"))
    let outcome = cnnctl("report", run)
    #expect(outcome.code == .done && outcome.diagnostics.isEmpty, "\(outcome.diagnostics)")
    #expect(try text(of: run + "/report.html") == page)
    // No dataset has such a class, but a run from a stranger may.
    for file in ["test/predictions.csv", "test/report.json", "events.ndjson"] {
      let spoilt = try text(of: run + "/" + file).replacingOccurrences(
        of: "cats", with: file.hasSuffix("csv") ? "\u{202e}\u{1b}[31m" : "\\u202e\\u001b[31m")
      try write(Array(spoilt.utf8), to: run + "/" + file)
    }
    try write(Array("x,\u{1b}[31m\n".utf8), to: run + "/metrics.csv")
    let damaged = cnnctl("report", run)
    #expect(damaged.code == .done && damaged.diagnostics.contains("unknown columns"))
    let strange = try text(of: run + "/report.html")
    #expect(strange.contains("[31m"))
    for text in [damaged.diagnostics, damaged.output, strange] {
      #expect(!text.contains("\u{1b}") && !text.contains("\u{202e}"))
    }
  }

  @Test func `A class without test images and one never predicted leave no NaN`() throws {
    let data = try TinyDataset(classes: ["cats", "dogs", "eels"])
    try FileManager.default.removeItem(atPath: data.path + "/test_set/eels")
    // So small a rate changes no answer: one class is given for nearly all.
    let run = try data.trained("--lr", "1e-9", plots: true)
    let page = try text(of: run + "/report.html").lowercased()
    let words = page.replacing(#/base64,[^"]*/#, with: "").split { !$0.isLetter }
    #expect(!words.contains { ["nan", "inf"].contains($0) })
    #expect(isThere(run + "/test/roc.png") && isThere(run + "/test/histogram.png"))
    #expect(cnnctl("report", run).diagnostics == "")
  }

  @Test func `A run whose report cannot be written is done all the same, and says so`() throws {
    let data = try TinyDataset()
    try FileManager.default.createDirectory(
      atPath: data.folder.file("run/report.html/x"), withIntermediateDirectories: true)
    let outcome = cnnctl(data.training())
    #expect(outcome.code == .io, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("error: the report of"))
    #expect(try object(text(of: data.folder.file("run/run.json")))["status"] as? String == "done")
    #expect(isThere(data.folder.file("run/plots/loss.png")))
    let again = cnnctl("report", data.folder.file("run"))
    #expect(again.code == .io, "\(again.diagnostics)")
  }

  @Test func `Evaluate draws the same pictures, unless told not to`() throws {
    let data = try TinyDataset()
    let run = try data.trained(plots: true)
    let names = chartNames.filter { $0.hasPrefix("test/") }
    let first = try names.map { try bytes(of: run + "/" + $0) }
    let plain = data.folder.file("plain")
    #expect(cnnctl("evaluate", "--model", run, "--out", plain, "--no-plots").code == .done)
    #expect(try FileManager.default.contentsOfDirectory(atPath: plain).count == 5)
    for name in names { try FileManager.default.removeItem(atPath: run + "/" + name) }
    #expect(cnnctl("evaluate", "--model", run).code == .done)
    for (name, before) in zip(names, first) {
      #expect(try bytes(of: run + "/" + name) == before, "\(name)")
    }
    #expect(!isThere(run + "/test/report.html"))
  }
}
