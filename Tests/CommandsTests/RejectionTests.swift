import Commands
import Foundation
import Testing

/// Photos of no class: `--reject-above` and `evaluate --others`.
@Suite struct RejectionTests {
  private let data: TinyDataset
  /// A run that cannot tell, and one that can.
  private let plain: String
  private let run: String
  private let cat: String
  private let bad: String
  /// A folder of photos of a third colour.
  private let others: String
  private let other: String

  init() throws {
    (data, plain, _, _, bad) = try trainedPhotos()
    // What the model was trained on lies nearer than when it had not seen it.
    cat = data.path + "/training_set/cats/3.png"
    run = data.folder.file("instant")
    others = data.folder.file("others")
    other = others + "/0.png"
    for number in 0..<7 {
      try write(
        tinyPicture(red: 60, green: 190, blue: 60, number: 3000 + number),
        to: "\(others)/\(number).png")
    }
    let outcome = cnnctl(
      "train", data.path, "--recipe", "instant", "--from", plain, "--no-plots", "--threads", "2",
      "--out", run)
    try #require(outcome.code == .done, "\(outcome.diagnostics)")
  }

  private func predict(_ words: String...) throws -> [[String: Any]] {
    try cnnctl(["predict", cat, other, bad, "--model", run, "--json"] + words).lines.map(object)
  }

  @Test func `A rejected photo has its distance and the nearest class in every form`() throws {
    let text = cnnctl("predict", cat, other, bad, "--model", run, "--reject-above", "auto")
    #expect(text.code == .conditionFailed)
    #expect(text.lines.count == 3 && text.lines[0].hasPrefix("\(cat): cats "))
    let nearest = ["cats", "dogs"].first {
      text.lines[1] == "\(other): none of these (nearest: \($0))"
    }
    #expect(nearest != nil, "\(text.lines)")
    #expect(text.diagnostics.contains("cats 1, 1 none of these, 1 unreadable"))

    let records = try predict("--reject-above", "auto")
    #expect(records[0]["rejected"] as? Bool == false && records[1]["rejected"] as? Bool == true)
    #expect(records[1]["nearest"] as? String == nearest)
    let distances = records.map { $0["distance"] as? Double }
    #expect((distances[1] ?? 0) > 2 * (distances[0] ?? .infinity))
    #expect(records[2]["rejected"] is NSNull && records[2]["distance"] is NSNull)

    let table = cnnctl(
      "predict", cat, other, bad, "--model", run, "--reject-above", "0.95", "--format", "csv")
    #expect(table.lines[0].hasSuffix(",error,abstained,rejected,distance,nearest"))
    #expect(table.lines[2].hasSuffix(",true,\(distances[1] ?? 0),\(nearest ?? "")"))
    #expect(table.lines[3].hasSuffix(",,,"))
  }

  @Test func `Without the option nothing of an answer changes`() throws {
    let with = try predict("--reject-above", "1")
    for (record, other) in zip(try predict(), with) {
      #expect(Set(other.keys).subtracting(record.keys) == ["rejected", "distance", "nearest"])
      #expect(record["probability"] as? Double == other["probability"] as? Double)
      #expect(record["label"] as? String == other["label"] as? String)
    }
  }

  @Test(arguments: [
    ["predict", "P"], ["sort", "P", "--into", "D"], ["evaluate", "--others", "P"],
  ])
  func `A model without distances says how to get one that has them`(words: [String]) throws {
    let filled = words.map { $0 == "P" ? others : $0 == "D" ? data.folder.file("sorted") : $0 }
    let outcome = cnnctl(
      filled + ["--model", plain] + (words[0] == "evaluate" ? [] : ["--reject-above", "auto"]))
    #expect(outcome.code == .usage)
    #expect(outcome.diagnostics.contains("--recipe instant"))
    #expect(!isThere(data.folder.file("sorted")))
  }

  @Test(arguments: ["0", "1.5", "nan", "automatic", "-0.1"])
  func `A share that is none is refused`(share: String) {
    let outcome = cnnctl("predict", cat, "--model", run, "--reject-above", share)
    #expect(outcome.code == .usage)
    #expect(outcome.diagnostics.contains("auto, or a number above 0, at most 1"))
  }

  @Test func `Sort puts a rejected photo into a folder of its own, and takes it back`() throws {
    let target = data.folder.file("sorted")
    let outcome = cnnctl(
      "sort", others, "--into", target, "--move", "--model", run, "--reject-above", "auto")
    #expect(outcome.lines == ["sorted 7 photos: 7 none of these"], "\(outcome.diagnostics)")
    #expect(isThere(target + "/none-of-these/0.png") && !isThere(other))
    #expect(cnnctl("sort", "--undo", target).code == .done)
    #expect(isThere(other) && !isThere(target))
    let preview = cnnctl(
      "sort", others, "--into", target, "--dry-run", "--json", "--model", run, "--reject-above",
      "auto")
    for record in try preview.lines.map(object) {
      #expect(record["rejected"] as? Bool == true && record["abstained"] as? Bool == false)
      #expect((record["to"] as? String)?.hasPrefix(target + "/none-of-these/") == true)
      #expect(record["distance"] is Double)
    }
  }

  @Test func `Evaluate measures the rejection as text, JSON and files`() throws {
    let folder = data.folder.file("report")
    let outcome = cnnctl(
      "evaluate", "--model", run, "--others", others, "--json", "--no-plots", "--out", folder)
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    let record = try object(try #require(outcome.lines.first))
    let figures = try #require(record["others"] as? [String: Any])
    #expect(figures["images"] as? Int == 7 && figures["folder"] as? String == others)
    let distance = try #require(figures["by_distance"] as? [String: Any])
    #expect(distance["auc"] as? Double == 1 && distance["accepted"] as? Double == 0)
    let probability = try #require(figures["by_probability"] as? [String: Any])
    #expect((probability["kept"] as? Double ?? 0) >= (distance["kept"] as? Double ?? 2))
    let report = try text(of: folder + "/report.txt")
    #expect(report.contains("none of these: 7 images of \(others)"))
    #expect(report.contains("by distance: area under the ROC curve 1.0000"))
    #expect(try text(of: folder + "/report.json").contains("\"by_distance\""))
    let rows = try text(of: folder + "/others.csv").split(whereSeparator: \.isNewline)
    #expect(rows.count == 8 && rows[0] == "path,rejected,distance,nearest,pred,probability")
    #expect(rows[1].hasPrefix("\(other),true,"))
    #expect(rows.dropFirst().allSatisfy { $0.contains(",true,") })

    for (folder, code) in [(cat, ExitCode.usage), (others + "/no", .noInput)] {
      let outcome = cnnctl("evaluate", "--model", run, "--others", folder)
      #expect(outcome.code == code && outcome.diagnostics.contains("is not a folder"))
    }
    try FileManager.default.createDirectory(
      atPath: data.folder.file("empty"), withIntermediateDirectories: false)
    let none = cnnctl("evaluate", "--model", run, "--others", data.folder.file("empty"))
    #expect(none.code == .badData && none.diagnostics.contains("holds no image"))
  }

  @Test func `Inspect says whether a model can tell`() throws {
    let text = cnnctl("inspect", run)
    #expect(text.output.contains("none of these: distances of 196 features"))
    let facts = try object(try #require(cnnctl("inspect", run, "--json").lines.first))
    let known = try #require(facts["none_of_these"] as? [String: Any])
    #expect(known["known_distances"] as? Int == 20 && known["automatic_threshold"] is Double)
    #expect(cnnctl("inspect", plain).output.contains("none of these: cannot tell"))
  }
}
