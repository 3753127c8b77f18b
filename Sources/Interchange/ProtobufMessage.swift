/// A message in the wire format of protocol buffers, put together field by field.
///
/// Fields stand in the order in which they were put, so that the same calls give the same bytes. The
/// format: protobuf.dev/programming-guides/encoding.
package struct ProtobufMessage: Sendable, Hashable {
  /// The message as it is written.
  package private(set) var bytes: [UInt8] = []

  /// The encoding of a field's value, the lowest three bits of its tag.
  private enum WireType: UInt64 {
    case varint = 0
    case lengthDelimited = 2
    case fixed32 = 5
  }

  /// A message without fields.
  package init() {}

  /// A message with the fields that `fill` puts.
  package init(_ fill: (inout ProtobufMessage) -> Void) {
    fill(&self)
  }

  /// A whole number, or the number of an enumeration's case; negative ones take ten bytes.
  package mutating func put(_ field: Int, _ value: Int) {
    tag(field, .varint)
    varint(UInt64(bitPattern: Int64(value)))
  }

  /// Adds a truth value.
  package mutating func put(_ field: Int, _ value: Bool) {
    put(field, value ? 1 : 0)
  }

  /// A number in 32 bits of floating point.
  package mutating func put(_ field: Int, _ value: Float) {
    tag(field, .fixed32)
    append(littleEndian: [value.bitPattern])
  }

  package mutating func put(_ field: Int, _ value: [UInt8]) {
    tag(field, .lengthDelimited)
    varint(UInt64(value.count))
    bytes += value
  }

  /// A text, in UTF-8.
  package mutating func put(_ field: Int, _ value: String) {
    put(field, Array(value.utf8))
  }

  /// A message inside this one.
  package mutating func put(_ field: Int, _ value: ProtobufMessage) {
    put(field, value.bytes)
  }

  /// A message inside this one, with the fields that `fill` puts.
  package mutating func put(_ field: Int, _ fill: (inout ProtobufMessage) -> Void) {
    put(field, ProtobufMessage(fill))
  }

  /// A list of numbers under one tag; an empty list is omitted.
  package mutating func putPacked(_ field: Int, _ values: [Float]) {
    guard !values.isEmpty else { return }
    tag(field, .lengthDelimited)
    varint(UInt64(4 * values.count))
    append(littleEndian: values.map(\.bitPattern))
  }

  /// A list of whole numbers under one tag; an empty list is omitted.
  package mutating func putPacked(_ field: Int, _ values: [Int]) {
    guard !values.isEmpty else { return }
    var list = ProtobufMessage()
    for value in values { list.varint(UInt64(bitPattern: Int64(value))) }
    put(field, list)
  }

  /// A list of whole numbers with a tag before each, as version 2 of the format writes it.
  package mutating func putEach(_ field: Int, _ values: [Int]) {
    for value in values { put(field, value) }
  }

  private mutating func tag(_ field: Int, _ type: WireType) {
    precondition((1...536_870_911).contains(field), "a field has a number of 29 bits")
    varint(UInt64(field) << 3 | type.rawValue)
  }

  /// Seven bits a byte, the lowest first; the eighth says that more follow.
  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private mutating func append(littleEndian words: [UInt32]) {
    bytes += LittleEndian.bytes(words)
  }
}

/// Numbers as the bytes of a file, the lowest first.
enum LittleEndian {
  /// The bytes of whole numbers.
  static func bytes(_ words: [some FixedWidthInteger]) -> [UInt8] {
    words.map(\.littleEndian).withUnsafeBytes(Array.init)
  }

  /// The bytes of numbers in 32 bits.
  static func bytes(_ values: [Float]) -> [UInt8] { bytes(values.map(\.bitPattern)) }

  /// The bytes of numbers in 64 bits.
  static func bytes(_ values: [Double]) -> [UInt8] { bytes(values.map(\.bitPattern)) }

  /// The bytes of numbers rounded to 16 bits, ties to even.
  static func halves(_ values: [Float]) -> [UInt8] { bytes(values.map { Float16($0).bitPattern }) }
}
