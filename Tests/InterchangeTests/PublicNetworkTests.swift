import CNN
import Classifier
import Foundation
import Interchange
import Primitives
import TestSupport
import Testing
import Training

/// Public networks against the libraries that published them, by
/// Tests/Scripts/make_network_goldens.py.
struct PublicNetworkTests {
  private static let folder =
    "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/") + "/Fixtures/"

  /// A library's tensors of a network, with weights by the formula.
  static func weights(
    of network: String, head: String
  ) throws -> (listed: [(name: String, shape: [Int])], weights: TorchWeights) {
    let text = try String(contentsOfFile: folder + "networks.txt", encoding: .utf8)
    let part = try #require(
      text.split(separator: "\n\n").first { $0.hasPrefix("\(network)\n") })
    let listed = part.split(separator: "\n").dropFirst().flatMap { line in
      let words = line.split(separator: " ").map(String.init)
      let shape = words.dropFirst().compactMap { Int($0) }
      guard words.contains("normalization") else { return [(words[0], shape)] }
      return ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"].map {
        ("\(words[0]).\($0)", $0 == "num_batches_tracked" ? [] : shape)
      }
    }
    return (listed, TorchWeights(listed, head: head))
  }

  private static func imported(
    _ file: [UInt8], as wanted: NamedNetwork? = nil
  ) throws -> ClassifierModel {
    let place = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try Data(file).write(to: place)
    defer { try? FileManager.default.removeItem(at: place) }
    return try TorchImport.model(place.path(percentEncoded: false), as: wanted, labels: nil)
  }

  /// The network that a published one must be imported as: its names may not tell the padding.
  private static func wanted(_ network: String) -> NamedNetwork? {
    network.hasSuffix("efficientnet_b0 timm") || network.hasPrefix("tf_")
      ? NamedNetwork(rawValue: String(network.split(separator: " ")[0])) : nil
  }

  /// The networks and the names of their last layers.
  private static let published = [
    ("mobilenet_v2 torchvision", "classifier.1"), ("mobilenet_v2 timm", "classifier"),
    ("mobilenet_v3_small torchvision", "classifier.3"), ("mobilenet_v3_small timm", "classifier"),
    ("mobilenet_v3_large torchvision", "classifier.3"), ("mobilenet_v3_large timm", "classifier"),
    ("efficientnet_b0 torchvision", "classifier.1"), ("efficientnet_b0 timm", "classifier"),
    ("tf_efficientnet_b0 timm", "classifier"), ("tf_efficientnet_b0 efficientnet-pytorch", "_fc"),
    ("efficientnet_lite0 efficientnet-lite-pytorch", "_fc"),
    ("efficientnet_lite1 efficientnet-lite-pytorch", "_fc"),
    ("efficientnet_lite2 efficientnet-lite-pytorch", "_fc"), ("resnet50 torchvision", "fc"),
  ]

  @Test(arguments: published)
  func `An import exported has the original's names and tensors, and imported again the same bytes`(
    network: String, head: String
  ) throws {
    let (listed, weights) = try Self.weights(of: network, head: head)
    let model = try Self.imported(weights.file(), as: Self.wanted(network))
    let export = TorchExport(model)
    let file = try export.encoded(.single)
    let again = try Self.imported(file, as: Self.wanted(network))
    #expect(again.encoded() == model.encoded())
    let tensors = try TorchExportTests.tensors(of: file)
    // Where two libraries have the same layers, the names are those of the first.
    let renamed = [
      "mobilenet_v2 timm", "efficientnet_b0 timm", "tf_efficientnet_b0 efficientnet-pytorch",
    ]
    guard !renamed.contains(network) else { return }
    #expect(tensors.keys.sorted() == listed.map(\.name).sorted())
    for tensor in weights.tensors where tensor.type == "F32" {
      let found = try #require(tensors[tensor.name])
      #expect(found.shape == tensor.shape && found.bytes == tensor.bytes, "\(tensor.name)")
    }
  }

  @Test(arguments: published)
  func `Imported networks give the library's logits and the first step's gradients`(
    network: String, head: String
  ) throws {
    let fixture = try Fixture(path: Self.folder + "networks.golden")
    let (listed, weights) = try Self.weights(of: network, head: head)
    let model = try Self.imported(weights.file(), as: Self.wanted(network))
    #expect(model.network.architecture.name == String(network.split(separator: " ")[0]))
    #expect(model.classes.count == 7)
    let architecture = try #require(
      model.network.architecture.adapted(side: 64, outputs: 7, dropout: 0))
    let small = try Network(architecture)
    // Without dropout the last layer has another number.
    let dense = architecture.layers.count - 1
    let before = model.network.architecture.layers.count - 1
    _ = try small.copyTensors(from: model.network) {
      $0.replacing("layers.\(dense).", with: "layers.\(before).")
    }
    let images = TorchWeights.uniform(3 * 64 * 64 * 3, key: 1000).map { 2 * $0 }

    let logits = try InferenceSession(network: small, batchSize: 3, engine: TestEngine.make())
      .logits(for: images)
    #expect(
      mismatch(
        actual: logits, expected: try fixture.values("\(network).inference"),
        tolerance: Tolerance(relative: 1e-4, scale: .largest)) == nil)

    let session = try TrainingSession(
      network: small, optimizer: SGD(learningRate: 0), batchSize: 3, engine: TestEngine.make())
    let loss = Double(try fixture.scalar("\(network).loss"))
    let found = try session.step(images: images, targets: [4, 0, 6]).loss
    #expect(abs(found - loss) <= 1e-4 * loss, "\(found), \(loss)")
    // The last layer's and the first convolution's gradients have gone through all the others.
    let names = small.tensorNames
    let first = try #require(names.first { $0.hasSuffix("filters") })
    let last = try #require(names.last { $0.hasSuffix("weights") })
    let stem = try #require(listed.first { $0.shape.count == 4 }).name
    for (own, theirs) in [(first, stem), (last, head + ".weight")] {
      let gradient = try #require(session.gradient(of: own))
      let expected = try fixture.values("\(network).gradient.\(theirs)").map(Double.init)
      let norm = gradient.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      #expect(abs(norm - expected[0]) <= 1e-3 * expected[0], "\(theirs): \(norm), \(expected)")
    }
  }

  @Test func `Networks that differ in padding alone need --arch or timm's config.json`() throws {
    let (_, weights) = try Self.weights(of: "tf_efficientnet_b0 timm", head: "classifier")
    let error = #expect(throws: TrainingError.self) { try Self.imported(weights.file()) }
    #expect(error?.problem.contains("efficientnet_b0 and tf_efficientnet_b0") == true)
    // torchvision's names are those of one of them.
    let (_, others) = try Self.weights(of: "efficientnet_b0 torchvision", head: "classifier.1")
    #expect(try Self.imported(others.file()).network.architecture.name == "efficientnet_b0")
  }

  @Test func `Weights of an unknown network are refused, with the nearest if there is one`() throws
  {
    var (_, weights) = try Self.weights(of: "mobilenet_v3_small torchvision", head: "classifier.3")
    weights["features.4.block.2.fc1.bias"] = nil
    weights.tensors.append(.init(name: "extra.scale", shape: [1], bytes: [0, 0, 0, 0]))
    let near = #expect(throws: TrainingError.self) { try Self.imported(weights.file()) }
    #expect(near?.problem.hasSuffix("no known network; the nearest is mobilenet_v3_small") == true)
    #expect(near?.found == "1 unexpected tensor: extra.scale")
    #expect(near?.expected == "1 missing tensor: features.4.block.2.fc1.bias")
    weights.tensors = [.init(name: "encoder.weight", shape: [1], bytes: [0, 0, 0, 0])]
    let far = #expect(throws: TrainingError.self) { try Self.imported(weights.file()) }
    #expect(far?.problem.contains("nearest") == false)
    #expect(far?.found == "1 tensor: encoder.weight")
    #expect(far?.expected?.contains("efficientnet_b0, ") == true)
  }
}
