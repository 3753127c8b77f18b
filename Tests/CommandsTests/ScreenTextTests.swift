import Commands
import Foundation
import Primitives
import Testing

/// How numbers and names stand on the screen and in the report.
@Suite struct ScreenTextTests {
  @Test(arguments: [
    (0, "0 images"), (1, "1 image"), (2, "2 images"), (1_000, "1,000 images"),
    (2_801_841, "2,801,841 images"), (-1_234, "-1,234 images"),
  ])
  func `A count has commas and a plural`(count: Int, text: String) {
    #expect(counted(count, "image") == text)
    #expect(counted(count, "class", "classes").hasSuffix(count == 1 ? " class" : " classes"))
  }

  @Test(arguments: [
    ("cats", 4), ("", 0), ("猫", 2), ("ねこ", 4), ("고양이", 6), ("🐱", 2), ("👨‍👩‍👧", 2), ("é", 1),
    ("e\u{301}", 1), ("❤️", 2), ("ﾈｺ", 2), ("🇩🇪", 2), ("Ｃ", 2),
  ])
  func `A name takes as many cells as a terminal gives it`(name: String, cells: Int) {
    #expect(terminalCells(name) == cells)
  }

  @Test func `An epoch's columns do not depend on whether it is the best`() {
    func line(_ isBest: Bool, _ columns: Int) -> String {
      EpochLine(
        epoch: 3, epochs: 28, step: 14, steps: 14, seconds: 4, loss: 0.6286, accuracy: 0.6499,
        outcome: EpochLine.Outcome(
          validationLoss: 0.5, validationAccuracy: 0.75, imagesPerSecond: 3120, isBest: isBest)
      ).line(columns: columns)
    }
    for columns in 70...160 {
      #expect(line(true, columns) == line(false, columns) + "  best", "\(columns) columns")
      #expect(line(true, columns).count <= columns)
    }
  }

  @Test func `The first lines have no 1 epochs, and no word is broken at the terminal's edge`()
    throws
  {
    let data = try TinyDataset(training: 4)
    let outcome = cnnctl(
      data.training("--epochs", "1", "-b", "16"), variables: ["COLUMNS": "44", "NO_COLOR": "1"],
      isTerminal: true)
    let said = outcome.diagnostics.replacing("\r\n", with: "\n")
    #expect(said.contains("1 epoch of 1 step,"), "\(said)")
    #expect(said.firstMatch(of: #/\b1 (epochs|steps|images|threads|classes)\b/#) == nil)
    // What goes on in the next line begins with two spaces.
    let further = said.split(separator: "\n").filter { $0.hasPrefix("  ") }
    // A path is one word, however long.
    let isWhole = further.allSatisfy { $0.count <= 44 || !$0.dropFirst(2).contains(" ") }
    #expect(further.count > 2 && isWhole, "\(said)")
    // Warnings too: none is broken by the terminal but at a path.
    let warnings = said.split(separator: "\n").filter { $0.hasPrefix("warning: ") }
    #expect(!warnings.isEmpty && warnings.allSatisfy { $0.count <= 44 }, "\(said)")
  }

  @Test func `A batch that is larger than the set is said to become smaller`() throws {
    let data = try TinyDataset()
    let outcome = cnnctl(data.training("-b", "512"))
    #expect(
      outcome.diagnostics.contains(
        #/warning: --batch-size 512 is reduced to \d\d, the number of training images/#),
      "\(outcome.diagnostics)")
  }

  @Test func `The report names settings as the options are named`() throws {
    let data = try TinyDataset()
    let run = try data.trained("--label-smoothing", "0.1", "--crop-scale", "0.35:1", plots: true)
    let page = try text(of: run + "/report.html")
    for name in ["label-smoothing", "batch-size", "crop-scale", "0.35:1", "weight-decay"] {
      #expect(page.contains(">\(name)<"), "\(name)")
    }
    for key in ["labelSmoothing", "batchSize", "cropScale", "learningRate", "minimumSteps"] {
      #expect(!page.contains(">\(key)"), "\(key)")
    }
    #expect(page.contains("@media (max-width:560px)") && page.contains("scroll sideways"))
  }

  @Test func `evaluate says which images there are where those asked for are not`() throws {
    let data = try TinyDataset()
    let run = try data.trained()
    let test = data.folder.file("only/test_set")
    try FileManager.default.createDirectory(
      atPath: data.folder.file("only"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: data.path + "/test_set", toPath: test)
    let outcome = cnnctl(
      "evaluate", data.folder.file("only"), "--model", run, "--split", "train")
    #expect(outcome.code == .badData)
    #expect(outcome.diagnostics.contains("found: images in test\n"), "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("try: --split test\n"), "\(outcome.diagnostics)")
  }
}
