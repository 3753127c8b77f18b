import Testing

/// The fields of a message, read back by the format's rules alone.
struct ProtobufReader {
  /// What stands behind a tag.
  enum Value: Equatable {
    case number(UInt64)
    case word(UInt32)
    case bytes([UInt8])
  }

  /// The fields in their order.
  let fields: [(number: Int, value: Value)]

  init(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    var fields: [(number: Int, value: Value)] = []
    func varint() throws -> UInt64 {
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 64, by: 7) {
        guard let byte = rest.popFirst() else { throw Malformed() }
        value |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { return value }
      }
      throw Malformed()
    }
    while !rest.isEmpty {
      let tag = try varint()
      let value: Value
      switch tag & 7 {
      case 0: value = .number(try varint())
      case 2:
        let count = Int(try varint())
        try #require(count <= rest.count, "a field is longer than its message")
        value = .bytes(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
      case 5:
        try #require(rest.count >= 4)
        value = .word(ProtobufReader.words(Array(rest.prefix(4)))[0])
        rest = rest.dropFirst(4)
      default: throw Malformed()
      }
      fields.append((Int(tag >> 3), value))
    }
    self.fields = fields
  }

  struct Malformed: Error {}

  /// The whole numbers of a field, one a tag.
  func numbers(_ field: Int) -> [Int] {
    fields.compactMap { item in
      guard item.number == field, case .number(let value) = item.value else { return nil }
      return Int(truncatingIfNeeded: value)
    }
  }

  /// The first whole number of a field.
  func number(_ field: Int) -> Int? { numbers(field).first }

  /// The 32-bit number of a field.
  func float(_ field: Int) -> Float? {
    for item in fields where item.number == field {
      if case .word(let bits) = item.value { return Float(bitPattern: bits) }
    }
    return nil
  }

  /// The byte strings of a field.
  func byteStrings(_ field: Int) -> [[UInt8]] {
    fields.compactMap { item in
      guard item.number == field, case .bytes(let value) = item.value else { return nil }
      return value
    }
  }

  /// The texts of a field.
  func texts(_ field: Int) -> [String] {
    byteStrings(field).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The first text of a field, which must be there.
  func text(_ field: Int) throws -> String { try #require(texts(field).first) }

  /// The messages of a field.
  func messages(_ field: Int) throws -> [ProtobufReader] {
    try byteStrings(field).map(ProtobufReader.init)
  }

  /// The first message behind a path of fields, which must be there.
  func message(_ path: Int...) throws -> ProtobufReader {
    var found = self
    for field in path { found = try #require(try found.messages(field).first, "\(path)") }
    return found
  }

  /// The floats of a packed field.
  func floats(_ field: Int) throws -> [Float] {
    ProtobufReader.words(try #require(byteStrings(field).first)).map(Float.init(bitPattern:))
  }

  /// Bytes as numbers of 32 bits, the lowest byte first.
  static func words(_ bytes: [UInt8]) -> [UInt32] {
    stride(from: 0, to: bytes.count, by: 4).map { start in
      (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) }
    }
  }
}
