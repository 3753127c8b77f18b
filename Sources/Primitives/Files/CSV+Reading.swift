/// The reason why a text is not a table of comma-separated values.
package struct CSVError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The line, from 1, where the row begins.
  package var line: Int
  package var expected: String

  /// One sentence.
  package var description: String { "line \(line): expected \(expected)" }
}

extension CSV {
  /// The rows of a file as `row` writes them, in UTF-8, every row as long as the first.
  ///
  /// The last row must have its newline: a file without it was cut short.
  package static func rows(_ bytes: [UInt8]) throws(CSVError) -> [[String]] {
    var rows = CSVRows(bytes)
    var all: [[String]] = []
    while let row = try rows.next() { all.append(row) }
    return all
  }
}

/// The rows of a file one by one, as `CSV.rows` reads them: those that are done with take no memory.
package struct CSVRows {
  private var reader: CSVReader
  private var columns: Int?

  /// The rows of a file's bytes.
  package init(_ bytes: [UInt8]) { reader = CSVReader(bytes) }

  /// The next row; nil at the end.
  package mutating func next() throws(CSVError) -> [String]? {
    guard let row = try reader.row() else { return nil }
    let expected = columns ?? row.count
    guard row.count == expected else {
      throw CSVError(line: reader.start, expected: "\(expected) columns, found \(row.count)")
    }
    columns = expected
    return row
  }
}

/// Takes bytes apart, a row at a time.
private struct CSVReader {
  private let bytes: [UInt8]
  private var position = 0
  private var line = 1
  /// The line where the last row began.
  private(set) var start = 1

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  private func failure(_ expected: String) -> CSVError { CSVError(line: start, expected: expected) }

  /// The next row; nil at the end.
  mutating func row() throws(CSVError) -> [String]? {
    guard position < bytes.count else { return nil }
    start = line
    var fields: [String] = []
    while true {
      fields.append(try field())
      guard position < bytes.count else { throw failure("a newline at the end of the row") }
      position += 1
      if bytes[position - 1] == UInt8(ascii: "\n") {
        line += 1
        return fields
      }
    }
  }

  /// The next field; what ends it, a comma or a newline, comes next.
  private mutating func field() throws(CSVError) -> String {
    let isQuoted = position < bytes.count && bytes[position] == UInt8(ascii: "\"")
    let text = isQuoted ? try quoted() : plain()
    guard let text = String(validating: text, as: UTF8.self) else { throw failure("UTF-8") }
    guard position == bytes.count || CSVReader.endsField(bytes[position]) else {
      throw failure(
        isQuoted ? "a comma after a quotation mark" : "quotation marks around a whole field")
    }
    return String(spelledFileName: text)
  }

  private mutating func plain() -> ArraySlice<UInt8> {
    let first = position
    while position < bytes.count, !CSVReader.isSpecial(bytes[position]) { position += 1 }
    return bytes[first..<position]
  }

  private static func endsField(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n")
  }

  /// Whether a field with this byte has to be quoted.
  private static func isSpecial(_ byte: UInt8) -> Bool {
    endsField(byte) || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\r")
  }

  private mutating func quoted() throws(CSVError) -> ArraySlice<UInt8> {
    var text: [UInt8] = []
    position += 1
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "\"") {
        guard position < bytes.count, bytes[position] == byte else { return text[...] }
        position += 1
      } else if byte == UInt8(ascii: "\n") {
        line += 1
      }
      text.append(byte)
    }
    throw failure("a closing quotation mark")
  }
}
