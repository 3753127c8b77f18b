import Glibc
internal import Primitives

/// Reading whole files that nobody vouches for.
package enum FileBytes {
  /// Larger files are refused.
  package static let limit = 256_000_000
  /// Of larger files the beginning is looked at before the rest is read.
  private static let large = 1 << 20

  /// The bytes of a regular file.
  ///
  /// Never waits for a pipe or a device and never maps the file, so that one cut short meanwhile
  /// does no harm. With `most` no more than so many of its first bytes are read, however large
  /// the file is. With `onlyImage` a large file that does not begin as one is refused unread,
  /// as decoding its bytes would.
  package static func read(
    _ path: String, first most: Int? = nil, onlyImage: Bool = false
  ) throws(ImageFailure) -> [UInt8] {
    guard !path.utf8.contains(0) else {
      throw ImageFailure(.unreadable, "the path holds a zero byte")
    }
    let descriptor = open(systemPath(path), O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      let number = errno
      // What opening a socket says.
      if number == ENXIO { throw ImageFailure(.notAFile, "not a regular file") }
      throw ImageFailure(
        .unreadable,
        "cannot be opened: \(FileSystem.lastError(number))\(FileBytes.hint(path, number))")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw ImageFailure(.unreadable, "cannot be read: \(FileSystem.lastError())")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      throw ImageFailure(.notAFile, isFolder ? "a folder, not a file" : "not a regular file")
    }
    let size = min(Int(status.st_size), most ?? Int.max)
    guard size <= limit else {
      throw ImageFailure(.tooLarge, "\(size) bytes, more than the limit of \(limit)")
    }
    guard size > 0 else {
      throw ImageFailure(.truncated, "the file is empty; copy or download it again")
    }
    if onlyImage, size > large {
      let head = try read(descriptor, ForeignKind.headLength)
      guard FileKind(head) != nil else { throw .notAnImage(head) }
    }
    return try read(descriptor, size)
  }

  /// A hint for a missing path, beginning with a semicolon, if its text suggests the cause.
  static func hint(_ path: String, _ number: CInt = ENOENT) -> String {
    guard number == ENOENT || number == ENOTDIR else { return "" }
    if path.contains("://") {
      return "; URLs are not downloaded: curl -O \(shellWord(path))"
    }
    if path.hasPrefix("~") {
      return "; ~ is not expanded inside quotation marks: use $HOME instead"
    }
    // The shell hands over a pattern that nothing matches, and one in quotation marks.
    if path.contains("*") {
      return "; no file matches this pattern, or it is inside quotation marks"
    }
    return ""
  }

  /// So many first bytes of an open file, or those up to its end.
  private static func read(_ descriptor: CInt, _ size: Int) throws(ImageFailure) -> [UInt8] {
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      let got = FileSystem.read(
        into: UnsafeMutableRawBufferPointer(buffer), from: descriptor, at: 0)
      failed = got == nil
      count = got ?? 0
    }
    if failed { throw ImageFailure(.unreadable, "cannot be read: \(FileSystem.lastError())") }
    return bytes
  }
}
