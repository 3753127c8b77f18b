internal import CNN
package import Compute
package import ImageData
internal import Primitives

/// Predicts images: the one path from a file to probabilities, for every command.
///
/// A prediction depends on the image and the model alone. With mirrored views it is that of the mean
/// of the logits for the image and its mirror image. Probabilities are of the logits over the model's
/// temperature.
package final class Predictor {
  package let model: ClassifierModel
  let runner: ImageRunner
  /// What measures distances; nil where the network runs as a whole.
  private let parts: Parts?

  /// A network in two parts, between which the features are.
  private struct Parts {
    let meter: NoveltyMeter
    /// The layers behind the features.
    let head: InferenceSession
  }

  /// Images at a time.
  package static let defaultBatchSize = 32

  /// A predictor that works on up to `batchSize` images at a time; no prediction depends on it.
  ///
  /// Without `tta` it answers as the model says.
  package init(
    model: ClassifierModel, engine: Engine, tta: TestTimeAugmentation? = nil,
    batchSize: Int = defaultBatchSize,
    maxPixels: Int = 64_000_000
  ) {
    self.model = model
    parts = nil
    runner = ImageRunner(
      model.network, model.preprocessing, tta: tta ?? model.tta, engine: engine,
      batchSize: batchSize, maxPixels: maxPixels)
  }

  /// A predictor that also measures how far each image lies from the classes; the logits are the
  /// same to the bit.
  ///
  /// Error: no memory for the network's parts.
  package init(
    model: ClassifierModel, measuring detector: NoveltyDetector, engine: Engine,
    tta: TestTimeAugmentation? = nil, maxPixels: Int = 64_000_000
  ) throws {
    self.model = model
    let architecture = model.network.architecture
    guard let front = architecture.backbone, let first = architecture.head?.firstLayer,
      let back = architecture.headAlone(features: detector.features)
    else { preconditionFailure("a detector of a network without features") }
    let backbone = try Network(blank: front)
    try backbone.copyTensors(from: model.network)
    let head = try Network(blank: back)
    try head.copyTensors(from: model.network) { Architecture.path($0, movedBy: first) }
    let views = tta ?? model.tta
    parts = Parts(
      meter: NoveltyMeter(detector),
      head: try InferenceSession(
        network: head, batchSize: Predictor.defaultBatchSize * views.views, engine: engine))
    runner = ImageRunner(
      backbone, model.preprocessing, tta: views, engine: engine,
      batchSize: Predictor.defaultBatchSize, maxPixels: maxPixels)
  }

  /// The views of an image that are averaged.
  package var tta: TestTimeAugmentation { runner.tta }

  /// Predicts `paths` in order; `each` gets every prediction as its batch is done, and none before
  /// the model's digest is confirmed.
  package func predict(
    _ paths: some Sequence<String>, each: (Prediction) throws -> Void
  ) throws {
    try runner.run(paths) { paths, images, rows in
      var answers = try answers(in: rows)[...]
      for (path, image) in zip(paths, images) {
        switch image {
        case .failure(let failure):
          try each(Prediction(path: path, failure: SkippedImage(path, failure)))
        case .success:
          var answer = answers.removeFirst()
          answer.path = path
          try each(answer)
        }
      }
    }
  }

  /// Predicts images whose class is known.
  package func predict(
    _ samples: ImageList, progress: (_ done: Int) throws -> Void
  ) throws -> [Prediction] {
    let outputs = model.network.outputs
    try runner.makeRoom(
      for: max(1, min(runner.batchSize, samples.count)),
      keeping: AnswerMemory.kept(
        samples.count, of: (model.classes.count, outputs), views: tta.views)
        + AnswerMemory.figures(classes: model.classes.count))
    var predictions: [Prediction] = []
    predictions.reserveCapacity(samples.count)
    try predict(samples.lazy.map(\.path)) { prediction in
      var prediction = prediction
      prediction.trueIndex = samples.classIndex(of: predictions.count)
      predictions.append(prediction)
      try progress(predictions.count)
    }
    return predictions
  }

  /// Predictions, without paths, for images whose tensors (each with its views) follow one another.
  func answers(to tensors: [Float]) throws -> [Prediction] {
    try answers(in: try runner.rows(of: tensors))
  }

  /// Predictions, without paths, by rows of logits or of features, one per view.
  private func answers(in rows: [Float]) throws -> [Prediction] {
    try model.confirm()
    let outputs = model.network.outputs
    let logits = try parts.map { try $0.head.logits(for: rows) } ?? rows
    let measures = measures(of: rows)
    let (answers, plain) =
      tta == .flip ? averagedPairs(logits, outputs: outputs) : (mean: logits, first: nil)
    let shares = probabilities(
      logits: answers, outputs: outputs, temperature: model.temperature)
    return shares.indices.map { row in
      let range = (row * outputs)..<((row + 1) * outputs)
      return Prediction(
        path: "", logits: Array(answers[range]), plainLogits: plain.map { Array($0[range]) },
        probabilities: shares[row], novelty: measures.map { $0[row] })
    }
  }

  /// The distances of images whose features, one row per view, follow one another; nil where they
  /// are not measured.
  private func measures(of rows: [Float]) -> [NoveltyDetector.Measure]? {
    guard let parts else { return nil }
    let length = parts.meter.detector.features
    let features = tta == .flip ? averagedPairs(rows, outputs: length).mean : rows
    let starts = Array(stride(from: 0, to: features.count, by: length))
    return runner.workers.map(starts) { start, _ in
      parts.meter.measure(features[start..<(start + length)])
    }
  }
}
