/// Bytes that are read by their places: those of a file, of an array, or of memory that lasts.
package enum ByteSource {
  case file(InputFile)
  case array([UInt8])
  /// Memory that nothing frees or writes.
  case memory(UnsafeRawBufferPointer)

  package var count: Int {
    switch self {
    case .file(let file): file.size
    case .array(let bytes): bytes.count
    case .memory(let bytes): bytes.count
    }
  }

  /// A copy of the bytes of a range.
  package func bytes(_ range: Range<Int>) throws(TrainingError) -> [UInt8] {
    switch self {
    case .file(let file): try file.bytes(range)
    case .array(let bytes): Array(bytes[range])
    case .memory(let bytes): Array(bytes[range])
    }
  }

  /// Fills `target` with the bytes from `offset` on.
  package func read(
    into target: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(TrainingError) {
    let range = offset..<(offset + target.count)
    switch self {
    case .file(let file): try file.read(into: target, at: offset)
    case .array(let bytes): target.copyBytes(from: bytes[range])
    case .memory(let bytes): target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[range]))
    }
  }

  /// The bytes of a range where they lie in memory that lasts; nil elsewhere.
  package func lasting(_ range: Range<Int>) -> UnsafeRawBufferPointer? {
    guard case .memory(let bytes) = self else { return nil }
    return UnsafeRawBufferPointer(rebasing: bytes[range])
  }
}
