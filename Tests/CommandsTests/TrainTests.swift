import Commands
import Foundation
import Testing

@Suite struct TrainTests {
  @Test func `A run leaves its folder and tells the result on standard output`() throws {
    let data = try TinyDataset()
    let outcome = cnnctl(data.training())
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    let run = data.folder.file("run")
    for name in [
      "config.json", "run.json", "classes.txt", "metrics.csv", "events.ndjson", "log.txt",
      "weights/best.safetensors", "weights/last.safetensors", "test/report.txt",
      "test/report.json", "test/predictions.csv", "test/confusion_matrix.csv",
    ] {
      #expect(FileManager.default.fileExists(atPath: run + "/" + name), "\(name)")
    }
    #expect(try text(of: run + "/classes.txt") == "cats\ndogs\n")
    let metrics = try text(of: run + "/metrics.csv").split(separator: "\n")
    #expect(metrics.count == 3)
    #expect(
      metrics.first
        == "epoch,loss,accuracy,val_loss,val_accuracy,lr,seconds,images_per_second")
    #expect(try object(text(of: run + "/run.json"))["status"] as? String == "done")
    #expect(outcome.lines.contains { $0.hasPrefix("accuracy ") })
    #expect(outcome.output.contains("12 test images"))
    #expect(!outcome.output.contains("f1-score"))
    #expect(outcome.output.contains(run))
    let report = try text(of: run + "/test/report.txt")
    #expect(report.contains("precision") && report.contains("cats"))
  }

  @Test func `The method of convolutions is the run's, and not the configuration's`() throws {
    let data = try TinyDataset()
    for (words, conv) in [([], "auto"), (["--conv", "direct"], "direct")]
      as [([String], String)]
    {
      let outcome = cnnctl(data.training(out: conv) + words)
      #expect(outcome.code == .done, "\(outcome.diagnostics)")
      #expect(outcome.diagnostics.contains("direct convolutions") == (conv == "direct"))
      let run = data.folder.file(conv)
      #expect(try object(text(of: run + "/run.json"))["conv"] as? String == conv)
      let events = try text(of: run + "/events.ndjson").split(separator: "\n")
      #expect(try object(String(try #require(events.first)))["conv"] as? String == conv)
    }
    // As with the instruction set, a configuration repeats a run by any method.
    #expect(!(try text(of: data.folder.file("auto/config.json"))).contains("\"conv\""))
    let model = data.folder.file("direct")
    for words in [["evaluate", data.path], ["predict", "-r", data.path + "/test_set/cats"]] {
      #expect(cnnctl(words + ["--model", model, "--conv", "winograd"]).code == .done)
    }
  }

  @Test func `The first lines say what is trained on what`() throws {
    let data = try TinyDataset()
    let outcome = cnnctl(data.training("--seed", "7"))
    for part in ["cats", "dogs", "parameters", "seed 7", "2 threads", "train", "test"] {
      #expect(outcome.diagnostics.contains(part), "\(part) in \(outcome.diagnostics)")
    }
  }

  @Test func `Away from a terminal an epoch is one plain line`() throws {
    let data = try TinyDataset()
    let outcome = cnnctl(data.training())
    let epochs = outcome.diagnostics.split(separator: "\n").filter { $0.hasPrefix("Epoch ") }
    #expect(epochs.count == 2)
    #expect(epochs.first?.prefixMatch(of: #/Epoch 1/2  (\d+)/\1  /#) != nil)
    #expect(epochs.allSatisfy { $0.contains("val_loss") && $0.contains("img/s") })
    #expect(!outcome.diagnostics.contains("\r") && !outcome.diagnostics.contains("\u{1b}"))
  }

  @Test(arguments: [40, 80, 200])
  func `On a terminal the line is redrawn and never wider than it`(columns: Int) throws {
    let data = try TinyDataset()
    let outcome = cnnctl(
      data.training(), variables: ["COLUMNS": "\(columns)", "NO_COLOR": "1"], isTerminal: true)
    #expect(outcome.diagnostics.contains("\r"))
    let drawn = outcome.diagnostics.split { $0 == "\r" || $0 == "\n" || $0 == "\r\n" }
      .filter { $0.hasPrefix("Epoch") || $0.hasPrefix("reading") }
      .map { $0.replacing("\u{1b}[K", with: "") }
    #expect(drawn.count >= 2)
    #expect(drawn.allSatisfy { $0.count <= columns })
  }

  @Test func `Colour comes and goes with --color and NO_COLOR`() throws {
    let data = try TinyDataset()
    let plain = cnnctl(data.training("--color", "never", out: "a"), isTerminal: true)
    #expect(!plain.diagnostics.contains("\u{1b}[32m"))
    let painted = cnnctl(data.training("--color=always", "--monitor", "val_loss", out: "b"))
    #expect(painted.diagnostics.contains("\u{1b}[32mbest\u{1b}[0m"))
  }

  @Test func `Quiet leaves warnings alone`() throws {
    let data = try TinyDataset()
    let lines = cnnctl(data.training("-q")).diagnostics.split(separator: "\n")
    #expect(lines.allSatisfy { $0.hasPrefix("warning: ") })
  }

  @Test func `With --json every line is an event with its schema`() throws {
    let data = try TinyDataset()
    let outcome = cnnctl(data.training("--json"))
    let events = try outcome.lines.map(object)
    let names = events.compactMap { $0["event"] as? String }
    #expect(names.count == events.count)
    #expect(events.allSatisfy { $0["schema"] != nil })
    #expect(names.first == "start")
    #expect(names.last == "done")
    #expect(names.contains("dataset"))
    #expect(names.contains("checkpoint"))
    #expect(names.count { $0 == "epoch" } == 2)
    let done = try #require(events.last)
    for key in [
      "run", "weights", "weights_sha256", "epochs", "best_epoch", "val_accuracy",
      "test_accuracy", "test_loss", "seconds", "peak_memory_bytes",
    ] {
      #expect(done[key] != nil, "\(key)")
    }
    let epoch = try #require(events.first { $0["event"] as? String == "epoch" })
    for key in [
      "epoch", "loss", "accuracy", "val_loss", "val_accuracy", "lr", "seconds",
      "images_per_second", "decode", "augment", "forward", "backward", "optimizer", "wait",
    ] {
      #expect(epoch[key] != nil, "\(key)")
    }
  }

  @Test func `A configuration repeats its run, whatever the threads`() throws {
    let data = try TinyDataset()
    let first = try data.trained(out: "first", plots: true)
    let again = cnnctl(
      "train", "--config", first + "/config.json", "--threads", "1", "--out",
      data.folder.file("again"))
    #expect(again.code == .done, "\(again.diagnostics)")
    let weights = "/weights/best.safetensors"
    #expect(try bytes(of: first + weights) == bytes(of: data.folder.file("again") + weights))
  }

  @Test(arguments: [ExitCode.interrupted, .terminated, .hangUp])
  func `A signal stops after the step and saves`(code: ExitCode) throws {
    let data = try TinyDataset()
    let outcome = cnnctl(
      data.training("--epochs", "1000"), stopAfter: 47, signal: code.rawValue - 128)
    #expect(outcome.code == code)
    let run = data.folder.file("run")
    #expect(outcome.diagnostics.contains("stopped by SIG"))
    #expect(outcome.diagnostics.contains(run))
    #expect(try object(text(of: run + "/run.json"))["status"] as? String == "stopped")
    #expect(cnnctl("inspect", run).code == .done)
  }

  @Test func `A signal while folders are listed stops before there is a run`() throws {
    let data = try TinyDataset()
    let outcome = cnnctl(data.training(), stopAfter: 2, signal: 15)
    #expect(outcome.code == .terminated)
    #expect(
      outcome.diagnostics.contains(
        #/stopped by SIGTERM before the first step \(scanning: \d+ files\); there is no run folder /#
      ))
    #expect(outcome.diagnostics.hasSuffix(" yet. To continue: the same command\n"))
    #expect(!FileManager.default.fileExists(atPath: data.folder.file("run")))
  }

  @Test func `Folders that links lead to again are taken once and named`() throws {
    let data = try TinyDataset()
    let cats = data.path + "/training_set/cats"
    for name in ["more", "again"] {
      try FileManager.default.createSymbolicLink(
        atPath: "\(cats)/\(name)", withDestinationPath: "../../test_set/cats")
    }
    let outcome = cnnctl(data.training("--epochs", "1"))
    #expect(outcome.code == .done)
    #expect(outcome.diagnostics.contains("training_set/cats/more links to a folder that"))
  }

  @Test(arguments: ["ram", "disk", "off"])
  func `A signal while images are read stops at once and leaves no half of a cache`(
    cache: String
  ) throws {
    let data = try TinyDataset()
    let outcome = cnnctl(
      data.training("--cache", cache), variables: ["XDG_CACHE_HOME": data.folder.file("cache")],
      // Once for each of the seven folders that are listed before.
      stopAfter: 7, signal: 15)
    #expect(outcome.code == .terminated)
    let folder = data.folder.file("run")
    let line = outcome.diagnostics.split(separator: "\n").last ?? ""
    #expect(line.hasPrefix("stopped by SIGTERM before the first step (reading images: "))
    #expect(line.hasSuffix("). To continue: cnnctl train --resume=\(folder)"))
    let run = try object(text(of: folder + "/run.json"))
    #expect(run["status"] as? String == "stopped")
    let files = try? FileManager.default.contentsOfDirectory(
      atPath: data.folder.file("cache") + "/cnnctl")
    #expect(files ?? [] == [])
  }

  @Test func `Every cache gives the same weights, and the run says which it was`() throws {
    let data = try TinyDataset()
    var digests: Set<String> = []
    for cache in ["ram", "disk", "disk", "off", "auto"] {
      let out = data.folder.file("run-\(digests.count)-\(cache)-\(UUID().uuidString)")
      let outcome = cnnctl(
        data.training("--cache", cache, "--json", "--out", out),
        variables: ["XDG_CACHE_HOME": data.folder.file("cache")])
      #expect(outcome.code == .done, "\(outcome.diagnostics)")
      let events = try outcome.lines.map { try object(String($0)) }
      #expect(events.first?["cache"] as? String == (cache == "auto" ? "ram" : cache))
      digests.insert(try #require(events.last?["weights_sha256"] as? String))
    }
    #expect(digests.count == 1)
  }

  @Test func `Nothing is written into the dataset, asked for or not`() throws {
    let data = try TinyDataset()
    let outcome = cnnctl(
      "train", data.path, "--recipe", "seed", "--arch", data.network, "--out", data.path + "/run")
    #expect(outcome.code == .usage)
    #expect(outcome.diagnostics.contains("lies in the dataset"))
    let inside = cnnctl(
      data.training("--cache", "disk"), variables: ["XDG_CACHE_HOME": data.path])
    #expect(inside.code == .io)
    #expect(inside.diagnostics.contains("lies in the dataset"))
    let names = try FileManager.default.contentsOfDirectory(atPath: data.path)
    #expect(Set(names) == ["training_set", "test_set"])
  }

  @Test func `A cache that is asked for and cannot be made is an error with advice`() throws {
    let data = try TinyDataset()
    let outcome = cnnctl(data.training("--cache", "disk"))
    #expect(outcome.code == .io)
    #expect(outcome.diagnostics.contains("HOME is not set"))
    #expect(outcome.diagnostics.contains("--cache ram"))
  }

  @Test func `Three class folders alone train a softmax with held-out validation`() throws {
    let data = try TinyDataset(classes: ["cats", "dogs", "eels"], training: 16, test: 0)
    let run = try data.trained(plots: true)
    let metrics = try text(of: run + "/metrics.csv").split(separator: "\n")
    #expect(
      metrics.last?.split(separator: ",", omittingEmptySubsequences: false)[3].isEmpty == false)
    let answer = cnnctl("predict", data.path + "/eels/0.png", "--model", run, "--top-k", "3")
    #expect(answer.lines.count == 4)
  }

  @Test func `--recipe and --config exclude each other`() {
    let outcome = cnnctl("train", "--recipe", "seed", "--config", "config.json")
    #expect(outcome.code == .usage)
    #expect(outcome.diagnostics.contains("exclude each other"))
  }
}

@Suite struct CopiedImagesTests {
  @Test
  func `Training says which files are in two classes or in two splits, and so does the report`()
    throws
  {
    let data = try TinyDataset()
    let cat = try bytes(of: data.path + "/training_set/cats/0.png")
    try write(cat, to: data.path + "/training_set/dogs/copy.png")
    try write(cat, to: data.path + "/test_set/cats/copy.png")
    let outcome = cnnctl(data.training())
    #expect(outcome.code == .done)
    let places = "training_set/cats/0.png, training_set/dogs/copy.png, test_set/cats/copy.png"
    for part in ["an image is in two classes", "an image is in two splits"] {
      let line = outcome.diagnostics.split(separator: "\n").first { $0.contains(part) }
      #expect(line?.contains(places) == true, "\(outcome.diagnostics)")
    }
    let page = try text(of: data.folder.file("run/report.html"))
    #expect(page.contains("leak: the same file in train and test"))
    #expect(page.contains("two-classes: the same file"))

    let clean = try TinyDataset()
    let run = try clean.trained(plots: true)
    #expect(try text(of: run + "/report.html").contains("No file is unreadable, in two classes"))
  }
}
