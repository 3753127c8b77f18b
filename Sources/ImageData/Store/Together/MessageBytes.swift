/// Bytes for another process: numbers of eight bytes, and texts and blocks after their lengths.
struct MessageWriter {
  /// The bytes written.
  private(set) var bytes: [UInt8] = []

  mutating func write(byte: UInt8) { bytes.append(byte) }

  mutating func write(_ flag: Bool) { bytes.append(flag ? 1 : 0) }

  /// A whole number.
  mutating func write(_ number: Int) { write(bits: UInt64(bitPattern: Int64(number))) }

  /// Any number.
  mutating func write(_ number: Double) { write(bits: number.bitPattern) }

  private mutating func write(bits: UInt64) {
    for byte in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: bits >> (8 * byte))) }
  }

  /// Bytes whose number the reader knows.
  mutating func write(plain block: [UInt8]) { bytes += block }

  mutating func write(_ text: String) {
    let block = Array(text.utf8)
    write(block.count)
    write(plain: block)
  }
}

/// A message of another process, whose contents are not trusted.
struct MessageReader {
  /// Bytes that are not what was expected.
  struct Unexpected: Error {}

  private var rest: ArraySlice<UInt8>

  /// A reader of all of a message.
  init(_ bytes: [UInt8]) { rest = bytes[...] }

  mutating func byte() throws(Unexpected) -> UInt8 {
    guard let byte = rest.popFirst() else { throw Unexpected() }
    return byte
  }

  mutating func flag() throws(Unexpected) -> Bool {
    let byte = try byte()
    guard byte <= 1 else { throw Unexpected() }
    return byte == 1
  }

  /// A whole number within bounds.
  mutating func number(_ bounds: ClosedRange<Int>) throws(Unexpected) -> Int {
    let value = Int(truncatingIfNeeded: try bits())
    guard bounds.contains(value) else { throw Unexpected() }
    return value
  }

  /// A number of 0 up to 1.
  mutating func fraction() throws(Unexpected) -> Double {
    let value = Double(bitPattern: try bits())
    guard (0..<1).contains(value) else { throw Unexpected() }
    return value
  }

  private mutating func bits() throws(Unexpected) -> UInt64 {
    var bits: UInt64 = 0
    for byte in 0..<8 { bits |= UInt64(try self.byte()) << (8 * byte) }
    return bits
  }

  /// So many bytes.
  mutating func plain(_ count: Int) throws(Unexpected) -> [UInt8] {
    guard count <= rest.count else { throw Unexpected() }
    defer { rest = rest.dropFirst(count) }
    return Array(rest.prefix(count))
  }

  mutating func text() throws(Unexpected) -> String {
    let block = try plain(try number(0...rest.count))
    guard let text = String(validating: block, as: UTF8.self) else { throw Unexpected() }
    return text
  }

  var isAtEnd: Bool { rest.isEmpty }

  /// The remaining bytes.
  mutating func remainder() -> [UInt8] {
    defer { rest = [] }
    return Array(rest)
  }

  /// Nothing must be left.
  func finish() throws(Unexpected) {
    if !rest.isEmpty { throw Unexpected() }
  }
}
