import Commands
import Foundation
import Testing

/// `compare` of more than two models: a table in which each stands beside the first.
@Suite struct SeveralComparisonsTests {
  private let data: TinyDataset
  private let runs: [String]

  init() throws {
    let data = try TinyDataset(training: 10, test: 9)
    runs = try [("a", "1"), ("b", "2"), ("c", "3")].map { name, seed in
      try data.trained("--epochs", seed, "--seed", seed, out: name)
    }
    self.data = data
  }

  @Test func `Every figure is that of the comparison of two`() throws {
    let outcome = cnnctl(["compare"] + runs + ["--json"])
    #expect(outcome.code == .done && outcome.lines.count == 1, "\(outcome.diagnostics)")
    let report = try object(outcome.output)
    #expect(report["images"] as? Int == 18 && report["test"] as? String == "mcnemar_exact")
    let models = try #require(report["models"] as? [[String: Any]])
    #expect(models.map { $0["letter"] as? String } == ["A", "B", "C"])
    #expect(models[0]["p"] is NSNull && models[0]["difference"] is NSNull)
    for (model, run) in zip(models, runs).dropFirst() {
      let two = try object(cnnctl("compare", runs[0], run, "--json").output)
      let (own, first) = (model["figures"] as? NSDictionary, models[0]["figures"] as? NSDictionary)
      #expect(own != nil && own == two["b"] as? NSDictionary)
      #expect(first != nil && first == two["a"] as? NSDictionary)
      for (key, other) in [
        ("difference", "difference"), ("difference_low", "difference_low"),
        ("difference_high", "difference_high"), ("p", "p"), ("told_apart", "told_apart"),
        ("both_right", "both_right"), ("only_a", "only_a"), ("only_this", "only_b"),
        ("both_wrong", "both_wrong"),
      ] {
        let (one, expected) = (model[key] as? NSObject, two[other] as? NSObject)
        #expect(one != nil && one == expected, "\(key)")
      }
    }
  }

  @Test func `The table has a line per model, on the images of a folder too`() throws {
    for words in [runs, runs + [data.path]] {
      let outcome = cnnctl(["compare"] + words)
      #expect(outcome.code == .done, "\(outcome.diagnostics)")
      for (letter, run) in zip(["A", "B", "C"], runs) {
        let line = try #require(outcome.lines.first { $0.hasPrefix(letter + "  ") })
        #expect(line.contains("  \(run)  seed  ") && line.contains(" % ("))
        #expect(line.contains(#/, p = \d\.\d+$/#) == (letter != "A"), "\(line)")
      }
      #expect(outcome.lines.last == "no files written (use --out DIR)")
    }
    let out = data.folder.file("compared")
    let written = cnnctl(["compare"] + runs + ["--out", out])
    #expect(written.code == .done)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: out).sorted() == [
        "compare.json", "compare.txt",
      ])
    #expect(try text(of: out + "/compare.txt").contains(written.lines[2]))
  }

  @Test func `A model that is named twice is compared once, and a line says so`() throws {
    let latest = data.folder.file("latest")
    try FileManager.default.createSymbolicLink(atPath: latest, withDestinationPath: "b")
    let outcome = cnnctl(["compare", latest] + runs + ["--json"])
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(
      outcome.diagnostics.contains("left out \(runs[1]): it is the same model as \(latest)\n"))
    #expect(outcome.diagnostics.components(separatedBy: "left out ").count == 2)
    let other = cnnctl("compare", latest, runs[0], runs[2], "--json")
    #expect(outcome.output == other.output && !other.diagnostics.contains("left out "))
    #expect(cnnctl(["compare", latest] + runs + ["-q"]).diagnostics == "")
    // Where two are left they are compared as two, with the images of a folder too.
    for words in [[], [data.path]] {
      let weights = runs[0] + "/weights/best.safetensors"
      let two = cnnctl(["compare", runs[0], runs[1], weights] + words)
      #expect(two.code == .done && two.output.contains("McNemar's exact test (binomial): p "))
      #expect(two.diagnostics.contains("left out \(weights): "))
    }
  }

  @Test func `A model whose bytes are given twice or has other classes is named`() throws {
    let copy = data.folder.file("copy.safetensors")
    try FileManager.default.copyItem(
      atPath: runs[0] + "/weights/best.safetensors", toPath: copy)
    let twice = cnnctl("compare", runs[0], runs[1], copy)
    #expect(twice.code == .usage && twice.diagnostics.contains("A and C are the same model"))
    let other = try TinyDataset(classes: ["cats", "eels"])
    let foreign = try other.trained()
    let outcome = cnnctl("compare", runs[0], runs[1], foreign)
    #expect(outcome.code == .badData)
    #expect(outcome.diagnostics.contains("C \(foreign): cats, eels"))
    #expect(cnnctl("compare", runs[0], runs[1], data.folder.file("none")).code == .noInput)
  }
}
