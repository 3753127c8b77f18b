import Commands
import Foundation
import Testing

/// The end of a run: one screen that says what it came to and what to do next.
@Suite struct EndScreenTests {
  /// The lines that a terminal of 80 columns shows of a text.
  private func rows(_ text: String) -> Int {
    text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      .reduce(0) { $0 + max(1, ($1.count + 79) / 80) }
  }

  @Test func `It has the accuracy, the weakest class, three mistakes, the files and what to do`()
    throws
  {
    let data = try TinyDataset(training: 20, test: 12)
    let outcome = cnnctl(data.training("--lr", "0.00001"))
    let run = data.folder.file("run")
    let report = try object(text(of: run + "/test/report.json"))
    let accuracy = try #require(report["accuracy"] as? Double)
    let right = Int((accuracy * 24).rounded())
    try #require(right < 22, "the model has to make mistakes")
    let place = try #require(outcome.lines.firstIndex { $0.hasPrefix("accuracy ") })
    let form = #/accuracy (\d+\.\d) % \(\d+\.\d-\d+\.\d\) on 24 test images/#
    let match = try #require(outcome.lines[place].wholeMatch(of: form), "\(outcome.output)")
    #expect(match.1 == String(format: "%.1f", 100 * accuracy))
    #expect(outcome.lines[place + 1].hasPrefix("  \(right) of 24 are right"))
    // The class with the fewest right, by the table of predictions.
    let table = try text(of: run + "/test/predictions.csv").split(separator: "\n").dropFirst().map {
      $0.split(separator: ",").map(String.init)
    }
    let shares = ["cats", "dogs"].map { name in
      table.count { $0[1] == name && $0[2] == name }
    }
    let weakest = shares[1] < shares[0] ? "dogs" : "cats"
    #expect(
      outcome.output.contains("  weakest class: \(weakest), \(shares.min() ?? -1) of 12 right ("))
    let worst = table.filter { $0[1] != $0[2] }
      .sorted { (Double($0[3]) ?? 0) > (Double($1[3]) ?? 0) }
    let named = outcome.lines.filter { $0.contains(", predicted ") }
    #expect(named.count == min(3, worst.count))
    #expect(named.first?.hasPrefix("    \(worst[0][0]): \(worst[0][1]), predicted ") == true)
    #expect(outcome.lines.contains("tables  \(run)/test/report.txt"))
    #expect(outcome.lines.contains("open    \(run)/report.html"))
    // The commands are to be copied: what they name exists.
    let explain = try #require(outcome.lines.first { $0.contains("cnnctl explain ") })
    #expect(explain.contains("cnnctl explain \(worst[0][0]) --model \(run)"))
    #expect(outcome.lines.last?.contains("cnnctl predict photo.jpg --model \(run)") == true)
    for word in ["Brier", "coverage", "f1-score"] { #expect(!outcome.output.contains(word)) }
    #expect(try text(of: run + "/test/report.txt").contains("f1-score"))
  }

  @Test func `On a terminal of 80 columns and 24 rows it is seen whole, with the curves`() throws {
    let data = try TinyDataset(training: 20, test: 12)
    let outcome = cnnctl(
      data.training("--lr", "0.00001"), variables: ["COLUMNS": "80", "LANG": "C.UTF-8"],
      isTerminal: true)
    let curves = outcome.diagnostics.split(separator: "\n").filter {
      $0.hasPrefix("loss ") || $0.hasPrefix("val_")
    }
    #expect(curves.count == 3, "\(outcome.diagnostics)")
    // The paths of this test are longer than people's.
    let output = outcome.output.replacing(data.folder.path + "/", with: "")
    #expect(rows(output) + curves.count <= 24, "\(output)")
    for line in outcome.lines where line.contains(", predicted ") { #expect(line.count <= 80) }
  }

  @Test func `A model that is no better than one answer begins with that`() throws {
    let data = try TinyDataset(classes: ["aaa", "bbb"])
    let outcome = cnnctl(data.training())
    #expect(outcome.lines.first?.hasPrefix("no better than always predicting aaa (50.0 %") == true)
    #expect(outcome.lines.dropFirst().first?.hasPrefix("accuracy ") == true)
    #expect(!outcome.output.contains("points above"))
    #expect(outcome.output.contains("try     cnnctl check \(data.path)"))
    #expect(outcome.diagnostics.contains("warning: no better than always predicting aaa"))
  }

  @Test func `A model that is better is compared with guessing, and the page begins the same`()
    throws
  {
    let data = try TinyDataset(training: 40, test: 20)
    let outcome = cnnctl(data.training("--epochs", "12"))
    let run = data.folder.file("run")
    let report = try object(text(of: run + "/test/report.json"))
    let accuracy = try #require(report["accuracy"] as? Double)
    try #require(accuracy > 0.8)
    let points = String(format: "%.1f", 100 * (accuracy - 0.5))
    #expect(
      outcome.output.contains("right, \(points) points above always predicting cats (50.0 %)"))
    let page = try text(of: run + "/report.html")
    let start = try #require(page.range(of: "<h2>Summary</h2>")?.upperBound)
    let summary = String(page[start...].prefix(3000))
    for line in outcome.lines.prefix(3) where !line.isEmpty && !line.contains("most confident") {
      let said = line.drop { $0 == " " }.dropFirst()
      #expect(summary.contains(said), "\(line)")
    }
    // Test beside validation beside training, each with its own figure.
    #expect(summary.contains("<dt>Test accuracy</dt>"))
    #expect(summary.contains("<dt>Training accuracy</dt>"))
    #expect(summary.contains("<dt>Validation accuracy</dt>"))
    #expect(page.contains(#/started \d{4}-\d\d-\d\d \d\d:\d\d UTC, took \d+s/#))
    let record = try object(text(of: run + "/run.json"))
    let started = try Date(#require(record["started"] as? String), strategy: .iso8601)
    #expect((-1...600).contains(Date().timeIntervalSince(started)))
  }

  @Test func `Without test images it says what was measured, and the page has both accuracies`()
    throws
  {
    let data = try TinyDataset(training: 24, test: 0)
    let outcome = cnnctl(data.training())
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(outcome.output.contains(#/accuracy .* on \d+ validation images\n/#))
    #expect(outcome.output.contains("  there are no test images: "))
    let page = try text(of: data.folder.file("run") + "/report.html")
    #expect(page.contains("<dt>Validation accuracy</dt>"))
    #expect(page.contains("<dt>Training accuracy</dt>") && !page.contains("<dt>Test accuracy</dt>"))
  }

  @Test func `An instant run is measured out of fold, and its labels can be audited`() throws {
    let data = try TinyDataset(training: 20, test: 0)
    let source = try data.trained()
    let run = data.folder.file("instant")
    let outcome = cnnctl(
      "train", data.path, "--recipe", "instant", "--from", source, "--out", run, "--no-plots")
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(outcome.output.contains(" on 40 out-of-fold predictions\n"))
    #expect(outcome.output.contains("predicted by a model that had not seen it\n"))
    #expect(outcome.output.contains("best.safetensors (the solved last layer)\n"))
    let isWrong = outcome.output.contains("weakest class")
    #expect(outcome.output.contains("cnnctl audit \(run)") == isWrong)
    // It has no images that are changed from epoch to epoch, so none are missing.
    let report = cnnctl("report", run)
    #expect(report.code == .done && !report.diagnostics.contains("samples.png"))
    // Its accuracy on the images that it was solved for says nothing.
    let evaluated = cnnctl("evaluate", "--model", run)
    #expect(evaluated.code == .badData && !evaluated.diagnostics.contains("--split train"))
    #expect(
      evaluated.diagnostics.contains("; \(run)/folds/report.txt has its accuracy out of fold\n"))
  }

  @Test func `A finished run that is resumed ends as it did, quiet or not`() throws {
    let data = try TinyDataset()
    let outcome = cnnctl(data.training("--no-plots", "-q"))
    let again = cnnctl("train", "--resume=" + data.folder.file("run"), "--no-plots")
    #expect(again.code == .done && again.output == outcome.output)
    #expect(again.output.contains("accuracy "))
    let events = cnnctl("train", "--resume=" + data.folder.file("run"), "--no-plots", "--json")
    #expect(try object(events.output)["event"] as? String == "done")
  }

  @Test func `A run that is stopped has no accuracy, and says how to go on`() throws {
    let data = try TinyDataset()
    let stopped = cnnctl(data.training("--epochs", "1000"), stopAfter: 47)
    #expect(stopped.code == .interrupted)
    #expect(stopped.output.contains("weights "))
    #expect(!stopped.output.contains("accuracy") && !stopped.output.contains("try     "))
    #expect(stopped.diagnostics.contains("To continue: cnnctl train --resume="))
  }
}
