internal import Training

/// Help pages, generated from the commands' descriptions and the option table.
enum HelpText {
  /// The page that lists the commands.
  static func overview(columns: Int) -> String {
    let width = clamped(columns)
    var lines = wrapped(
      "cnnctl trains image classifiers: a folder of photos in, a trained model out.",
      indent: 0, width: width)
    lines += ["", "Usage: cnnctl COMMAND [arguments] [options]", "", "Commands:"]
    for command in Tool.descriptions {
      lines += row("  " + command.name, command.summary, column: 13, width: width)
    }
    lines += ["", "Start with:"]
    lines += examples(
      TrainCommand.description.examples.prefix(1) + [
        ("cnnctl evaluate", "the newest run on its test images"),
        ("cnnctl predict photo.jpg", "the newest run on a photo of yours"),
      ], width: width)
    for paragraph in [
      "'cnnctl help COMMAND' lists a command's options; 'cnnctl --version' shows the versions of "
        + "the program and its libraries.",
      "Exit codes: 0 done, 1 ran but a condition failed, 3 diverged, 64 usage, 65 bad data, 66 no "
        + "such path, 69 not enough memory or disk space, 70 a bug, 73 cannot create, 74 read or "
        + "write error, 130/143/129 stopped by a signal after saving.",
    ] {
      lines += [""] + wrapped(paragraph, indent: 0, width: width)
    }
    return text(lines)
  }

  /// The page of one command: the most used options, or all of them.
  static func page(_ command: CommandDescription, all: Bool, _ columns: Int) -> String {
    let width = clamped(columns)
    var lines = ["Usage: " + command.usage]
    for paragraph in command.details {
      lines += [""] + wrapped(paragraph, indent: 0, width: width)
    }
    let every = command.listed
    let options = command.hasMany && !all ? every.filter(\.isFirst) : every
    for group in SettingGroup.allCases {
      let members = options.filter { $0.group == group }
      if members.isEmpty { continue }
      lines += ["", group.rawValue + " options:"]
      for option in members {
        let standard = option.standard.map { " (\($0))" } ?? ""
        lines += row("  " + option.synopsis, option.help + standard, column: 30, width: width)
      }
    }
    if options.count < every.count {
      let rest =
        "These are the most used options; 'cnnctl \(command.name) --help-all' lists all "
        + "\(every.count)."
      lines += [""] + wrapped(rest, indent: 0, width: width)
    }
    if !options.isEmpty {
      var note = "If an option is repeated, the last one counts; -- ends the options."
      let names = options.filter(\.canBeOff).map(\.name).joined(separator: ", ")
      if !names.isEmpty { note += " --no-NAME turns off \(names)." }
      lines += [""] + wrapped(note, indent: 0, width: width)
    }
    if !command.examples.isEmpty {
      lines += ["", "Examples:"] + examples(command.examples[...], width: width)
    }
    return text(lines)
  }

  private static func clamped(_ columns: Int) -> Int { min(100, max(80, columns)) }

  private static func text(_ lines: [String]) -> String {
    lines.joined(separator: "\n") + "\n"
  }

  private static func examples(
    _ examples: ArraySlice<(line: String, meaning: String)>, width: Int
  ) -> [String] {
    examples.flatMap { ["  " + $0.line, "      " + $0.meaning] }
  }

  /// A term and its meaning, in two columns; a long term has its own line.
  private static func row(
    _ term: String, _ meaning: String, column: Int, width: Int
  ) -> [String] {
    var lines = wrapped(meaning, indent: column, width: width)
    if term.count + 2 > column {
      lines.insert(contentsOf: broken(term, width: width), at: 0)
    } else {
      lines[0] =
        term + String(repeating: " ", count: column - term.count) + lines[0].dropFirst(column)
    }
    return lines
  }

  /// A term with many values, in lines of at most `width` columns, broken between values.
  private static func broken(_ term: String, width: Int) -> [String] {
    let values = term.split(separator: "|", omittingEmptySubsequences: false)
    guard term.count > width, values.count > 1 else { return [term] }
    let indent = values[0].lastIndex(of: " ").map {
      values[0].distance(from: term.startIndex, to: $0)
    }
    let margin = String(repeating: " ", count: (indent ?? 0) + 1)
    var lines = [String(values[0])]
    for value in values.dropFirst() {
      // The bar before the value and the one behind it.
      if lines[lines.count - 1].count + value.count + 2 <= width {
        lines[lines.count - 1] += "|" + value
      } else {
        lines[lines.count - 1] += "|"
        lines.append(margin + value)
      }
    }
    return lines
  }

  /// Words filled into lines of at most `width` columns, each line indented.
  static func wrapped(_ text: String, indent: Int, width: Int) -> [String] {
    let margin = String(repeating: " ", count: indent)
    var lines: [String] = []
    var line = margin
    for word in text.split(separator: " ") {
      if line.count > indent, line.count + 1 + word.count > width {
        lines.append(line)
        line = margin
      }
      line += (line.count > indent ? " " : "") + word
    }
    return lines + [line]
  }
}
