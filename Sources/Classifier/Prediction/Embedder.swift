internal import CNN
package import Compute
internal import Primitives

/// What a model's last layer sees of an image: its features.
///
/// Photos that look alike to the model have features that point the same way. A class because it
/// owns the activations' memory.
package final class Embedder {
  /// The features of an image, or why there are none.
  package struct Embedding: Sendable, Hashable {
    /// The file as it was named.
    package var path: String
    /// One number a feature; empty where the image could not be read.
    package var features: [Float]
    /// The reason why the image could not be read.
    package var failure: SkippedImage?
  }

  /// Numbers of one image.
  package let features: Int
  private let model: ClassifierModel
  private let runner: ImageRunner

  /// An embedder by the layers of `model` before its classifier; with mirrored views features are
  /// the mean of an image's and its mirror image's.
  ///
  /// Errors: the model's last layer is not dense, or nothing but images comes before it.
  package init(
    model: ClassifierModel, engine: Engine, tta: TestTimeAugmentation = .plain, maxPixels: Int
  ) throws {
    guard let backbone = model.network.architecture.backbone else {
      throw TrainingError(
        .badData,
        "the network \(model.network.architecture.name) has no features: no layer before a classifier",
        expected: "a network with a dense last layer behind others")
    }
    let network = try Network(blank: backbone)
    try network.copyTensors(from: model.network)
    self.model = model
    features = network.outputs
    runner = ImageRunner(
      network, model.preprocessing, tta: tta, engine: engine,
      batchSize: Predictor.defaultBatchSize, maxPixels: maxPixels)
  }

  /// The features of `paths` in order; `each` gets none before the model's digest is confirmed.
  package func embed(
    _ paths: some Sequence<String>, each: (Embedding) throws -> Void
  ) throws {
    try runner.run(paths) { paths, images, rows in
      try model.confirm()
      let rows = runner.tta == .flip ? averagedPairs(rows, outputs: features).mean : rows
      var start = 0
      for (path, image) in zip(paths, images) {
        switch image {
        case .failure(let failure):
          try each(Embedding(path: path, features: [], failure: SkippedImage(path, failure)))
        case .success:
          try each(Embedding(path: path, features: Array(rows[start..<(start + features)])))
          start += features
        }
      }
    }
  }

  /// 1 minus the cosine of the angle between two images' features: 0 for the same direction, 2 for
  /// opposite ones; 1 where one of them has no direction.
  package static func distance(_ a: [Float], _ b: [Float]) -> Double {
    precondition(a.count == b.count, "features of one model")
    var (product, squares) = (0.0, (a: 0.0, b: 0.0))
    for (x, y) in zip(a, b) {
      let (x, y) = (Double(x), Double(y))
      product += x * y
      squares.a += x * x
      squares.b += y * y
    }
    let lengths = (squares.a * squares.b).squareRoot()
    return lengths > 0 ? max(0, 1 - product / lengths) : 1
  }
}
