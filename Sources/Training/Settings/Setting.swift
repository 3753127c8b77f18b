package import Classifier
internal import ImageData
internal import Primitives

/// The heading of a group of options in help.
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

/// What the command line gives for an option.
package enum Given: Sendable, Hashable {
  /// A value, as written.
  case text(String)
  case alone
  /// `--no-NAME`.
  case off
}

/// The name, help and allowed values of an option.
package struct SettingDescription: Sendable {
  /// The default that help shows.
  package enum Standard: Sendable {
    case text(String)
    /// The recipes' value, which may differ among them.
    case recipes
    /// Nothing.
    case unsaid
  }

  package var name: String
  /// Aliases, which help does not list.
  package var also: [String]
  /// The one-letter name.
  package var short: Character?
  /// The placeholder of the value in help: `N`, `DIR`.
  package var placeholder: String
  /// The help text: one sentence without a full stop.
  package var help: String
  package var group: SettingGroup
  /// Whether `--no-NAME` is allowed.
  package var canBeOff: Bool
  /// Whether short help lists it.
  package var isFirst: Bool
  package let kind: FormKind
  package let expectation: String
  let range: NumberRange?
  private let hasForm: @Sendable (String) -> Bool
  /// Whether a text is an allowed value.
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

  /// The default, as help shows it.
  package var standard: String? { standardText() }

  /// The same option of another command than `train`, with another default unless nil.
  package func elsewhere(standard: String?) -> SettingDescription {
    var copy = self
    copy.isFirst = false
    if let standard { copy.standardText = { standard } }
    return copy
  }

  package var title: String { "--" + name }

  /// The error message for a text that is not accepted.
  package func problem(with text: String) -> String {
    "\(title): '\(text)' \(hasForm(text) ? "is out of range" : "is not a value it takes")"
  }
}

/// A setting of a configuration: its name, key path, allowed values and help.
///
/// The command line, help, and the checks of files and resumed runs all read these rows.
package struct Setting: Sendable {
  package var description: SettingDescription
  /// Whether it has no option and is only in `config.json`, under its name.
  package let isInFileAlone: Bool
  /// Whether it may change when a run is resumed.
  let mayDiffer: Bool
  /// How much else it sets: settings that set more are applied first.
  let reach: Reach
  package let path: any PartialKeyPath<Configuration> & Sendable
  private let write: @Sendable (inout Configuration, Given) throws(TrainingError) -> Bool
  /// The value as messages show it; nil if other settings show it.
  let text: @Sendable (Configuration) -> String?
  private let isAllowed: @Sendable (Configuration) -> Bool

  enum Reach: CaseIterable {
    case everything
    case several
    case one
  }

  /// A row.
  ///
  /// - off: the value of `--no-NAME`.
  /// - then: sets dependent values; receives the configuration from before.
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
          let values = Recipe.allCases.filter(\.hasEpochs).map { $0.configuration[keyPath: path] }
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

  /// A row for an optional value without a default.
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

  /// A row for a value without an option: only in `config.json`, under the name of its key.
  static func file<Value: Sendable & Equatable>(
    _ key: String, _ path: any WritableKeyPath<Configuration, Value> & Sendable,
    _ form: Form<Value>,
    mayDiffer: Bool = false
  ) -> Setting {
    Setting(key, path, form, isInFileAlone: true, mayDiffer: mayDiffer)
  }

  /// Whether it has no meaning for a recipe that solves the last layer and trains nothing else.
  var needsEpochs: Bool {
    switch description.group {
    case .training: path != \Configuration.recipe
    case .augmentation: path != \Configuration.augmentation.flip
    default: Setting.ofEpochs.contains { $0 == path }
    }
  }

  /// Settings of other groups that only training in epochs knows.
  private static let ofEpochs: [any PartialKeyPath<Configuration> & Sendable] = [
    \.data.valSplit, \.data.classWeights, \.network.growth.first, \.network.growth.last,
    \.network.dropout, \.transfer.freeze, \.transfer.freezeEpochs, \.transfer.backboneRate,
    \.transfer.stemRate, \.transfer.freezesStatistics,
  ]

  var title: String { isInFileAlone ? description.name : description.title }

  func set(_ configuration: inout Configuration, to given: Given) throws(TrainingError) {
    guard try !write(&configuration, given) else { return }
    let text = if case .text(let text) = given { text } else { "" }
    throw TrainingError(
      .usage, description.problem(with: text), found: text, expected: description.expectation)
  }

  /// Throws if the value is out of range.
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

/// The explicit settings of a run; the recipe or a file decides the rest.
package struct Settings: Sendable, Hashable {
  /// The given values by the settings' names.
  package var given: [String: Given] = [:]
  /// The shelf that knows the name of `--from`; nil if there is none.
  package var shelf: ModelShelf?

  /// No settings.
  package init() {}

  /// Keeps the names that are settings.
  package init(_ given: [String: Given], shelf: ModelShelf? = nil) {
    self.shelf = shelf
    self.given = given.filter { name, _ in Setting.options.contains { $0.description.name == name }
    }
  }

  /// Whether the setting at a key path is given.
  package func has(_ path: PartialKeyPath<Configuration>) -> Bool {
    Setting.all.contains { $0.path == path && given[$0.description.name] != nil }
  }

  /// Whether the number of photos is to choose the recipe: they start from a model of the shelf, and
  /// name neither a recipe nor layers that stay.
  package var leaveRecipeOpen: Bool {
    let from = Setting.description(of: \Configuration.transfer.from).name
    guard !has(\Configuration.recipe), !has(\.transfer.freeze), !has(\.transfer.freezeEpochs),
      case .text(let name)? = given[from]
    else { return false }
    return !FileSystem.exists(name) && shelf?.model(named: name) != nil
  }

  /// The first setting that only training in epochs has, as messages name it; nil for none.
  package var needEpochs: String? {
    (try? rows)?.first { $0.setting.needsEpochs }?.setting.title
  }

  /// The same settings with another recipe.
  package func with(_ recipe: Recipe) -> Settings {
    var copy = self
    copy.given[Setting.description(of: \Configuration.recipe).name] = .text(recipe.rawValue)
    return copy
  }

  /// The rows of the given settings, first those that also set others.
  ///
  /// Errors: an unknown name.
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

  /// The settings that may change when a run is resumed, or the others.
  func filter(mayDiffer: Bool) -> Settings {
    var settings = self
    settings.given = given.filter { name, _ in
      Setting.options.first { $0.description.name == name }?.mayDiffer ?? false == mayDiffer
    }
    return settings
  }
}
