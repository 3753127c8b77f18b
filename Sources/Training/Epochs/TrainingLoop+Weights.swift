internal import CNN
internal import Classifier
internal import ImageData
internal import Ranks

/// The weights that a run keeps.
extension TrainingLoop {
  /// Writes the weights that would be used now.
  mutating func save(
    epoch: Int, asBest: Bool, _ log: inout RunLog, _ events: (TrainingEvent) throws -> Void
  ) throws {
    try features?.putBack(average ?? trained)
    if epoch > 0 { try team.requireSame("weights", trained.digest) }
    guard written.isFinite else {
      throw diverged(
        "a weight is not finite", session.optimizer.steps - 1, max(1, epoch),
        session.optimizer.learningRate)
    }
    try writer.save(epoch: epoch, asBest: asBest, &log, events, encode: encode)
  }

  /// The network that is written.
  private var written: Network { features == nil ? average ?? network : network }

  /// Gives the model as it would be used now, as a file's bytes.
  var encode: () -> [UInt8] {
    let model = model
    return { model.encoded() }
  }

  /// The model as it would be used now.
  var model: ClassifierModel {
    ClassifierModel(
      network: written, classes: classes, preprocessing: images.preprocessing,
      recipe: configuration.recipe.rawValue, datasetFingerprint: images.store.fingerprint,
      trainingImages: images.training.count, tta: configuration.tta,
      trainedOn: trainedOn)
  }
}
