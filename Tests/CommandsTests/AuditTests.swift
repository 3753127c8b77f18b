import Commands
import Foundation
import Testing

/// `audit`: labels that are probably wrong.
@Suite struct AuditTests {
  private let data: TinyDataset
  private let run: String

  init() throws { (data, run, _, _, _) = try trainedPhotos() }

  /// The dataset with a picture of a dog among the cats and the other way round.
  private func swapped() throws -> [String] {
    let training = data.path + "/training_set"
    var moved: [String] = []
    for (own, other) in [("cats", "dogs"), ("dogs", "cats")] {
      let name = try #require(
        try FileManager.default.contentsOfDirectory(atPath: "\(training)/\(own)").sorted().first)
      let path = "\(training)/\(other)/moved-\(name)"
      try FileManager.default.moveItem(atPath: "\(training)/\(own)/\(name)", toPath: path)
      moved.append(path)
    }
    return moved
  }

  private func audit(_ words: String...) -> Outcome {
    cnnctl(["audit", data.path, "--from", run] + words)
  }

  @Test func `Swapped labels come first, with the class that they look like`() throws {
    let moved = try swapped()
    let outcome = audit("--json", "-q")
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    let report = try object(outcome.output)
    let suspects = try #require(report["suspects"] as? [[String: Any]])
    #expect(Set(suspects.prefix(2).compactMap { $0["path"] as? String }) == Set(moved))
    for suspect in suspects.prefix(2) {
      let path = try #require(suspect["path"] as? String)
      #expect(suspect["label"] as? String == (path.contains("/cats/") ? "cats" : "dogs"))
      #expect(suspect["prediction"] as? String == (path.contains("/cats/") ? "dogs" : "cats"))
      let label = try #require(suspect["label_probability"] as? Double)
      let prediction = try #require(suspect["prediction_probability"] as? Double)
      #expect(label < prediction && abs(label + prediction - 1) < 1e-9)
    }
    #expect(report["folds"] as? Int == 5)
    let text = audit("-q").output
    #expect(text.contains("doubtful label"))
    #expect(text.contains(moved[0]))
  }

  @Test func `The files list all images, and the script puts what was swapped back`() throws {
    let moved = try swapped()
    let out = data.folder.file("audited")
    let outcome = audit("-o", out, "-q")
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    let rows = try text(of: out + "/labels.csv").split(whereSeparator: \.isNewline)
    let report = try object(try text(of: out + "/audit.json"))
    #expect(rows.count - 1 == report["images"] as? Int)
    let suspects = try #require(report["suspects"] as? [[String: Any]])
    #expect(rows.count { $0.hasSuffix(",true") } == suspects.count)
    let script = try text(of: out + "/moves.sh")
    for path in moved {
      let right =
        path.contains("/cats/")
        ? path.replacing("/cats/", with: "/dogs/") : path.replacing("/dogs/", with: "/cats/")
      #expect(script.contains("mv -n \(path) \(right)\n"))
    }
    #expect(FileManager.default.fileExists(atPath: out + "/suspects.png"))
    let page = try text(of: out + "/report.html")
    #expect(page.contains("Most doubtful labels") && page.contains("data:image/"))
    // Nothing has moved.
    for path in moved { #expect(FileManager.default.fileExists(atPath: path)) }
  }

  @Test func `A run with folds is audited by its own predictions, without a model`() throws {
    let moved = try swapped()
    let folded = try data.trained("--folds", "4", "--epochs", "8", out: "folded")
    let out = data.folder.file("audited")
    let outcome = cnnctl("audit", folded, "-o", out, "--json", "-q")
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    let report = try object(outcome.output)
    #expect(report["run"] as? String == folded && report["folds"] as? Int == 4)
    #expect(report["rounds"] as? Int == 1 && report["penalty"] is NSNull)
    let suspects = try #require(report["suspects"] as? [[String: Any]])
    #expect(Set(suspects.compactMap { $0["path"] as? String }).isSuperset(of: moved))
    // The probabilities are those of the run's own table.
    let rows = try text(of: folded + "/folds/predictions.csv").split(separator: "\n").map {
      $0.split(separator: ",").map(String.init)
    }
    #expect(report["images"] as? Int == rows.count - 1)
    let columns = rows[0]
    for suspect in suspects {
      let path = try #require(suspect["path"] as? String)
      let row = try #require(rows.first { $0[0] == path })
      let label = try #require(suspect["label"] as? String)
      let column = try #require(columns.firstIndex(of: "p_" + label))
      let probability = try #require(suspect["label_probability"] as? Double)
      #expect(abs(probability - (Double(row[column]) ?? -1)) < 1e-12)
    }
    let script = try text(of: out + "/moves.sh")
    #expect(moved.allSatisfy { script.contains("mv -n \($0) ") })
    #expect(try text(of: out + "/report.html").contains("a model that had not seen it"))
    #expect(FileManager.default.fileExists(atPath: out + "/suspects.png"))
    let again = cnnctl("audit", folded, "--from", run)
    #expect(again.code == .usage && again.diagnostics.contains("--from is for a folder of photos"))
    let none = cnnctl("audit", run)
    #expect(none.code == .badData, "\(none.diagnostics)")
    #expect(none.diagnostics.contains("try: cnnctl audit \(data.path) --from \(run)"))
  }

  @Test func `The predictions of a run that was moved lead to the photos of its dataset`() throws {
    _ = try swapped()
    let folder = data.folder.path
    let trained = try CommandsTests.run(
      [
        "train", "photos", "--recipe", "seed", "--arch", "tiny.json", "--epochs", "8", "-b", "8",
        "--folds", "3", "--out", "here", "--no-plots",
      ], in: folder)
    #expect(trained.code == 0, "\(trained.diagnostics)")
    // From another folder the relative names of the run lead nowhere.
    let outcome = cnnctl("audit", folder + "/here", "--json", "-q")
    let suspects = try #require(try object(outcome.output)["suspects"] as? [[String: Any]])
    let paths = suspects.compactMap { $0["path"] as? String }
    #expect(!paths.isEmpty && paths.allSatisfy { FileManager.default.fileExists(atPath: $0) })
  }

  @Test func `Searches that were cut short are told by check and audit in the same words`() throws {
    // One coarse picture, under noise of which all share half: worth a look, but not the same.
    var state: UInt32 = 1
    func noise() -> Double {
      state = state &* 1_664_525 &+ 1_013_904_223
      return Double(state >> 8) / Double(1 << 24) - 0.5
    }
    let waves = (1..<81).map { (place: $0, height: noise() < 0 ? -3.0 : 3) }
    let common = (0..<1024).map { pixel -> Double in
      let (x, y) = (Double(pixel % 32) + 0.5, Double(pixel / 32) + 0.5)
      return waves.reduce(128 + 60 * noise()) { sum, wave in
        sum + wave.height * cos(x * .pi / 32 * Double(wave.place / 9))
          * cos(y * .pi / 32 * Double(wave.place % 9))
      }
    }
    for number in 0..<80 {
      let samples = common.map { UInt8(clamping: Int($0 + 48 * noise())) }
      try write(
        pngFile(width: 32, height: 32, channels: 1, samples: samples),
        to: "\(data.path)/training_set/\(number % 2 == 0 ? "cats" : "dogs")/like-\(number).png")
    }
    let name = "searches_cut_short"
    #expect(try object(cnnctl("check", data.path, "--json", "-q").output)[name] as? Int == 80)
    #expect(try object(audit("--json", "-q").output)[name] as? Int == 80)
    let apart = audit("--near-duplicates", "ignore", "--json", "-q")
    #expect(try object(apart.output)[name] is NSNull)
    let sentence = "the search for images that are the same picture was cut short for 80 images"
    #expect(cnnctl("check", data.path, "-q").output.contains(sentence))
    #expect(audit("-q").output.contains(sentence))
  }

  @Test
  func `Without a model, with a class of one photo, into the dataset: refused with the reason`()
    throws
  {
    let missing = cnnctl("audit", data.path)
    #expect(missing.code == .usage && missing.diagnostics.contains("--from is missing"))
    #expect(audit("-o", data.path + "/training_set/audited").code == .usage)
    #expect(cnnctl("audit", data.path + "/none", "--from", run).code == .noInput)
    let ungrouped = audit("--group-by", "house")
    #expect(ungrouped.code == .usage && ungrouped.diagnostics.contains("paths such as "))
    #expect(audit("--group-by", "([a-z").diagnostics.contains("a regular expression"))
    let alone = data.folder.file("alone")
    for (name, count) in [("cats", 3), ("dogs", 1)] {
      try FileManager.default.createDirectory(
        atPath: "\(alone)/\(name)", withIntermediateDirectories: true)
      let source = "\(data.path)/training_set/\(name)"
      for file in try FileManager.default.contentsOfDirectory(atPath: source).sorted().prefix(count)
      {
        try FileManager.default.copyItem(
          atPath: "\(source)/\(file)", toPath: "\(alone)/\(name)/\(file)")
      }
    }
    let one = cnnctl("audit", alone, "--from", run)
    #expect(one.code == .badData, "\(one.diagnostics)")
    #expect(one.diagnostics.contains("too few images of dogs"))
    let damaged = alone + "/dogs/damaged.jpg"
    try write([0xFF, 0xD8], to: damaged)
    let unread = cnnctl("audit", alone, "--from", run)
    #expect(
      unread.diagnostics.contains(
        "1 image; 1 of 5 images cannot be read, the first is \(damaged): "),
      "\(unread.diagnostics)")
  }
}
