/// A file that somebody asked for by name.
package enum ExportedFile {
  /// Writes it in one step, never over a file that is there, and gives its SHA-256.
  package static func write(_ bytes: [UInt8], to path: String) throws(TrainingError) -> String {
    try store(bytes, at: path, replaces: false)
    return SHA256.hex(of: bytes)
  }

  /// Writes a file in one step, and over one that is there only where it `replaces` it.
  package static func store(
    _ bytes: [UInt8], at path: String, replaces: Bool
  ) throws(TrainingError) {
    do throws(TrainingError) {
      try FileSystem.replace(FilePlace(named: path), with: bytes, exclusive: !replaces)
    } catch {
      if !replaces, FileSystem.exists(path) { throw isThere(path) }
      let folder = FileSystem.parent(of: path)
      guard FileSystem.isFolder(folder) else {
        throw TrainingError(
          .cannotCreate, "cannot write \(path): \(folder) is not a folder",
          expected: "a file in a folder that exists")
      }
      var error = error
      if let free = FileSystem.freeBytes(folder), free < bytes.count {
        error.found = "\(byteCount(free)) free"
        error.expected = "\(byteCount(bytes.count)) for the file"
        error.advice = "-o with a file on another disk"
      }
      throw error
    }
  }

  /// The refusal to write over something.
  package static func isThere(_ path: String) -> TrainingError {
    TrainingError(
      .cannotCreate, "\(path) already exists and is not overwritten",
      expected: "-o with another name")
  }
}
