import Glibc
internal import Primitives

/// The entries of one folder in byte order, without dot entries and what systems leave.
struct FolderListing {
  /// One entry; links are followed to tell folders from the rest.
  struct Entry {
    /// The name's text.
    var name: String
    /// Whether it is a folder or a link to one.
    var isFolder: Bool
    var isLink: Bool

    /// Whether the name is UTF-8, as a class name must be.
    var isText: Bool { !name.unicodeScalars.contains { fileNameByte($0) != nil } }
  }

  var entries: [Entry] = []
  /// The names of the dot entries and of what systems leave, in byte order.
  var hidden: [String] = []

  /// Lists the folder at `path`; what `each` throws at one of its entries ends that.
  ///
  /// - skipsFiles: whether regular files are left out, of which there may be a million.
  init(
    _ path: String, skipsFiles: Bool = false, each: () throws(DatasetError) -> Void = {}
  ) throws(DatasetError) {
    guard let folder = opendir(systemPath(path)) else {
      throw .unreadable(path: path, reason: FileSystem.lastError())
    }
    defer { closedir(folder) }
    errno = 0
    while let found = readdir(folder) {
      if skipsFiles, Int(found.pointee.d_type) == Int(DT_REG) { continue }
      let bytes = withUnsafeBytes(of: &found.pointee.d_name) { name in
        Array(name.prefix { $0 != 0 })
      }
      if bytes == [0x2E] || bytes == [0x2E, 0x2E] { continue }
      try each()
      let name = String(fileName: bytes)
      if bytes.first == 0x2E || ImageName.isOfSystem(name) {
        hidden.append(name)
        continue
      }
      let (isFolder, isLink) =
        switch Int(found.pointee.d_type) {
        case Int(DT_DIR): (true, false)
        case Int(DT_LNK): (FileSystem.isFolder("\(path)/\(name)"), true)
        case Int(DT_UNKNOWN):
          (FileSystem.isFolder("\(path)/\(name)"), FolderListing.isLink("\(path)/\(name)"))
        default: (false, false)
        }
      entries.append(
        Entry(name: name, isFolder: isFolder, isLink: isLink))
      errno = 0
    }
    if errno != 0 { throw .unreadable(path: path, reason: FileSystem.lastError()) }
    entries.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    hidden.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The folders in a folder and the links to folders; none where it cannot be listed.
  static func folders(in path: String) -> [Entry] {
    ((try? FolderListing(path, skipsFiles: true))?.entries ?? []).filter(\.isFolder)
  }

  /// Whether the path is in a kernel file system, which can hold countless entries.
  static func isKernels(_ path: String) -> Bool {
    guard let path = FileSystem.absolute(path) else { return false }
    return Platform.kernelFolders.contains { path == $0 || path.hasPrefix($0 + "/") }
  }

  /// Whether the path is a regular file or a link to one.
  static func isFile(_ path: String) -> Bool {
    var status = stat()
    return stat(systemPath(path), &status) == 0 && status.isKind(S_IFREG)
  }

  /// Whether the path itself is a link.
  private static func isLink(_ path: String) -> Bool {
    var status = stat()
    return lstat(systemPath(path), &status) == 0 && status.isKind(S_IFLNK)
  }
}
