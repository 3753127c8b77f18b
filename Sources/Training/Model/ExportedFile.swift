internal import Primitives

/// A model file that somebody asked for by name.
package enum ExportedFile {
  /// Writes it in one step, never over a file that is there, and gives its SHA-256.
  package static func write(_ bytes: [UInt8], to path: String) throws(TrainingError) -> String {
    do throws(TrainingError) {
      try FileSystem.replace(path, with: bytes, exclusive: true)
    } catch {
      if FileSystem.exists(path) { throw isThere(path) }
      let folder = FileSystem.parent(of: path)
      guard FileSystem.isFolder(folder) else {
        throw TrainingError(
          .cannotCreate, "cannot write \(path): \(folder) is no folder",
          expected: "a file in a folder that exists")
      }
      throw error
    }
    return SHA256.hex(of: bytes)
  }

  /// The refusal to write over something.
  package static func isThere(_ path: String) -> TrainingError {
    TrainingError(
      .cannotCreate, "\(path) is there already, and is not written over",
      expected: "-o with a name that is free")
  }
}
