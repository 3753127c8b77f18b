internal import Classifier
internal import Primitives

/// A run as its folder tells of it: what was asked for, and what it was computed with.
struct RecordedRun: Sendable {
  let folder: RunFolder
  /// As the run was started.
  let configuration: Configuration
  /// nil if there is none that can be read.
  private(set) var record: RunRecord?
  /// The reason why an existing record cannot be read.
  private(set) var damage: TrainingError?

  /// Reads a run folder; `purpose` is what it is wanted for: "to resume".
  init(_ path: String, _ purpose: String) throws(TrainingError) {
    guard FileSystem.exists(path) else {
      throw TrainingError(.missing, "there is no run \(purpose): \(path) does not exist")
    }
    folder = RunFolder(existing: path)
    try folder.requireNoLinks()
    guard RunFolder.holdsRun(folder.path) else {
      throw TrainingError(
        .badData, "\(path) holds no run \(purpose)",
        expected: "a run folder with its \(RunFolder.configurationName)",
        advice: RunFolder.adviceToChoose(in: path))
    }
    configuration = try Configuration(file: folder.place(RunFolder.configurationName))
    do throws(TrainingError) {
      record = try RunRecord(folder: folder)
    } catch {
      if error.kind != .missing { damage = error }
    }
  }

  /// The folder of the images: `given`, or the one recorded by the run.
  func dataset(_ given: String?) -> String {
    let named = configuration.dataset
    return given ?? (FileSystem.isFolder(named) ? named : record?.dataset) ?? named
  }
}
