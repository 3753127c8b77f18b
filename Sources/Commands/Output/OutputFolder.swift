internal import FoundationEssentials
internal import Training

/// A folder for files that were asked for.
struct OutputFolder {
  let path: String

  /// Creates the folder and those above it where they are not there yet.
  init(creating path: String) throws(Failure) {
    self.path = path
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw Failure(
        .cannotCreate, "cannot create the folder \(path)",
        expected: "a folder, or a path below one that can be written")
    }
  }

  /// The folder, for files that are written in steps of their own.
  var files: RunFolder { RunFolder(existing: path) }

  /// Writes each file in one step: a reader meets the old one or the new one.
  func write(_ files: [(name: String, text: String)]) throws(TrainingError) {
    for file in files { try self.files.write(file.text, to: file.name) }
  }

  /// Writes one file of bytes in the same way.
  func write(_ bytes: [UInt8], to name: String) throws(TrainingError) {
    try files.write(bytes, to: name)
  }
}
