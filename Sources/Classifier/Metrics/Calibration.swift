package import Compute
internal import Primitives

/// The fitted temperature, with figures of the images that it was fitted on.
package struct Calibration: Sendable, Hashable {
  /// The temperature; nil if every prediction was right, which tells none.
  package var temperature: Double?
  /// Validation images that were answered.
  package var images: Int
  /// Their figures at a temperature of 1.
  package var before: Figures
  /// Their figures at the temperature fitted.
  package var after: Figures

  /// The figures that a temperature changes.
  package struct Figures: Sendable, Hashable {
    /// `Evaluation.loss`.
    package var loss: Double
    /// `Evaluation.ece`.
    package var ece: Double
  }

  private struct Judged {
    var loss: Double
    var probability: Double
    var isRight: Bool
  }

  /// Fits the temperature of a model to its predictions on images whose class is known.
  ///
  /// It is kept to four decimals: the digits after them are noise, and the last ones depend on the
  /// C library's exponential.
  package init(_ predictions: [Prediction], workers: WorkerPool? = nil) {
    let answered = predictions.filter { $0.failure == nil && $0.trueIndex != nil }
    let truths = answered.compactMap(\.trueIndex)
    images = answered.count
    temperature = Temperature.fitted(answered.map(\.logits), truths: truths, workers: workers)
      .map { ($0 * 10_000).rounded() / 10_000 }
    func figures(_ temperature: Double) -> Figures {
      let judged = workers.mapRanges(answered.count, length: 32) { range -> [Judged] in
        range.map { place in
          let answer = answered[place].likeliest(temperature: temperature)
          return Judged(
            loss: Evaluation.loss(
              logits: answered[place].logits, truth: truths[place], temperature: temperature),
            probability: answer.probability, isRight: answer.index == truths[place])
        }
      }
      return Figures(
        loss: judged.isEmpty ? 0 : judged.reduce(0) { $0 + $1.loss } / Double(judged.count),
        ece: ReliabilityBins(judged.map { ($0.probability, $0.isRight) })
          .expectedCalibrationError)
    }
    before = figures(1)
    after = temperature.map(figures) ?? before
  }

  /// Images whose own figures say something of the temperature that was fitted to them; below, the
  /// line gives none.
  private static let telling = 20

  /// One sentence for the user.
  package var line: String {
    guard let temperature else {
      return
        "temperature 1: none can be fitted, as all \(images) validation images are predicted correctly"
    }
    guard images >= Calibration.telling else {
      return "temperature \(temperature), fitted on only "
        + "\(counted(images, "validation image")): better than none on average, and uncertain"
    }
    return "temperature \(temperature), fitted on \(images) validation images: loss "
      + "\(fixed(before.loss, 4)) to \(fixed(after.loss, 4)), expected calibration error "
      + "\(fixed(before.ece, 4)) to \(fixed(after.ece, 4))"
  }
}
