internal import Primitives

/// The fitted temperature, with figures of the images that it was fitted on.
package struct Calibration: Sendable, Hashable {
  /// The temperature; nil if every prediction was right, which tells none.
  package var temperature: Double?
  /// Validation images that were answered.
  package var images: Int
  /// Their figures at a temperature of 1.
  package var before: Evaluation
  /// Their figures at the temperature fitted.
  package var after: Evaluation

  /// Fits the temperature of a model to its predictions on images whose class is known.
  ///
  /// It is kept to four decimals: the digits after them are noise, and the last ones depend on the
  /// C library's exponential.
  package init(_ predictions: [Prediction], model: ClassifierModel, tta: TestTimeAugmentation) {
    let answered = predictions.filter { $0.failure == nil && $0.trueIndex != nil }
    images = answered.count
    temperature = Temperature.fitted(
      answered.map(\.logits), truths: answered.compactMap(\.trueIndex)
    ).map { ($0 * 10_000).rounded() / 10_000 }
    func evaluation(_ temperature: Double) -> Evaluation {
      Evaluation(
        predictions: answered.map { $0.with(temperature: temperature) }, classes: model.classes,
        temperature: temperature, tta: tta)
    }
    before = evaluation(1)
    after = temperature.map(evaluation) ?? before
  }

  /// One sentence for the user.
  package var line: String {
    guard let temperature else {
      return
        "temperature 1: none can be fitted, as all \(images) validation images are predicted correctly"
    }
    return "temperature \(temperature), fitted on \(images) validation images: loss "
      + "\(fixed(before.loss, 4)) to \(fixed(after.loss, 4)), expected calibration error "
      + "\(fixed(before.ece, 4)) to \(fixed(after.ece, 4))"
  }
}
