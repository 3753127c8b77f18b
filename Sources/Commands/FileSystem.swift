internal import Glibc
internal import Primitives

/// Questions to the file system about names on the command line.
enum FileSystem {
  /// Whether the path is a folder or a link to one.
  static func isFolder(_ path: String) -> Bool { status(path).map(isFolder) ?? false }

  /// Whether the path exists.
  static func exists(_ path: String) -> Bool { status(path) != nil }

  /// Removes a file; one that is not there, or that stays, is no error.
  static func remove(_ path: String) { unlink(systemPath(path)) }

  /// The part of a path after the last slash.
  static func lastName(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// The identity of a file, whatever its names.
  struct Identity: Hashable {
    var device: UInt
    var number: UInt
  }

  /// The identity of the file that a path leads to; nil if it does not exist.
  static func identity(_ path: String) -> Identity? { status(path).map(identity) }

  /// The identity of an open file; nil if the descriptor is invalid.
  static func identity(of descriptor: CInt) -> Identity? {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? identity(status) : nil
  }

  private static func identity(_ status: stat) -> Identity {
    Identity(device: UInt(status.st_dev), number: UInt(status.st_ino))
  }

  private static func status(_ path: String) -> stat? {
    var status = stat()
    return stat(systemPath(path), &status) == 0 ? status : nil
  }

  private static func isFolder(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFDIR }
}
