import Commands
import Testing

/// The pages are compared whole.
///
/// After a change that is meant, write each again with `COLUMNS=80 cnnctl help NAME >
/// Tests/CommandsTests/Golden/help-NAME.txt` and read the difference.
@Suite struct HelpTests {
  @Test(arguments: [
    "train", "evaluate", "predict", "check", "inspect", "compare", "explain", "report",
    "export", "import", "bench", "help",
  ])
  func `A command's page is the golden one, by help and by --help`(name: String) throws {
    let expected = try golden("help-\(name).txt")
    for words in [["help", name]] + (name == "help" ? [] : [[name, "--help"], [name, "-h"]]) {
      let outcome = cnnctl(words, variables: ["COLUMNS": "80"])
      #expect(outcome.code == .done)
      #expect(outcome.output == expected)
      #expect(outcome.diagnostics == "")
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
    for name in [
      "", "train", "evaluate", "predict", "check", "inspect", "compare", "explain", "report",
      "export", "import", "bench",
    ] {
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
