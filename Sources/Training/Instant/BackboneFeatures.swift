internal import CNN
internal import Classifier
internal import Compute
internal import ImageData
internal import Ranks

/// The features of a run's images: what the network makes of each, up to its last layer.
///
/// The images are prepared as for prediction, or in another way, for which their files are read
/// again. With mirrored views a row is the mean of the features of the image and its mirror image:
/// as the last layer is linear, its logits are the mean of both.
struct BackboneFeatures {
  private let network: Network
  private let images: RunImages
  private let preprocessing: Preprocessing
  private let views: TestTimeAugmentation
  private let engine: Engine
  private let team: Group

  /// Images at a time.
  private static let batchSize = 32

  init(
    _ network: Network, _ images: RunImages, prepared preprocessing: Preprocessing? = nil,
    views: TestTimeAugmentation, engine: Engine, team: Group
  ) {
    (self.network, self.images, self.views) = (network, images, views)
    self.preprocessing = preprocessing ?? images.preprocessing
    (self.engine, self.team) = (engine, team)
  }

  /// The network up to its last layer, without weights.
  ///
  /// Error: a network without a last layer, or without one before it.
  private static func backbone(of network: Network) throws(ModelError) -> Network {
    guard let part = network.architecture.backbone else {
      throw .description(
        at: network.architecture.name, expected: "a dense last layer after others", found: "none")
    }
    return try Network(blank: part)
  }

  /// Numbers of an image, bytes of those of so many images, and those more while they are computed.
  static func memoryNeeds(
    _ network: Network, images: Int, views: Int, engine: Engine
  ) throws(ModelError) -> (features: Int, bytes: Int, computing: Int) {
    let backbone = try backbone(of: network)
    let size = batchSize * views
    let inputs = 3 * 4 * size * backbone.architecture.input.count
    let session = try InferenceSession.memoryBytes(
      network: backbone, batchSize: size, engine: engine)
    return (
      backbone.outputs, 4 * (images * backbone.outputs + backbone.parameterCount),
      session + inputs
    )
  }

  /// A row of features per image of the store, in the order of `indices`, and their number.
  ///
  /// Each process computes its part, and all have the whole.
  func compute(
    of indices: [Int], progress: (_ done: Int, _ total: Int) throws -> Void
  ) throws -> (rows: FloatMemory, features: Int) {
    let backbone = try BackboneFeatures.backbone(of: network)
    try backbone.copyTensors(from: network)
    let features = backbone.outputs
    let rows = try FloatMemory(count: indices.count * features)
    let own = team.range(of: indices.count)
    let size = min(BackboneFeatures.batchSize, max(1, own.count))
    let session = try InferenceSession(
      network: backbone, batchSize: size * views.views, engine: engine)
    var tensors = [Float](repeating: 0, count: size * preprocessing.tensorCount)
    try progress(0, indices.count)
    for first in stride(from: own.lowerBound, to: own.upperBound, by: size) {
      let range = first..<min(first + size, own.upperBound)
      try write(Array(indices[range]), into: &tensors)
      let inputs = views == .plain ? tensors : withMirrored(tensors, images: range.count)
      let values = inputs.withUnsafeBufferPointer {
        session.run(pixels: $0, count: range.count * views.views)
      }
      rows.write(
        views == .plain ? values : averagedPairs(values, outputs: features).mean,
        at: first * features)
      try progress(range.upperBound - own.lowerBound, own.count)
    }
    try team.sum(rows, 0, rows.count)
    return (rows, features)
  }

  /// Writes the tensors of images, one after the other.
  private func write(_ indices: [Int], into tensors: inout [Float]) throws(ImageStoreError) {
    guard preprocessing != images.preprocessing else {
      let (store, engine, preprocessing) = (images.store, engine, preprocessing)
      return try tensors.withUnsafeMutableBufferPointer { target throws(ImageStoreError) in
        try store.writeTensors(
          indices, preprocessing, into: target, kernels: engine.kernels, workers: engine.workers)
      }
    }
    let reader = ImageReader(preprocessing, kernels: engine.kernels)
    let paths = indices.map { images.store.samples[$0].path }
    let found = engine.workers.map(paths) { path, _ -> Result<[Float], ImageFailure> in
      do throws(ImageFailure) {
        return .success(reader.tensor(try reader.read(path: path)))
      } catch {
        return .failure(error)
      }
    }
    var start = 0
    for (path, tensor) in zip(paths, found) {
      switch tensor {
      case .success(let values):
        tensors.replaceSubrange(start..<(start + values.count), with: values)
        start += values.count
      case .failure(let failure): throw .vanished(path: path, reason: "\(failure)")
      }
    }
  }

  /// Each image's tensor with the mirrored one behind it.
  private func withMirrored(_ tensors: [Float], images count: Int) -> [Float] {
    let length = preprocessing.tensorCount
    let width = preprocessing.width
    return engine.workers.map(Array(0..<count)) { image, _ in
      var pair = Array(tensors[(image * length)..<((image + 1) * length)])
      appendMirrored(&pair, width: width)
      return pair
    }.flatMap { $0 }
  }
}
