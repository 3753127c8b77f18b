import CNN
import Classifier
import Foundation
import ImageData
import Primitives
import TestSupport
import Testing

/// A detector of two classes, three features and one direction.
private let arrays = NoveltyDetector.Arrays(
  means: [1, 0.5, 0, 0.25, 0.75, 1], directions: [0.6, 0, 0.8], variances: [0.5, 0.125],
  distances: [0.5, 0.75, 1, 2])

private func model(
  _ novelty: NoveltyDetector? = nil, tta: TestTimeAugmentation = .plain, filters: Int = 3
) throws -> ClassifierModel {
  let architecture = Architecture(
    name: "small", input: Shape(height: 9, width: 8, channels: 3),
    layers: [
      Conv2D(filters: filters), ReLU(), GlobalAveragePool2D(), Dropout(0.2), Dense(units: 1),
    ])
  return ClassifierModel(
    network: try Network(architecture, seed: 3), classes: ["cats", "dogs"],
    preprocessing: Preprocessing(
      width: 8, height: 9, mean: [90, 99, 98], deviation: [60, 61, 62]),
    recipe: "instant", datasetFingerprint: "f00", trainingImages: 12, tta: tta, novelty: novelty)
}

private func detector(_ arrays: NoveltyDetector.Arrays = arrays) -> NoveltyDetector {
  NoveltyDetector(features: 3, classes: 2, arrays: arrays)
}

/// What a file of these bytes holds.
private func read(_ bytes: [UInt8]) throws -> ClassifierModel {
  try withTemporaryFolder { folder in
    let path = folder + "/m.safetensors"
    try write(bytes, to: path)
    return try ClassifierModel(path: path)
  }
}

@Suite struct NoveltyDetectorTests {
  @Test func `The distance is Mahalanobis's under the covariance that the arrays describe`() {
    // (v·I + (u - v)·ddᵀ)⁻¹ applied to z by solving for it: z = (z - d(d·z)) + d(d·z).
    let rows: [[Float]] = [[16, 0.0625, 1], [0, 0, 0], [-81, 1, 0.5]]
    for row in rows {
      let roots = row.map { ($0 < 0 ? -1 : 1) * pow(abs(Double($0)), 0.25) }
      let found = NoveltyMeter(detector()).distances(of: row[...])
      for label in 0..<2 {
        let z = (0..<3).map { roots[$0] - Double(arrays.means[label * 3 + $0]) }
        let along = 0.6 * z[0] + 0.8 * z[2]
        let rest = [z[0] - 0.6 * along, z[1], z[2] - 0.8 * along]
        let square = along * along / 0.5 + rest.reduce(0) { $0 + $1 * $1 } / 0.125
        #expect(abs(found[label] - (square / 3).squareRoot()) < 1e-6)
      }
      let measure = NoveltyMeter(detector()).measure(row[...])
      #expect(measure.distance == found.min() && measure.nearest == (found[0] <= found[1] ? 0 : 1))
    }
  }

  @Test(arguments: [
    (0.01, 0.5), (0.2, 0.5), (0.21, 0.75), (0.6, 1), (0.8, 2), (0.81, 2), (0.95, 2), (1, 2),
  ])
  func `A threshold is the distance of a rank among the photos out of fold`(
    share: Double, expected: Double
  ) {
    #expect(detector().threshold(keeping: share) == expected)
  }

  @Test func `Of many distances an even part is kept, and of few all`() {
    let many = (0..<4096).map { Float($0) }
    let kept = NoveltyDetector.kept(of: many)
    #expect(kept.count == 1024 && kept[0] == 2 && kept[1] == 6 && kept[1023] == 4094)
    #expect(NoveltyDetector.kept(of: [1, 2, 2]) == [1, 2, 2])
  }

  @Test func `A model comes back with its detector, the same in every precision`() throws {
    let original = try model(detector())
    let bytes = original.encoded()
    let back = try read(bytes)
    #expect(back.novelty == detector())
    #expect(back.encoded() == bytes)
    for precision in TensorFile.Precision.allCases {
      #expect(try read(original.encoded(precision, card: nil)).novelty == detector())
    }
    #expect(try read(original.calibrated(temperature: 2).encoded()).novelty == detector())
  }

  @Test func `A file without a detector has none, and the same bytes as before there were any`()
    throws
  {
    let bytes = try model().encoded()
    #expect(try read(bytes).novelty == nil)
    #expect(!String(decoding: bytes, as: UTF8.self).contains("__novelty__"))
  }

  @Test func `Arrays that are none of a detector are refused`() throws {
    func tensors(_ arrays: NoveltyDetector.Arrays = arrays) -> [TensorFile.Tensor] {
      [
        TensorFile.Tensor(name: "__novelty__.means", shape: [2, 3], values: arrays.means),
        TensorFile.Tensor(
          name: "__novelty__.directions", shape: [arrays.directions.count / 3, 3],
          values: arrays.directions),
        TensorFile.Tensor(
          name: "__novelty__.variances", shape: [arrays.variances.count],
          values: arrays.variances),
        TensorFile.Tensor(
          name: "__novelty__.distances", shape: [arrays.distances.count],
          values: arrays.distances),
      ]
    }
    let whole = try model(detector()).encoded()
    func file(_ arrays: [TensorFile.Tensor]) throws -> [UInt8] {
      // Decoding leaves the detector out.
      var file = try TensorFile(decoding: whole)
      file.tensors += arrays
      return file.encoded()
    }
    #expect(try file(tensors()) == whole)
    var wrong: [(String, [TensorFile.Tensor])] = []
    for (name, change) in [
      ("a variance of 0", { $0.variances[1] = 0 }),
      ("a variance below 0", { $0.variances[0] = -1 }),
      ("a subnormal variance", { $0.variances[0] = .leastNonzeroMagnitude }),
      ("no order", { $0.distances = [1, 0.5] }),
      ("a distance below 0", { $0.distances = [-1, 0.5] }),
      ("a mean that is no number", { $0.means[2] = .nan }),
      ("an infinite direction", { $0.directions[1] = .infinity }),
    ] as [(String, (inout NoveltyDetector.Arrays) -> Void)] {
      var changed = arrays
      change(&changed)
      wrong.append((name, tensors(changed)))
    }
    for index in 0..<4 {
      var some = tensors()
      let taken = some.remove(at: index)
      wrong.append(("without \(taken.name)", some))
      let flat = TensorFile.Tensor(
        name: taken.name, shape: [1, 1, taken.values.count], values: taken.values)
      wrong.append(("another shape of \(taken.name)", some + [flat]))
      var half = taken
      half.storage = .half
      wrong.append(("\(taken.name) in 16 bits", some + [half]))
    }
    wrong.append(
      (
        "an unknown array",
        tensors() + [TensorFile.Tensor(name: "__novelty__.more", shape: [1], values: [1])]
      ))
    var many = arrays
    many.directions = [Float](repeating: 0.5, count: 3 * 257)
    many.variances = [Float](repeating: 1, count: 258)
    wrong.append(("too many directions", tensors(many)))
    many = arrays
    many.distances = [Float](repeating: 1, count: 1025)
    wrong.append(("too many distances", tensors(many)))
    for (name, arrays) in wrong {
      do {
        _ = try read(try file(arrays))
        Issue.record("\(name) was read")
      } catch let error as TrainingError {
        #expect(error.kind == .badData, "\(name): \(error)")
      }
    }
    var other = try TensorFile(decoding: try model(filters: 4).encoded())
    other.tensors += tensors()
    let bytes = other.encoded()
    #expect(throws: TrainingError.self) { try read(bytes) }
  }

  @Test(arguments: [TestTimeAugmentation.plain, .flip])
  func `Measuring changes no bit of a prediction, and takes the features that embed gives`(
    tta: TestTimeAugmentation
  ) throws {
    try withTemporaryFolder { folder in
      let paths = try writePictures(in: folder)
      let model = try model(detector(), tta: tta)
      var plain: [Prediction] = []
      try Predictor(model: model, engine: try engine()).predict(paths) { plain.append($0) }
      var features: [[Float]] = []
      try Embedder(model: model, engine: try engine(), tta: tta, maxPixels: 1_000_000)
        .embed(paths) { features.append($0.features) }
      for threads in [1, 3] {
        var index = 0
        let predictor = try Predictor(
          model: model, measuring: detector(), engine: try engine(threads: threads))
        try predictor.predict(paths) { found in
          let expected = index == 2 ? nil : NoveltyMeter(detector()).measure(features[index][...])
          #expect(found.novelty == expected)
          var same = found
          same.novelty = nil
          #expect(same == plain[index])
          index += 1
        }
        #expect(index == 37)
      }
    }
  }
}
