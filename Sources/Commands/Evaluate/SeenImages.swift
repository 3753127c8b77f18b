internal import Classifier
internal import Compute
internal import Training

/// Finds evaluated images among those that a model was trained on.
enum SeenImages {
  /// The number of these files that the model was trained on; nil if the model does not list its
  /// images.
  static func count(
    _ paths: [String], by model: ClassifierModel, at location: ModelLocation, engine: Engine
  ) -> Evaluation.Seen? {
    guard let known = model.trainedOn else { return nil }
    let digests = ImageDigests.digests(of: paths, workers: engine.workers)
    return Evaluation.Seen(model: owner(location), images: digests.count(where: known.contains))
  }

  /// The model whose training images they are: a run tells those of the model that it started from.
  private static func owner(_ location: ModelLocation) -> String {
    guard location.boxed == nil, let run = location.run else { return location.title }
    return location.configuration?.transfer.from ?? RunFolder.lasting(run)
  }
}

extension ModelLocation {
  /// The configuration of the model's run, where it is in one and can be read.
  var configuration: Configuration? {
    run.flatMap { run in
      try? Configuration(
        file: RunFolder(existing: run).file(RunFolder.configurationName))
    }
  }
}
