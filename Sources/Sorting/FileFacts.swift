import Glibc
internal import Primitives

/// A regular file's facts from the file system.
struct FileFacts: Hashable {
  /// Bytes.
  var size: Int
  /// When it was last written, in nanoseconds since 1970.
  var nanoseconds: Int
  /// Its number in its file system, which stays when it is moved there.
  var node: UInt64
  /// The file system; another number after a restart, so it is never written down.
  var device: UInt64
  /// The bits of `chmod`.
  var permissions: mode_t

  /// Bytes of a file that are in memory at a time.
  static let piece = 1 << 20

  init?(_ status: stat) {
    guard status.isKind(S_IFREG) else { return nil }
    size = Int(status.st_size)
    nanoseconds = FileFacts.nanoseconds(Platform.modified(status))
    node = UInt64(status.st_ino)
    device = UInt64(status.st_dev)
    permissions = status.st_mode & 0o777
  }

  private static func nanoseconds(_ time: timespec) -> Int {
    let (seconds, overflow) = time.tv_sec.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? 0 : seconds &+ time.tv_nsec
  }

  /// The time as the system takes it.
  var time: timespec {
    let billion = 1_000_000_000
    let rest = (nanoseconds % billion + billion) % billion
    return timespec(tv_sec: (nanoseconds - rest) / billion, tv_nsec: rest)
  }

  /// Those of a file itself; nil for all else and for nothing.
  static func own(_ place: FilePlace) throws(TrainingError) -> FileFacts? {
    try place.status().flatMap(FileFacts.init)
  }

  /// Those of the file that a path leads to.
  static func followed(_ path: String) -> FileFacts? {
    var status = stat()
    guard stat(systemPath(path), &status) == 0 else { return nil }
    return FileFacts(status)
  }

  /// The file system of a folder.
  static func device(of folder: String) -> UInt64? {
    var status = stat()
    return stat(systemPath(folder), &status) == 0 ? UInt64(status.st_dev) : nil
  }

  /// The SHA-256 of a file of this size; nil where it has another.
  func digest(of place: FilePlace) throws(TrainingError) -> String? {
    let file = try InputFile(place, limit: .max)
    guard file.size == size else { return nil }
    var hash = SHA256()
    for part in (0..<size).parts(of: FileFacts.piece) { hash.update(try file.bytes(part)) }
    return hexadecimal(hash.finalize())
  }

  func isSameFile(as other: FileFacts) -> Bool { node == other.node && device == other.device }
}
