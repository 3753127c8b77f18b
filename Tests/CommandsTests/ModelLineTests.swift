import Commands
import Foundation
import Testing

/// What is said of a model before and after it answers.
@Suite struct ModelLineTests {
  @Test func `A run's model is told with its accuracy, a file elsewhere with its images`() throws {
    let data = try TinyDataset()
    let run = try data.trained()
    let photo = data.path + "/test_set/cats/1000.png"
    func line(_ model: String) -> Substring? {
      cnnctl("predict", photo, "--model", model).diagnostics.split(separator: "\n").first
    }
    let report = try object(text(of: run + "/test/report.json"))
    let accuracy = try #require(report["accuracy"] as? Double)
    let shown = String(format: "%.1f %%", 100 * accuracy)
    let own = try #require(line(run))
    #expect(own.hasSuffix(", cats|dogs, \(shown) on 12 test images"), "\(own)")
    #expect(own.hasPrefix("model: ") && own.count <= 100)
    #expect(line(run + "/weights/best.safetensors") == own)
    // The last epoch's weights were not tested, nor is a copy in a run; and neither is another file.
    let copy = data.folder.file("copy.safetensors")
    try FileManager.default.copyItem(atPath: run + "/weights/best.safetensors", toPath: copy)
    #expect(line(copy)?.contains(#/, cats\|dogs, trained on \d+ images$/#) == true)
    let exported = data.folder.file("exported.safetensors")
    #expect(cnnctl("export", run, "-o", exported).code == .done)
    #expect(line(exported)?.hasSuffix(", cats|dogs, \(shown) on 12 images") == true)
    // Other weights in the run's place: its test was not theirs.
    let other = try data.trained("--seed", "9", out: "other")
    try FileManager.default.removeItem(atPath: run + "/weights/best.safetensors")
    try FileManager.default.copyItem(
      atPath: other + "/weights/best.safetensors", toPath: run + "/weights/best.safetensors")
    #expect(line(run)?.contains(#/, cats\|dogs, trained on \d+ images$/#) == true)
  }

  @Test func `A model no better than one answer to everything is called so everywhere`() throws {
    // The colours of both classes are the same: there is nothing to learn.
    let data = try TinyDataset(classes: ["aaa", "bbb"])
    let training = cnnctl(data.training("--json"))
    #expect(training.code == .done, "\(training.diagnostics)")
    let sentence = "no better than always predicting "
    let run = data.folder.file("run")
    let report = try object(text(of: run + "/test/report.json"))
    let baseline = try #require(report["baseline"] as? [String: Any])
    #expect(baseline["accuracy"] as? Double == 0.5 && baseline["beaten"] as? Bool == false)
    #expect(baseline["class"] as? String == "aaa")
    let warnings = try training.lines.map(object).filter { $0["event"] as? String == "warning" }
      .compactMap { $0["message"] as? String }
    let told = try #require(warnings.first { $0.hasPrefix(sentence) })
    for step in ["more --epochs", "more photos of each class", "--from cats-dogs"] {
      #expect(told.contains(step), "\(told)")
    }
    #expect(training.diagnostics.contains("warning: " + sentence + "aaa (50.0 %"))
    #expect(try text(of: run + "/test/report.txt").contains("warning: " + sentence))
    #expect(try text(of: run + "/report.html").components(separatedBy: sentence).count == 2)
    let evaluation = cnnctl("evaluate", "--model", run)
    #expect(evaluation.diagnostics.contains("warning: " + sentence + "aaa (50.0 %"))
    #expect(evaluation.lines.first?.hasPrefix("accuracy 0.") == true)
  }

  @Test func `A model that is better is not, nor one that is asked about one class alone`() throws {
    let data = try TinyDataset(training: 40, test: 20)
    let outcome = cnnctl(data.training("--epochs", "12", "--no-plots"))
    let report = try object(text(of: data.folder.file("run") + "/test/report.json"))
    try #require(report["accuracy_low"] as? Double ?? 0 > 0.5)
    #expect((report["baseline"] as? [String: Any])?["beaten"] as? Bool == true)
    #expect(!outcome.diagnostics.contains("no better than"))
    try FileManager.default.removeItem(atPath: data.path + "/test_set/dogs")
    let one = cnnctl(
      "evaluate", data.path, "--model", data.folder.file("run"), "--json")
    #expect(try object(one.output)["baseline"] == nil)
    #expect(!one.diagnostics.contains("no better than"))
  }

  @Test func `The newest run is taken where none is named`() throws {
    let data = try TinyDataset()
    let folder = data.folder.path
    try FileManager.default.createDirectory(
      atPath: folder + "/runs", withIntermediateDirectories: true)
    for words in [["report"], ["verify"], ["compare", "cats-dogs"]] {
      let none = try run(words, in: folder)
      #expect(none.code == 66 && none.diagnostics.contains("there is no run yet"), "\(words)")
    }
    _ = try data.trained(out: "runs/train-001")
    try FileManager.default.createSymbolicLink(
      atPath: folder + "/runs/latest", withDestinationPath: "train-001")
    #expect(try run(["report"], in: folder).output.contains("runs/latest/report.html"))
    #expect(try run(["verify", "--steps", "1"], in: folder).code == 0)
    #expect(try run(["inspect"], in: folder).output.contains("network: tiny"))
    #expect(try run(["export", "-o", "m.safetensors"], in: folder).code == 0)
    let compared = try run(["compare", "cats-dogs"], in: folder)
    #expect(compared.code == 0, "\(compared.diagnostics)")
    #expect(compared.diagnostics.contains("A: cats-dogs (built in), cats|dogs, "))
    #expect(compared.diagnostics.contains("B: runs/train-001, cats|dogs, "))
  }

  @Test func `evaluate without a dataset or a run names the next command, and no model`() throws {
    let folder = try TemporaryFolder()
    let outcome = try run(["evaluate"], in: folder.path)
    #expect(outcome.code == 64 && !outcome.diagnostics.contains("model: "))
    #expect(outcome.diagnostics.contains("try: cnnctl evaluate photos\n"))
  }

  @Test func `evaluate that is stopped says how far it came`() throws {
    let data = try TinyDataset()
    let trained = try data.trained()
    let outcome = cnnctl(
      "evaluate", data.path + "/training_set", "--model", trained, stopAfter: 0)
    #expect(outcome.code == .interrupted, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains(#/stopped by SIGINT after 1?\d of 20 images/#))
  }

  @Test func `A file's error is told once in words, and where answers go elsewhere on the screen`()
    throws
  {
    let folder = try TemporaryFolder()
    let bad = folder.file("bad.jpg")
    try write(Array("no picture at all".utf8), to: bad)
    let shown = cnnctl("predict", bad, "--model", "cats-dogs")
    let reason = try #require(shown.output.split(separator: "error: ").last).dropLast()
    #expect(!shown.diagnostics.contains(reason))
    #expect(shown.diagnostics.contains("error: 1 of 1 image could not be read"))
    let file = cnnctl("predict", bad, "--model", "cats-dogs", "-o", folder.file("out.csv"))
    #expect(file.diagnostics.contains(reason))
    // The ending of the file says in which form the answers are.
    #expect(try text(of: folder.file("out.csv")).hasPrefix("path,label,probability,"))
  }

  @Test func `A model of a run that was stopped is said to be of one that is not finished`() throws
  {
    let data = try TinyDataset()
    let words = data.training("--epochs", "1000", "--no-plots")
    #expect(cnnctl(words, stopAfter: 47).code == .interrupted)
    let run = data.folder.file("run")
    let photo = data.path + "/test_set/cats/1000.png"
    let told = cnnctl("predict", photo, "--model", run).diagnostics
    #expect(told.contains(#/, trained on \d+ images, of an unfinished run\n/#), "\(told)")
    let inspected = cnnctl("inspect", run).lines.first ?? ""
    #expect(inspected == "model: \(run)/weights/best.safetensors, of an unfinished run")
    let done = try data.trained(out: "done")
    #expect(!cnnctl("predict", photo, "--model", done).diagnostics.contains("unfinished"))
    #expect(!cnnctl("inspect", done).output.contains("unfinished"))
  }
}
