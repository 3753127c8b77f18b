import Commands
import Foundation
import Synchronization
import TestSupport
import Testing

/// Lines of progress as values, and what commands show of them on terminals and elsewhere.
@Suite struct ProgressTests {
  private let step = StepLine(
    title: "evaluating", done: 1200, total: 2000, seconds: 3.9, rate: 310.4)

  @Test func `A long step's line says how far, how fast and how long still`() {
    #expect(step.plain == "evaluating  1,200/2,000  4s 310 img/s  3s left")
    #expect(
      step.line(columns: 80)
        == "evaluating  1,200/2,000 ━━━━━━━━━━━━━━━━━━────────────  4s 310 img/s  3s left")
    #expect(
      step.line(columns: 60, isUnicode: false)
        == "evaluating  1,200/2,000 #######------  4s 310 img/s  3s left")
    let open = StepLine(
      title: "scanning", done: 4096, total: nil, unit: "files", seconds: 1, rate: 9.87)
    #expect(open.line(columns: 80) == "scanning  4,096  1s 9.9 files/s")
    let first = StepLine(title: "checking", done: 1, total: 9, seconds: 0, rate: nil)
    #expect(first.plain == "checking  1/9  0s")
  }

  @Test func `A narrow terminal keeps the count, then the time left, then the rate`() {
    for columns in 1...200 {
      #expect(step.line(columns: columns).count <= columns)
    }
    #expect(step.line(columns: 46) == "evaluating  1,200/2,000  4s 310 img/s  3s left")
    #expect(step.line(columns: 45) == "evaluating  1,200/2,000  310 img/s  3s left")
    #expect(step.line(columns: 40) == "evaluating  1,200/2,000  3s left")
    #expect(step.line(columns: 30) == "evaluating  1,200/2,000")
  }

  @Test func `More than there is to do, or nothing, draws a bar all the same`() {
    for (done, total) in [(5, 0), (7, 5), (0, 0), (Int.max, 3)] {
      let line = StepLine(title: "x", done: done, total: total, seconds: 1, rate: 0)
      #expect(line.line(columns: 120).count <= 120)
    }
  }

  @Test func `Where every line stays they come ever more rarely`() {
    var pace = PlainPace(from: 100)
    let due = (0...400).filter { pace.isDue(at: 100 + Double($0)) }
    #expect(due == [5, 15, 35, 75, 135, 195, 255, 315, 375])
  }

  @Test func `A row of numbers becomes a small curve`() {
    #expect(Sparkline.text([0, 1, 2, 3, 4, 5, 6, 7], cells: 8) == "▁▂▃▄▅▆▇█")
    #expect(Sparkline.text([7, 0], cells: 8, isUnicode: false) == "#_")
    #expect(Sparkline.text([2, 2, 2], cells: 9) == "▅▅▅")
    #expect(Sparkline.text([0, .nan, 1], cells: 9) == "▁ █")
    #expect(Sparkline.text([.nan, .infinity], cells: 9) == "  ")
    #expect(Sparkline.text([], cells: 9) == "")
    // Each cell the mean of two.
    #expect(Sparkline.text([0, 0, 3, 4, 7, 7], cells: 3) == "▁▅█")
    #expect(Sparkline.text((0..<1000).map(Double.init), cells: 17).count == 17)
  }

  @Test(arguments: [
    ([:], false), (["LANG": "C"], false), (["LANG": "en_GB.UTF-8"], true),
    (["LC_ALL": "", "LC_CTYPE": "C.utf8", "LANG": "C"], true),
    (["LC_ALL": "C", "LANG": "en_GB.UTF-8"], false), (["LANG": "de_DE.UTF-8@euro"], true),
    (["LANG": "de_DE.ISO-8859-1"], false),
  ])
  func `The locale says whether there are more characters than ASCII`(
    variables: [String: String], expected: Bool
  ) {
    #expect(quietEnvironment(variables).isUnicode == expected)
  }

  private func quietEnvironment(_ variables: [String: String]) -> Environment {
    Environment(
      output: CapturedStream(), diagnostics: CapturedStream(), input: { _ in [] },
      variables: variables, clock: { 0 }, terminalColumns: { nil }, watchSignals: { { nil } })
  }

  @Test func `Images of a batch that are reported all at once give no rate`() throws {
    let data = try TinyDataset(test: 20)
    let run = try data.trained()
    let output = CapturedStream()
    let diagnostics = CapturedStream()
    var environment = quietEnvironment(TestEngine.variables)
    (environment.output, environment.diagnostics) = (output, diagnostics)
    // Seven seconds pass before the first answer, and hardly any between those that follow.
    environment.clock = {
      let written = output.text.utf8.count
      return written == 0 ? 0 : 7 + Double(written) * 1e-9
    }
    let words = ["predict", "-r", data.path + "/test_set", "--model", run]
    #expect(Tool.run(words, environment) == .done)
    #expect(output.text.split(separator: "\n").count == 40)
    #expect(!diagnostics.text.contains("img/s"), "\(diagnostics.text)")
  }

  @Test(arguments: [40, 80, 200])
  func `After training a terminal shows the curves, in its characters and its width`(
    columns: Int
  ) throws {
    let data = try TinyDataset()
    for (language, marks) in [("C.UTF-8", "▁▂▃▄▅▆▇█ "), ("C", "_.-=+*%# ")] {
      let outcome = cnnctl(
        data.training("--epochs", "4", out: "run-" + language),
        variables: ["COLUMNS": "\(columns)", "LANG": language], isTerminal: true)
      #expect(outcome.code == .done, "\(outcome.diagnostics)")
      let lines = outcome.diagnostics.split(separator: "\n").map(lastDrawn)
      for name in ["loss", "val_loss", "val_accuracy"] {
        let line = try #require(lines.last { $0.hasPrefix(name + " ") }, "\(lines)")
        #expect(line.count <= columns)
        let parts = line.split(separator: "  ", omittingEmptySubsequences: true)
        let curve = try #require(parts.dropFirst(2).first)
        #expect(curve.allSatisfy(marks.contains), "\(line)")
      }
      if language == "C" {
        #expect(outcome.diagnostics.allSatisfy { $0.isASCII }, "\(outcome.diagnostics)")
      }
    }
    let plain = cnnctl(data.training(out: "plain"))
    #expect(!plain.diagnostics.contains("\nval_accuracy "))
    let quiet = cnnctl(data.training("-q", out: "quiet"), isTerminal: true)
    #expect(!quiet.diagnostics.contains("\nval_accuracy "))
  }

  /// What a terminal shows of a line that was drawn several times.
  private func lastDrawn(_ line: Substring) -> String {
    String(line.split(separator: "\r").last ?? "").replacing("\u{1b}[K", with: "")
  }

  @Test func `Without a terminal a long step says now and then how far it is`() throws {
    let data = try TinyDataset(training: 10, test: 40)
    let run = try data.trained(plots: true)
    for words in [
      ["evaluate", "--model", run], ["predict", "-r", data.path + "/test_set", "--model", run],
    ] {
      // A second goes by whenever somebody looks at the clock.
      let outcome = cnnctl(words, clockStep: 1)
      let lines = outcome.diagnostics.split(separator: "\n").filter { $0.contains("img/s") }
      let form =
        #/(evaluating|predicting)  \d+/80  (\d+m\d\d|\d+)s [\d.]+ img/s  (\d+m\d\d|\d+)s left/#
      #expect((2...4).contains(lines.count), "\(outcome.diagnostics)")
      #expect(lines.allSatisfy { $0.wholeMatch(of: form) != nil }, "\(lines)")
      #expect(!outcome.diagnostics.contains("\r") && !outcome.diagnostics.contains("\u{1b}"))
      let quiet = cnnctl(words + ["-q"], clockStep: 1)
      // What the figures are worth is said all the same.
      let said = quiet.diagnostics.split(separator: "\n")
      #expect(said.allSatisfy { $0.hasPrefix("warning: no better than") }, "\(said)")
      #expect(quiet.output == outcome.output)
    }
    let training = cnnctl(data.training("--json", out: "slow"), clockStep: 1)
    #expect(training.diagnostics.contains(" left"))
    #expect(try training.lines.map(object).count == training.lines.count)
  }
}
