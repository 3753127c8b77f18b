import CNN
import Classifier
import Interchange
import TestSupport
import Testing

/// The second output of ONNX models, run by an interpreter in Double.
@Suite struct ONNXDistanceTests {
  /// A detector of drawn numbers for that many features and classes.
  private func detector(features: Int, classes: Int) -> NoveltyDetector {
    var random = RandomValues(seed: 21)
    let directions = 3
    return NoveltyDetector(
      features: features, classes: classes,
      arrays: NoveltyDetector.Arrays(
        means: random.floats(classes * features, in: 0...1),
        directions: random.floats(directions * features, in: -0.3...0.3),
        variances: [0.9, 0.5, 0.25, 0.125], distances: [0.5, 1, 1.5]))
  }

  private func distances(
    _ model: ClassifierModel, _ detector: NoveltyDetector, of tensors: [Float]
  ) throws -> [Double] {
    let backbone = try Network(blank: try #require(model.network.architecture.backbone))
    try backbone.copyTensors(from: model.network)
    let count = model.network.architecture.input.count
    let session = try InferenceSession(
      network: backbone, batchSize: tensors.count / count, engine: TestEngine.make())
    var rows = try session.logits(for: tensors)
    if model.tta == .flip { rows = averagedPairs(rows, outputs: detector.features).mean }
    return stride(from: 0, to: rows.count, by: detector.features).flatMap {
      NoveltyMeter(detector).distances(of: rows[$0..<($0 + detector.features)])
    }
  }

  @Test(arguments: [["a", "b"], ["a", "b", "c", "d"]], [TestTimeAugmentation.plain, .flip])
  func `The second output has the distances of predict`(
    classes: [String], tta: TestTimeAugmentation
  ) throws {
    let layers = networks[0].layers
    let plain = try classifier(layers, classes: classes, tta: tta)
    let features = try #require(plain.network.architecture.featureCount)
    let detector = detector(features: features, classes: classes.count)
    let model = try classifier(layers, classes: classes, tta: tta, novelty: detector)
    var random = RandomValues(seed: 82)
    let (count, side) = (3, 11)
    let rows = random.normals(count * side * side * 3)
    let map = ONNXTensor([count, side, side, 3], rows.map(Double.init))
    let planes = ONNXTensor([count, 3, side, side]) { map.at([$0[0], $0[2], $0[3], $0[1]]) }
    let length = rows.count / count
    let views = (0..<count).flatMap { image in
      var views = Array(rows[(image * length)..<((image + 1) * length)])
      if tta == .flip { appendMirrored(&views, width: side) }
      return views
    }
    for folding in [false, true] {
      let file = try ONNXFile(
        try ONNXModel(model, card: nil, isRaw: true, folding: folding).bytes)
      #expect(file.otherOutputs.map(\.name) == ["distances"])
      #expect(file.metadata["reject_above"] == "1.5")
      let found = try ONNXInterpreter(file: file).run(planes, for: "distances")
      #expect(found.shape == [count, classes.count])
      let expected = try distances(model, detector, of: views)
      let wrong = mismatch(
        actual: found.values, expected: expected, tolerance: Tolerance(absolute: 1e-4))
      #expect(wrong == nil, "\(String(describing: wrong))")
      #expect((expected.max() ?? 0) - (expected.min() ?? 0) > 0.01)
    }
    let without = try ONNXFile(try ONNXModel(plain, card: nil).bytes)
    #expect(without.otherOutputs.isEmpty && without.metadata["reject_above"] == nil)
  }
}
