internal import CNN
internal import Classifier
internal import Primitives
internal import Training

/// What can stand in the place of the last word of a command line.
///
/// The shells' scripts know nothing of commands and options: they call `cnnctl __complete WORDS` and
/// offer what it prints.
package struct Completion: Sendable, Equatable {
  /// The word that asks for a completion, in the place of a command; not in help.
  package static let request = "__complete"

  /// A text that can replace the word.
  package struct Candidate: Sendable, Equatable {
    package var text: String
    /// One line, or nothing.
    package var meaning: String
  }

  /// Names that the shell adds.
  package enum Paths: Sendable, Equatable {
    case files
    case folders
  }

  package private(set) var candidates: [Candidate] = []
  package private(set) var paths: Paths?

  /// The completion of the last of `words`, given without the program's name.
  ///
  /// bash takes a word apart at `=`; the others leave `--name=value` whole.
  package init(of words: [String], _ environment: Environment) {
    var words = words.isEmpty ? [""] : words
    // "--name", "=", "val" is "--name", "val"; the same with "=" as the last word.
    if words.last == "=" { words.append("") }
    let current = words.removeLast()
    if words.last == "=" { words.removeLast() }
    if let first = words.first {
      if let command = Tool.description(of: first) {
        complete(current, after: words.dropFirst(), of: command, environment)
      }
    } else {
      add(Tool.descriptions.map { ($0.name, $0.summary) })
      add([("--help", "the list of commands"), ("--version", "versions")])
    }
    candidates.removeAll { !$0.text.hasPrefix(current) }
  }

  private mutating func complete(
    _ current: String, after words: ArraySlice<String>, of command: CommandDescription,
    _ environment: Environment
  ) {
    var rest = words
    var operands = 0
    while let word = rest.popFirst() {
      if word == "--" {
        offer(command.operandWord(operands + rest.count), environment)
        return
      }
      guard word.hasPrefix("-"), word.count > 1, word != "-0" else {
        operands += 1
        continue
      }
      guard let option = command.optionWanting(word) else { continue }
      if rest.isEmpty { return offer(values: option, environment) }
      if rest.first == "=" { rest.removeFirst() }
      _ = rest.popFirst()
    }
    if let equals = current.firstIndex(of: "="), current.hasPrefix("--") {
      let name = current[..<equals]
      guard let option = command.options.first(where: { $0.isNamed(name.dropFirst(2)) }) else {
        return
      }
      offer(values: option, environment)
      candidates = candidates.map {
        Candidate(text: name + "=" + $0.text, meaning: $0.meaning)
      }
    } else if current.hasPrefix("-") {
      add(command.listed.map { ($0.title, $0.help) })
      let canBeOff = command.listed.filter(\.canBeOff)
      add(canBeOff.map { ("--no-" + $0.name, "turn off \($0.title)") })
    } else {
      offer(command.operandWord(operands), environment)
    }
  }

  private mutating func offer(values option: SettingDescription, _ environment: Environment) {
    if case .words(let words) = option.kind {
      add(words.map { ($0, "") })
    } else {
      offer(option.placeholder, environment)
    }
  }

  /// Offers what a placeholder of help stands for: `RUN|FILE|NAME`.
  private mutating func offer(_ placeholder: String, _ environment: Environment) {
    for word in placeholder.split(separator: "|").flatMap(Kind.of) {
      switch word {
      case .run: add(RunFolder.runs(in: RunFolder.home).map { ($0.path, "a run") })
      case .shelf:
        add(BoxedModel.all.map { ($0.name, "the model inside the program") })
        add((environment.shelf?.names ?? []).map { ($0, "an imported model") })
      case .preset: add(Architecture.presetNames.map { ($0, "a network") })
      case .command: add(Tool.descriptions.map { ($0.name, $0.summary) })
      case .word(let word): add([(word, "")])
      case .folder: paths = paths ?? .folders
      case .file: paths = .files
      }
    }
  }

  private mutating func add(_ pairs: [(text: String, meaning: String)]) {
    candidates += pairs.map { Candidate(text: $0.text, meaning: $0.meaning) }
  }

  /// One candidate a line with its meaning after a tab; `:files` or `:folders` for the shell's own.
  func write(to output: any TextStream) throws(StreamError) {
    var lines = candidates.filter { ForeignText.problem(inName: $0.text) == nil }.map {
      $0.meaning.isEmpty ? $0.text : $0.text + "\t" + $0.meaning
    }
    switch paths {
    case .files: lines.append(":files")
    case .folders: lines.append(":folders")
    case nil: break
    }
    if !lines.isEmpty { try output.write(lines.joined(separator: "\n") + "\n") }
  }
}

/// What a word of a placeholder or a usage line stands for.
private enum Kind {
  case run
  case shelf
  case preset
  case command
  case folder
  case file
  /// Itself.
  case word(String)

  /// Nothing for values that no one can guess, such as a number.
  static func of(_ word: Substring) -> [Kind] {
    switch word {
    case "RUN": [.run, .folder]
    case "NAME": [.shelf]
    case "MODEL", "A", "B": [.run, .shelf, .file]
    case "PRESET": [.preset]
    case "COMMAND": [.command]
    case "DIR", "FOLDER", "DATASET": [.folder]
    case "IMAGE", "PHOTO": [.file]
    case _ where word.hasPrefix("FILE"): [.file]
    case _ where word == word.lowercased(): [.word(String(word))]
    default: []
    }
  }
}

extension CommandDescription {
  /// The placeholder of an operand in the usage line; one that may be repeated and those after it
  /// stand for all that follow, and there is none where no operand is taken.
  fileprivate func operandWord(_ index: Int) -> String {
    guard index < operands.upperBound else { return "" }
    // Between "cnnctl NAME" and the first option.
    let words = usage.split(separator: " ").dropFirst(2)
      .map { $0.filter { !"[]()".contains($0) } }
      .prefix { !$0.hasPrefix("-") && $0 != "options" }
    let names = words.map { $0.replacing("...", with: "") }
    if let repeated = words.firstIndex(where: { $0.hasSuffix("...") }), index > repeated {
      return names[repeated...].joined(separator: "|")
    }
    guard let last = names.last else { return "" }
    return index < names.count ? names[index] : last
  }

  /// The option among the letters or the name of `word` that takes the next word as its value.
  fileprivate func optionWanting(_ word: String) -> SettingDescription? {
    func takesNext(_ option: SettingDescription) -> Bool {
      switch option.kind {
      case .value, .words: true
      case .flag, .optionalText: false
      }
    }
    if word.hasPrefix("--") {
      return options.first { $0.isNamed(word.dropFirst(2)) && takesNext($0) }
    }
    // Behind another letter that takes a value, the last letter is part of that value.
    let letters = word.dropFirst()
    let first = letters.first { letter in options.contains { $0.short == letter && takesNext($0) } }
    guard let first, letters.last == first, letters.firstIndex(of: first) == letters.indices.last
    else { return nil }
    return options.first { $0.short == first }
  }
}
