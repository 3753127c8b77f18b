internal import Glibc
internal import Primitives

/// Questions to the file system about names on the command line.
enum FileSystem {
  /// Whether the path leads to a folder; links are followed.
  static func isFolder(_ path: String) -> Bool { status(path).map(isFolder) ?? false }

  /// Whether anything is there.
  static func exists(_ path: String) -> Bool { status(path) != nil }

  /// Removes a file; one that is not there, or that stays, is no error.
  static func remove(_ path: String) { unlink(systemPath(path)) }

  /// The part of a path after the last slash.
  static func lastName(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// What tells two files apart, whatever their names.
  struct Identity: Hashable {
    var device: UInt
    var number: UInt
  }

  /// Which file a path leads to; nil where nothing is there.
  static func identity(_ path: String) -> Identity? { status(path).map(identity) }

  /// Which file is open; nil where the descriptor is none.
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
