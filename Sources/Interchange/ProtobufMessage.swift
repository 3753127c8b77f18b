/// A message in the wire format of protocol buffers, built field by field.
///
/// Fields are written in the order of the calls, so that the same calls give the same bytes. The
/// format: protobuf.dev/programming-guides/encoding.
package struct ProtobufMessage: Sendable, Hashable {
  /// The encoded message.
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

  /// Adds an integer or an enumeration's value; negative ones take ten bytes.
  package mutating func put(_ field: Int, _ value: Int) {
    tag(field, .varint)
    varint(UInt64(bitPattern: Int64(value)))
  }

  /// Adds a Boolean.
  package mutating func put(_ field: Int, _ value: Bool) {
    put(field, value ? 1 : 0)
  }

  /// Adds a 32-bit float.
  package mutating func put(_ field: Int, _ value: Float) {
    tag(field, .fixed32)
    append(littleEndian: [value.bitPattern])
  }

  package mutating func put(_ field: Int, _ value: [UInt8]) {
    tag(field, .lengthDelimited)
    varint(UInt64(value.count))
    bytes += value
  }

  /// Adds a string in UTF-8.
  package mutating func put(_ field: Int, _ value: String) {
    put(field, Array(value.utf8))
  }

  /// Adds a nested message.
  package mutating func put(_ field: Int, _ value: ProtobufMessage) {
    put(field, value.bytes)
  }

  /// Adds a nested message with the fields that `fill` puts.
  package mutating func put(_ field: Int, _ fill: (inout ProtobufMessage) -> Void) {
    put(field, ProtobufMessage(fill))
  }

  /// Adds a packed list of numbers; an empty list is omitted.
  package mutating func putPacked(_ field: Int, _ values: [Float]) {
    guard !values.isEmpty else { return }
    tag(field, .lengthDelimited)
    varint(UInt64(4 * values.count))
    append(littleEndian: values.map(\.bitPattern))
  }

  /// Adds a packed list of integers; an empty list is omitted.
  package mutating func putPacked(_ field: Int, _ values: [Int]) {
    guard !values.isEmpty else { return }
    var list = ProtobufMessage()
    for value in values { list.varint(UInt64(bitPattern: Int64(value))) }
    put(field, list)
  }

  /// Adds a list of integers with a tag before each, as version 2 of the format writes it.
  package mutating func putEach(_ field: Int, _ values: [Int]) {
    for value in values { put(field, value) }
  }

  private mutating func tag(_ field: Int, _ type: WireType) {
    precondition((1...536_870_911).contains(field), "a field has a number of 29 bits")
    varint(UInt64(field) << 3 | type.rawValue)
  }

  /// Seven bits per byte, the lowest first; the eighth bit says that more follow.
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

/// Numbers as little-endian bytes.
enum LittleEndian {
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
