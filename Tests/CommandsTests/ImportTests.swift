import CNN
import Classifier
import Commands
import Foundation
import ImageData
import Testing
import Training

/// `import`, and `export --names torch`, which makes the files that it reads.
struct ImportTests {
  private let folder: TemporaryFolder
  private let labels = ["cats", "dogs", "eels"]
  /// Weights of a residual network by PyTorch's names.
  private var weights: String { folder.file("weights.safetensors") }

  init() throws {
    folder = try TemporaryFolder()
    let network = try Network(.preset("resnet18", outputs: 3), seed: 5)
    let model = ClassifierModel(
      network: network, classes: labels, preprocessing: Preprocessing(width: 224, height: 224),
      recipe: "test", datasetFingerprint: "", trainingImages: 0)
    try write(model.encoded(), to: folder.file("model"))
    let outcome = cnnctl(
      "export", folder.file("model"), "--names", "torch", "-o", weights)
    try #require(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(outcome.output.hasPrefix("# The network resnet18 of cnnctl "))
    #expect(outcome.diagnostics.hasPrefix("\(weights): "))
    try write(Array(labels.joined(separator: "\r\n").utf8), to: folder.file("labels.txt"))
  }

  private func imported(_ words: String..., as name: String = "imported") throws -> String {
    let outcome = cnnctl(
      ["import", weights, "--arch", "resnet18", "-o", folder.file(name)] + words)
    try #require(outcome.code == .done, "\(outcome.diagnostics)")
    return folder.file(name)
  }

  @Test func `An import answers, is inspected, evaluated and trained from`() throws {
    let model = folder.file("imported")
    let outcome = cnnctl(
      "import", weights, "--labels", folder.file("labels.txt"), "-o", model, "--json")
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    let said = try object(outcome.output)
    #expect(said["arch"] as? String == "resnet18" && said["classes"] as? Int == 3)
    #expect(said["parameters"] as? Int == 11_176_512 + 3 * 513)
    let facts = try object(cnnctl("inspect", model, "--json").output)
    #expect(facts["weights_sha256"] as? String == said["weights_sha256"] as? String)
    #expect(facts["classes"] as? [String] == labels)
    let images = try #require(facts["preprocessing"] as? [String: Any])
    #expect(images["crop_share"] as? Double == 0.875 && images["resize"] as? String == "crop")
    #expect(cnnctl("inspect", model).output.contains("crop of 0.875 to 224x224, bilinear"))

    let data = try TinyDataset(classes: labels, training: 4, test: 2)
    let photo = data.path + "/test_set/cats/1000.png"
    let answer = cnnctl("predict", photo, "--model", model)
    #expect(answer.code == .done)
    #expect(answer.diagnostics.contains(", cats|dogs|eels, weights from another program"))
    #expect(labels.contains { answer.output.hasPrefix("\(photo): \($0) ") })
    let judged = cnnctl(
      "evaluate", data.path, "--model", model, "--no-plots", "--out", data.folder.file("out"))
    #expect(judged.code == .done && judged.output.contains(", 6 images"))
    let trained = cnnctl(
      "train", data.path, "--from", model, "--freeze", "backbone", "--size", "64", "--epochs", "1",
      "--val-split", "0", "--no-plots", "--out", data.folder.file("run"))
    #expect(trained.code == .done, "\(trained.diagnostics)")
    #expect(trained.diagnostics.contains("(cats, dogs, eels): 102 of 102 tensors"))
    let own = try object(cnnctl("inspect", data.folder.file("run"), "--json").output)
    let prepared = try #require(own["preprocessing"] as? [String: Any])
    #expect(prepared["crop_share"] as? Double == 0.875 && prepared["width"] as? Int == 64)
  }

  @Test func `Import, export and import give the same bytes, and export the same file`() throws {
    let model = try imported("--labels", folder.file("labels.txt"))
    let again = folder.file("again.safetensors")
    #expect(cnnctl("export", model, "--names", "torch", "-o", again, "-q").code == .done)
    #expect(try bytes(of: again) == bytes(of: weights))
    #expect(try bytes(of: model).count > 44_000_000)
    let half = folder.file("half.safetensors")
    let outcome = cnnctl(
      "export", model, "--names", "torch", "--dtype", "f16", "-o", half, "--json")
    let said = try object(outcome.output)
    #expect(said["names"] as? String == "torch" && said["dtype"] as? String == "f16")
    #expect((said["module"] as? String)?.contains("\ndef network():\n") == true)
    #expect(try bytes(of: half).count < bytes(of: weights).count * 51 / 100)
  }

  @Test func `Classes without names have their numbers`() throws {
    let facts = try object(cnnctl("inspect", try imported(), "--json").output)
    #expect(facts["classes"] as? [String] == ["class-0", "class-1", "class-2"])
  }

  @Test func `What cannot be imported ends with the code of its kind and writes nothing`() throws {
    let file = folder.file("out")
    func labelled(_ text: String) throws -> [String] {
      let path = folder.file("labels-\(text.count)")
      try write(Array(text.utf8), to: path)
      return ["import", weights, "--arch", "resnet18", "-o", file, "--labels", path]
    }
    let pickle = folder.file("weights.pth")
    try write(Array("cos\nsystem\n(X\u{2}\0\0\0idtR.".utf8), to: pickle)
    let wheel = folder.file("weights.whl")
    try write([0x50, 0x4B, 0x03, 0x04] + [UInt8](repeating: 0, count: 50), to: wheel)
    let empty = folder.file("empty.pth")
    try write([], to: empty)
    let short = folder.file("short")
    try write(Array(bytes(of: weights).prefix(1 << 20)), to: short)
    let cases: [([String], ExitCode, String)] = [
      (["import", weights, "--arch", "resnet152", "-o", file], .usage, "resnet18, resnet34"),
      (["import", weights, "--arch", "resnet18"], .usage, "--name NAME or -o MODEL is missing"),
      (["import", "--arch", "resnet18", "-o", file], .usage, "FILE is missing"),
      (
        ["import", weights, "--arch", "resnet18", "-o", weights], .cannotCreate, "already exists"
      ),
      (["import", folder.file("none"), "--arch", "resnet18", "-o", file], .noInput, "cannot read"),
      (["import", weights, "--arch", "resnet34", "-o", file], .badData, "try: --arch resnet18\n"),
      (["import", short, "--arch", "resnet18", "-o", file], .badData, "cannot be imported"),
      (
        ["import", pickle, "-o", file], .badData, "it names os.system, which is code and no tensor"
      ),
      (["import", wheel, "-o", file], .badData, "the file is truncated"),
      (["import", empty, "-o", file], .badData, "cannot be imported: the file is empty"),
      (
        ["import", folder.file("model"), "--arch", "resnet18", "-o", file], .badData,
        "is already a cnnctl model"
      ),
      (try labelled("a\nb\n"), .badData, "found: 2 labels"),
      (try labelled("a\nb\na"), .badData, "lines 1 and 3 have the same name, a"),
      (try labelled("a\n\nb\nc\n"), .badData, "line 2 holds no name"),
    ]
    for (words, code, message) in cases {
      let outcome = cnnctl(words)
      #expect(outcome.code == code, "\(words) \(outcome.diagnostics)")
      #expect(outcome.diagnostics.contains(message), "\(outcome.diagnostics)")
      #expect(outcome.output == "")
      #expect(!FileManager.default.fileExists(atPath: file))
    }
  }

  @Test func `A config.json beside the weights, or named, fixes the preparation of images`() throws
  {
    let text = """
      {"architecture": "resnet18", "num_classes": 3, "label_names": ["x", "y", "z"],
       "pretrained_cfg": {"input_size": [3, 96, 96], "interpolation": "bilinear", "crop_pct": 1,
        "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}}
      """
    let named = folder.file("timm.json")
    try write(Array(text.utf8), to: named)
    let model = try imported("--config", named)
    #expect(
      cnnctl("inspect", model).output.contains(
        "crop to 96x96, bilinear, EXIF apply; minus 127.50, 127.50, 127.50, over 63.75"))
    #expect(
      try object(cnnctl("inspect", model, "--json").output)["classes"] as? [String] == [
        "x", "y", "z",
      ])
    try write(Array(text.utf8), to: folder.file("config.json"))
    let outcome = cnnctl("import", weights, "-o", folder.file("beside"), "--json")
    #expect(outcome.diagnostics == "images are prepared as \(folder.file("config.json")) says\n")
    #expect(try object(outcome.output)["config"] as? String == folder.file("config.json"))
    #expect(try bytes(of: folder.file("beside")) == bytes(of: model))
    try write(
      Array(text.replacing("[0.5, 0.5, 0.5]", with: "[0.5, 0.5]").utf8),
      to: folder.file("config.json"))
    let wrong = cnnctl("import", weights, "-o", folder.file("wrong"))
    #expect(wrong.code == .badData)
    #expect(wrong.diagnostics.contains("config.json: pretrained_cfg.mean is not valid"))
    #expect(wrong.diagnostics.contains("expected: 3 numbers from 0.0 to 1.0"))
    try write(Array("{\"schema\": 1}".utf8), to: folder.file("config.json"))
    let other = cnnctl("import", weights, "-o", folder.file("other"))
    #expect(
      other.code == .done && other.diagnostics.contains("warning: \(folder.file("config.json"))"))
    #expect(cnnctl("import", weights, "--config", "none", "-o", named).code == .cannotCreate)
    let archive = cnnctl("import", weights, "--config", "none", "-o", folder.file("x.zip"))
    #expect(archive.code == .usage && archive.diagnostics.contains("a misleading name"))
    #expect(
      cnnctl("import", weights, "--config", folder.file("none"), "-o", folder.file("n")).code
        == .noInput)
  }

  @Test func `Options that mean nothing for PyTorch are refused`() throws {
    for (words, message) in [
      (["--dtype", "i8"], "--dtype i8 has no meaning with --names torch"),
      (["--card", "card.json"], "--card has no meaning"),
    ] {
      let outcome = cnnctl(
        ["export", folder.file("model"), "--names", "torch", "-o", folder.file("x")] + words)
      #expect(outcome.code == .usage && outcome.diagnostics.contains(message))
    }
  }
}
