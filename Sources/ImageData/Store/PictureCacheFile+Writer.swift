import Glibc
internal import Primitives
internal import Synchronization

extension PictureCacheFile {
  /// Writes a file; images may come on any threads in any order.
  ///
  /// A class, because it owns the unfinished file: unless `finish` has succeeded nothing of it is
  /// left.
  final class Writer: Sendable {
    private let path: String
    private let key: String
    private let temporary: String
    private let descriptor: CInt
    /// Whether the descriptor and the name have another owner now.
    private let isDone = Atomic(false)
    private let slotBytes: Int
    private let count: Int
    private let began: Int

    /// Makes the unfinished file and takes the room for `count` images.
    init(
      _ path: String, key: String, slotBytes: Int, count: Int
    ) throws(ImageStoreError) {
      self.path = path
      self.key = key
      self.slotBytes = slotBytes
      self.count = count
      var now = timespec()
      clock_gettime(CLOCK_REALTIME, &now)
      began = now.tv_sec * 1_000_000_000 + now.tv_nsec
      (temporary, descriptor) = try Writer.makeTemporary(for: path)
      let reserved = posix_fallocate(descriptor, 0, off_t(start + slotBytes * count))
      guard reserved == 0 else { throw Writer.failure(path, reserved) }
    }

    deinit {
      if !isDone.load(ordering: .relaxed) {
        unlink(systemPath(temporary))
        close(descriptor)
      }
    }

    /// A new file that is locked, which tells other runs that somebody is at it; the system lets go
    /// of the lock whatever happens.
    private static func makeTemporary(
      for path: String
    ) throws(ImageStoreError) -> (String, CInt) {
      for _ in 0..<100 {
        let name = "\(path).\(getpid())-\(UInt64.random(in: 0...UInt64.max)).tmp"
        let descriptor = open(
          systemPath(name), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure(name, errno) }
        // Another run that tidies up may have met the file before it was locked.
        var status = stat()
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &status) == 0,
          status.st_nlink > 0
        {
          return (name, descriptor)
        }
        unlink(systemPath(name))
        close(descriptor)
      }
      throw .cache(path: path, reason: "other runs keep removing it")
    }

    private static func failure(_ path: String, _ number: CInt) -> ImageStoreError {
      let reason = FileBytes.systemMessage(number)
      return [ENOSPC, EDQUOT, EFBIG].contains(number)
        ? .noRoom(path: path, reason: reason) : .cache(path: path, reason: reason)
    }

    /// Writes an image's bytes into its slot.
    func write(_ pixels: [UInt8], slot: Int) throws(ImageStoreError) {
      try write(pixels, at: start + slot * slotBytes)
    }

    /// Writes the rest, waits for the disk and gives the file its name.
    ///
    /// One that is not for keeping loses its name instead, and its room with the last reader.
    func finish(_ outcomes: [ImageStoreOutcome]) throws(ImageStoreError) -> PictureCacheFile {
      // What may have failed for lack of something that comes back is not to be remembered.
      let isKept = outcomes.allSatisfy { ![.unreadable, .tooSlow].contains($0.failure?.code) }
      let body = PictureCacheFile.index(outcomes, key: key)
      let indexOffset = start + slotBytes * count
      var header = magic
      for number in [version, slotBytes, count, indexOffset, body.count, began] {
        header += (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
      }
      header += SHA256.digest(body)
      header += SHA256.digest(header)
      try write(body, at: indexOffset)
      try write(header, at: 0)
      if isKept {
        guard fsync(descriptor) == 0, rename(systemPath(temporary), systemPath(path)) == 0 else {
          throw Writer.failure(path, errno)
        }
      } else {
        unlink(systemPath(temporary))
      }
      isDone.store(true, ordering: .relaxed)
      flock(descriptor, LOCK_UN)
      return PictureCacheFile(descriptor, outcomes, slotBytes: slotBytes)
    }

    private func write(_ bytes: [UInt8], at offset: Int) throws(ImageStoreError) {
      var done = 0
      while done < bytes.count {
        let put = bytes[done...].withUnsafeBytes {
          pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset + done))
        }
        if put < 0 && errno == EINTR { continue }
        guard put > 0 else { throw Writer.failure(path, put == 0 ? EIO : errno) }
        done += put
      }
    }
  }
}
