internal import Classifier
internal import Primitives
internal import Training

/// A folder for files that were asked for.
struct OutputFolder {
  let path: String
  private let folder: RunFolder
  /// The prefix of names: a folder below `folder`, or nothing.
  private let place: String

  /// A folder of a run, made where it is not there yet; no link leads to it.
  init(_ name: String, of run: String) throws(TrainingError) {
    folder = RunFolder(existing: run)
    path = folder.file(name)
    place = name + "/"
    try folder.createFolder(name)
  }

  /// The folder that `--out` names, which is created with its first file.
  ///
  /// Errors: one that lies in the dataset that the command reads, itself or one of `folders` in it,
  /// that of a run or a folder of its own in one, unless it is the run `own`, and one that cannot be
  /// created: before minutes of work that would be lost.
  init(
    creating path: String, outside dataset: String?, below folders: [String] = [],
    own: String? = nil
  ) throws {
    if let dataset { try RunFolder.requireOutside(dataset, files: path, below: folders) }
    if let run = RunFolder.run(around: path),
      FileSystem.identity(run) != own.flatMap(FileSystem.identity)
    {
      throw Failure(
        .cannotCreate, "\(path) belongs to the run \(run), whose files are not written over",
        expected: "a folder outside of a run")
    }
    self.path = path
    folder = RunFolder(existing: path)
    place = ""
    do {
      try FileSystem.requireCreatable(path)
    } catch {
      throw Failure(
        .cannotCreate, error.problem,
        expected: "a folder, or a path below one that can be written")
    }
  }

  /// The line that says where files are.
  static func line(_ path: String?) -> String {
    terminalSafe(path.map { "files in " + $0 } ?? "no files written (use --out DIR)")
  }

  /// Writes the files of an evaluation.
  func write(_ report: EvaluationReport) throws(TrainingError) {
    try folder.create()
    try report.write(to: folder, place: place)
  }

  /// Writes each file in one step: a reader meets the old one or the new one.
  func write(_ files: [(name: String, text: String)]) throws(TrainingError) {
    try folder.create()
    for file in files { try folder.write(file.text, to: place + file.name) }
  }

  /// Writes one file of bytes in the same way.
  func write(_ bytes: [UInt8], to name: String) throws(TrainingError) {
    try folder.write(bytes, to: place + name)
  }
}
