/// A model file in memory: a network, its classes and how its images are prepared.
///
/// A class because it owns the network's memory.
package final class ClassifierModel {
  /// The file it was read from; nil for one just trained.
  package let path: String?
  /// The classes in order.
  package let classes: [String]
  /// The recipe that it was trained with.
  package let recipe: String
  /// The version of the program that wrote it.
  package let toolVersion: String
  /// Digest of the images that it was trained on.
  package let datasetFingerprint: String
  /// Number of images that it was trained on.
  package let trainingImages: Int

  /// Reads a model file strictly.
  package init(path: String) throws(TrainingError) {
    throw TrainingError(.internal, "not written yet")
  }

  /// What `--model` names, or runs/latest without a name: a run folder's best weights, or a file.
  package static func locate(_ name: String?) throws(TrainingError) -> ModelLocation {
    throw TrainingError(.internal, "not written yet")
  }
}

/// Where a model lies.
package struct ModelLocation: Sendable, Hashable {
  /// The weights file.
  package var weights: String
  /// The run folder that holds it, where there is one.
  package var run: String?
}
