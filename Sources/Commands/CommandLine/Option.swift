package import Training

/// An option, declared once; the parser, the help and the messages are derived from it, and
/// `arguments[option]` is its value.
package struct Option<Value: Sendable>: Sendable {
  package let description: SettingDescription
  /// The value if it is not given.
  let standard: Value
  let read: @Sendable (Given) -> Value?

  /// An option with a default.
  ///
  /// - said: the default in help; nil for `standard` itself.
  /// - off: the value of `--no-NAME`.
  init(
    _ name: String, also: [String] = [], short: Character? = nil, _ form: Form<Value>,
    _ placeholder: String = "", or standard: Value, said: String? = nil, off: Value? = nil,
    in group: SettingGroup, _ help: String
  ) {
    let said = said ?? form.text(standard)
    description = SettingDescription(
      name, form, placeholder, help, also: also, short: short, group: group,
      canBeOff: off != nil, isFirst: false, standard: { said })
    self.standard = standard
    read = { form.value(of: $0, off: off) }
  }

  /// An option without a default.
  init<Given>(
    _ name: String, also: [String] = [], short: Character? = nil, _ form: Form<Given>,
    _ placeholder: String = "", said: String? = nil, isFirst: Bool = false,
    in group: SettingGroup, _ help: String
  ) where Value == Given? {
    description = SettingDescription(
      name, form, placeholder, help, also: also, short: short, group: group, canBeOff: false,
      isFirst: isFirst, standard: { said })
    standard = nil
    read = { form.value(of: $0) }
  }

  init(
    flag name: String, short: Character? = nil, isFirst: Bool = false, in group: SettingGroup,
    _ help: String
  ) where Value == Bool {
    description = SettingDescription(
      name, Form.flag, "", help, also: [], short: short, group: group, canBeOff: false,
      isFirst: isFirst, standard: { nil })
    standard = false
    read = { Form.flag.value(of: $0, off: false) }
  }

  /// The option of a setting of training, for a command that is not `train`.
  init(
    like path: PartialKeyPath<Configuration>, _ form: Form<Value>, or standard: Value,
    said: String? = nil
  ) {
    description = Setting.description(of: path).elsewhere(standard: said)
    self.standard = standard
    read = { form.value(of: $0) }
  }
}

/// An option of any type.
protocol CommandOption: Sendable {
  var description: SettingDescription { get }
}

extension Option: CommandOption {}

extension SettingDescription {
  /// As help lists it: `-b, --batch-size N`.
  var synopsis: String {
    let text = short.map { "-\($0), \(title)" } ?? "    \(title)"
    return switch kind {
    case .words(let words): text + " " + (isLong ? placeholder : words.joined(separator: "|"))
    case .optionalText: text + "[=\(placeholder)]"
    case .flag, .value: placeholder.isEmpty ? text : text + " " + placeholder
    }
  }

  /// What help says of it: the words are listed here where they are too many for the synopsis.
  var explanation: String {
    guard case .words(let words) = kind, isLong else { return help }
    return help + ": " + words.joined(separator: ", ")
  }

  private var isLong: Bool {
    guard case .words(let words) = kind, !placeholder.isEmpty else { return false }
    return words.reduce(0) { $0 + $1.count + 1 } > 60
  }

  /// Whether `word` is the option's name or an alias.
  func isNamed(_ word: some StringProtocol) -> Bool {
    name == word || also.contains { $0 == word }
  }
}
