internal import CNN
internal import ImageData
internal import KernelSelection

/// Evaluates a network that is being trained on images in memory.
///
/// A class because it owns the activations' memory.
final class Validator {
  private let session: InferenceSession
  private let images: RunImages
  private let classes: [String]
  private let engine: Engine
  private var tensors: [Float]

  /// Bytes for activations and input.
  var memoryBytes: Int { session.memoryBytes + tensors.count * MemoryLayout<Float>.stride }

  /// A validator of `network`, as it is whenever it is asked.
  init(
    network: Network, images: RunImages, classes: [String], batchSize: Int, engine: Engine
  ) throws(ModelError) {
    session = try InferenceSession(network: network, batchSize: batchSize, engine: engine)
    self.images = images
    self.classes = classes
    self.engine = engine
    tensors = [Float](repeating: 0, count: batchSize * images.preprocessing.tensorCount)
  }

  /// The figures on the validation images.
  func evaluate(progress: (_ done: Int, _ total: Int) throws -> Void) throws -> Evaluation {
    let indices = images.validation
    let outputs = session.network.outputs
    var predictions: [Prediction] = []
    for first in stride(from: 0, to: indices.count, by: session.batchSize) {
      let batch = Array(indices[first..<min(first + session.batchSize, indices.count)])
      try tensors.withUnsafeMutableBufferPointer {
        try images.store.writeTensors(
          batch, images.preprocessing, into: $0, kernels: engine.kernels,
          workers: engine.workers)
      }
      let logits = tensors.withUnsafeBufferPointer { session.run(pixels: $0, count: batch.count) }
      let shares = probabilities(logits: logits, outputs: outputs)
      for (row, index) in batch.enumerated() {
        predictions.append(
          Prediction(
            path: images.store.samples[index].path,
            trueIndex: images.store.samples[index].classIndex,
            logits: Array(logits[(row * outputs)..<((row + 1) * outputs)]),
            probabilities: shares[row]))
      }
      try progress(predictions.count, indices.count)
    }
    return Evaluation(predictions: predictions, classes: classes)
  }
}
