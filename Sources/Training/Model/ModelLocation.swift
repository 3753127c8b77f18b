/// Where a model lies.
package struct ModelLocation: Sendable, Hashable {
  /// The weights file.
  package var weights: String
  /// The run folder that holds it, where there is one.
  package var run: String?
}

extension ClassifierModel {
  /// What `--model` names, or runs/latest without a name: a run folder's best weights, or a file.
  package static func locate(_ name: String?) throws(TrainingError) -> ModelLocation {
    guard let name else {
      guard FileSystem.isFolder(RunFolder.latest) else {
        throw TrainingError(
          .missing, "there is no model: \(RunFolder.latest) does not exist here",
          expected: "--model RUN or --model FILE, or a run in this folder",
          advice: "cnnctl train DATASET")
      }
      return try locate(RunFolder.latest)
    }
    guard FileSystem.exists(name) else {
      throw TrainingError(
        .missing, "the model \(name) does not exist", expected: "a run folder or a model file")
    }
    guard FileSystem.isFolder(name) else {
      let run = FileSystem.parent(of: FileSystem.parent(of: name))
      return ModelLocation(weights: name, run: RunFolder.holdsRun(run) ? run : nil)
    }
    let run = RunFolder(existing: name)
    guard FileSystem.exists(run.bestWeights) else {
      let isRun = RunFolder.holdsRun(run.path)
      throw TrainingError(
        .badData,
        isRun
          ? "the run \(name) has no weights yet"
          : "the folder \(name) is no run: it has no weights",
        expected: run.bestWeights)
    }
    return ModelLocation(weights: run.bestWeights, run: run.path)
  }
}
