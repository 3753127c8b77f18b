internal import Primitives

/// The bytes of a model: of a file that is open, or of the program's own memory.
package struct ModelBytes {
  let count: Int
  let name: String
  private let source: Source

  private enum Source {
    case file(InputFile)
    case memory(BoxedModel)
    case copy([UInt8])
  }

  /// Bytes that a file may have at most.
  package static let sizeLimit = 1 << 31

  /// Opens what is there; nothing is read yet.
  init(_ location: ModelLocation) throws(TrainingError) {
    name = location.weights
    if let boxed = location.boxed {
      count = boxed.bytes.count
      source = .memory(boxed)
    } else if let bytes = location.bytes {
      count = bytes.count
      source = .copy(bytes)
    } else {
      let file = try InputFile(location.place, limit: ModelBytes.sizeLimit)
      count = file.size
      source = .file(file)
    }
  }

  /// A copy of the bytes of a range.
  func bytes(_ range: Range<Int>) throws(TrainingError) -> [UInt8] {
    switch source {
    case .file(let file): try file.bytes(range)
    case .memory(let boxed): Array(boxed.bytes[range])
    case .copy(let bytes): Array(bytes[range])
    }
  }

  /// The bytes of a range where they lie in memory that nothing frees or writes; nil elsewhere.
  func lasting(_ range: Range<Int>) -> UnsafeRawBufferPointer? {
    switch source {
    case .memory(let boxed): UnsafeRawBufferPointer(rebasing: boxed.bytes[range])
    case .file, .copy: nil
    }
  }

  /// Fills `buffer` with the bytes from `offset` on.
  func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(TrainingError) {
    switch source {
    case .file(let file):
      try file.read(into: buffer, at: offset)
    case .memory(let boxed):
      buffer.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: boxed.bytes[offset..<(offset + buffer.count)]))
    case .copy(let bytes):
      buffer.copyBytes(from: bytes[offset..<(offset + buffer.count)])
    }
  }
}
