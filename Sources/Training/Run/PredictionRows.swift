internal import CNN
internal import Classifier
internal import Compute
internal import ImageData
internal import Primitives

/// Predictions as bytes for the other processes of a run: the logits as they are.
///
/// Every process knows the images, and makes paths, true classes and probabilities again: of a
/// thousand classes an image takes 4 kB.
struct PredictionRows {
  /// The logits of one view.
  let outputs: Int
  /// The divisor of the logits.
  let temperature: Double

  /// What a row begins with.
  private enum Kind: UInt8 {
    /// No logits: the word and the sentence of the failure follow, each after its length.
    case failure
    /// The logits follow.
    case plain
    /// The mean of the logits and those of the image alone follow.
    case averaged
  }

  /// The rows of predictions, one after the other.
  func bytes(of predictions: [Prediction]) -> [UInt8] {
    var bytes: [UInt8] = []
    for prediction in predictions {
      if let failure = prediction.failure {
        bytes.append(Kind.failure.rawValue)
        for text in [failure.code, failure.message] {
          bytes += text.utf8.count.littleEndianBytes + text.utf8
        }
        continue
      }
      bytes.append((prediction.plainLogits == nil ? Kind.plain : .averaged).rawValue)
      for row in [prediction.logits, prediction.plainLogits ?? []] {
        row.withUnsafeBytes { bytes += $0 }
      }
    }
    return bytes
  }

  /// The predictions of images, in their order, that rows stand for; nil if they are not such.
  func predictions(
    of samples: some Collection<Sample>, _ bytes: [UInt8], workers: WorkerPool
  ) -> [Prediction]? {
    var rest = bytes[...]
    var predictions: [Prediction] = []
    predictions.reserveCapacity(samples.count)
    for sample in samples {
      guard let kind = rest.popFirst().flatMap(Kind.init) else { return nil }
      var prediction = Prediction(path: sample.path, trueIndex: sample.classIndex)
      switch kind {
      case .failure:
        guard let code = text(&rest), let message = text(&rest) else { return nil }
        prediction.failure = SkippedImage(path: sample.path, code: code, message: message)
      case .plain, .averaged:
        guard let logits = row(&rest) else { return nil }
        prediction.logits = logits
        if kind == .averaged {
          guard let plain = row(&rest) else { return nil }
          prediction.plainLogits = plain
        }
      }
      predictions.append(prediction)
    }
    guard rest.isEmpty else { return nil }
    return workers.map(predictions) { prediction, _ in
      guard prediction.failure == nil else { return prediction }
      var prediction = prediction
      prediction.probabilities =
        probabilities(logits: prediction.logits, outputs: outputs, temperature: temperature)[0]
      return prediction
    }
  }

  private func take(_ count: Int, _ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard (0...rest.count).contains(count) else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  private func row(_ rest: inout ArraySlice<UInt8>) -> [Float]? {
    take(outputs * MemoryLayout<Float>.stride, &rest)?.withUnsafeBytes { raw in
      (0..<outputs).map {
        raw.loadUnaligned(fromByteOffset: MemoryLayout<Float>.stride * $0, as: Float.self)
      }
    }
  }

  private func text(_ rest: inout ArraySlice<UInt8>) -> String? {
    let length = take(8, &rest)?.littleEndianNumber
    guard let length, let count = Int(exactly: length), let block = take(count, &rest) else {
      return nil
    }
    return String(validating: block, as: UTF8.self)
  }
}
