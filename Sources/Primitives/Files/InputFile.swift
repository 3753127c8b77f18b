import Glibc

/// A regular file that is open for reading, of the size that it had when it was opened.
///
/// A class, because it owns a descriptor. The file is never mapped: one that is cut short meanwhile
/// is an error and does no harm.
package final class InputFile {
  private let descriptor: CInt
  private let path: String
  package let size: Int

  /// Opens a regular file of at most `limit` bytes; never waits for a pipe or a device.
  package convenience init(_ path: String, limit: Int) throws(TrainingError) {
    try self.init(FilePlace(named: path), limit: limit)
  }

  /// Opens a regular file of at most `limit` bytes; never waits for a pipe or a device.
  package init(_ place: FilePlace, limit: Int) throws(TrainingError) {
    path = place.path
    descriptor = try place.open(O_RDONLY)
    guard descriptor >= 0 else {
      // What opening a socket says.
      if errno == ENXIO { throw .noFile(path) }
      throw TrainingError(
        errno == ENOENT || errno == ENOTDIR ? .missing : .inputOutput,
        "cannot read \(path): \(FileSystem.lastError())")
    }
    var status = stat()
    let isRegular = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    size = isRegular ? Int(status.st_size) : 0
    guard isRegular else { throw .noFile(path) }
    guard size <= limit else {
      throw TrainingError(
        .badData, "\(path) is too large", found: "\(size) bytes", expected: "at most \(limit)")
    }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  package func bytes(_ range: Range<Int>) throws(TrainingError) -> [UInt8] {
    // An array made with no room is the one that all threads share, and its count is written.
    if range.isEmpty { return [] }
    return try [UInt8](unsafeUninitializedCapacity: range.count) {
      buffer, count throws(TrainingError) in
      try read(into: UnsafeMutableRawBufferPointer(buffer), at: range.lowerBound)
      count = range.count
    }
  }

  /// Fills `buffer` with the bytes of the file from `offset` on.
  package func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(TrainingError) {
    let count = FileSystem.read(into: buffer, from: descriptor, at: offset)
    guard count != buffer.count else { return }
    let cause = count == nil ? FileSystem.lastError() : "it was truncated while being read"
    throw TrainingError(.inputOutput, "cannot read \(path): \(cause)")
  }
}
