internal import Classifier
internal import Primitives

/// A training of cross-validation, in a run folder of its own.
package struct FoldStart: Codable, Sendable, Hashable {
  /// The part that it is tested on, from 1.
  package var fold: Int
  /// Parts.
  package var folds: Int
  /// The training's run folder.
  package var run: String

  /// One sentence for the user.
  package var line: String { "fold \(fold) of \(folds): \(run)" }
}

/// The figures of a training of cross-validation on the part that it was not trained on.
package struct FoldResult: Codable, Sendable, Hashable {
  /// The part, from 1.
  package var fold: Int
  /// Parts.
  package var folds: Int
  package var images: Int
  /// Share of correct predictions.
  package var accuracy: Double

  /// One sentence for the user.
  package var line: String {
    "fold \(fold) of \(folds): accuracy \(fixed(accuracy, 4)) on \(counted(images, "image"))"
  }
}
