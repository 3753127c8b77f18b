/// An optional value whose key stands in JSON in any case, with null where there is no value.
///
/// Swift's own coding omits such a key, and scripts rely on some.
@propertyWrapper
package struct AlwaysWritten<Value: Codable & Hashable & Sendable>: Codable, Hashable, Sendable {
  package var wrappedValue: Value?

  package init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

  package init(from decoder: any Decoder) throws {
    wrappedValue = try decoder.singleValueContainer().decode(Value?.self)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(wrappedValue)
  }
}

extension KeyedDecodingContainer {
  /// No value also where the key is missing, as in records of earlier versions.
  package func decode<Value>(
    _ type: AlwaysWritten<Value>.Type, forKey key: Key
  ) throws -> AlwaysWritten<Value> {
    AlwaysWritten(wrappedValue: try decodeIfPresent(Value.self, forKey: key))
  }
}
