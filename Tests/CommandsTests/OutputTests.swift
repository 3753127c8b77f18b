import Commands
import Foundation
import Primitives
import Testing

@Suite struct OutputTests {
  @Test(arguments: [
    ("plain ü 猫", "plain ü 猫"), ("a\u{1b}]0;x\u{7}b", "a\\u{1b}]0;x\\u{7}b"),
    ("two\nlines\r\t", "two\\nlines\\r\\t"), ("\u{9b}31m", "\\u{9b}31m"),
    ("exe.\u{202e}gpj", "exe.\\u{202e}gpj"), ("\u{7f}", "\\u{7f}"),
  ])
  func `What could steer a terminal is spelled out`(text: String, expected: String) {
    #expect(terminalSafe(text) == expected)
  }

  @Test func `A message escapes the names in it`() {
    let outcome = cnnctl("train", "a", "b\u{1b}[2Jc")
    #expect(outcome.code == .usage)
    #expect(!outcome.diagnostics.unicodeScalars.contains("\u{1b}"))
    #expect(outcome.diagnostics.contains("found: b\\u{1b}[2Jc\n"))
  }

  @Test func `JSON reads back as what it was`() throws {
    let name = "quote \" backslash \\ newline \n bell \u{7} csi \u{9b} bidi \u{202e} cat 猫"
    let line = JSON.object([
      .init("name", .string(name)), .init("third", .double(1.0 / 3)), .init("none", .null),
      .init("nan", .double(.nan)), .init("list", [.int(1), .bool(true)]),
    ]).line
    #expect(!line.unicodeScalars.contains(where: steersTerminal))
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    #expect(object["name"] as? String == name)
    #expect(object["third"] as? Double == 1.0 / 3)
    #expect(object["nan"] is NSNull)
    #expect((object["list"] as? [Any])?.count == 2)
  }

  @Test func `Numbers read as people write them`() {
    #expect(grouped(0) == "0")
    #expect(grouped(3120) == "3,120")
    #expect(grouped(-1_234_567) == "-1,234,567")
    #expect(shortDuration(3.6) == "4s")
    #expect(shortDuration(125) == "2m05s")
    #expect(shortDuration(3725) == "1h02m")
    #expect(byteCount(999) == "999 bytes")
    #expect(byteCount(37_500_000) == "37.5 MB")
  }

  private let running = EpochLine(
    epoch: 3, epochs: 25, step: 180, steps: 250, seconds: 2.88, loss: 0.62861, accuracy: 0.64988)

  private let finished = EpochLine(
    epoch: 3, epochs: 25, step: 250, steps: 250, seconds: 4, loss: 0.62861, accuracy: 0.64988,
    outcome: .init(
      validationLoss: 0.59, validationAccuracy: 0.7011, imagesPerSecond: 3120.4, isBest: true))

  @Test func `The line of an epoch has Keras's shape`() {
    #expect(
      running.line(columns: 80)
        == "Epoch 3/25  180/250 ━━━━━━━────  1s left 16ms/step  loss 0.6286  accuracy 0.6499")
    #expect(
      running.line(columns: 80, isUnicode: false)
        == "Epoch 3/25  180/250 #######----  1s left 16ms/step  loss 0.6286  accuracy 0.6499")
    #expect(
      finished.plain
        == "Epoch 3/25  250/250  4s 16ms/step  loss 0.6286  accuracy 0.6499  "
        + "val_loss 0.5900  val_accuracy 0.7011  3,120 img/s  best")
  }

  @Test func `The time left of the run stands before the last word, where there is room`() {
    var line = finished
    line.runLeft = 88
    #expect(line.plain.hasSuffix("  3,120 img/s  run 1m28s left  best"))
    #expect(line.line(columns: 80) == finished.line(columns: 80))
    var early = running
    early.runLeft = 88
    #expect(early.line(columns: 120).hasSuffix("  accuracy 0.6499  run 1m28s left"))
    #expect(early.line(columns: 80) == running.line(columns: 80))
    for columns in 40...200 {
      #expect(early.line(columns: columns).count <= columns)
      #expect(line.line(columns: columns).count <= columns)
    }
  }

  @Test func `The line is never wider than the terminal and keeps what tells most`() {
    for columns in 40...200 {
      #expect(running.line(columns: columns).count <= columns)
      let line = finished.line(columns: columns)
      #expect(line.count <= columns)
      #expect(line.hasPrefix("Epoch 3/25"))
      #expect(line.contains("0.7011") && line.hasSuffix("best"), "\(columns) columns")
      // In 80 columns both losses and both accuracies have room.
      if columns >= 80 { #expect(line.contains("val_loss 0.5900") && line.contains("0.6499")) }
    }
    #expect(finished.line(columns: 200).contains("━━━━━"))
  }
}
