internal import Primitives

/// The lines of a file, one after the other, with no more of it in memory than a line and a part.
struct LineReader {
  private let file: InputFile
  private let path: String
  private var buffer: [UInt8] = []
  /// The start of the next line in the buffer, and the end of the part that was searched.
  private var (start, searched) = (0, 0)
  /// The position in the file after the buffer.
  private var offset = 0

  /// Bytes of the longest line.
  private static let lineLimit = 1 << 26
  private static let part = 1 << 18

  /// Opens a file of at most `limit` bytes.
  init(_ place: FilePlace, limit: Int) throws(TrainingError) {
    path = place.path
    file = try InputFile(place, limit: limit)
  }

  /// The next line without its newline; nil at the end.
  ///
  /// Errors: a last line without a newline, which was cut short, and one that is too long.
  mutating func next() throws(TrainingError) -> ArraySlice<UInt8>? {
    while true {
      if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { (start, searched) = (end + 1, end + 1) }
        return buffer[start..<end]
      }
      buffer.removeSubrange(..<start)
      (start, searched) = (0, buffer.count)
      guard offset < file.size else {
        guard buffer.isEmpty else {
          throw TrainingError(
            .badData, "\(path): the last line is incomplete", expected: "a newline at its end")
        }
        return nil
      }
      guard buffer.count <= LineReader.lineLimit else {
        throw TrainingError(
          .badData, "\(path): a line is too long", expected: "at most \(LineReader.lineLimit) bytes"
        )
      }
      let range = offset..<min(offset + LineReader.part, file.size)
      buffer += try file.bytes(range)
      offset = range.upperBound
    }
  }

  /// The last line of a file that ends with a newline; nil for none.
  static func last(of place: FilePlace, limit: Int) throws(TrainingError) -> [UInt8]? {
    let file = try InputFile(place, limit: limit)
    var length = part
    while true {
      let tail = try file.bytes(max(0, file.size - length)..<file.size)
      guard tail.last == UInt8(ascii: "\n") else { return nil }
      let lines = tail.dropLast()
      if let end = lines.lastIndex(of: UInt8(ascii: "\n")) { return Array(lines[(end + 1)...]) }
      if length >= file.size { return Array(lines) }
      guard length <= lineLimit else { return nil }
      length *= 4
    }
  }
}
