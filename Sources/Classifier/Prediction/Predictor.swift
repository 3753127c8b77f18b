internal import CNN
package import Compute
package import ImageData
internal import KernelTypes
internal import Primitives

/// Predicts images: the one path from a file to probabilities, for every command.
///
/// A prediction depends on the image and the model alone: not on the other images of its batch, not
/// on the number of threads. With mirrored views it is that of the mean of the logits for the image
/// and its mirror image. Probabilities are of the logits over the model's temperature. A class
/// because it owns the activations' memory.
package final class Predictor {
  /// The model that answers.
  package let model: ClassifierModel
  /// The views of an image that are averaged.
  package let tta: TestTimeAugmentation
  private let engine: Engine
  private(set) var batchSize: Int
  private var session: InferenceSession?
  let reader: ImageReader
  private var tensors: [Float] = []
  /// Images at a time that there was found to be memory for.
  private var granted = 0

  /// Images at a time.
  package static let defaultBatchSize = 32
  /// Bytes of a batch's tensors at most, if that is more than one image.
  private static let tensorBytes = 1 << 28

  /// A predictor that works on up to `batchSize` images at a time; no prediction depends on it.
  ///
  /// Without `tta` it answers as the model says.
  package init(
    model: ClassifierModel, engine: Engine, tta: TestTimeAugmentation? = nil,
    batchSize: Int = defaultBatchSize,
    maxPixels: Int = 64_000_000
  ) {
    self.model = model
    self.tta = tta ?? model.tta
    self.engine = engine
    // Images of many pixels, such as a stranger's model may ask for, come one by one.
    let bytes = self.tta.views * model.preprocessing.tensorCount * MemoryLayout<Float>.stride
    self.batchSize = min(batchSize, max(1, Predictor.tensorBytes / bytes))
    var preprocessing = model.preprocessing
    preprocessing.maxPixels = maxPixels
    reader = ImageReader(preprocessing, kernels: engine.kernels)
  }

  /// Predicts `paths` in order; `each` gets every prediction as its batch is done, and none before
  /// the model's digest is confirmed.
  package func predict(
    _ paths: some Sequence<String>, each: (Prediction) throws -> Void
  ) throws {
    try makeRoom(for: max(1, min(batchSize, paths.underestimatedCount)))
    var batch: [String] = []
    for path in paths {
      batch.append(path)
      if batch.count == batchSize {
        for prediction in try answer(batch) { try each(prediction) }
        batch.removeAll(keepingCapacity: true)
      }
    }
    for prediction in try answer(batch) { try each(prediction) }
  }

  /// Predicts images whose class is known.
  package func predict(
    _ samples: [Sample], progress: (_ done: Int) throws -> Void
  ) throws -> [Prediction] {
    let outputs = model.network.outputs
    try makeRoom(
      for: max(1, min(batchSize, samples.count)),
      keeping: AnswerMemory.kept(
        samples.count, of: (model.classes.count, outputs), views: tta.views)
        + AnswerMemory.figures(classes: model.classes.count))
    var predictions: [Prediction] = []
    predictions.reserveCapacity(samples.count)
    try predict(samples.map(\.path)) { prediction in
      var prediction = prediction
      prediction.trueIndex = samples[predictions.count].classIndex
      predictions.append(prediction)
      try progress(predictions.count)
    }
    return predictions
  }

  /// Images being decoded, and what is small.
  private static let allowance = 16 << 20

  /// Bytes that answering so many images at a time takes.
  private func needs(_ count: Int) throws(ModelError) -> Int {
    let session = try InferenceSession.memoryBytes(
      network: model.network, batchSize: count * tta.views, engine: engine)
    // Each image's own tensor, and those of the batch.
    let tensor = tta.views * reader.preprocessing.tensorCount * MemoryLayout<Float>.stride
    return Predictor.allowance + session + 2 * count * tensor
  }

  /// Finds out whether there is memory for so many images at a time, and for `keeping` bytes of
  /// predictions; takes fewer at a time where there is not.
  ///
  /// Error: not even enough for one at a time.
  func makeRoom(for count: Int, keeping: Int = 0) throws {
    guard count > granted || keeping > 0, let available = AvailableMemory().bytes else { return }
    var count = count
    while try needs(count) + keeping > available {
      guard count > 1 else {
        let isAnswers = keeping > Predictor.allowance
        throw AnswerMemory.lack(
          of: try needs(1) + keeping, free: available, for: "predictions",
          mostly: isAnswers ? "for the predictions" : nil,
          advice: isAnswers ? "fewer images at a time" : "a smaller model")
      }
      count /= 2
      batchSize = count
    }
    granted = max(granted, count)
  }

  /// A session for batches of `count` tensors: one image takes memory for its own.
  private func session(for count: Int) throws(ModelError) -> InferenceSession {
    if let session, session.batchSize >= count { return session }
    // After a first small batch there will be others of any size.
    let size = session == nil ? count : batchSize * tta.views
    session = nil
    let new = try InferenceSession(network: model.network, batchSize: size, engine: engine)
    session = new
    return new
  }

  /// One batch: files are read on all threads, the network runs on those that could be read.
  private func answer(_ paths: [String]) throws -> [Prediction] {
    let images = engine.workers.map(paths) { path, _ in tensor(path) }
    tensors.removeAll(keepingCapacity: true)
    tensors.reserveCapacity(paths.count * tta.views * reader.preprocessing.tensorCount)
    for case .success(let tensor) in images { tensors += tensor }
    var answers = try answers(to: tensors)[...]
    return zip(paths, images).map { path, image in
      switch image {
      case .failure(let failure):
        return Prediction(path: path, failure: SkippedImage(path, failure))
      case .success:
        var answer = answers.removeFirst()
        answer.path = path
        return answer
      }
    }
  }

  /// Predictions, without paths, for a batch of images whose tensors (each with its views) follow
  /// one another.
  func answers(to tensors: [Float]) throws -> [Prediction] {
    let count = tensors.count / reader.preprocessing.tensorCount
    let session = count == 0 ? nil : try session(for: count)
    let logits = tensors.withUnsafeBufferPointer { session?.run(pixels: $0, count: count) ?? [] }
    try model.confirm()
    let outputs = model.network.outputs
    let (answers, plain) =
      tta == .flip ? averagedPairs(logits, outputs: outputs) : (mean: logits, first: nil)
    let shares = probabilities(
      logits: answers, outputs: outputs, temperature: model.temperature)
    return shares.indices.map { row in
      let range = (row * outputs)..<((row + 1) * outputs)
      return Prediction(
        path: "", logits: Array(answers[range]), plainLogits: plain.map { Array($0[range]) },
        probabilities: shares[row])
    }
  }

  /// The network's input for an image: its tensor, followed by the mirrored one if mirrored views
  /// are averaged.
  private func tensor(_ path: String) -> Result<[Float], ImageFailure> {
    do throws(ImageFailure) {
      return .success(views(of: reader.tensor(try reader.read(path: path))))
    } catch {
      return .failure(error)
    }
  }

  /// An image's tensor, and with mirrored views the mirrored one behind it.
  func views(of tensor: [Float]) -> [Float] {
    var tensor = tensor
    if tta == .flip { appendMirrored(&tensor, width: reader.preprocessing.width) }
    return tensor
  }
}
