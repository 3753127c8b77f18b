/// A JSON value; objects keep the order of their members and numbers their text.
package indirect enum JSON: Sendable, Hashable {
  /// An object's member.
  package struct Member: Sendable, Hashable {
    package var key: String
    package var value: JSON

    package init(_ key: String, _ value: JSON) {
      self.key = key
      self.value = value
    }
  }

  case object([Member])
  /// Values in order.
  case array([JSON])
  /// A string without its escapes.
  case string(String)
  /// A number as it is written.
  case number(String)
  /// true or false.
  case bool(Bool)
  case null

  /// A whole number.
  package static func int(_ value: Int) -> JSON { .number(String(value)) }

  /// A number at full precision; null where it is not finite, which JSON cannot say.
  package static func double(_ value: Double) -> JSON {
    value.isFinite ? .number("\(value)") : .null
  }

  /// The value as a whole number that is not negative, written in digits alone.
  package var natural: Int? {
    guard case .number(let text) = self, text.utf8.allSatisfy({ (48...57).contains($0) })
    else { return nil }
    return Int(text)
  }

  /// The value as a number; nil for another kind of value, as with those below.
  package var double: Double? { if case .number(let text) = self { Double(text) } else { nil } }
  package var text: String? { if case .string(let text) = self { text } else { nil } }
  package var elements: [JSON]? { if case .array(let values) = self { values } else { nil } }
  package var members: [Member]? { if case .object(let list) = self { list } else { nil } }

  /// The value of an object's member; nil where there is none.
  package subscript(key: String) -> JSON? { members?.first { $0.key == key }?.value }

  /// The value on one line; what could steer a terminal is escaped.
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
    let (brackets, members): ((String, String), [(key: String?, value: JSON)]) =
      switch self {
      case .array(let values): (("[", "]"), values.map { (nil, $0) })
      case .object(let members): (("{", "}"), members.map { ($0.key, $0.value) })
      default: (("", ""), [])
      }
    let isFlat = members.allSatisfy { !$0.value.isContainer }
    guard !members.isEmpty, indent == 0 || !isFlat || brackets.0 == "{" else {
      return append(to: &text)
    }
    text += brackets.0 + "\n"
    for (index, member) in members.enumerated() {
      text += margin + "  "
      if let key = member.key {
        JSON.append(key, to: &text)
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
    case .number(let value): text += value
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
        JSON.append(member.key, to: &text)
        text += ":"
        member.value.append(to: &text)
      }
      text += "}"
    }
  }

  private static func append(_ string: String, to text: inout String, isShown: Bool = true) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r" where isShown: text += "\\r"
      case "\t" where isShown: text += "\\t"
      case _ where isShown ? steersTerminal(scalar) : scalar < " ":
        text += "\\u" + zeroPadded(scalar.value, 4, radix: 16)
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }

  /// A string as JSON in files: quotation marks, backslashes and control characters escaped, all
  /// else as it is.
  package static func quoted(_ string: String) -> String {
    var text = ""
    append(string, to: &text, isShown: false)
    return text
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
  package static func optional(_ value: Double?) -> JSON { value.map(JSON.double) ?? .null }

  /// A text, or null if there is none.
  package static func optional(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }

  /// An integer, or null if there is none.
  package static func optional(_ value: Int?) -> JSON { value.map(JSON.int) ?? .null }
}
