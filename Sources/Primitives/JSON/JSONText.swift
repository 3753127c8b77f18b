package import FoundationEssentials

/// JSON of values: keys sorted, numbers with the digits that give the same number back, dates as
/// `2026-11-29T16:20:00Z`.
package enum JSONText {
  /// One line without its newline.
  package static func line(_ value: some Encodable) -> String { text(value, []) }

  /// Indented, with a final newline.
  package static func indented(_ value: some Encodable) -> String {
    text(value, [.prettyPrinted]) + "\n"
  }

  /// A value from what `line` wrote of it.
  package static func value<Value: Decodable>(_ type: Value.Type, from text: String) throws -> Value
  {
    try decoder().decode(type, from: Data(text.utf8))
  }

  private static func text(
    _ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting
  ) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = formatting.union([.sortedKeys, .withoutEscapingSlashes])
    encoder.dateEncodingStrategy = .iso8601
    // JSON has no such numbers; a string still says what happened.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      return String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch {
      preconditionFailure("a value that cannot be encoded: \(error)")
    }
  }

  /// Reads what the others write.
  package static func decoder() -> JSONDecoder {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return decoder
  }

  /// The reason why a text could not be decoded: one sentence with the key's path.
  package static func message(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "\(error)" }
    func path(_ context: DecodingError.Context, _ key: (any CodingKey)? = nil) -> String {
      let keys = context.codingPath + (key.map { [$0] } ?? [])
      return keys.isEmpty ? "the file" : keys.map(\.stringValue).joined(separator: ".")
    }
    return switch error {
    case .keyNotFound(let key, let context): "key \(path(context, key)) is missing"
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      "\(path(context)): expected a value of type \(type)"
    case .dataCorrupted(let context): "\(path(context)): \(context.debugDescription)"
    @unknown default: "\(error)"
    }
  }
}
