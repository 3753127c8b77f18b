internal import Classifier
package import ImageData
internal import Primitives

/// The figures of predictions of images by layers or models that were fitted without them.
package struct OutOfFold: Codable, Sendable, Hashable {
  /// Parts that the images were divided into.
  package var folds: Int
  /// Groups of images that stay in one fold.
  package var groups: Int
  /// Images that were predicted: all training images.
  package var images: Int
  /// Share of correct predictions.
  package var accuracy: Double
  /// Lower end of Wilson's 95 % interval of the accuracy.
  package var accuracyLow: Double
  /// Upper end of the interval.
  package var accuracyHigh: Double
  /// Mean of -log of the true class's probability, the temperature applied.
  package var loss: Double
  /// The divisor of the logits, fitted on these predictions.
  package var temperature: Double
  /// The penalty with the lowest loss before the temperature; nil where models were trained.
  package var penalty: Double?
  /// The ways of making photos square that were compared, the one that was kept first; nil where
  /// there was nothing to choose.
  package var framings: [Framing]?

  /// The figures of one way of making photos square, before the temperature.
  package struct Framing: Codable, Sendable, Hashable {
    package var resize: ResizeMode
    package var accuracy: Double
    package var loss: Double
    /// The images that the figures are of; nil in the record of an older version, where all were.
    package var images: Int?

    fileprivate var way: String {
      switch resize {
      case .stretch: "stretched"
      case .crop: "cropped"
      case .pad: "padded"
      }
    }

    /// As a sentence has it.
    fileprivate var text: String { "\(way) \(fixed(accuracy, 4)) and \(fixed(loss, 4))" }
  }

  enum CodingKeys: String, CodingKey {
    case folds, groups, images, accuracy
    case accuracyLow = "accuracy_low"
    case accuracyHigh = "accuracy_high"
    case loss, temperature, penalty, framings
  }

  /// The name of these predictions in a run's record, where splits have theirs.
  package static let name = "out-of-fold"

  package static let noun = "out-of-fold prediction"

  init(
    _ evaluation: Evaluation, folds: Folds, penalty: Double? = nil, framings: [Framing]? = nil
  ) {
    (self.folds, groups, images) = (folds.count, folds.groups, evaluation.images)
    accuracy = evaluation.accuracy
    (accuracyLow, accuracyHigh) = (evaluation.accuracyLow, evaluation.accuracyHigh)
    (loss, temperature, self.penalty) = (evaluation.loss, evaluation.temperature, penalty)
    self.framings = framings
  }

  /// One sentence for the user.
  package var line: String {
    "out of fold: accuracy \(fixed(accuracy, 4)) (\(fixed(accuracyLow, 4))-"
      + "\(fixed(accuracyHigh, 4))), loss \(fixed(loss, 4)) on \(counted(images, "image")), each "
      + "predicted by one of \(folds) \(penalty == nil ? "models" : "layers") that had not seen it"
      + (penalty.map { "; penalty \(fixed($0, 4)), temperature \(temperature)" } ?? "")
      + (framings.map {
        "; photos are \($0.first?.way ?? "") (accuracy and loss without temperature"
          + ($0.first?.images.map { $0 == images ? "" : " on \(counted($0, "image"))" } ?? "")
          + ": "
          + $0.map(\.text).joined(separator: ", ") + ")"
      } ?? "")
  }
}
