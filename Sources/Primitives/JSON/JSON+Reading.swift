/// The reason why a text is not valid JSON, or not JSON that is accepted here.
package struct JSONSyntaxError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Byte offset in the text.
  package var offset: Int
  package var expected: String

  /// One sentence.
  package var description: String { "byte \(offset): expected \(expected)" }
}

extension JSON {
  /// The one value that `bytes` hold, white space around it allowed; arrays and objects at most
  /// `depth` deep.
  ///
  /// More strictly than RFC 8259 asks, two equal keys in one object are an error: readers differ on
  /// which of them holds, and a file that means two things is refused. Keys are equal when Swift's
  /// strings are, so two spellings of one accented letter count as equal too.
  package static func parse(
    _ bytes: ArraySlice<UInt8>, depth: Int
  ) throws(JSONSyntaxError) -> JSON {
    var reader = JSONReader(bytes: bytes, depthLimit: depth, position: bytes.startIndex)
    reader.skipSpace()
    let value = try reader.value(depth: 0)
    reader.skipSpace()
    guard reader.position == bytes.endIndex else { throw reader.failure("the end of the text") }
    return value
  }
}

/// Reads JSON over bytes.
private struct JSONReader {
  let bytes: ArraySlice<UInt8>
  let depthLimit: Int
  var position: Int

  func failure(_ expected: String) -> JSONSyntaxError {
    JSONSyntaxError(offset: position - bytes.startIndex, expected: expected)
  }

  private var next: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

  mutating func skipSpace() {
    while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  mutating func value(depth: Int) throws(JSONSyntaxError) -> JSON {
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth + 1)
    case UInt8(ascii: "["): return try array(depth: depth + 1)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return .number(try number())
    }
  }

  private mutating func word(
    _ text: String, _ value: JSON
  ) throws(JSONSyntaxError) -> JSON {
    guard bytes[position...].starts(with: text.utf8) else { throw failure(text) }
    position += text.utf8.count
    return value
  }

  private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSON {
    guard depth <= depthLimit else { throw failure("at most \(depthLimit) levels") }
    position += 1
    var members: [JSON.Member] = []
    var keys: Set<String> = []
    skipSpace()
    if take("}") { return .object(members) }
    repeat {
      skipSpace()
      let start = position
      let key = try string()
      guard keys.insert(key).inserted else {
        position = start
        throw failure("a key other than \"\(key)\", which already exists")
      }
      skipSpace()
      guard take(":") else { throw failure("a colon") }
      skipSpace()
      members.append(JSON.Member(key, try value(depth: depth)))
      skipSpace()
    } while take(",")
    guard take("}") else { throw failure("a comma or a closing brace") }
    return .object(members)
  }

  private mutating func array(depth: Int) throws(JSONSyntaxError) -> JSON {
    guard depth <= depthLimit else { throw failure("at most \(depthLimit) levels") }
    position += 1
    var values: [JSON] = []
    skipSpace()
    if take("]") { return .array(values) }
    repeat {
      skipSpace()
      values.append(try value(depth: depth))
      skipSpace()
    } while take(",")
    guard take("]") else { throw failure("a comma or a closing bracket") }
    return .array(values)
  }

  private mutating func digits() -> Int {
    let start = position
    while let byte = next, (48...57).contains(byte) { position += 1 }
    return position - start
  }

  private mutating func number() throws(JSONSyntaxError) -> String {
    let start = position
    _ = take("-")
    let zero = next == UInt8(ascii: "0")
    let whole = digits()
    guard whole > 0 else { throw failure("a value") }
    guard !zero || whole == 1 else { throw failure("a number without leading zeros") }
    if take("."), digits() == 0 { throw failure("a digit") }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      if digits() == 0 { throw failure("a digit") }
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func string() throws(JSONSyntaxError) -> String {
    guard take("\"") else { throw failure("a quotation mark") }
    var text: [UInt8] = []
    let start = position
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else {
          position = start
          throw failure("a string in UTF-8")
        }
        return string
      case UInt8(ascii: "\\"): text += try escape()
      case 0..<0x20:
        position -= 1
        throw failure("no control character in a string")
      default: text.append(byte)
      }
    }
    throw failure("a closing quotation mark")
  }

  private mutating func escape() throws(JSONSyntaxError) -> [UInt8] {
    guard let byte = next else { throw failure("an escape") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if (0xD800..<0xDC00).contains(code) {
        guard take("\\"), take("u") else { throw failure("the second half of a surrogate pair") }
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else {
          throw failure("the second half of a surrogate pair")
        }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw failure("a Unicode scalar") }
      return Array(String(scalar).utf8)
    default:
      position -= 1
      throw failure("an escape")
    }
  }

  private mutating func hexadecimal() throws(JSONSyntaxError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure("four hexadecimal digits")
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}
