import Commands
import Foundation
import Testing

/// `train --group-by`.
@Suite struct GroupingTests {
  private let data: TinyDataset

  init() throws {
    data = try TinyDataset()
    // Pairs of neighbours are of one animal: cats/3_a0.png, cats/3_a1.png.
    for name in try FileManager.default.contentsOfDirectory(atPath: training).sorted() {
      let folder = training + "/" + name
      for (index, file) in try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        .enumerated()
      {
        try FileManager.default.moveItem(
          atPath: "\(folder)/\(file)", toPath: "\(folder)/animal\(index / 2)_\(index % 2).png")
      }
    }
  }

  private var training: String { data.path + "/training_set" }

  @Test func `No animal is both trained on and validated, and the run says how it was split`()
    throws
  {
    let run = try data.trained("--group-by", "([^/]*)_[^/]*$")
    let held = cnnctl("evaluate", "--split", "val", "--model", run, "--json", "-q")
    #expect(held.code == .done, "\(held.diagnostics)")
    let rows = try text(of: run + "/config.json")
    #expect(rows.contains("\"groupBy\""))
    let out = data.folder.file("answers")
    let names = try ["val", "train"].map { split in
      let outcome = cnnctl(
        "evaluate", "--split", split, "--model", run, "-o", "\(out)-\(split)", "--no-plots", "-q")
      try #require(outcome.code == .done, "\(outcome.diagnostics)")
      return try text(of: "\(out)-\(split)/predictions.csv").split(separator: "\n").dropFirst()
        .map { row in
          let path = row.split(separator: ",")[0].split(separator: "/").suffix(2)
          return path.joined(separator: "/").split(separator: "_")[0]
        }
    }
    #expect(Set(names[0]).isDisjoint(with: names[1]))
    #expect(names[0].count >= 2 && names[1].count >= 2)
    // Both photos of each.
    #expect(Set(names[0]).allSatisfy { name in names[0].count { $0 == name } == 2 })
  }

  @Test func `An expression that is none, or finds nothing, is refused with what it met`() throws {
    let broken = cnnctl(data.training("--group-by", "([a-z"))
    #expect(broken.code == .usage)
    #expect(broken.diagnostics.contains("--group-by"))
    #expect(broken.diagnostics.contains("a regular expression"))
    let nothing = cnnctl(data.training("--group-by", "house(\\d+)"))
    #expect(nothing.code == .usage)
    #expect(nothing.diagnostics.contains("/animal0_0.png"))
  }

  @Test func `A group that holds a whole class, and images of none, are warned of`() {
    let outcome = cnnctl(data.training("--group-by", "cats"))
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(
      outcome.diagnostics.contains(
        "all training images of cats are of one group, cats: none of them is held out"))
    #expect(outcome.diagnostics.contains("of no group by --group-by, such as"))
  }

  @Test func `A match that takes long ends at the first signal, before there is a run`() throws {
    let name = String(repeating: "a", count: 21) + ".png"
    try write(
      tinyPicture(red: 1, green: 2, blue: 3, number: 5), to: training + "/cats/" + name)
    // Each part of the a's is tried: seconds, and for ever with a few more of them.
    let outcome = cnnctl(data.training("--group-by", "(a+)+b"), stopAfter: 12)
    #expect(outcome.code == .interrupted)
    #expect(outcome.diagnostics.contains("there is no run folder yet"), "\(outcome.diagnostics)")
    #expect(!FileManager.default.fileExists(atPath: data.folder.file("run")))
  }
}
