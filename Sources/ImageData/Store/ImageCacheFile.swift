internal import Compute
import Glibc
internal import Primitives
internal import Synchronization

/// A file of decoded images, complete or not there.
///
/// Header, images in slots of one size, index, tiny copies. It is written under another name and gets its own
/// only when all of it is on the disk, so neither a crash nor a second run leaves half of one. A
/// class, because it owns the descriptor.
final class ImageCacheFile: Sendable {
  /// Their checksums show whether an image has been damaged.
  private let outcomes: OutcomeTable
  private let descriptor: CInt
  private let slotBytes: Int

  private static let magic = Array("cnnctl pictures\n".utf8)
  /// Version 1 had an index in JSON, version 2 no tiny copies, version 3 these in its index: a file of
  /// these is made anew.
  private static let version = 4
  /// Bytes before the first slot.
  private static let start = 4096
  private static let headerBytes = 128
  /// Bytes of the index that are read and written at a time.
  private static let pieceBytes = 1 << 20

  /// Opens the file at `path` if it is complete and has the given key, newer than all its sources;
  /// also gives the outcomes with the tiny copies.
  ///
  /// `times` says when each of them changed, in nanoseconds since 1970: a file that was made within
  /// two seconds after that is not trusted, as a later change might show the same time.
  static func find(
    _ path: String, key: String, plan: ImageStorePlan, times: [Int]
  ) -> (file: ImageCacheFile, outcomes: OutcomeTable)? {
    let descriptor = open(systemPath(path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    var status = stat()
    // What others can write could hold other images than the files.
    guard fstat(descriptor, &status) == 0, status.st_uid == geteuid(),
      status.st_mode & (S_IWGRP | S_IWOTH) == 0,
      let outcomes = ImageCacheFile.outcomes(descriptor, key: key, plan: plan, times: times)
    else {
      close(descriptor)
      return nil
    }
    // Files that nobody has wanted for long are removed: this one is wanted.
    futimens(descriptor, nil)
    return (ImageCacheFile(descriptor, outcomes, slotBytes: plan.slotBytes), outcomes)
  }

  /// A file that has just been written; the descriptor is taken over.
  private init(_ descriptor: CInt, _ outcomes: OutcomeTable, slotBytes: Int) {
    (self.descriptor, self.slotBytes) = (descriptor, slotBytes)
    self.outcomes = outcomes.withoutCopies()
  }

  deinit { close(descriptor) }

  /// Reads the bytes of a slot; false if they cannot be read or are not those of the image.
  func read(_ slot: Int, into target: UnsafeMutableRawBufferPointer) -> Bool {
    let offset = ImageCacheFile.start + slot * slotBytes
    let sums = outcomes.sums(of: slot)
    guard ImageCacheFile.read(descriptor, at: offset, into: target),
      3 * sums.count <= target.count
    else { return false }
    return ChannelSums(UnsafeRawBufferPointer(rebasing: target[..<(3 * sums.count)])) == sums
  }

  /// The outcomes, if the file is whole and its images have that size and number.
  private static func outcomes(
    _ descriptor: CInt, key: String, plan: ImageStorePlan, times: [Int]
  ) -> OutcomeTable? {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      status.st_uid == geteuid(),
      let header = bytes(descriptor, at: 0, count: headerBytes),
      header.starts(with: magic), SHA256.digest(header[..<96]) == Array(header[96...])
    else { return nil }
    let numbers = (0..<6).map { field in
      header[(16 + 8 * field)..<(24 + 8 * field)].littleEndianNumber
    }
    let count = plan.candidates.count
    let end = Int(status.st_size)
    var offset = start + plan.slotBytes * count
    guard numbers[0] == UInt64(version), numbers[1] == UInt64(plan.slotBytes),
      numbers[2] == UInt64(count), numbers[3] == UInt64(offset), end >= offset,
      numbers[4] == UInt64(end - offset), let made = Int(exactly: numbers[5]),
      !times.contains(where: { $0 <= made && made - $0 < 2_000_000_000 })
    else { return nil }
    var digest = SHA256()
    let outcomes = plan.outcomes(after: key) {
      let piece = bytes(descriptor, at: offset, count: min(pieceBytes, end - offset)) ?? []
      offset += piece.count
      digest.update(piece)
      return piece
    }
    guard offset == end, digest.finalize() == Array(header[64..<96]) else { return nil }
    return outcomes
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
    FileSystem.read(into: target, from: descriptor, at: offset) == target.count
  }
}

extension ImageCacheFile {
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
      (self.path, self.key, self.slotBytes, self.count) = (path, key, slotBytes, count)
      var now = timespec()
      clock_gettime(CLOCK_REALTIME, &now)
      began = now.tv_sec * 1_000_000_000 + now.tv_nsec
      (temporary, descriptor) = try Writer.makeTemporary(for: path)
      let reserved = Platform.reserve(start + slotBytes * count, of: descriptor)
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
      let reason = FileSystem.lastError(number)
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
    func finish(_ outcomes: OutcomeTable) throws(ImageStoreError) -> ImageCacheFile {
      // What may have failed for lack of something that comes back is not to be remembered.
      let isKept = outcomes.failures.values.allSatisfy {
        ![.unreadable, .tooSlow, .missingLibrary].contains($0.code)
      }
      let indexOffset = start + slotBytes * count
      let (indexBytes, indexDigest) = try write(index: outcomes, at: indexOffset)
      var header = magic
      for number in [version, slotBytes, count, indexOffset, indexBytes, began] {
        header += number.littleEndianBytes
      }
      header += indexDigest
      header += SHA256.digest(header)
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
      return ImageCacheFile(descriptor, outcomes, slotBytes: slotBytes)
    }

    /// Writes the index, what the images were made of and how, and what became of each, and then
    /// their tiny copies; gives the number of bytes and their digest.
    private func write(
      index outcomes: OutcomeTable, at offset: Int
    ) throws(ImageStoreError) -> (count: Int, digest: [UInt8]) {
      var digest = SHA256()
      var bytes = OutcomeBytes()
      var count = 0
      func flush(_ least: Int) throws(ImageStoreError) {
        guard bytes.bytes.count > least else { return }
        let piece = bytes.take()
        digest.update(piece)
        try write(piece, at: offset + count)
        count += piece.count
      }
      bytes.write(key)
      var copies = outcomes.copies.images[...]
      for index in outcomes.indices {
        let hasCopy = copies.first.map { Int($0) } == index
        if hasCopy { copies.removeFirst() }
        bytes.write(outcomes[index], hasCopy: hasCopy)
        try flush(pieceBytes)
      }
      for copy in outcomes.copies.images.indices {
        bytes.write(outcomes.copies[copy])
        try flush(pieceBytes)
      }
      try flush(0)
      return (count, digest.finalize())
    }

    private func write(_ bytes: [UInt8], at offset: Int) throws(ImageStoreError) {
      guard FileSystem.writeAll(bytes, to: descriptor, at: offset) else {
        throw Writer.failure(path, errno)
      }
    }
  }
}

/// The file of a plan's decoded images, be it there or not.
struct CacheEntry {
  private let folder: CacheFolder
  private let plan: ImageStorePlan
  private let key: ImageStorePlan.CacheKey

  /// The file in a cache's folder, which is made; it may not lie in the dataset.
  init(
    _ plan: ImageStorePlan, _ cache: ImageCache, _ workers: WorkerPool
  ) throws(ImageStoreError) {
    guard let path = cache.folder else {
      throw .cache(path: "the cache folder", reason: "HOME is not set")
    }
    folder = try CacheFolder(path, outside: plan.root)
    self.plan = plan
    key = plan.cacheKey(workers)
  }

  private var path: String { folder.path + "/" + key.name }

  /// The file of an earlier run, or of another process, if it is complete and still true.
  func find() -> (file: ImageCacheFile, outcomes: OutcomeTable)? {
    ImageCacheFile.find(path, key: key.text, plan: plan, times: key.times)
  }

  /// A file to be written, which takes the place of what is there.
  func make() throws(ImageStoreError) -> ImageCacheFile.Writer {
    folder.tidy()
    return try ImageCacheFile.Writer(
      path, key: key.text, slotBytes: plan.slotBytes, count: plan.candidates.count)
  }
}
