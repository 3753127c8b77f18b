import Glibc
internal import Primitives

/// The place of decoded images between the epochs of a run.
package struct ImageCache: Sendable, Hashable {
  /// The requested policy; the raw values are those of `--cache`.
  package enum Policy: String, Sendable, CaseIterable {
    /// In memory if that takes half of what is free at most, else in a file if the disk has room,
    /// else nowhere.
    case auto
    /// In memory.
    case ram
    /// In a file, which the next run finds again.
    case disk
    /// Nowhere: every image is decoded again whenever it is wanted.
    case off
  }

  package var policy: Policy
  /// The folder for files, never inside a dataset; nil if there is none to be had.
  package var folder: String?
  /// Bytes of memory that can be taken; nil if that is not known.
  package let availableMemory: Int?
  /// Those of a process's share of them that something else will take.
  private var reserved = 0

  /// The given wish; memory is asked of the system unless given.
  package init(_ policy: Policy = .ram, folder: String? = nil, availableMemory: Int? = nil) {
    self.policy = policy
    self.folder = folder
    self.availableMemory = availableMemory ?? AvailableMemory().bytes
  }

  /// Leaves so many bytes of memory to something else.
  package mutating func reserve(_ bytes: Int) { reserved = bytes }

  /// Bytes of memory that the images of some splits will take; none where they lie elsewhere.
  ///
  /// `ranksOnNode` processes of a machine take so many each.
  package func residentBytes(
    _ dataset: Dataset, splits: [Split], content: ContentSplit, preprocessing: Preprocessing,
    trainingSize: (width: Int, height: Int), ranksOnNode: Int = 1
  ) -> Int {
    let plan = ImageStorePlan(dataset, splits, content, preprocessing, trainingSize)
    let place = try? place(bytes: plan.byteCount, root: plan.root, copies: ranksOnNode)
    guard place ?? .ram == .ram else { return 0 }
    // A fraction leaves the others' memory untouched.
    let left = plan.candidates.count(of: .train)
    let kept = Double(plan.candidates.count - left) + Double(left) * content.fraction
    return Int(kept * Double(plan.slotBytes))
  }

  /// The place of decoded images; see `Policy`.
  package enum Place: String, Sendable, Hashable, Codable {
    case ram, disk, off
  }

  /// The place for so many bytes of pixels of the dataset at `root`.
  ///
  /// In memory `copies` processes need them each, in a file all together. Errors: memory that was
  /// asked for and is not free.
  func place(bytes: Int, root: String, copies: Int = 1) throws(ImageStoreError) -> Place {
    let availableMemory = self.availableMemory.map { max(0, $0 / copies - reserved) }
    switch policy {
    case .ram:
      if let availableMemory, bytes > availableMemory { throw .outOfMemory(bytes: bytes) }
      return .ram
    case .disk: return .disk
    case .off: return .off
    case .auto:
      if availableMemory.map({ bytes <= $0 / 2 }) ?? true { return .ram }
      guard let folder, let place = try? CacheFolder(folder, outside: root), place.hasRoom(bytes)
      else { return .off }
      return .disk
    }
  }
}

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
        throw .cache(path: path, reason: FileSystem.lastError())
      }
    }
    guard FileSystem.isFolder(path) else { throw .cache(path: path, reason: "not a folder") }
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
        if Platform.modified(status).tv_sec + month < time(nil) { unlink(systemPath(file)) }
      }
    }
  }
}
