package import Primitives

/// A stretch of bytes of a stranger's file, or of what was unpacked from it.
///
/// Bytes of a file are read when they are asked for; nothing else is opened.
package struct WeightBytes {
  /// The file as messages name it, and what lies in it behind a slash.
  package let path: String
  package let count: Int
  private let source: ByteSource
  private let start: Int

  /// Bytes that a file may have.
  private static let sizeLimit = 1 << 31
}

extension WeightBytes {
  /// The bytes of a regular file.
  package init(path: String) throws(TrainingError) {
    let file = try InputFile(path, limit: WeightBytes.sizeLimit)
    self.init(path: path, count: file.size, source: .file(file), start: 0)
  }

  /// Bytes in memory under a name for messages.
  package init(_ bytes: [UInt8], path: String) {
    self.init(path: path, count: bytes.count, source: .array(bytes), start: 0)
  }

  /// A part of the same bytes, which takes no room; `name` is added to the path.
  func part(_ range: Range<Int>, name: String? = nil) -> WeightBytes {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "a part lies within")
    return WeightBytes(
      path: name.map { "\(path)/\($0)" } ?? path, count: range.count, source: source,
      start: start + range.lowerBound)
  }

  func bytes(_ range: Range<Int>) throws(TrainingError) -> [UInt8] {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "a range lies within")
    return try source.bytes((start + range.lowerBound)..<(start + range.upperBound))
  }

  /// Fills `target` with the bytes from `offset` on.
  func read(
    into target: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(TrainingError) {
    precondition(offset >= 0 && target.count <= count - offset, "what is read lies within")
    try source.read(into: target, at: start + offset)
  }

  /// The reason why these bytes are not taken.
  func refusal(
    _ cause: String, found: String? = nil,
    expected: String = "a complete file of weights: safetensors, or what torch.save wrote"
  ) -> TrainingError {
    TrainingError(
      .badData, "\(path) cannot be imported: \(cause)", found: found.map(WeightBytes.short),
      expected: expected)
  }

  /// A stranger's text as a message shows it.
  static func short(_ text: String) -> String { terminalSafe(text, most: 200) }
}

extension Collection<UInt8> where Index == Int {
  /// The whole number of `width` bytes, the lowest first, that begins at a distance from the start.
  func number(at offset: Int, _ width: Int) -> UInt64 {
    self[(startIndex + offset)..<(startIndex + offset + width)].littleEndianNumber
  }
}
