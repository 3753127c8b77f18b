internal import FoundationEssentials
import Glibc
internal import Primitives

/// A file of decoded pictures, complete or not there.
///
/// Header, pictures in slots of one size, index. It is written under another name and gets its own
/// only when all of it is on the disk, so neither a crash nor a second run leaves half of one. A
/// class, because it owns the descriptor.
final class PictureCacheFile: Sendable {
  /// What the file says beside the pixels.
  struct Index: Codable {
    /// What the pictures were made of and how.
    var key: String
    /// What became of each picture.
    var outcomes: [ImageStoreOutcome]
  }

  /// What became of each picture.
  let outcomes: [ImageStoreOutcome]
  private let descriptor: CInt
  private let slotBytes: Int

  private static let magic = Array("cnnctl pictures\n".utf8)
  private static let version = 1
  /// Bytes before the first slot.
  private static let start = 4096
  private static let headerBytes = 128

  /// Opens the file at `path` if it is complete and has the given key, newer than all its sources.
  ///
  /// `newest` is when the last of them changed, in nanoseconds since 1970: a file that was made
  /// within two seconds of that is not trusted, as a later change might show the same time.
  init?(_ path: String, key: String, slotBytes: Int, count: Int, newest: Int) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    guard
      let index = PictureCacheFile.index(
        descriptor, slotBytes: slotBytes, count: count, newest: newest),
      index.key == key, index.outcomes.count == count
    else {
      close(descriptor)
      return nil
    }
    outcomes = index.outcomes
    self.descriptor = descriptor
    self.slotBytes = slotBytes
    // Files that nobody has wanted for long are removed: this one is wanted.
    futimens(descriptor, nil)
  }

  deinit { close(descriptor) }

  /// Reads the bytes of a slot; false if the file has been tampered with or cannot be read.
  func read(_ slot: Int, into target: UnsafeMutableRawBufferPointer) -> Bool {
    PictureCacheFile.read(
      descriptor, at: PictureCacheFile.start + slot * slotBytes, into: target)
  }

  /// The index, if the file is whole and its pictures have that size and number.
  private static func index(
    _ descriptor: CInt, slotBytes: Int, count: Int, newest: Int
  ) -> Index? {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      status.st_uid == geteuid(),
      let header = bytes(descriptor, at: 0, count: headerBytes),
      header.starts(with: magic), SHA256.digest(header[..<96]) == Array(header[96...])
    else { return nil }
    let numbers = (0..<6).map { field in
      header[(16 + 8 * field)..<(24 + 8 * field)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    let indexOffset = start + slotBytes * count
    guard numbers[0] == UInt64(version), numbers[1] == UInt64(slotBytes),
      numbers[2] == UInt64(count), numbers[3] == UInt64(indexOffset),
      Int(status.st_size) >= indexOffset,
      numbers[4] == UInt64(Int(status.st_size) - indexOffset),
      numbers[5] > UInt64(max(0, newest)) + 2_000_000_000,
      let index = bytes(descriptor, at: indexOffset, count: Int(status.st_size) - indexOffset),
      SHA256.digest(index) == Array(header[64..<96])
    else { return nil }
    return try? JSONDecoder().decode(Index.self, from: Data(index))
  }

  private static func bytes(_ descriptor: CInt, at offset: Int, count: Int) -> [UInt8]? {
    var isWhole = false
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      isWhole = read(descriptor, at: offset, into: UnsafeMutableRawBufferPointer(buffer))
      initialized = isWhole ? count : 0
    }
    return isWhole ? bytes : nil
  }

  private static func read(
    _ descriptor: CInt, at offset: Int, into target: UnsafeMutableRawBufferPointer
  ) -> Bool {
    var done = 0
    while done < target.count, let base = target.baseAddress {
      let got = pread(descriptor, base + done, target.count - done, off_t(offset + done))
      if got < 0 && errno == EINTR { continue }
      if got <= 0 { return false }
      done += got
    }
    return true
  }
}

extension PictureCacheFile {
  /// Writes a file; pictures may come on any threads in any order.
  ///
  /// A class, because it owns the unfinished file: unless `finish` has succeeded nothing of it is
  /// left.
  final class Writer: Sendable {
    private let path: String
    private let temporary: String
    private let descriptor: CInt
    private let slotBytes: Int
    private let count: Int
    private let began: Int

    /// Makes the unfinished file and takes the room for `count` pictures.
    init(_ path: String, slotBytes: Int, count: Int) throws(ImageStoreError) {
      self.path = path
      self.slotBytes = slotBytes
      self.count = count
      var now = timespec()
      clock_gettime(CLOCK_REALTIME, &now)
      began = now.tv_sec * 1_000_000_000 + now.tv_nsec
      temporary = "\(path).\(getpid())-\(UInt64.random(in: 0...UInt64.max)).tmp"
      descriptor = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
      guard descriptor >= 0 else {
        throw .cache(path: temporary, reason: FileBytes.systemMessage())
      }
      // Tells other runs that somebody is at it; the system lets go of it whatever happens.
      flock(descriptor, LOCK_EX | LOCK_NB)
      let reserved = posix_fallocate(descriptor, 0, off_t(start + slotBytes * count))
      guard reserved == 0 else {
        throw .cache(path: path, reason: FileBytes.systemMessage(reserved))
      }
    }

    deinit {
      if descriptor >= 0 {
        unlink(temporary)
        close(descriptor)
      }
    }

    /// Writes a picture's bytes into its slot.
    func write(_ pixels: [UInt8], slot: Int) throws(ImageStoreError) {
      try write(pixels, at: start + slot * slotBytes)
    }

    /// Writes the rest, waits for the disk, gives the file its name and opens it.
    func finish(_ index: Index) throws(ImageStoreError) -> PictureCacheFile {
      let body: [UInt8]
      do { body = Array(try JSONEncoder().encode(index)) } catch {
        throw .cache(path: path, reason: "\(error)")
      }
      let indexOffset = start + slotBytes * count
      var header = magic
      for number in [version, slotBytes, count, indexOffset, body.count, began] {
        header += (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
      }
      header += SHA256.digest(body)
      header += SHA256.digest(header)
      try write(body, at: indexOffset)
      try write(header, at: 0)
      guard fsync(descriptor) == 0, rename(temporary, path) == 0 else {
        throw .cache(path: path, reason: FileBytes.systemMessage())
      }
      // Sources newer than the file are for the next run to find.
      guard
        let file = PictureCacheFile(
          path, key: index.key, slotBytes: slotBytes, count: count, newest: 0)
      else { throw .cache(path: path, reason: "it is not what was written") }
      return file
    }

    private func write(_ bytes: [UInt8], at offset: Int) throws(ImageStoreError) {
      var done = 0
      while done < bytes.count {
        let put = bytes[done...].withUnsafeBytes {
          pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset + done))
        }
        if put < 0 && errno == EINTR { continue }
        guard put > 0 else { throw .cache(path: path, reason: FileBytes.systemMessage()) }
        done += put
      }
    }
  }

  /// Makes the folder and those above it; says why where that fails.
  static func makeFolder(_ path: String) -> String? {
    var prefix = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      prefix += (prefix.isEmpty || prefix.hasSuffix("/") ? "" : "/") + part
      if mkdir(prefix, 0o700) != 0 && errno != EEXIST { return FileBytes.systemMessage() }
    }
    return FolderListing.isFolder(path) ? nil : "not a folder"
  }

  /// Bytes that the file system of a folder has left; nil where it does not say.
  static func freeBytes(_ folder: String) -> Int? {
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { return nil }
    return Int(clamping: status.f_bavail.multipliedReportingOverflow(by: status.f_frsize).0)
  }

  /// Removes what crashed runs left in a folder, and files not used for 30 days.
  static func tidy(_ folder: String) {
    guard let listing = try? FolderListing(folder) else { return }
    let month = 30 * 24 * 3600
    for entry in listing.entries where entry.isValid && !entry.isFolder {
      let path = "\(folder)/\(entry.name)"
      if entry.name.contains(".pictures."), entry.name.hasSuffix(".tmp") {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { continue }
        // A run that still writes holds the lock.
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
        close(descriptor)
      } else if entry.name.hasSuffix(".pictures") {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
        if status.st_mtim.tv_sec + month < time(nil) { unlink(path) }
      }
    }
  }
}
