internal import CNN
package import Classifier
package import ImageData

/// A last layer that is fitted to all images, and the predictions of layers that were fitted
/// without the image they predict.
///
/// The penalty is the one with the lowest mean cross-entropy of these predictions. Penalties are
/// tried from the strongest on, each fit beginning at the one before, until the cross-entropy has
/// risen for some steps.
package struct CrossValidation: Sendable {
  /// The penalty that was chosen, as of `LogisticData`.
  package let penalty: Double
  /// The mean cross-entropy out of fold by penalty, in the order in which they were tried.
  package let path: [(penalty: Double, loss: Double)]
  /// The logits of each image by the fit that did not see it, a row per image.
  package let logits: [[Float]]
  package let outOfFold: EpochFigures
  /// The layer for features as they were given: a row of outputs per feature.
  package let layer: (weights: [Float], bias: [Float])
  /// The figures of the layer on the images that it was fitted on.
  package let fitted: EpochFigures

  /// The strongest penalty.
  private static let strongest = 10.0
  /// Two steps are a factor of ten, and the weakest penalty is 0.001: where all images are right
  /// out of fold, weaker ones change no answer and only make the model surer of its mistakes.
  private static let factor = 0.1.squareRoot()
  private static let steps = 9
  /// Steps after the best one before the search ends.
  private static let patience = 2
  /// The distance from the minimum, in nats per image, at which a fit ends: while penalties are
  /// compared, and for the layer.
  private static let (rough, fine) = (1e-6, 1e-8)

  /// Fits layers to `data`, whose images have the classes `targets` and the folds of `folds`.
  ///
  /// `rounds` is called between two evaluations; what it throws ends the work.
  package init(
    _ data: LogisticData, targets: [Int32], classes: Int, folds: Folds,
    rounds: () throws -> Void = {}
  ) throws {
    func figures(_ logits: [[Float]]) -> EpochFigures {
      var powers: [Double] = []
      let answers = zip(logits, targets).map { row, truth in
        EpochFigures.Answer(row[...], truth: Int(truth), powers: &powers)
      }
      return EpochFigures(answers, truths: targets, classes: classes)
    }
    let start = [Double](repeating: 0, count: data.coefficientCount)
    var fits = (0..<folds.count).map {
      LogisticData.Fit(
        coefficients: start, penalty: CrossValidation.strongest, heldOut: $0)
    }
    var path: [(penalty: Double, loss: Double)] = []
    var best: (place: Int, loss: Double, logits: [[Float]], start: [Double])?
    var penalty = CrossValidation.strongest
    for place in 0..<CrossValidation.steps {
      for index in fits.indices { fits[index].penalty = penalty }
      try CrossValidation.fit(&fits, data, accuracy: CrossValidation.rough, rounds)
      let logits = CrossValidation.outOfFold(try data.logits(fits), folds, data.outputs)
      let loss = figures(logits).loss
      path.append((penalty, loss))
      if best.map({ loss < $0.loss }) ?? true {
        best = (place, loss, logits, fits[0].coefficients)
      } else if let best, place - best.place > CrossValidation.patience {
        break
      }
      penalty *= CrossValidation.factor
    }
    guard let best else { preconditionFailure("no penalty was tried") }
    var whole = [
      LogisticData.Fit(
        coefficients: best.start, penalty: path[best.place].penalty, heldOut: nil)
    ]
    try CrossValidation.fit(&whole, data, accuracy: CrossValidation.fine, rounds)
    let own = CrossValidation.rows(try data.logits(whole)[0], data.outputs)
    self.path = path
    self.penalty = path[best.place].penalty
    logits = best.logits
    outOfFold = figures(best.logits)
    layer = data.layer(whole[0])
    fitted = figures(own)
  }

  /// Brings fits to their minima, all together.
  ///
  /// The distance from the minimum is at most ‖gradient‖² / (2 · penalty), as the function curves
  /// at least as much as its penalty.
  private static func fit(
    _ fits: inout [LogisticData.Fit], _ data: LogisticData, accuracy: Double,
    _ rounds: () throws -> Void
  ) throws {
    var searches = fits.map {
      QuasiNewton(
        from: $0.coefficients,
        tolerance: (2 * $0.penalty * accuracy * Double(data.images)).squareRoot())
    }
    while true {
      let active = searches.indices.filter { !searches[$0].isDone }
      guard !active.isEmpty else { break }
      try rounds()
      for place in active { fits[place].coefficients = searches[place].trial }
      for (place, result) in zip(active, try data.evaluate(active.map { fits[$0] })) {
        searches[place].take(value: result.value, gradient: result.gradient)
      }
    }
    for place in fits.indices { fits[place].coefficients = searches[place].point }
  }

  /// The rows of each image by the fit that holds its fold out.
  private static func outOfFold(
    _ logits: [[Double]], _ folds: Folds, _ outputs: Int
  ) -> [[Float]] {
    folds.ofImages.enumerated().map { image, fold in
      logits[fold][(image * outputs)..<((image + 1) * outputs)].map { Float($0) }
    }
  }

  private static func rows(_ logits: [Double], _ outputs: Int) -> [[Float]] {
    stride(from: 0, to: logits.count, by: outputs).map { start in
      logits[start..<(start + outputs)].map { Float($0) }
    }
  }
}
