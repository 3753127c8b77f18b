internal import FoundationEssentials
internal import Glibc
internal import ImageData

/// Questions to the file system about names on the command line.
enum FileSystem {
  /// Whether the path leads to a folder; links are followed.
  static func isFolder(_ path: String) -> Bool { status(path).map(isFolder) ?? false }

  /// Whether anything is there.
  static func exists(_ path: String) -> Bool { status(path) != nil }

  /// The images below a folder, in byte order of their paths: what ends in .jpg, .jpeg or .png.
  ///
  /// Names with a dot in front are passed over; links are followed, but not back to a folder that
  /// leads here. `found` is told of the count so far, a folder at a time.
  static func images(below folder: String, found: (Int) -> Void = { _ in }) -> [String] {
    var paths: [String] = []
    collect(folder, within: [], into: &paths, found)
    return paths
  }

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

  private static func collect(
    _ folder: String, within ancestors: Set<Identity>, into paths: inout [String],
    _ found: (Int) -> Void
  ) {
    guard let status = status(folder) else { return }
    let identity = identity(status)
    guard !ancestors.contains(identity) else { return }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let visible = names.filter { !$0.hasPrefix(".") }
    for name in visible.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
      // As in a dataset, a folder that is named as a picture is a bad picture.
      if Dataset.isCandidate(name) {
        paths.append(path)
      } else if isFolder(path) {
        collect(path, within: ancestors.union([identity]), into: &paths, found)
      }
    }
    found(paths.count)
  }

  private static func status(_ path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }

  private static func isFolder(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFDIR }
}
