internal import Classifier
internal import ImageData
package import Primitives

extension RunFolder {
  /// Refuses to make a run where it, or a folder of it, would lie in the dataset: in `out`, or in the
  /// home of all runs.
  package static func requireOutside(_ dataset: String, out: String?) throws(TrainingError) {
    let path = out ?? home
    let places = [path] + (out == nil ? [] : folderNames.map { path + "/" + $0 })
    guard let inside = places.first(where: { Dataset.lies($0, in: dataset) }) else { return }
    throw intoDataset(inside, dataset, what: out.map { "--out \($0)" } ?? "the folder \(home)")
  }

  /// Refuses `--out` for files and folders below it that would lie in a dataset.
  package static func requireOutside(
    _ dataset: String, files out: String, below folders: [String] = []
  ) throws(TrainingError) {
    let places = [out] + folders.map { out + "/" + $0 }
    guard let inside = places.first(where: { Dataset.lies($0, in: dataset) }) else { return }
    throw intoDataset(inside, dataset, what: "--out \(out)")
  }

  /// The refusal, with a place beside the dataset and, where the working folder is in it, the way out.
  static func intoDataset(_ place: String, _ dataset: String, what: String) -> TrainingError {
    var error = TrainingError(
      .usage, "\(what) lies in the dataset, where nothing may be written",
      found: "\(place), in the dataset \(dataset)", expected: "a folder outside of the dataset")
    guard let (parent, name) = Dataset.surroundings(of: dataset) else { return error }
    let beside = (parent == "/" ? "" : parent) + "/" + name + "-run"
    error.advice = "the same command with --out \(shellWord(beside))"
    if what.hasSuffix(home) {
      error.advice? +=
        ", or from the parent folder: cd \(shellWord(parent)) && cnnctl train \(shellWord(name))"
    }
    return error
  }
}
