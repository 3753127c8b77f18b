import Commands
import Testing

private func parse(_ words: String...) throws -> Arguments {
  try ArgumentParser.parse(words, for: .train)
}

@Suite struct ParserTests {
  @Test func `Every way to write an option gives the same value`() throws {
    for words in [
      ["--batch-size", "48"], ["--batch-size=48"], ["-b", "48"], ["-b48"], ["-b=48"],
    ] {
      let arguments = try ArgumentParser.parse(["photos"] + words, for: .train)
      #expect(arguments.integer("batch-size") == 48)
      #expect(arguments.operands == ["photos"])
    }
  }

  @Test func `Each kind of value is read`() throws {
    let arguments = try parse(
      "photos", "--lr", "3e-4", "--max-time", "10m", "--crop-scale", "0.35:1", "--flip", "hv",
      "--seed=7", "--json", "--out", "somewhere")
    #expect(arguments.number("lr") == 3e-4)
    #expect(arguments.seconds("max-time") == 600)
    #expect(arguments.interval("crop-scale")?.lower == 0.35)
    #expect(arguments.interval("crop-scale")?.upper == 1)
    #expect(arguments.text("flip") == "hv")
    #expect(arguments.integer("seed") == 7)
    #expect(arguments.flag("json"))
    #expect(!arguments.flag("quiet"))
    #expect(arguments.text("out") == "somewhere")
  }

  @Test func `The last of several values holds`() throws {
    let arguments = try parse("photos", "--epochs", "3", "--json", "--epochs=5", "--no-json")
    #expect(arguments.integer("epochs") == 5)
    #expect(!arguments.flag("json"))
  }

  @Test func `Options can be turned off`() throws {
    let arguments = try parse("photos", "--no-ema", "--no-patience", "--no-flip")
    #expect(arguments.number("ema") == 0)
    #expect(arguments.isOff("patience"))
    #expect(arguments.text("flip") == "none")
  }

  @Test func `Two dashes end the options`() throws {
    let arguments = try ArgumentParser.parse(["--", "--epochs", "-r"], for: .predict)
    #expect(arguments.operands == ["--epochs", "-r"])
  }

  @Test func `Letters combine, and a dash or -0 is an operand`() throws {
    let arguments = try ArgumentParser.parse(["-rq", "-", "-0", "-o", "-"], for: .predict)
    #expect(arguments.flag("recursive"))
    #expect(arguments.flag("quiet"))
    #expect(arguments.operands == ["-", "-0"])
    #expect(arguments.text("output") == "-")
  }

  @Test(arguments: [
    ("train photos --epoch 3", "unknown option --epoch of cnnctl train", "try: --epochs"),
    ("train photos --batchsize 3", "unknown option --batchsize", "try: --batch-size"),
    ("train photos --frobnicate", "unknown option --frobnicate", "See 'cnnctl help train'."),
    ("train photos -x", "unknown option -x", "See 'cnnctl help train'."),
    ("predict a.jpg --epochs 3", "unknown option --epochs", "found: an option of train"),
    ("train photos --epochs", "--epochs needs a value", "expected: a whole number from 1"),
    ("train photos --lr --epochs 3", "--lr needs a value", "expected: a number above 0"),
    ("train photos --epochs 0", "--epochs: '0' is out of range", "from 1 to 100000"),
    ("train photos --lr -1", "--lr: '-1' is out of range", "above 0, at most 100"),
    ("train photos --val-split 1", "--val-split: '1' is out of range", "from 0 and below 0.9"),
    ("train photos --epochs 2.5", "--epochs: '2.5' is not a value", "a whole number"),
    ("train photos --lr nan", "--lr: 'nan' is not a value", "a number above 0"),
    ("train photos --lr 0x1p3", "--lr: '0x1p3' is not a value", "a number above 0"),
    ("train photos --epochs 99999999999999999999", "is not a value", "a whole number"),
    ("train photos --recipe sed", "--recipe: 'sed' is not a value", "try: --recipe seed"),
    ("train photos --max-time 10x", "--max-time: '10x'", "90s, 10m or 2h"),
    ("train photos --crop-scale 0.5", "--crop-scale: '0.5'", "A:B"),
    ("train photos --crop-scale 1:0.5", "--crop-scale: '1:0.5' is out of range", "A:B"),
    ("train photos --json=1", "--json takes no value", "found: 1"),
    ("train photos --no-epochs", "--epochs cannot be turned off", "See"),
    ("train photos --no-ema=1", "--no-ema takes no value", "found: 1"),
    ("train", "DATASET is missing", "expected: cnnctl train DATASET"),
    ("train a b c", "too many arguments", "found: b c"),
    ("predict", "IMAGE is missing", "expected: cnnctl predict IMAGE..."),
    ("trian photos", "unknown command trian", "try: cnnctl train"),
    ("--frob", "unknown option --frob", "See 'cnnctl help'."),
    ("", "no command given", "See 'cnnctl help'."),
  ])
  func `A wrong command line is told in CLI.md's shape with exit code 64`(
    line: String, message: String, advice: String
  ) {
    let outcome = cnnctl(line.split(separator: " ").map(String.init))
    #expect(outcome.code == .usage)
    #expect(outcome.output == "")
    #expect(outcome.diagnostics.hasPrefix("error: "))
    #expect(outcome.diagnostics.contains(message))
    #expect(outcome.diagnostics.contains(advice))
    let lines = outcome.diagnostics.split(separator: "\n")
    #expect((2...4).contains(lines.count))
    #expect(lines.last?.hasPrefix("See 'cnnctl help") == true)
  }

  @Test func `An empty operand is refused`() {
    #expect(cnnctl("train", "").diagnostics.contains("argument 1 is empty"))
  }

  @Test func `Names are unique within a command and letters too`() {
    for command in CommandName.allCases {
      let options = OptionTable.options(of: command)
      #expect(Set(options.map(\.name)).count == options.count)
      let letters = options.compactMap(\.short)
      #expect(Set(letters).count == letters.count)
    }
  }

  @Test func `Edit distance counts a swap of neighbours once`() {
    #expect(editDistance("trian", "train") == 1)
    #expect(editDistance("kitten", "sitting") == 3)
    #expect(editDistance("", "abc") == 3)
    #expect(nearest(to: "zzzz", among: ["train", "help"]) == nil)
  }
}
