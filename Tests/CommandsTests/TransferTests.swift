import Commands
import Foundation
import Testing

@Suite struct TransferTests {
  @Test func `A run starts from another run's weights and says what it took`() throws {
    let data = try TinyDataset()
    let source = try data.trained(out: "source")
    let words = [
      "train", data.path, "--recipe", "seed", "--epochs", "2", "-b", "8", "--val-split", "0.25",
      "--from", source, "--freeze", "backbone",
    ]
    let outcome = cnnctl(words + ["--out", data.folder.file("next")])
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("from \(source) (cats, dogs): 4 of 4 tensors"))
    #expect(outcome.diagnostics.contains("the backbone is frozen"))
    let events = try text(of: data.folder.file("next") + "/events.ndjson").split(separator: "\n")
    let from = try #require(object(String(events[0]))["from"] as? [String: Any])
    #expect(from["keeps_head"] as? Bool == true && from["views"] as? Int == 2)
    let again = cnnctl(
      "train", "--config", data.folder.file("next") + "/config.json", "--out",
      data.folder.file("again"))
    #expect(again.code == .done, "\(again.diagnostics)")
    let weights = "/weights/best.safetensors"
    #expect(
      try bytes(of: data.folder.file("next") + weights)
        == bytes(of: data.folder.file("again") + weights))
  }

  @Test func `What cannot be started from ends with the code of its kind`() throws {
    let data = try TinyDataset()
    let source = try data.trained(out: "source")
    let broken = data.folder.file("broken.safetensors")
    try write(Array("no model".utf8), to: broken)
    let cases: [([String], ExitCode, String)] = [
      (["--from", data.folder.file("nowhere")], .noInput, "does not exist"),
      (["--from", broken], .badData, "is not a cnnctl model"),
      (["--from", data.path], .badData, "is not a run"),
      (["--from", source, "--arch", "r18h"], .usage, "--arch r18h"),
      (["--from", source, "--size", "32"], .usage, "--size 32"),
      (["--from", source, "--start-size", "8"], .usage, "cannot grow"),
      (["--freeze", "backbone"], .usage, "--from MODEL"),
      (["--from", source, "--backbone-lr", "0"], .usage, "--backbone-lr"),
    ]
    for (words, code, message) in cases {
      let out = data.folder.file("out")
      let outcome = cnnctl(["train", data.path, "--out", out] + words)
      #expect(outcome.code == code, "\(words)")
      #expect(outcome.diagnostics.contains(message), "\(outcome.diagnostics)")
      #expect(!FileManager.default.fileExists(atPath: out))
    }
  }

  /// A starting point that is refused: exit code, and parts of what is said.
  private func expectRefusal(
    _ data: TinyDataset, _ words: [String], _ code: ExitCode, _ parts: [String],
    location: SourceLocation = #_sourceLocation
  ) {
    let out = data.folder.file("refused")
    let outcome = cnnctl(["train", data.path, "--epochs", "1", "--out", out] + words)
    #expect(outcome.code == code, "\(words) \(outcome.diagnostics)", sourceLocation: location)
    for part in parts {
      #expect(
        outcome.diagnostics.contains(part), "\(part) in: \(outcome.diagnostics)",
        sourceLocation: location)
    }
    #expect(outcome.diagnostics.split(separator: "\n").count <= 5, sourceLocation: location)
    #expect(!FileManager.default.fileExists(atPath: out), sourceLocation: location)
  }

  @Test func `Every kind of damage to the model is told with its path, and what would be right`()
    throws
  {
    let data = try TinyDataset()
    let weights = try bytes(of: data.trained(out: "source") + "/weights/best.safetensors")
    let path = data.folder.file("model.safetensors")
    var damaged: [[UInt8]] = [0, 7, 8, 300, weights.count - 40, weights.count - 1].map {
      Array(weights.prefix($0))
    }
    for place in [0, 5, 60, 900, weights.count / 2, weights.count - 1] {
      var bytes = weights
      bytes[place] ^= 1
      damaged.append(bytes)
    }
    damaged.append(weights + [0])
    for bytes in damaged {
      try write(bytes, to: path)
      expectRefusal(
        data, ["--from", path], .badData,
        ["error: \(path)", "damaged", "expected: a complete file written by cnnctl train", "try: "])
    }
    // What is no model at all, and what is no run.
    for other in [data.path + "/test_set/cats/1000.png", data.network] {
      expectRefusal(
        data, ["--from", other], .badData, ["error: \(other) is not a cnnctl model", "expected: "])
    }
    expectRefusal(
      data, ["--from", data.path], .badData,
      ["the folder \(data.path) is not a run", "expected: \(data.path)/weights/best.safetensors"])
    try write(weights, to: path)
    #expect(
      cnnctl(
        "train", data.path, "--epochs", "1", "--from", path, "--out", data.folder.file("whole")
      ).code == .done)
  }

  @Test func `A model of another shape, size or network, and of other classes`() throws {
    let data = try TinyDataset()
    let source = try data.trained(out: "source")
    expectRefusal(
      data, ["--from", source, "--size", "24"], .usage,
      ["the network tiny of \(source)", "--size 24", "expected: 16"])
    let other = data.folder.file("other.json")
    try write(
      Array(text(of: data.network).replacing("\"filters\": 4", with: "\"filters\": 5").utf8),
      to: other)
    for arch in [other, "seed"] {
      expectRefusal(
        data, ["--from", source, "--arch", arch], .usage,
        ["--arch \(arch) is not the network of \(source)", "found: tiny", "taken without --arch"])
    }
    expectRefusal(data, ["--from", source, "--arch", "nothing"], .noInput, ["nothing"])
    // Its own network may be named; another name of it does no harm.
    let named = cnnctl(
      "train", data.path, "--from", source, "--arch", data.network, "--epochs", "1", "--out",
      data.folder.file("named"))
    #expect(named.code == .done, "\(named.diagnostics)")
    // Images that are no squares, and a network that takes any size.
    let wide = data.folder.file("wide.json")
    let layers = """
      {"name": "wide", "input": {"height": 12, "width": 20}, "layers": [
       {"kind": "conv2D", "filters": 4}, {"kind": "relu"}, {"kind": "globalAveragePool2D"},
       {"kind": "dense", "units": 1}]}
      """
    try write(Array(layers.utf8), to: wide)
    let shaped = try data.trained("--arch", wide, out: "wide")
    for (out, words, size) in [("same", [], [12, 20]), ("sized", ["--size", "24"], [24, 24])] {
      let run = data.folder.file(out)
      let outcome = cnnctl(
        ["train", data.path, "--from", shaped, "--epochs", "1", "--out", run] + words)
      #expect(outcome.code == .done, "\(outcome.diagnostics)")
      let facts = try object(cnnctl("inspect", run, "--json").output)
      let images = try #require(facts["preprocessing"] as? [String: Any])
      #expect([images["height"] as? Int, images["width"] as? Int] == size)
    }
    // Three classes get a new head, and are answered.
    let three = try TinyDataset(classes: ["cats", "dogs", "eels"])
    let run = three.folder.file("three")
    let outcome = cnnctl("train", three.path, "--from", source, "--epochs", "1", "--out", run)
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("2 of 4 tensors, new head for 3 classes"))
    let answer = cnnctl(
      "predict", three.path + "/test_set/eels/1000.png", "--model", run, "--top-k", "3")
    #expect(answer.code == .done && answer.lines.count == 4)
  }
}
