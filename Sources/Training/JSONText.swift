internal import FoundationEssentials

/// JSON of values: keys sorted, numbers with the digits that give the same number back.
enum JSONText {
  /// One line without its newline.
  static func line(_ value: some Encodable) -> String { text(value, []) }

  /// Indented, with a final newline.
  static func indented(_ value: some Encodable) -> String {
    text(value, [.prettyPrinted]) + "\n"
  }

  /// A value from what `line` wrote of it.
  static func value<Value: Decodable>(_ type: Value.Type, from text: String) throws -> Value {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode(type, from: Data(text.utf8))
  }

  private static func text(
    _ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting
  ) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = formatting.union([.sortedKeys, .withoutEscapingSlashes])
    // JSON has no such numbers; a string still says what happened.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      return String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch {
      preconditionFailure("a value that cannot be encoded: \(error)")
    }
  }
}
