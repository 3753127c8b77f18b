internal import CNN
internal import ImageData
internal import KernelInterface
package import KernelSelection

/// Answers images: the one path from a file to probabilities, for every command.
///
/// An answer depends on the image and the model alone: not on the other images of its batch, not
/// on the number of threads. A class because it owns the activations' memory.
package final class Predictor {
  /// The model that answers.
  package let model: ClassifierModel
  private let engine: Engine
  private let session: InferenceSession
  private let preprocessing: Preprocessing
  private var tensors: [Float]

  /// A predictor that works on `batchSize` images at a time; no answer depends on it.
  package init(
    model: ClassifierModel, engine: Engine, batchSize: Int = 32, maxPixels: Int = 64_000_000
  ) throws {
    self.model = model
    self.engine = engine
    session = try InferenceSession(network: model.network, batchSize: batchSize, engine: engine)
    var preprocessing = model.preprocessing
    preprocessing.maxPixels = maxPixels
    self.preprocessing = preprocessing
    tensors = [Float](repeating: 0, count: batchSize * preprocessing.tensorCount)
  }

  /// Answers `paths` in order; `each` gets every answer as its batch is done.
  package func predict(
    _ paths: some Sequence<String>, each: (Prediction) throws -> Void
  ) throws {
    var batch: [String] = []
    for path in paths {
      batch.append(path)
      if batch.count == session.batchSize {
        for prediction in answer(batch) { try each(prediction) }
        batch.removeAll(keepingCapacity: true)
      }
    }
    for prediction in answer(batch) { try each(prediction) }
  }

  /// Answers images whose class is known.
  func predict(
    _ samples: [Sample], progress: (_ done: Int) throws -> Void
  ) throws -> [Prediction] {
    var predictions: [Prediction] = []
    try predict(samples.map(\.path)) { prediction in
      var prediction = prediction
      prediction.trueIndex = samples[predictions.count].classIndex
      predictions.append(prediction)
      try progress(predictions.count)
    }
    return predictions
  }

  /// One batch: files are read on all threads, the network runs on those that could be read.
  private func answer(_ paths: [String]) -> [Prediction] {
    var images = [Result<[Float], ImageFailure>](repeating: .success([]), count: paths.count)
    images.withUnsafeMutableBufferPointer { images in
      // Each task writes its own element.
      nonisolated(unsafe) let images = images
      engine.workers.parallelFor(paths.count) { index, _ in
        images[index] = tensor(paths[index])
      }
    }
    var count = 0
    for case .success(let tensor) in images {
      let start = count * preprocessing.tensorCount
      tensors.replaceSubrange(start..<(start + tensor.count), with: tensor)
      count += 1
    }
    let logits = tensors.withUnsafeBufferPointer { session.run(pixels: $0, count: count) }
    let outputs = model.network.outputs
    let shares = probabilities(logits: logits, outputs: outputs)
    var row = 0
    return zip(paths, images).map { path, image in
      switch image {
      case .failure(let failure):
        let skipped = SkippedImage(
          path: path, code: failure.code.rawValue, message: failure.message)
        return Prediction(path: path, failure: skipped)
      case .success:
        defer { row += 1 }
        return Prediction(
          path: path, logits: Array(logits[(row * outputs)..<((row + 1) * outputs)]),
          probabilities: shares[row])
      }
    }
  }

  private func tensor(_ path: String) -> Result<[Float], ImageFailure> {
    do throws(ImageFailure) {
      let image = try ImageReader.read(path: path, preprocessing, kernels: engine.kernels)
      return .success(ImageReader.tensor(image, preprocessing, kernels: engine.kernels))
    } catch {
      return .failure(error)
    }
  }
}
