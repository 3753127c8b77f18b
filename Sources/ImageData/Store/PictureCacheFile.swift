import Glibc
internal import Primitives

/// A file of decoded images, complete or not there.
///
/// Header, images in slots of one size, index. It is written under another name and gets its own
/// only when all of it is on the disk, so neither a crash nor a second run leaves half of one. A
/// class, because it owns the descriptor.
final class PictureCacheFile: Sendable {
  /// The outcome of each image.
  let outcomes: [ImageStoreOutcome]
  private let descriptor: CInt
  private let slotBytes: Int

  static let magic = Array("cnnctl pictures\n".utf8)
  /// Version 1 had an index in JSON: a file of it is made anew.
  static let version = 2
  /// Bytes before the first slot.
  static let start = 4096
  private static let headerBytes = 128

  /// Opens the file at `path` if it is complete and has the given key, newer than all its sources.
  ///
  /// `times` says when each of them changed, in nanoseconds since 1970: a file that was made within
  /// two seconds after that is not trusted, as a later change might show the same time.
  convenience init?(_ path: String, key: String, plan: ImageStorePlan, times: [Int]) {
    let descriptor = open(systemPath(path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    var status = stat()
    // What others can write could hold other images than the files.
    guard fstat(descriptor, &status) == 0, status.st_uid == geteuid(),
      status.st_mode & (S_IWGRP | S_IWOTH) == 0,
      let index = PictureCacheFile.index(
        descriptor, slotBytes: plan.slotBytes, count: plan.candidates.count, times: times),
      let outcomes = PictureCacheFile.outcomes(index, key: key, plan)
    else {
      close(descriptor)
      return nil
    }
    self.init(descriptor, outcomes, slotBytes: plan.slotBytes)
    // Files that nobody has wanted for long are removed: this one is wanted.
    futimens(descriptor, nil)
  }

  /// A file that has just been written; the descriptor is taken over.
  init(_ descriptor: CInt, _ outcomes: [ImageStoreOutcome], slotBytes: Int) {
    self.descriptor = descriptor
    self.slotBytes = slotBytes
    self.outcomes = outcomes
  }

  deinit { close(descriptor) }

  /// Reads the bytes of a slot; false if they cannot be read or are not those of the image.
  func read(_ slot: Int, into target: UnsafeMutableRawBufferPointer) -> Bool {
    let offset = PictureCacheFile.start + slot * slotBytes
    let sums = outcomes[slot].sums
    guard PictureCacheFile.read(descriptor, at: offset, into: target),
      3 * sums.count <= target.count
    else { return false }
    return ChannelSums(UnsafeRawBufferPointer(rebasing: target[..<(3 * sums.count)])) == sums
  }

  /// The index, if the file is whole and its images have that size and number.
  private static func index(
    _ descriptor: CInt, slotBytes: Int, count: Int, times: [Int]
  ) -> [UInt8]? {
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
      let made = Int(exactly: numbers[5]),
      !times.contains(where: { $0 <= made && made - $0 < 2_000_000_000 }),
      let index = bytes(descriptor, at: indexOffset, count: Int(status.st_size) - indexOffset),
      SHA256.digest(index) == Array(header[64..<96])
    else { return nil }
    return index
  }

  /// The index: what the images were made of and how, and what became of each, as processes tell
  /// one another.
  static func index(_ outcomes: [ImageStoreOutcome], key: String) -> [UInt8] {
    var writer = MessageWriter()
    writer.write(key)
    for outcome in outcomes { outcome.write(to: &writer) }
    return writer.bytes
  }

  /// The outcomes of an index of that key and plan.
  private static func outcomes(
    _ index: [UInt8], key: String, _ plan: ImageStorePlan
  ) -> [ImageStoreOutcome]? {
    var reader = MessageReader(index)
    do throws(MessageReader.Unexpected) {
      guard try reader.text() == key else { return nil }
      var outcomes: [ImageStoreOutcome] = []
      outcomes.reserveCapacity(plan.candidates.count)
      for candidate in plan.candidates {
        outcomes.append(try ImageStoreOutcome(&reader, candidate, plan))
      }
      try reader.finish()
      return outcomes
    } catch {
      return nil
    }
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
