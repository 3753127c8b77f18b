internal import Primitives

/// The heading under which help lists what can be set.
package enum SettingGroup: String, Sendable, CaseIterable {
  case data = "Data"
  case model = "Model"
  case training = "Training"
  case augmentation = "Augmentation"
  case results = "Result"
  case measurement = "Measurement"
  case output = "Output"
  case all = "General"
}

/// What was given for something that can be set.
package enum Given: Sendable, Hashable {
  /// A value, as it was written.
  case text(String)
  /// Its name alone.
  case alone
  /// That it is off.
  case off
}

/// What a person is told of something that can be set, and what may be written for it.
package struct SettingDescription: Sendable {
  /// What help says of the value that holds where none is given.
  package enum Standard: Sendable {
    /// This text.
    case text(String)
    /// The recipes' value: one, or another in each.
    case recipes
    /// Nothing.
    case unsaid
  }

  package var name: String
  /// Other names that are understood; help does not list them.
  package var also: [String]
  /// Its one-letter name.
  package var short: Character?
  /// What stands for the value in help: `N`, `DIR`.
  package var placeholder: String
  /// One sentence without its full stop.
  package var help: String
  package var group: SettingGroup
  /// Whether there is a value that means none at all.
  package var canBeOff: Bool
  /// Whether it is one of those that people use first.
  package var isFirst: Bool
  package let kind: FormKind
  package let expectation: String
  let range: NumberRange?
  private let hasForm: @Sendable (String) -> Bool
  /// Whether a text says a value that is allowed.
  package let accepts: @Sendable (String) -> Bool
  private var standardText: @Sendable () -> String?

  package init<Value>(
    _ name: String, _ form: Form<Value>, _ placeholder: String, _ help: String, also: [String],
    short: Character?, group: SettingGroup, canBeOff: Bool, isFirst: Bool,
    standard: @escaping @Sendable () -> String?
  ) {
    (self.name, self.also, self.short) = (name, also, short)
    (self.placeholder, self.help, self.group) = (placeholder, help, group)
    (self.canBeOff, self.isFirst) = (canBeOff, isFirst)
    (kind, expectation, range) = (form.kind, form.expectation, form.range)
    hasForm = { form.read($0) != nil }
    accepts = { form.read($0).map(form.contains) ?? false }
    standardText = standard
  }

  /// What holds where it is not given, as help says it.
  package var standard: String? { standardText() }

  /// The same where it does not belong to training; nil keeps what holds where it is not given.
  package func elsewhere(standard: String?) -> SettingDescription {
    var copy = self
    copy.isFirst = false
    if let standard { copy.standardText = { standard } }
    return copy
  }

  /// As a message names it.
  package var title: String { "--" + name }

  /// What is wrong with a text that is not accepted.
  package func problem(with text: String) -> String {
    "\(title): '\(text)' \(hasForm(text) ? "is out of range" : "is not a value it takes")"
  }
}

/// A value of a configuration: its name, its place, which values it may have, and what help says.
///
/// Command line, help, the checks of a file and of a run that goes on all read these rows.
package struct Setting: Sendable {
  package var description: SettingDescription
  /// Whether it stands in `config.json` alone, under its name.
  package let isInFileAlone: Bool
  /// Whether it may differ where a run goes on.
  let mayDiffer: Bool
  /// What else it sets: those that set more are set first.
  let reach: Reach
  /// Its place.
  package let path: any PartialKeyPath<Configuration> & Sendable
  private let write: @Sendable (inout Configuration, Given) throws(TrainingError) -> Bool
  /// Its value as a message shows it; nil for one that others show.
  let text: @Sendable (Configuration) -> String?
  private let isAllowed: @Sendable (Configuration) -> Bool

  enum Reach: CaseIterable {
    case everything
    case several
    case one
  }

  /// A row.
  ///
  /// - off: the value that means none at all.
  /// - then: what follows from the value, beside what was there before.
  init<Value: Sendable & Equatable>(
    _ name: String, also: [String] = [], short: Character? = nil,
    _ path: any WritableKeyPath<Configuration, Value> & Sendable, _ form: Form<Value>,
    as placeholder: String = "", off: Value? = nil,
    standard: SettingDescription.Standard = .recipes, isFirst: Bool = false,
    isInFileAlone: Bool = false, mayDiffer: Bool = false, reach: Reach = .one, _ help: String = "",
    then: @escaping @Sendable (inout Configuration, Configuration) throws(TrainingError) -> Void =
      { _, _ in }
  ) {
    description = SettingDescription(
      name, form, placeholder, help, also: also, short: short, group: .all, canBeOff: off != nil,
      isFirst: isFirst,
      standard: {
        switch standard {
        case .text(let text): return text
        case .unsaid: return nil
        case .recipes:
          let values = Recipe.allCases.map { $0.configuration[keyPath: path] }
          guard values.allSatisfy({ $0 == values[0] }) else { return "the recipe's" }
          return values[0] == off ? "off" : form.text(values[0]).map(Setting.rounded)
        }
      })
    (self.isInFileAlone, self.mayDiffer, self.reach) = (isInFileAlone, mayDiffer, reach)
    self.path = path
    text = { form.text($0[keyPath: path]) }
    isAllowed = { form.contains($0[keyPath: path]) }
    write = { configuration, given throws(TrainingError) in
      guard let value = form.value(of: given, off: off) else { return false }
      let before = configuration
      configuration[keyPath: path] = value
      try then(&configuration, before)
      return true
    }
  }

  /// A row for a value that may be absent, which none is given for.
  init<Value: Sendable & Equatable>(
    _ name: String, _ path: any WritableKeyPath<Configuration, Value?> & Sendable,
    _ form: Form<Value>,
    as placeholder: String = "", off: Value? = nil,
    standard: SettingDescription.Standard = .unsaid, isFirst: Bool = false,
    isInFileAlone: Bool = false, reach: Reach = .one, _ help: String = "",
    then: @escaping @Sendable (inout Configuration, Configuration) throws(TrainingError) -> Void =
      { _, _ in }
  ) {
    self.init(
      name, path, form.optional, as: placeholder, off: off.map(Optional.some), standard: standard,
      isFirst: isFirst, isInFileAlone: isInFileAlone, reach: reach, help, then: then)
  }

  /// A row for what has no option: it stands in `config.json` alone, under the name of its key.
  static func file<Value: Sendable & Equatable>(
    _ key: String, _ path: any WritableKeyPath<Configuration, Value> & Sendable,
    _ form: Form<Value>,
    mayDiffer: Bool = false
  ) -> Setting {
    Setting(key, path, form, isInFileAlone: true, mayDiffer: mayDiffer)
  }

  /// As a message names it.
  var title: String { isInFileAlone ? description.name : description.title }

  /// Writes what was given.
  func set(_ configuration: inout Configuration, to given: Given) throws(TrainingError) {
    guard try !write(&configuration, given) else { return }
    let text = if case .text(let text) = given { text } else { "" }
    throw TrainingError(
      .usage, description.problem(with: text), found: text, expected: description.expectation)
  }

  /// Refuses a value out of its range.
  func check(_ configuration: Configuration) throws(TrainingError) {
    guard !isAllowed(configuration) else { return }
    throw Setting.outOfRange(title, text(configuration) ?? "", description.expectation)
  }

  static func outOfRange(_ title: String, _ value: String, _ expected: String) -> TrainingError {
    TrainingError(
      .usage, "\(title) is out of range: \(value)", found: value, expected: expected)
  }

  private static func rounded(_ text: String) -> String {
    text.hasSuffix("000000") ? text.dropLast(6) + " million" : text
  }
}

/// What is said explicitly about a run; the recipe or a file decides the rest.
package struct Settings: Sendable, Hashable {
  /// What is said of a setting, by its name.
  package var given: [String: Given] = [:]

  /// Nothing is said.
  package init() {}

  /// Those of the names that settings have.
  package init(_ given: [String: Given]) {
    self.given = given.filter { name, _ in Setting.options.contains { $0.description.name == name }
    }
  }

  /// Whether anything is said of the value at a place.
  package func has(_ path: PartialKeyPath<Configuration>) -> Bool {
    Setting.all.contains { $0.path == path && given[$0.description.name] != nil }
  }

  /// The rows that something is said of, those first that set others, too.
  ///
  /// Errors: a name that no setting has.
  var rows: [(setting: Setting, given: Given)] {
    get throws(TrainingError) {
      if let name = given.keys.first(where: { name in
        !Setting.options.contains { $0.description.name == name }
      }) {
        throw TrainingError(.usage, "no setting has the name \(name)")
      }
      return Setting.Reach.allCases.flatMap { reach in
        Setting.options.filter { $0.reach == reach }.compactMap { row in
          given[row.description.name].map { (row, $0) }
        }
      }
    }
  }

  /// Those that may differ where a run goes on, or the others.
  func filter(mayDiffer: Bool) -> Settings {
    var settings = Settings()
    settings.given = given.filter { name, _ in
      Setting.options.first { $0.description.name == name }?.mayDiffer ?? false == mayDiffer
    }
    return settings
  }
}
