internal import FoundationEssentials

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

  /// Writes each file in one step: a reader meets the old one or the new one.
  func write(_ files: [(name: String, text: String)]) throws(Failure) {
    for file in files {
      let target = path + "/" + file.name
      do {
        try Data(file.text.utf8).write(to: URL(filePath: target), options: .atomic)
      } catch {
        throw Failure(.io, "cannot write \(target)", advice: "is the disk full?")
      }
    }
  }
}
