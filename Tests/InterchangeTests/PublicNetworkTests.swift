import CNN
import Classifier
import Foundation
import Interchange
import TestSupport
import Testing
import Training

/// Public networks against the libraries that published them, by
/// Tests/Scripts/make_network_goldens.py.
struct PublicNetworkTests {
  private static let folder =
    "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/") + "/Fixtures/"

  /// The names and shapes of a library's tensors of each network.
  private static func listing() throws -> [String: [(name: String, shape: [Int])]] {
    let text = try String(contentsOfFile: folder + "networks.txt", encoding: .utf8)
    var networks: [String: [(name: String, shape: [Int])]] = [:]
    for part in text.split(separator: "\n\n") {
      let lines = part.split(separator: "\n")
      networks[String(lines[0])] = lines.dropFirst().map { line in
        let words = line.split(separator: " ")
        return (String(words[0]), words.dropFirst().compactMap { Int($0) })
      }
    }
    return networks
  }

  @Test(arguments: [
    ("mobilenet_v2 torchvision", "classifier.1"), ("mobilenet_v2 timm", "classifier"),
    ("efficientnet_lite0 efficientnet-lite-pytorch", "_fc"),
    ("efficientnet_lite1 efficientnet-lite-pytorch", "_fc"),
    ("efficientnet_lite2 efficientnet-lite-pytorch", "_fc"),
  ])
  func `Imported networks give the library's logits and the first step's gradients`(
    network: String, head: String
  ) throws {
    let fixture = try Fixture(path: Self.folder + "networks.golden")
    let listed = try #require(try Self.listing()[network])
    let weights = TorchWeights(listed, head: head)
    let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try Data(weights.file()).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let model = try TorchImport.model(file.path(percentEncoded: false), labels: nil)
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
}
