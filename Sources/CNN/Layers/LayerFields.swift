internal import Primitives

extension JSON {
  /// The value of a whole number, however it is written: one without a fraction is whole.
  fileprivate var whole: Int? {
    guard case .number(let text) = self else { return nil }
    return Int(text) ?? Double(text).flatMap { Int(exactly: $0) }
  }

  /// Whether every number fits into 64 bits of floating point.
  var isFinite: Bool {
    switch self {
    case .number: double?.isFinite ?? false
    case .array(let values): values.allSatisfy(\.isFinite)
    case .object(let members): members.allSatisfy(\.value.isFinite)
    case .string, .bool, .null: true
    }
  }

  /// A short description for messages.
  var summary: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let text): whole.map { "\($0)" } ?? double.map { "\($0)" } ?? text
    case .string(let value): "\"\(value.prefix(40))\""
    case .array(let value): "a list of \(value.count)"
    case .object: "an object"
    }
  }
}

/// The fields of one object of an architecture, each taken at most once.
///
/// Fields that remain after reading are unknown: an error, so that a misspelt field is never
/// replaced by its default.
struct LayerFields {
  let place: String
  private(set) var values: [String: JSON]

  init(place: String, _ members: [JSON.Member] = []) {
    self.place = place
    values = Dictionary(uniqueKeysWithValues: members.map { ($0.key, $0.value) })
  }

  mutating func int(_ name: String, default value: Int? = nil) throws(ModelError) -> Int {
    try take(name, "a whole number", value) { $0.whole }
  }

  mutating func double(_ name: String, default value: Double? = nil) throws(ModelError) -> Double {
    try take(name, "a number", value) { $0.double }
  }

  mutating func bool(_ name: String, default value: Bool) throws(ModelError) -> Bool {
    try take(name, "true or false", value) { if case .bool(let found) = $0 { found } else { nil } }
  }

  mutating func string(_ name: String, default value: String? = nil) throws(ModelError) -> String {
    try take(name, "a text", value) { $0.text }
  }

  mutating func padding(_ name: String) throws(ModelError) -> Padding {
    try take(name, "\"valid\", \"same\" or a whole number", .valid) {
      switch $0 {
      case .string("valid"): .valid
      case .string("same"): .same
      default: $0.whole.map(Padding.explicit)
      }
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
    if let value, values[name] == nil { return value }
    return try Architecture.layers(
      try take(name, "a list of layers") { $0.elements }, place: "\(place).\(name)")
  }

  mutating func object(_ name: String) throws(ModelError) -> LayerFields {
    LayerFields(place: "\(place).\(name)", try take(name, "an object") { $0.members })
  }

  /// The field as `read` finds it; without the field the default, if there is one.
  private mutating func take<Value>(
    _ name: String, _ expected: String, _ value: Value? = nil, _ read: (JSON) -> Value?
  ) throws(ModelError) -> Value {
    guard let found = values.removeValue(forKey: name) else {
      if let value { return value }
      throw .description(at: "\(place).\(name)", expected: expected, found: "nothing")
    }
    guard let result = read(found) else { throw wrong(name, expected, found) }
    return result
  }

  /// Refuses fields that have not been read.
  func finish() throws(ModelError) {
    guard let name = values.keys.sorted().first else { return }
    throw .description(at: place, expected: "no field of this name", found: "\"\(name)\"")
  }

  mutating func set(_ name: String, _ value: JSON) { values[name] = value }
  mutating func set(_ name: String, _ value: Int) { values[name] = .int(value) }
  mutating func set(_ name: String, _ value: Bool) { values[name] = .bool(value) }
  mutating func set(_ name: String, _ value: String) { values[name] = .string(value) }

  mutating func set(_ name: String, _ value: Double) {
    values[name] = Int(exactly: value).map(JSON.int) ?? .double(value)
  }

  mutating func set(_ name: String, _ layers: [any Layer]) {
    values[name] = .array(layers.map(Architecture.json))
  }

  /// All that was set, in the order of the names: the same text for the same fields.
  var object: JSON {
    .object(values.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value) })
  }

  mutating func set(_ name: String, _ padding: Padding) {
    switch padding {
    case .valid: values[name] = .string("valid")
    case .same: values[name] = .string("same")
    case .explicit(let zeros): values[name] = .int(zeros)
    }
  }

  private func wrong(_ name: String, _ expected: String, _ found: JSON) -> ModelError {
    .description(at: "\(place).\(name)", expected: expected, found: found.summary)
  }
}
