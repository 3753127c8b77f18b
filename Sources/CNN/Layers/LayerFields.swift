internal import FoundationEssentials
internal import Primitives

/// A value of a JSON text.
enum JSONValue: Encodable, Equatable {
  case null
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// A value of a parsed text; nil where a number is too large for 64 bits of floating point.
  ///
  /// A number without a fraction is whole however it is written.
  init?(_ node: JSONNode) {
    switch node {
    case .null: self = .null
    case .boolean(let value): self = .bool(value)
    case .string(let value): self = .string(value)
    case .number(let text):
      if let value = Int(text) {
        self = .int(value)
        return
      }
      guard let value = Double(text), value.isFinite else { return nil }
      self = Int(exactly: value).map(JSONValue.int) ?? .double(value)
    case .array(let nodes):
      let values = nodes.compactMap(JSONValue.init)
      guard values.count == nodes.count else { return nil }
      self = .array(values)
    case .object(let members):
      var values: [String: JSONValue] = [:]
      for member in members {
        guard let value = JSONValue(member.value) else { return nil }
        values[member.key] = value
      }
      self = .object(values)
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .int(let value): try container.encode(value)
    case .double(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }

  /// The value in a few words, for messages.
  var summary: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .double(let value): "\(value)"
    case .string(let value): "\"\(value.prefix(40))\""
    case .array(let value): "a list of \(value.count)"
    case .object: "an object"
    }
  }
}

/// The fields of one object of an architecture, each taken at most once.
///
/// What is left when the object has been read is a field that nobody knows: an error, so that a
/// misspelt number is never replaced by its default.
struct LayerFields {
  let place: String
  private(set) var values: [String: JSONValue]

  init(place: String, values: [String: JSONValue] = [:]) {
    self.place = place
    self.values = values
  }

  mutating func int(_ name: String, default value: Int? = nil) throws(ModelError) -> Int {
    switch values.removeValue(forKey: name) {
    case .int(let found): return found
    case nil:
      if let value { return value }
      throw missing(name, "a whole number")
    case .some(let found): throw wrong(name, "a whole number", found)
    }
  }

  mutating func double(_ name: String, default value: Double? = nil) throws(ModelError) -> Double {
    switch values.removeValue(forKey: name) {
    case .int(let found): return Double(found)
    case .double(let found): return found
    case nil:
      if let value { return value }
      throw missing(name, "a number")
    case .some(let found): throw wrong(name, "a number", found)
    }
  }

  mutating func bool(_ name: String, default value: Bool) throws(ModelError) -> Bool {
    switch values.removeValue(forKey: name) {
    case .bool(let found): return found
    case nil: return value
    case .some(let found): throw wrong(name, "true or false", found)
    }
  }

  mutating func string(_ name: String, default value: String? = nil) throws(ModelError) -> String {
    switch values.removeValue(forKey: name) {
    case .string(let found): return found
    case nil:
      if let value { return value }
      throw missing(name, "a text")
    case .some(let found): throw wrong(name, "a text", found)
    }
  }

  mutating func padding(_ name: String) throws(ModelError) -> Padding {
    switch values.removeValue(forKey: name) {
    case nil, .string("valid"): return .valid
    case .string("same"): return .same
    case .int(let zeros): return .explicit(zeros)
    case .some(let found): throw wrong(name, "\"valid\", \"same\" or a whole number", found)
    }
  }

  /// One of the names of a closed set.
  mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String, default value: Choice? = nil
  ) throws(ModelError) -> Choice {
    let text = try string(name, default: value?.rawValue)
    guard let choice = Choice(rawValue: text) else {
      let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw wrong(name, "one of \(known)", .string(text))
    }
    return choice
  }

  mutating func layers(
    _ name: String, default value: [any Layer]? = nil
  ) throws(ModelError) -> [any Layer] {
    switch values.removeValue(forKey: name) {
    case .array(let found): return try Architecture.layers(found, place: "\(place).\(name)")
    case nil:
      if let value { return value }
      throw missing(name, "a list of layers")
    case .some(let found): throw wrong(name, "a list of layers", found)
    }
  }

  mutating func object(_ name: String) throws(ModelError) -> LayerFields {
    switch values.removeValue(forKey: name) {
    case .object(let found): return LayerFields(place: "\(place).\(name)", values: found)
    case nil: throw missing(name, "an object")
    case .some(let found): throw wrong(name, "an object", found)
    }
  }

  /// Refuses what has not been taken.
  func finish() throws(ModelError) {
    guard let name = values.keys.sorted().first else { return }
    throw .description(at: place, expected: "no field of this name", found: "\"\(name)\"")
  }

  mutating func set(_ name: String, _ value: JSONValue) {
    values[name] = value
  }

  mutating func set(_ name: String, _ padding: Padding) {
    switch padding {
    case .valid: values[name] = .string("valid")
    case .same: values[name] = .string("same")
    case .explicit(let zeros): values[name] = .int(zeros)
    }
  }

  private func missing(_ name: String, _ expected: String) -> ModelError {
    .description(at: "\(place).\(name)", expected: expected, found: "nothing")
  }

  private func wrong(_ name: String, _ expected: String, _ found: JSONValue) -> ModelError {
    .description(at: "\(place).\(name)", expected: expected, found: found.summary)
  }
}
