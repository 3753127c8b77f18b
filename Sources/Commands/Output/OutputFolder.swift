internal import Training

/// A folder for files that were asked for.
struct OutputFolder {
  let path: String

  /// Creates the folder and those above it where they are not there yet.
  init(creating path: String) throws(Failure) {
    self.path = path
    do {
      try RunFolder(existing: path).createFolder("")
    } catch {
      throw Failure(
        .cannotCreate, "cannot create the folder \(path)",
        expected: "a folder, or a path below one that can be written")
    }
  }

  /// Writes each file in one step: a reader meets the old one or the new one.
  func write(_ files: [(name: String, text: String)]) throws(TrainingError) {
    for file in files { try RunFolder(existing: path).write(file.text, to: file.name) }
  }

  /// Writes one file of bytes in the same way.
  func write(_ bytes: [UInt8], to name: String) throws(TrainingError) {
    try RunFolder(existing: path).write(bytes, to: name)
  }
}
