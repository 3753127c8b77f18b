import Glibc

/// The bytes of files that are open.
extension FileSystem {
  /// Writes all of `bytes`: from `offset` on, or without one where the file stands; false where that
  /// fails, for the reason in `errno`.
  package static func writeAll(
    _ bytes: [UInt8], to descriptor: CInt, at offset: Int? = nil
  ) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count, let base = bytes.baseAddress {
        let (rest, length) = (base + done, bytes.count - done)
        let count =
          offset.map { pwrite(descriptor, rest, length, off_t($0 + done)) }
          ?? write(descriptor, rest, length)
        if count < 0, errno == EINTR { continue }
        if count == 0 { errno = EIO }
        guard count > 0 else { return false }
        done += count
      }
      return true
    }
  }

  /// Fills `target` from `offset` on; gives the number of bytes, fewer where the file ends before, or
  /// nil where they cannot be read, for the reason in `errno`.
  package static func read(
    into target: UnsafeMutableRawBufferPointer, from descriptor: CInt, at offset: Int
  ) -> Int? {
    var done = 0
    while done < target.count, let base = target.baseAddress {
      let count = pread(descriptor, base + done, target.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      if count < 0 { return nil }
      if count == 0 { break }
      done += count
    }
    return done
  }
}
