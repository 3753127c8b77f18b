internal import Classifier
internal import ImageData
internal import Primitives

/// The solved last layer that a run trains on from: the figures that its epochs have to pass.
package struct SolvedStart: Codable, Sendable, Hashable {
  /// The penalty with the lowest loss out of fold.
  package var penalty: Double
  /// Training images, and the parts that they were divided into.
  package var images: Int
  package var folds: Int
  /// Share of the training images that layers fitted without them were right on.
  package var accuracy: Double
  /// Mean of -log of the true class's probability there.
  package var loss: Double
  /// The layer's figures on the validation images; nil without any.
  package var valLoss: Double?
  package var valAccuracy: Double?

  enum CodingKeys: String, CodingKey {
    case penalty, images, folds, accuracy, loss
    case valLoss = "val_loss"
    case valAccuracy = "val_accuracy"
  }

  init(_ solution: CrossValidation, folds: Folds, validation: EpochFigures?) {
    (penalty, images, self.folds) = (solution.penalty, folds.ofImages.count, folds.count)
    (accuracy, loss) = (solution.outOfFold.accuracy, solution.outOfFold.loss)
    (valAccuracy, valLoss) = (validation?.accuracy, validation?.loss)
  }

  /// One sentence for the user.
  var line: String {
    "last layer solved, penalty \(fixed(penalty, 4)): out of fold accuracy \(fixed(accuracy, 4)), "
      + "loss \(fixed(loss, 4))"
      + (valAccuracy.map { "; val_accuracy \(fixed($0, 4)), val_loss \(fixed(valLoss ?? 0, 4))" }
        ?? "; without validation images nothing shows whether an epoch is better, and the last is "
        + "kept")
  }
}
