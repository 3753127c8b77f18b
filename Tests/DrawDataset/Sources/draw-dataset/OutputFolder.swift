import FoundationEssentials
import Glibc

/// A folder or file that could not be written.
struct OutputError: Error, CustomStringConvertible {
  let description: String
}

/// The folder that receives the pictures.
struct OutputFolder {
  let path: String

  /// Opens a folder, making it if need be; one that holds anything is refused unless `replace`.
  init(_ path: String, replace: Bool) throws(OutputError) {
    self.path = path
    var isFolder = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
      guard isFolder else { throw OutputError(description: "'\(path)' is not a folder") }
      guard let content = try? FileManager.default.contentsOfDirectory(atPath: path) else {
        throw OutputError(description: "cannot read the folder '\(path)'")
      }
      guard content.isEmpty || replace else {
        throw OutputError(
          description: "the folder '\(path)' is not empty; --replace draws over its pictures")
      }
    }
  }

  /// Makes a folder below this one, with those on the way to it.
  func make(_ name: String) throws(OutputError) {
    let full = path + "/" + name
    let ends = full.indices.dropFirst().filter { full[$0] == "/" } + [full.endIndex]
    for end in ends {
      let folder = String(full[..<end])
      guard mkdir(folder, 0o777) == 0 || errno == EEXIST else {
        throw OutputError(
          description: "cannot make the folder '\(folder)': \(String(cString: strerror(errno)))")
      }
    }
  }

  /// Removes files below this folder, as far as they exist.
  func remove(_ names: [String]) throws(OutputError) {
    for name in names where unlink(path + "/" + name) != 0 && errno != ENOENT {
      throw OutputError(
        description: "cannot remove '\(path)/\(name)': \(String(cString: strerror(errno)))")
    }
  }

  /// Writes a file below this folder.
  func write(_ bytes: [UInt8], to name: String) throws(OutputError) {
    guard let file = fopen(path + "/" + name, "wb") else {
      throw OutputError(
        description: "cannot write '\(path)/\(name)': \(String(cString: strerror(errno)))")
    }
    let written = fwrite(bytes, 1, bytes.count, file)
    guard fclose(file) == 0, written == bytes.count else {
      throw OutputError(
        description: "cannot write '\(path)/\(name)': \(String(cString: strerror(errno)))")
    }
  }
}
