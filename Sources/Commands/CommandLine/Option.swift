/// Numbers between two bounds, each of which may be left out of the range itself.
struct NumberRange: Sendable, Equatable {
  var lower: Double
  var upper: Double
  var includesLower = true
  var includesUpper = true

  func contains(_ value: Double) -> Bool {
    (includesLower ? value >= lower : value > lower)
      && (includesUpper ? value <= upper : value < upper)
  }

  /// As it reads in a message: `from 0 to 1`, `above 0 and below 1`.
  var description: String {
    (includesLower ? "from \(short(lower))" : "above \(short(lower))")
      + (includesUpper
        ? (includesLower ? " to \(short(upper))" : ", at most \(short(upper))")
        : " and below \(short(upper))")
  }

  private func short(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e9 ? String(Int(value)) : "\(value)"
  }
}

/// What an option takes.
enum OptionKind: Sendable, Equatable {
  /// Nothing: it is there or not.
  case flag
  case integer(ClosedRange<Int>)
  case number(NumberRange)
  /// One of these words.
  case choice([String])
  /// Any text that is not empty, such as a path.
  case text
  /// `--name` alone, or `--name=TEXT`: a text is never the next word.
  case optionalText
  /// A time: `90s`, `10m`, `2h`, or a bare number of seconds.
  case duration
  /// Two numbers, `A:B`, the first not above the second.
  case interval(NumberRange)
}

/// The value an option was given.
enum OptionValue: Sendable, Equatable {
  /// A flag, or `--no-name` (false).
  case flag(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case seconds(Double)
  case interval(Double, Double)
}

/// The heading under which help lists an option.
enum OptionGroup: String, Sendable, CaseIterable {
  case data = "Data"
  case model = "Model"
  case training = "Training"
  case augmentation = "Augmentation"
  case results = "Result"
  case measurement = "Measurement"
  case output = "Output"
  case all = "General"
}

/// An option, declared once: parser, help and messages follow from it.
package struct Option: Sendable {
  /// Without the dashes.
  package var name: String
  /// Other names that are understood; help does not list them.
  package var also: [String]
  /// Its one-letter name.
  package var short: Character?
  var kind: OptionKind
  /// What stands for the value in help: `N`, `DIR`.
  var placeholder: String
  /// What holds when the option is not given, as help says it.
  var defaultText: String?
  /// One sentence without its full stop.
  var help: String
  var group: OptionGroup
  /// The commands that take it.
  var commands: Set<CommandName>
  /// Whether `--no-name` turns it off.
  var canBeOff: Bool
  /// Those commands among them that it says nothing to, whose help does not list it.
  var hiddenIn: Set<CommandName>

  init(
    _ name: String, also: [String] = [], short: Character? = nil, _ kind: OptionKind,
    _ placeholder: String = "",
    default defaultText: String? = nil, help: String, group: OptionGroup,
    commands: Set<CommandName>, canBeOff: Bool = false,
    hiddenIn: Set<CommandName> = []
  ) {
    self.name = name
    self.also = also
    self.short = short
    self.kind = kind
    self.placeholder = placeholder
    self.defaultText = defaultText
    self.help = help
    self.group = group
    self.commands = commands
    self.canBeOff = canBeOff
    self.hiddenIn = hiddenIn
  }

  /// Whether a command line means this option by `word`.
  func isNamed(_ word: some StringProtocol) -> Bool {
    name == word || also.contains { $0 == word }
  }

  /// As a message names it.
  var title: String { "--" + name }

  /// As help lists it: `-b, --batch-size N`.
  var synopsis: String {
    var text = short.map { "-\($0), --\(name)" } ?? "    --\(name)"
    if case .choice(let words) = kind {
      text += " " + words.joined(separator: "|")
    } else if kind == .optionalText {
      text += "[=\(placeholder)]"
    } else if !placeholder.isEmpty {
      text += " " + placeholder
    }
    return text
  }
}
