import Glibc

/// A file that is open for writing.
///
/// A class, because it owns a descriptor.
package final class OutputFile {
  package let descriptor: CInt
  private var isOpen = true

  /// Takes over a descriptor.
  package init(_ descriptor: CInt) { self.descriptor = descriptor }

  deinit { if isOpen, descriptor >= 0 { close(descriptor) } }

  /// Hands the descriptor over.
  package func release() -> CInt {
    isOpen = false
    return descriptor
  }

  /// Refuses what is no regular file, and one that has another name somewhere, which would change
  /// with it; messages call it `path`.
  package func requireOnly(_ path: String) throws(TrainingError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.isKind(S_IFREG) else { throw .noFile(path) }
    guard status.st_nlink <= 1 else { throw .secondName(path) }
  }

  /// Writes at the end and closes the file; all of it, or nothing.
  ///
  /// With `sync` the bytes have reached the disk. Errors are the system's words alone.
  package func write(_ bytes: [UInt8], sync: Bool) throws(TrainingError) {
    try write(pieces: CollectionOfOne(bytes), sync: sync)
  }

  /// The same of bytes that come in pieces, one after the other.
  package func write(pieces: some Sequence<[UInt8]>, sync: Bool) throws(TrainingError) {
    func failed() -> TrainingError { TrainingError(.inputOutput, FileSystem.lastError()) }
    let before = lseek(descriptor, 0, SEEK_END)
    for bytes in pieces where !FileSystem.writeAll(bytes, to: descriptor) {
      let error = failed()
      // Half a line would spoil what follows it.
      if before >= 0 { ftruncate(descriptor, before) }
      throw error
    }
    if sync, fsync(descriptor) != 0 { throw failed() }
    // What a close that fails has lost is written again: until then the file is as it was before.
    let spare = sync ? -1 : dup(descriptor)
    defer { if spare >= 0 { close(spare) } }
    isOpen = false
    guard close(descriptor) == 0 else {
      let error = failed()
      if before >= 0, spare >= 0 { ftruncate(spare, before) }
      throw error
    }
  }
}

extension TrainingError {
  /// The refusal to add to a file that has another name.
  package static func secondName(_ path: String) -> TrainingError {
    TrainingError(
      .badData, "\(path) has another hard link, and writing to it would change that file too",
      found: "a file with more than one hard link", expected: "a file with a single link",
      advice: "cp -r of the run folder makes separate files")
  }
}
