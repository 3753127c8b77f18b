import CNN
import Classifier
import Compute
import ImageData
import Primitives
import TestSupport
import Testing

@Suite struct EmbedderTests {
  /// A model of untrained weights over inputs of 30 x 20 pixels.
  private func model(_ layers: [any Layer]) throws -> ClassifierModel {
    ClassifierModel(
      network: try Network(
        Architecture(
          name: "small", input: Shape(height: 20, width: 30, channels: 3), layers: layers), seed: 5),
      classes: ["a", "b", "c"],
      preprocessing: Preprocessing(
        width: 30, height: 20, mean: [90, 100, 110], deviation: [60, 61, 62]),
      recipe: "default", datasetFingerprint: "", trainingImages: 0)
  }

  private var usual: [any Layer] {
    [
      Conv2D(filters: 5), ReLU(), MaxPool2D(2), GlobalAveragePool2D(), Dropout(0.3),
      Dense(units: 3),
    ]
  }

  @Test(arguments: [TestTimeAugmentation.plain, .flip])
  func `The last layer makes the predictor's logits of the features`(tta: TestTimeAugmentation)
    throws
  {
    try withTemporaryFolder { folder in
      let paths = try writePictures(in: folder)
      let model = try model(usual)
      var expected: [Prediction] = []
      try Predictor(model: model, engine: try engine(), tta: tta).predict(paths) {
        expected.append($0)
      }
      let embedder = try Embedder(
        model: model, engine: try engine(), tta: tta, maxPixels: 1_000_000)
      #expect(embedder.features == 5)
      let tensors = model.network.storage
      let weights = try #require(tensors["layers.5.weights"]).values
      let bias = try #require(tensors["layers.5.bias"]).values
      var index = 0
      try embedder.embed(paths) { embedding in
        #expect(embedding.path == paths[index])
        #expect(embedding.failure == expected[index].failure)
        #expect(embedding.features.count == (index == 2 ? 0 : 5))
        for (output, logit) in expected[index].logits.enumerated() {
          let sum = embedding.features.enumerated().reduce(Double(bias[output])) {
            $0 + Double($1.element) * Double(weights[$1.offset * 3 + output])
          }
          #expect(abs(sum - Double(logit)) < 1e-5)
        }
        index += 1
      }
      #expect(index == paths.count)
    }
  }

  @Test func `A network without a layer before a dense one has no features`() throws {
    for layers: [any Layer] in [
      [Flatten(), Dense(units: 3)], [Conv2D(filters: 3), GlobalAveragePool2D()],
    ] {
      let model = try model(layers)
      #expect(throws: TrainingError.self) {
        try Embedder(model: model, engine: try engine(), maxPixels: 1_000)
      }
    }
  }

  @Test func `The distance is 1 minus the cosine`() {
    #expect(Embedder.distance([3, 4], [6, 8]) == 0)
    #expect(abs(Embedder.distance([1, 0], [1, 1]) - (1 - 0.5.squareRoot())) < 1e-12)
    #expect(Embedder.distance([1, 0], [0, 2]) == 1)
    #expect(Embedder.distance([1, 0], [-2, 0]) == 2)
    #expect(Embedder.distance([0, 0], [1, 0]) == 1)
  }
}

/// 37 pictures, of which the third is cut off.
func writePictures(in folder: String) throws -> [String] {
  try (0..<37).map { number in
    let path = "\(folder)/\(number).png"
    let bytes = png(width: 40, height: 24, color: [90, 100, 110], seed: UInt32(number))
    try write(number == 2 ? Array(bytes.prefix(50)) : bytes, to: path)
    return path
  }
}
