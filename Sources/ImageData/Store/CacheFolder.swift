import Glibc
internal import Primitives

/// The folder of files of decoded images.
struct CacheFolder {
  let path: String

  /// Makes the folder and those above it, unless it would lie in the dataset at `root`.
  init(_ path: String, outside root: String) throws(ImageStoreError) {
    self.path = path
    // Nothing is ever written into a dataset, not even a folder.
    if Dataset.lies(path, in: root) { throw .cache(path: path, reason: "it lies in the dataset") }
    var prefix = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      prefix += (prefix.isEmpty || prefix.hasSuffix("/") ? "" : "/") + part
      if mkdir(systemPath(prefix), 0o700) != 0 && errno != EEXIST {
        throw .cache(path: path, reason: FileBytes.systemMessage())
      }
    }
    guard FolderListing.isFolder(path) else { throw .cache(path: path, reason: "not a folder") }
  }

  /// Whether the file system has space for this number of bytes of pixels and the rest of the file.
  func hasRoom(_ bytes: Int) -> Bool {
    var status = statvfs()
    guard statvfs(systemPath(path), &status) == 0 else { return false }
    let free = status.f_bavail.multipliedReportingOverflow(by: status.f_frsize)
    return free.overflow || UInt(bytes + bytes / 20) <= free.partialValue
  }

  /// Removes what crashed runs left, and files not used for 30 days.
  func tidy() { CacheFolder.tidy(path) }

  /// Removes from a folder, where there is one, what `tidy` removes.
  ///
  /// A file is being written if somebody holds its lock: the kernel's, so that neither the numbers of
  /// processes nor containers that share the folder matter.
  static func tidy(_ path: String) {
    guard let listing = try? FolderListing(path) else { return }
    let month = 30 * 24 * 3600
    for entry in listing.entries where !entry.isFolder {
      let file = "\(path)/\(entry.name)"
      if entry.name.contains(".pictures."), entry.name.hasSuffix(".tmp") {
        let descriptor = open(systemPath(file), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { continue }
        // A run that still writes holds the lock.
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(systemPath(file)) }
        close(descriptor)
      } else if entry.name.hasSuffix(".pictures") {
        var status = stat()
        guard lstat(systemPath(file), &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
          continue
        }
        if status.st_mtim.tv_sec + month < time(nil) { unlink(systemPath(file)) }
      }
    }
  }
}
