package import Glibc

/// The place of a file or folder, and how far its path is trusted.
///
/// A path that somebody named may pass through links. What lies below a run's folder may come from
/// a stranger: none of its parts may be a link, which could lead anywhere.
package struct FilePlace: Sendable, Hashable {
  /// The folder whose own path may pass through links.
  private let folder: String
  /// The parts of the path below it.
  private let parts: [String]
  /// Whether the last part may be a link as well.
  private let isNamed: Bool

  /// A path that somebody named.
  package init(named path: String) {
    folder = FileSystem.parent(of: path)
    parts = [FileSystem.lastName(of: path)]
    self.path = path
    isNamed = true
  }

  /// A name below a folder, of which no part may be a link.
  package init(_ name: String, in folder: String) {
    self.folder = folder
    parts = name.split(separator: "/").map(String.init)
    path = folder + "/" + parts.joined(separator: "/")
    isNamed = false
  }

  package let path: String

  /// The part after the last slash.
  package var lastName: String { parts.last ?? "." }

  /// Another file or folder beside this one.
  package func sibling(_ name: String) -> FilePlace {
    FilePlace((parts.dropLast() + [name]).joined(separator: "/"), in: folder)
  }

  /// Opens a file without waiting for a pipe or a device; -1, with the cause in `errno`, where that
  /// fails.
  ///
  /// Error: a link.
  package func open(_ flags: CInt) throws(TrainingError) -> CInt {
    let flags = flags | O_CLOEXEC | O_NONBLOCK
    if isNamed { return Glibc.open(systemPath(path), flags, 0o666) }
    guard let holder = try holder() else { return -1 }
    return try holder.open(lastName, flags | O_NOFOLLOW, path)
  }

  /// The open folder that holds this; nil, with the cause in `errno`, if there is none.
  ///
  /// Error: a link on the way.
  package func holder() throws(TrainingError) -> OpenFolder? {
    guard var folder = OpenFolder(folder) else { return nil }
    var path = self.folder
    for part in parts.dropLast() {
      path += "/" + part
      let next = try folder.open(part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, path)
      guard next >= 0 else { return nil }
      folder = OpenFolder(descriptor: next)
    }
    return folder
  }

  /// The status, not following links; nil if nothing exists.
  ///
  /// Error: a link on the way.
  package func status() throws(TrainingError) -> stat? { try holder()?.status(lastName) }

  /// Whether it exists.
  package var isThere: Bool { (try? status()) != nil }

  /// The bytes of a regular file of at most `limit`.
  package func bytes(limit: Int) throws(TrainingError) -> [UInt8] {
    try FileSystem.read(self, limit: limit)
  }
}

/// A folder that is open: whoever puts another in its place changes nothing for its holder.
///
/// A class, because it owns a descriptor.
package final class OpenFolder {
  package let descriptor: CInt

  /// Opens a folder, through links; nil, with the cause in `errno`, where that fails.
  package convenience init?(_ path: String) {
    let descriptor = Glibc.open(systemPath(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    self.init(descriptor: descriptor)
  }

  /// Takes over a descriptor.
  package init(descriptor: CInt) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Opens something in the folder, which messages call `path`; -1, with the cause in `errno`, where
  /// that fails.
  ///
  /// Error: a link.
  package func open(_ name: String, _ flags: CInt, _ path: String) throws(TrainingError) -> CInt {
    let found = openat(descriptor, systemPath(name), flags, 0o666)
    let error = errno
    if found < 0, isLink(name) { throw .link(path) }
    errno = error
    return found
  }

  /// The status of an entry of the folder, not following links; nil if it does not exist.
  package func status(_ name: String) -> stat? {
    var status = stat()
    return fstatat(descriptor, systemPath(name), &status, AT_SYMLINK_NOFOLLOW) == 0 ? status : nil
  }

  package func isLink(_ name: String) -> Bool { status(name).map { $0.isKind(S_IFLNK) } ?? false }

  /// The names in the folder, in byte order.
  package var names: [String] {
    let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0 else { return [] }
    guard let folder = fdopendir(copy) else {
      close(copy)
      return []
    }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(fileName: Array(bytes.prefix { $0 != 0 }))
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}

extension stat {
  /// Whether it is of that kind, such as `S_IFREG`.
  package func isKind(_ kind: mode_t) -> Bool { st_mode & S_IFMT == kind }
}

extension TrainingError {
  /// The refusal to follow a link in a run's folder.
  package static func link(_ path: String) -> TrainingError {
    TrainingError(
      .badData, "\(path) is a link, and links in a run folder are not followed",
      expected: "regular files and folders")
  }

  /// The refusal of a pipe, a device or a socket where a file should be.
  package static func noFile(_ path: String) -> TrainingError {
    TrainingError(.badData, "\(path) is not a regular file")
  }
}
