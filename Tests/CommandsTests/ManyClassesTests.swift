import Commands
import Testing

@Suite struct ManyClassesTests {
  @Test func `Of thirty classes the screen shows the worst, and the files hold all`() throws {
    let names = (10..<40).map { "kind\($0)" }
    let data = try TinyDataset(classes: names, training: 2, test: 1)
    let run = data.folder.file("run")
    let outcome = cnnctl(data.training("--val-split", "0", "--epochs", "1"))
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(outcome.lines.count < 24, "\(outcome.output)")
    let weakest = outcome.lines.filter { $0.contains("weakest class: kind") }
    #expect(weakest.count == 1 && weakest[0].contains(", 1 taken for kind"))
    #expect(outcome.output.contains("tables  \(run)/test/report.txt"))
    #expect(outcome.diagnostics.contains("(30 classes of 2 images)"))
    for line in try text(of: run + "/log.txt").split(separator: "\n") {
      #expect(line.count < 500, "\(line)")
    }

    let report = try text(of: run + "/test/report.txt")
    #expect(names.allSatisfy { report.contains($0) })
    #expect(!report.contains("rows: true class"))
    #expect(report.contains("the full matrix is in confusion_matrix.csv"))
    let matrix = try text(of: run + "/test/confusion_matrix.csv").split(separator: "\n")
    #expect(matrix.count == 31)
    let page = try text(of: run + "/report.html")
    #expect(page.contains("<summary>all 30 classes, lowest F1 first</summary>"))
    #expect(page.contains("The 10 classes with the lowest F1"))

    // An evaluation that writes nothing says how to have all of it.
    let evaluated = cnnctl("evaluate", data.path, "--model", run)
    #expect(
      evaluated.lines.count < 60 && evaluated.output.contains("--out DIR writes the full report"))

    // More labels than there are classes are all labels.
    let predicted = cnnctl(
      "predict", data.path + "/test_set/kind10/1000.png", "--model", run, "--top-k", "2000")
    #expect(predicted.code == .done && predicted.lines.count == 31)
  }
}
