internal import Primitives

/// A JSON value whose objects keep the order in which their members were given.
package enum JSON: Sendable, Equatable {
  /// No value.
  case null
  /// True or false.
  case bool(Bool)
  /// A whole number.
  case integer(Int)
  /// Any number; null where it is not finite.
  case number(Double)
  /// A text.
  case string(String)
  /// Values in order.
  case array([JSON])
  /// Names and values in order.
  case object([Member])

  /// One name and value of an object.
  package struct Member: Sendable, Equatable {
    var name: String
    var value: JSON

    package init(_ name: String, _ value: JSON) {
      self.name = name
      self.value = value
    }
  }

  /// The value on one line, numbers at full precision.
  ///
  /// What JSON cannot say (NaN, infinity) is null; what could steer a terminal is escaped.
  package var line: String {
    var text = ""
    append(to: &text)
    return text
  }

  /// The value in a form to be read by people, with a final newline.
  package var indented: String {
    var text = ""
    append(to: &text, indent: 0)
    return text + "\n"
  }

  /// Indents what holds other lists and objects; the rest stays on one line.
  private func append(to text: inout String, indent: Int) {
    let margin = String(repeating: " ", count: 2 * indent)
    let (brackets, members): ((String, String), [(name: String?, value: JSON)]) =
      switch self {
      case .array(let values): (("[", "]"), values.map { (nil, $0) })
      case .object(let members): (("{", "}"), members.map { ($0.name, $0.value) })
      default: (("", ""), [])
      }
    let isFlat = members.allSatisfy { !$0.value.isContainer }
    guard !members.isEmpty, indent == 0 || !isFlat || brackets.0 == "{" else {
      return append(to: &text)
    }
    text += brackets.0 + "\n"
    for (index, member) in members.enumerated() {
      text += margin + "  "
      if let name = member.name {
        JSON.append(name, to: &text)
        text += ": "
      }
      member.value.append(to: &text, indent: indent + 1)
      text += index + 1 < members.count ? ",\n" : "\n"
    }
    text += margin + brackets.1
  }

  private var isContainer: Bool {
    switch self {
    case .array, .object: true
    default: false
    }
  }

  private func append(to text: inout String) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .number(let value): text += value.isFinite ? "\(value)" : "null"
    case .string(let value): JSON.append(value, to: &text)
    case .array(let values):
      text += "["
      for (index, value) in values.enumerated() {
        if index > 0 { text += "," }
        value.append(to: &text)
      }
      text += "]"
    case .object(let members):
      text += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { text += "," }
        JSON.append(member.name, to: &text)
        text += ":"
        member.value.append(to: &text)
      }
      text += "}"
    }
  }

  private static func append(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where steersTerminal(scalar):
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral,
  ExpressibleByArrayLiteral
{
  /// A text.
  package init(stringLiteral value: String) { self = .string(value) }

  /// An object whose members stand in the order written.
  package init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(elements.map { Member($0.0, $0.1) })
  }

  /// Values in the order written.
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }

  /// A number, or null if there is none.
  static func optional(_ value: Double?) -> JSON { value.map(JSON.number) ?? .null }

  /// A text, or null if there is none.
  static func optional(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }

  /// An integer, or null if there is none.
  static func optional(_ value: Int?) -> JSON { value.map(JSON.integer) ?? .null }
}
