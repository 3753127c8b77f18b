import Commands
import Testing
import Training

/// The pages are compared whole.
///
/// After a change that is meant, write each again with `COLUMNS=80 cnnctl help NAME >
/// Tests/CommandsTests/Golden/help-NAME.txt` and read the difference.
@Suite struct HelpTests {
  @Test(arguments: Tool.descriptions.map(\.name))
  func `A command's page is the golden one, by help and by --help`(name: String) throws {
    let expected = try golden("help-\(name).txt")
    for words in [["help", name]] + (name == "help" ? [] : [[name, "--help"], [name, "-h"]]) {
      let outcome = cnnctl(words, variables: ["COLUMNS": "80"])
      #expect(outcome.code == .done)
      #expect(outcome.output == expected)
      #expect(outcome.diagnostics == "")
    }
  }

  @Test func `All options of a command with many are on the golden page`() throws {
    let expected = try golden("help-train-all.txt")
    for words in [["help", "train", "--all"], ["train", "--help-all"]] {
      #expect(cnnctl(words, variables: ["COLUMNS": "80"]).output == expected)
    }
    // Of the others there is nothing more to say.
    for name in Tool.descriptions.map(\.name) where name != "train" {
      #expect(cnnctl("help", name, "--all").output == cnnctl("help", name).output)
    }
  }

  @Test func `Every command has a page with its usage, and says what each option does`() {
    for command in Tool.descriptions {
      let page = cnnctl("help", command.name, "--all").output
      #expect(page.hasPrefix("Usage: cnnctl \(command.name)"))
      for option in command.options { #expect(!option.help.isEmpty, "\(option.title)") }
      for option in command.listed { #expect(page.contains(option.title), "\(option.title)") }
    }
  }

  @Test(arguments: [["help"], ["--help"], ["-h"]])
  func `The overview is the golden one`(words: [String]) throws {
    let outcome = cnnctl(words, variables: ["COLUMNS": "80"])
    #expect(outcome.code == .done)
    #expect(outcome.output == (try golden("help.txt")))
  }

  @Test(arguments: [("20", 80), ("80", 80), ("90", 90), ("300", 100)])
  func `Help fills the terminal's width from 80 to 100 columns`(said: String, limit: Int) {
    for name in [""] + Tool.descriptions.map(\.name) where name != "help" {
      let outcome = cnnctl(name.isEmpty ? ["help"] : ["help", name], variables: ["COLUMNS": said])
      let widest = outcome.lines.map(\.count).max() ?? 0
      #expect(widest <= limit, "\(name)")
      #expect(widest > limit - 12, "\(name) leaves the width unused")
    }
  }

  @Test func `The version names the libraries`() {
    let outcome = cnnctl("--version")
    #expect(outcome.code == .done)
    #expect(outcome.lines.first?.hasPrefix("cnnctl ") == true)
    #expect(outcome.output.contains("libpng 1."))
    #expect(outcome.output.contains("libjpeg"))
  }

  @Test func `Help of an unknown command is a usage error`() {
    let outcome = cnnctl("help", "trian")
    #expect(outcome.code == .usage)
    #expect(outcome.diagnostics.contains("try: cnnctl train\n"))
  }
}
