internal import Classifier

/// Help pages in roff with the macros of man(7).
enum ManualText {
  /// The title of a command's page; nil for the page of the program.
  static func name(of command: CommandDescription?) -> String {
    command.map { "cnnctl-" + $0.name } ?? "cnnctl"
  }

  /// The page of a command with all its options; nil for the page of the program.
  static func page(of command: CommandDescription?) -> String {
    let name = name(of: command)
    let page = command.map { HelpPage($0, all: true) } ?? .overview
    var lines = [
      ".TH \(name.uppercased()) 1 \"\" \"cnnctl \(toolVersion)\" \"User Commands\"",
      // Names are never hyphenated: they are to be copied. Then lines cannot all be of one length.
      ".nh", ".ad l",
      ".SH NAME",
      escaped("\(name) - \(command?.summary ?? "train image classifiers and use them")"),
      ".SH SYNOPSIS",
    ]
    lines += page.blocks.compactMap { block in
      guard case .usage(let usage) = block else { return nil }
      return ".B \(escaped(usage))"
    }
    var heading = "DESCRIPTION"
    lines.append(".SH " + heading)
    for block in page.blocks {
      switch block {
      case .usage: break
      case .paragraph(let text):
        // What follows a list does not belong to it.
        if heading != "DESCRIPTION", heading != "NOTES" {
          heading = "NOTES"
          lines.append(".SH " + heading)
        } else if lines.last?.hasPrefix(".SH") == false {
          lines.append(".PP")
        }
        lines.append(escaped(text))
      case .heading(let text):
        heading = text.uppercased()
        lines.append(".SH " + escaped(heading))
      case .row(let term, let meaning, _):
        let words = term.split(separator: " ").joined(separator: " ")
        lines += [".TP", ".B " + escaped(words), escaped(meaning)]
      case .example(let line, let meaning):
        lines += [".TP", ".B " + escaped(line), escaped(meaning)]
      }
    }
    lines.append(".SH SEE ALSO")
    // A page of a command refers to the program's, and that to all the others.
    let others = command == nil ? Tool.descriptions.map(Optional.some) : [nil]
    for (index, other) in others.enumerated() {
      let comma = index + 1 < others.count ? "," : ""
      lines.append(".BR \\%\(escaped(ManualText.name(of: other))) (1)\(comma)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Text that roff prints as it is: no escape sequences, no requests at the start of the line, and
  /// minus signs, which can be copied into a shell, where roff would set hyphens.
  private static func escaped(_ text: String) -> String {
    let text = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
      .replacing("'", with: "\\(aq").replacing("\"", with: "\\(dq")
    return text.hasPrefix(".") ? "\\&" + text : text
  }
}
