import Commands
import ImageData
import Primitives
import Testing
import Training

private func parse(_ words: [String], for command: String) throws -> Arguments {
  try ArgumentParser.parse(words, for: try #require(Tool.description(of: command)))
}

private func parse(_ words: String...) throws -> Arguments { try parse(words, for: "train") }

@Suite struct ParserTests {
  @Test func `Every way to write an option gives the same value`() throws {
    for words in [
      ["--batch-size", "48"], ["--batch-size=48"], ["-b", "48"], ["-b48"], ["-b=48"],
    ] {
      let arguments = try parse(["photos"] + words, for: "train")
      #expect(arguments.given["batch-size"] == .text("48"))
      #expect(arguments.operands == ["photos"])
    }
  }

  @Test func `Each kind of value is read`() throws {
    let arguments = try parse(
      "photos", "--lr", "3e-4", "--max-time", "10m", "--crop-scale", "0.35:1", "--flip", "hv",
      "--seed=7", "--json", "--out", "somewhere")
    let configuration = try Configuration(dataset: "d", settings: arguments.settings)
    #expect(configuration.training.learningRate == 3e-4)
    #expect(configuration.training.maxSeconds == 600)
    #expect(configuration.augmentation.cropScale == Interval(0.35, 1))
    #expect(configuration.augmentation.flip == .hv)
    #expect(configuration.seed == 7)
    #expect(arguments.given["json"] == .alone)
    #expect(arguments.given["quiet"] == nil)
    #expect(arguments.given["out"] == .text("somewhere"))
  }

  @Test func `The last of several values holds`() throws {
    let arguments = try parse("photos", "--epochs", "3", "--json", "--epochs=5", "--no-json")
    #expect(arguments.given["epochs"] == .text("5"))
    #expect(arguments.given["json"] == .off)
  }

  @Test func `Options can be turned off`() throws {
    let arguments = try parse(
      "photos", "--no-ema", "--no-patience", "--no-flip", "--no-crop-scale", "--no-sync-bn")
    let configuration = try Configuration(dataset: "d", settings: arguments.settings)
    #expect(configuration.training.ema == 0 && configuration.training.patience == 0)
    #expect(configuration.augmentation.flip == .none)
    #expect(configuration.augmentation.cropScale == Interval(1, 1))
    #expect(configuration.training.syncBN == false)
  }

  @Test func `Two dashes end the options`() throws {
    let arguments = try parse(["--", "--epochs", "-r"], for: "predict")
    #expect(arguments.operands == ["--epochs", "-r"])
  }

  @Test func `Letters combine, and a dash or -0 is an operand`() throws {
    let arguments = try parse(["-rq", "-", "-0", "-o", "-"], for: "predict")
    #expect(arguments.given["recursive"] == .alone)
    #expect(arguments.given["quiet"] == .alone)
    #expect(arguments.operands == ["-", "-0"])
    #expect(arguments.given["output"] == .text("-"))
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
    ("train photos --learning-rate 0.1", "unknown option --learning-rate", "try: --lr"),
    ("train photos --learning_rate 0.1", "unknown option --learning_rate", "try: --lr"),
    ("train photos --image-size 64", "unknown option --image-size", "try: --size"),
    ("train photos --imgsz 64", "unknown option --imgsz", "try: --size"),
    ("train photos --pretrained", "unknown option --pretrained", "try: --from"),
    ("train photos --weights x", "unknown option --weights", "try: --from"),
    ("predict a.jpg --weights x", "unknown option --weights", "try: --model"),
    ("train photos --gpu", "unknown option --gpu", "cnnctl computes on the processor"),
    ("train photos --device cuda", "unknown option --device", "--threads N"),
    ("train photos --early-stopping", "unknown option --early-stopping", "try: --patience"),
    ("predict a.jpg --conf 0.5", "unknown option --conf", "try: --abstain-below"),
    ("predict a.jpg --abstain-below 95", "'95' is out of range", "try: --abstain-below 0.95"),
    ("predict a.jpg --abstain-below 95%", "'95%' is not a value", "try: --abstain-below 0.95"),
    ("evaluate --min-accuracy 90", "'90' is out of range", "try: --min-accuracy 0.9"),
    ("train photos --val-split 20", "'20' is out of range", "try: --val-split 0.2"),
    ("train photos --val-split 95", "'95' is out of range", "expected: a number from 0"),
    ("train --data photos", "unknown option --data", "try: without it: cnnctl train DATASET"),
    ("train photos --optim sgd", "unknown option --optim", "try: --optimizer"),
    ("train photos --name x", "unknown option --name", "try: --out"),
    ("ls", "unknown command ls", "try: cnnctl runs"),
    ("test photos", "unknown command test", "try: cnnctl evaluate"),
    ("val photos", "unknown command val", "try: cnnctl evaluate"),
    ("classify a.jpg", "unknown command classify", "try: cnnctl predict"),
    ("infer a.jpg", "unknown command infer", "try: cnnctl predict"),
    ("version", "unknown command version", "try: cnnctl --version"),
    ("similar a.jpg", "too few arguments", "found: a.jpg"),
    ("compare", "A and B are missing", "expected: cnnctl compare A"),
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
    #expect((2...5).contains(lines.count))
    #expect(lines.last?.hasPrefix("See 'cnnctl help") == true)
  }

  @Test(arguments: [
    ("bench", "--batch 8", "--batch-size 8"), ("train", "--batch 8", "--batch-size 8"),
    ("bench", "--net seed", "--arch seed"), ("train", "--net seed", "--arch seed"),
    ("train", "--output x", "--out x"), ("train", "-o x", "--out x"),
    ("evaluate", "--output=x", "--out=x"), ("report", "-ox", "--out x"),
    ("predict", "--out x", "-o x"), ("export", "--out x", "--output x"),
    ("explain", "--out x.png", "-o x.png"), ("inspect", "--out x.png", "-o x.png"),
  ])
  func `One option has one meaning by either of its names`(
    command: String, one: String, other: String
  ) throws {
    func values(_ words: String) throws -> Arguments {
      try parse(["operand"] + words.split(separator: " ").map(String.init), for: command)
    }
    #expect(try values(one) == values(other))
  }

  @Test func `Help shows one name of an option and speaks of its own command alone`() throws {
    for command in Tool.descriptions {
      let page = cnnctl("help", command.name, "--all", variables: ["COLUMNS": "100"])
      for option in command.options {
        for other in option.also {
          #expect(!page.output.contains("--\(other) "), "\(command.name) lists --\(other)")
        }
      }
      for other in Tool.descriptions.map(\.name) where other != command.name {
        #expect(!page.output.contains("(\(other): "), "\(command.name) speaks of \(other)")
        #expect(!page.output.contains("  \(other): "), "\(command.name) speaks of \(other)")
      }
    }
  }

  @Test func `An empty operand is refused`() {
    #expect(cnnctl("train", "").diagnostics.contains("argument 1 is empty"))
  }

  @Test func `Names are unique within a command and letters too`() {
    for command in Tool.descriptions {
      let options = command.options
      let names = options.flatMap { [$0.name] + $0.also }
      #expect(Set(names).count == names.count)
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
