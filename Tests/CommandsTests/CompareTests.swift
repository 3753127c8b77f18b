import Commands
import Foundation
import Testing

@Suite struct CompareTests {
  private let data: TinyDataset
  private let a: String
  private let b: String

  /// Two runs on the same images that answer differently.
  init() throws {
    data = try TinyDataset(training: 10, test: 9)
    a = try data.trained("--epochs", "3", out: "a")
    b = try data.trained("--epochs", "1", "--lr", "0.05", "--seed", "7", out: "b")
  }

  /// The rows of a predictions.csv without its header, by columns' names.
  private func rows(_ path: String) throws -> [[String: String]] {
    let lines = try text(of: path).split(separator: "\n")
    let names = try #require(lines.first).split(separator: ",").map(String.init)
    return lines.dropFirst().map { line in
      let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      return Dictionary(uniqueKeysWithValues: zip(names, cells))
    }
  }

  @Test func `The figures are those of each model's own evaluation, image by image`() throws {
    let out = data.folder.file("compared")
    let outcome = cnnctl("compare", a, b, "--json", "--out", out, "--no-plots")
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(outcome.lines.count == 1)
    let result = try object(outcome.output)
    let both = try rows(out + "/predictions.csv")
    #expect(both.count == 18)
    var right: [[Bool]] = []
    for (letter, run) in [("a", a), ("b", b)] {
      let own = data.folder.file("own-" + letter)
      let words = ["evaluate", data.path, "--model", run, "--out", own, "--json"]
      let evaluation = try object(cnnctl(words).output)
      let side = try #require(result[letter] as? [String: Any])
      for key in ["accuracy", "accuracy_low", "accuracy_high", "loss", "tta"] {
        let (one, other) = (side[key] as? NSObject, evaluation[key] as? NSObject)
        #expect(one != nil && one == other, "\(letter) \(key)")
      }
      let answers = try rows(own + "/predictions.csv")
      for (pair, answer) in zip(both, answers) {
        #expect(pair["path"] == answer["path"] && pair["true"] == answer["true"])
        #expect(pair[letter] == answer["pred"])
        #expect(pair[letter + "_probability"] == answer["probability"])
        #expect(pair[letter + "_p_cats"] == answer["p_cats"])
      }
      right.append(answers.map { $0["true"] == $0["pred"] })
    }
    let pairs = zip(right[0], right[1])
    #expect(result["both_right"] as? Int == pairs.count { $0 && $1 })
    #expect(result["only_a"] as? Int == pairs.count { $0 && !$1 })
    #expect(result["only_b"] as? Int == pairs.count { !$0 && $1 })
    #expect(result["both_wrong"] as? Int == pairs.count { !$0 && !$1 })
    let flipped = try #require(result["flipped"] as? [String: [[String: Any]]])
    for (key, isFlip) in [("only_a", { $0 && !$1 }), ("only_b", { !$0 && $1 })]
      as [(String, (Bool, Bool) -> Bool)]
    {
      let expected = zip(both, pairs).filter { isFlip($0.1.0, $0.1.1) }.map { $0.0["path"] }
      #expect(Set(flipped[key]?.map { $0["path"] as? String } ?? []) == Set(expected))
    }
  }

  @Test func `One JSON object has every key, and compare.json is the same`() throws {
    let out = data.folder.file("compared")
    let result = try object(cnnctl("compare", a, b, data.path, "--json", "--out", out).output)
    for key in [
      "a", "b", "dataset", "split", "heading", "classes", "images", "left_out", "both_right",
      "only_a", "only_b", "both_wrong", "both_wrong_differently", "difference", "difference_low",
      "difference_high", "test", "p", "chi_square", "chi_square_p", "told_apart", "flipped",
      "skipped",
    ] {
      #expect(result[key] != nil, "\(key)")
    }
    let file = try object(text(of: out + "/compare.json"))
    #expect(NSDictionary(dictionary: result) == NSDictionary(dictionary: file))
    #expect(result["test"] as? String == "mcnemar_exact")
    #expect(result["images"] as? Int == 18)
  }

  @Test func `The folder holds texts, pictures and a page without script or network`() throws {
    let out = data.folder.file("compared")
    let outcome = cnnctl("compare", a, b, "--out", out)
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(outcome.lines.last == "files in " + out)
    let names = try FileManager.default.contentsOfDirectory(atPath: out).sorted()
    let result = try object(text(of: out + "/compare.json"))
    let sheets = ["only_a", "only_b"].filter { (result[$0] as? Int ?? 0) > 0 }.map { $0 + ".png" }
    #expect(
      names
        == (["accuracy.png", "compare.html", "compare.json", "compare.txt", "loss.png"] + sheets
        + ["predictions.csv"]).sorted())
    let page = try text(of: out + "/compare.html")
    #expect(!page.contains("<script") && !page.contains("src=\"http"))
    #expect(page.contains(a) && page.contains("cnnctl compare"))
    let report = try text(of: out + "/compare.txt")
    #expect(report.contains(outcome.lines[0]))
    for sheet in sheets { #expect(try bytes(of: out + "/" + sheet).starts(with: [0x89, 0x50])) }

    let bare = data.folder.file("bare")
    #expect(cnnctl("compare", a, b, "--out", bare, "--no-plots").code == .done)
    let rest = try FileManager.default.contentsOfDirectory(atPath: bare).sorted()
    #expect(rest == ["compare.html", "compare.json", "compare.txt", "predictions.csv"])
    #expect(!(try text(of: bare + "/compare.html").contains("<img")))
  }

  @Test func `Without --out nothing is written`() throws {
    let before = try FileManager.default.subpathsOfDirectory(atPath: data.folder.path).sorted()
    let outcome = cnnctl("compare", a, b)
    #expect(outcome.lines.last == "no files written (use --out DIR)")
    let after = try FileManager.default.subpathsOfDirectory(atPath: data.folder.path).sorted()
    #expect(before == after)
  }

  @Test func `The verdict follows the exact test`() throws {
    let result = try object(cnnctl("compare", a, b, "--json").output)
    let p = try #require(result["p"] as? Double)
    #expect(result["told_apart"] as? Bool == (p < 0.05))
    let output = cnnctl("compare", a, b).output
    #expect(output.contains("McNemar's exact test (binomial): p "))
    #expect(output.contains("No significant difference: ") == (p >= 0.05))
    #expect(output.contains(" is better: ") == (p < 0.05))
    // Binomial tail of 1/2 by summing whole numbers: exact for so few images.
    let (few, many) = (
      min(result["only_a"] as? Int ?? 0, result["only_b"] as? Int ?? 0),
      (result["only_a"] as? Int ?? 0) + (result["only_b"] as? Int ?? 0)
    )
    var (choose, sum) = (1.0, 0.0)
    for i in 0...few {
      sum += choose
      choose = choose * Double(many - i) / Double(i + 1)
    }
    #expect(abs(p - min(1, 2 * sum / pow(2, Double(many)))) < 1e-12)
  }

  @Test func `The two exchanged give the mirror image`() throws {
    let one = try object(cnnctl("compare", a, b, "--json").output)
    let other = try object(cnnctl("compare", b, a, "--json").output)
    #expect(one["only_a"] as? Int == other["only_b"] as? Int)
    #expect(one["p"] as? Double == other["p"] as? Double)
    #expect(one["difference"] as? Double == (other["difference"] as? Double).map { 0 - $0 })
  }

  @Test func `The same model twice is a usage error, by whatever path`() throws {
    let copy = data.folder.file("copy.safetensors")
    try FileManager.default.copyItem(atPath: a + "/weights/best.safetensors", toPath: copy)
    for words in [[a, a], [a, a + "/weights/best.safetensors"], [copy, a]] {
      let outcome = cnnctl(["compare"] + words)
      #expect(outcome.code == .usage)
      #expect(outcome.output == "")
      #expect(outcome.diagnostics.contains("error: A and B are the same model"))
    }
  }

  @Test func `Models of other classes are an error that lists both`() throws {
    let other = try TinyDataset(classes: ["cats", "dogs", "eels"])
    let outcome = cnnctl("compare", a, try other.trained())
    #expect(outcome.code == .badData)
    #expect(outcome.diagnostics.contains(": cats, dogs; B "))
    #expect(outcome.diagnostics.contains(": cats, dogs, eels\n"))
  }

  @Test func `What is missing has its exit code and says what would be right`() throws {
    #expect(cnnctl("compare", a, data.folder.file("none")).code == .noInput)
    #expect(cnnctl("compare", a, b, data.folder.file("none")).code == .noInput)
    let files = try [("1", a), ("2", b)].map { name, run in
      let path = data.folder.file(name + ".safetensors")
      try FileManager.default.copyItem(atPath: run + "/weights/best.safetensors", toPath: path)
      return path
    }
    let alone = cnnctl("compare", files[0], files[1])
    #expect(alone.code == .usage)
    #expect(alone.diagnostics.contains("error: DATASET is missing: neither model is in a run"))
    // The other one's run names the images too.
    let named = cnnctl("compare", files[0], b, "--json")
    #expect(try object(named.output)["images"] as? Int == 18)
    let empty = data.folder.file("empty/test_set/cats")
    try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
    let nothing = cnnctl("compare", a, b, data.folder.file("empty"))
    #expect(nothing.code == .badData)
    #expect(nothing.diagnostics.contains("holds no test images"))
    let inside = cnnctl("compare", a, b, "--out", data.path + "/out")
    #expect(inside.code == .usage)
    #expect(!FileManager.default.fileExists(atPath: data.path + "/out"))
  }

  @Test func `Images that cannot be read are left out, named and counted`() throws {
    let bad = data.path + "/test_set/cats/zz.jpg"
    try write(Array("no picture".utf8), to: bad)
    let outcome = cnnctl("compare", a, b, "--json")
    #expect(outcome.code == .done)
    let result = try object(outcome.output)
    #expect(result["images"] as? Int == 18 && result["left_out"] as? Int == 1)
    let skipped = try #require((result["skipped"] as? [[String: Any]])?.first)
    #expect((skipped["path"] as? String)?.hasSuffix("zz.jpg") == true)
    #expect(outcome.diagnostics.contains("warning: skipped "))
    // Nothing readable at all.
    let folder = data.folder.file("bad/test_set/cats")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try write(Array("no picture".utf8), to: folder + "/1.jpg")
    #expect(cnnctl("compare", a, b, data.folder.file("bad")).code == .badData)
  }

  @Test func `Images that only one run held out bring a warning`() throws {
    // A run of the same images with the same shares held out the same ones.
    let same = cnnctl("compare", a, b, "--split", "val")
    #expect(same.code == .done)
    #expect(!same.diagnostics.contains("may have been trained on"))
    let other = try data.trained("--val-split", "0.4", "--seed", "3", out: "other")
    let outcome = cnnctl("compare", a, other, "--split", "val")
    #expect(outcome.code == .done)
    #expect(outcome.diagnostics.contains("warning: B may have been trained on some of these"))
    #expect(!cnnctl("compare", a, other).diagnostics.contains("may have been trained on"))
  }

  @Test func `Progress names the model that answers, and stays off standard output`() throws {
    let outcome = cnnctl(
      ["compare", a, b], variables: ["COLUMNS": "40", "LANG": "C"], isTerminal: true)
    for letter in ["A", "B"] { #expect(outcome.diagnostics.contains("\(letter) predicts  ")) }
    let drawn = outcome.diagnostics.split { $0 == "\r" || $0 == "\n" || $0 == "\r\n" }
      .filter { $0.contains("predicts") }.map { $0.replacing("\u{1b}[K", with: "") }
    #expect(drawn.allSatisfy { $0.count <= 40 })
    #expect(!outcome.output.contains("answers  "))
    #expect(cnnctl("compare", a, b, "-q").diagnostics == "")
  }
}
