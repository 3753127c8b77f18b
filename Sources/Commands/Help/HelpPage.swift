internal import Training

/// A page of help, as `help` shows it on a terminal and `manual` formats it.
struct HelpPage {
  /// A part of a page.
  enum Block {
    /// A command line that shows the syntax.
    case usage(String)
    case paragraph(String)
    case heading(String)
    /// A term and its meaning, which begins at a column.
    case row(term: String, meaning: String, column: Int)
    case example(line: String, meaning: String)
  }

  let blocks: [Block]

  /// The page that lists the commands.
  static var overview: HelpPage {
    var blocks: [Block] = [
      .paragraph("cnnctl trains image classifiers: a folder of photos in, a trained model out."),
      .usage("cnnctl COMMAND [arguments] [options]"), .heading("Commands"),
    ]
    blocks += Tool.descriptions.map {
      .row(term: "  " + $0.name, meaning: $0.summary, column: 15)
    }
    blocks.append(.heading("Start with"))
    blocks += TrainCommand.description.examples.prefix(1).map {
      .example(line: $0.line, meaning: $0.meaning)
    }
    return HelpPage(
      blocks: blocks + [
        .example(line: "cnnctl evaluate", meaning: "the newest run on its test images"),
        .example(
          line: "cnnctl predict photo.jpg", meaning: "the newest run on a photo of yours"),
        .paragraph(
          "'cnnctl help COMMAND' lists a command's options; 'cnnctl --version' shows the versions "
            + "of the program and its libraries."),
        .paragraph(
          "Exit codes: 0 done, 1 ran but a condition failed, 3 diverged, 64 usage, 65 bad data, 66 "
            + "no such path, 69 not enough memory or disk space, 70 a bug, 73 cannot create, 74 "
            + "read or write error, 130/143/129 stopped by a signal after saving."),
      ])
  }

  private init(blocks: [Block]) { self.blocks = blocks }

  /// The page of one command: the most used options, or all of them.
  init(_ command: CommandDescription, all: Bool) {
    var blocks: [Block] = [.usage(command.usage)]
    blocks += command.details.map(Block.paragraph)
    let every = command.listed
    let options = command.hasMany && !all ? every.filter(\.isFirst) : every
    for group in SettingGroup.allCases {
      let members = options.filter { $0.group == group }
      if members.isEmpty { continue }
      blocks.append(.heading(group.rawValue + " options"))
      blocks += members.map { option in
        let standard = option.standard.map { " (\($0))" } ?? ""
        return .row(
          term: "  " + option.synopsis, meaning: option.explanation + standard, column: 30)
      }
    }
    if options.count < every.count {
      blocks.append(
        .paragraph(
          "These are the most used options; 'cnnctl \(command.name) --help-all' lists all "
            + "\(every.count)."))
    }
    if !options.isEmpty {
      var note = "If an option is repeated, the last one counts; -- ends the options."
      let names = options.filter(\.canBeOff).map(\.name).joined(separator: ", ")
      if !names.isEmpty { note += " --no-NAME turns off \(names)." }
      blocks.append(.paragraph(note))
    }
    if !command.examples.isEmpty {
      blocks.append(.heading("Examples"))
      blocks += command.examples.map { .example(line: $0.line, meaning: $0.meaning) }
    }
    self.blocks = blocks
  }
}
