import Commands
import Foundation
import Testing

/// One verdict on a file from every command.
@Suite struct VerdictTests {
  /// What is said of a file that gives no picture.
  private struct Verdict: Equatable {
    var code: String
    var message: String

    init(_ object: [String: Any]) throws {
      code = try #require(object["code"] as? String)
      message = try #require(object["message"] as? String)
    }
  }

  private static let realData = ProcessInfo.processInfo.environment["CNNCTL_DATA"]

  private static let pictures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "ImageDataTests/Fixtures").path

  @Test func `check, train, evaluate and predict say the same of every odd file`() throws {
    let data = try TinyDataset(training: 10, test: 2)
    for name in try names(Self.pictures) where name.hasSuffix(".jpg") || name.hasSuffix(".png") {
      try add("\(Self.pictures)/\(name)", to: data)
    }
    // Every eighth of the fuzzer's.
    let corpus = try names(Self.pictures + "/corpus")
    for index in stride(from: 0, to: corpus.count, by: 8) {
      try add("\(Self.pictures)/corpus/\(corpus[index])", to: data)
    }
    try addNoPictures(to: data)
    let refused = try compare(data)
    #expect(Set(refused.values.map(\.code)).count >= 6)
  }

  @Test func `They say the same of BMP, GIF, WebP, HEIC and AVIF files, whole, cut and changed`()
    throws
  {
    let data = try TinyDataset(training: 10, test: 2)
    let folder = Self.pictures + "/formats"
    let endings = ["bmp", "gif", "webp", "heic", "avif"]
    for name in try names(folder) where endings.contains(where: name.hasSuffix) {
      let whole = try bytes(of: "\(folder)/\(name)")
      let middle = whole.count / 2
      var changed = whole
      for index in middle..<min(middle + 4, whole.count) { changed[index] ^= 0x5A }
      try add(whole, name, to: data)
      try add(Array(whole[..<middle]), "cut-\(name)", to: data)
      try add(changed, "changed-\(name)", to: data)
    }
    let refused = try compare(data)
    #expect(refused.count > 60)
    #expect(Set(refused.values.map(\.code)).count >= 2)
  }

  @Test(.enabled(if: realData != nil, "CNNCTL_DATA is not set: no real pictures to try"))
  func `They say the same of damaged photos and of PngSuite`() throws {
    let data = try TinyDataset(training: 10, test: 2)
    for folder in ["damaged-jpeg", "pngsuite/png"] {
      let path = "\(Self.realData ?? "")/\(folder)"
      for name in try names(path) where name.hasSuffix(".jpg") || name.hasSuffix(".png") {
        try add("\(path)/\(name)", to: data)
      }
    }
    let refused = try compare(data)
    // The 14 broken files of PngSuite, and damaged photos.
    #expect(refused.count > 14)
  }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  /// Adds a file to both splits, to one class or the other by its name.
  private func add(_ path: String, to data: TinyDataset) throws {
    try add(bytes(of: path), URL(fileURLWithPath: path).lastPathComponent, to: data)
  }

  private func add(_ content: [UInt8], _ name: String, to data: TinyDataset) throws {
    let kind = name.utf8.reduce(0) { $0 + Int($1) } % 2 == 0 ? "cats" : "dogs"
    for split in ["training_set", "test_set"] {
      try write(content, to: "\(data.path)/\(split)/\(kind)/\(name)")
    }
  }

  /// Files with the name of a picture that are none.
  private func addNoPictures(to data: TinyDataset) throws {
    let folder = data.path + "/test_set/cats"
    try write([], to: folder + "/empty.png")
    try write(Array("GIF89a".utf8), to: folder + "/other.jpg")
    // Long enough to be refused by its beginning alone, and the same in words.
    try write([UInt8](repeating: 0, count: 3 << 20), to: folder + "/long.jpg")
    try write(
      [0xFF, 0xD8, 0xFF] + [UInt8](repeating: 0, count: 3 << 20), to: folder + "/begun.jpg")
    try #require(symlink("nowhere.png", folder + "/dangling.png") == 0)
    try #require(mkfifo(folder + "/pipe.png", 0o600) == 0)
  }

  /// The files that give no picture, on which all commands agree at one thread and at two.
  private func compare(_ data: TinyDataset) throws -> [String: Verdict] {
    let check = try check(data)
    let test = check.filter { $0.key.hasPrefix("test_set/") }
    #expect(!test.isEmpty)
    for threads in ["1", "2"] {
      let run = data.folder.file("run-" + threads)
      #expect(try train(data, run, threads) == check, "train, \(threads) threads")
      let evaluation = cnnctl("evaluate", data.path, "--model", run, "--threads", threads, "--json")
      let skipped = try #require(object(evaluation.output)["skipped"] as? [[String: Any]])
      #expect(try verdicts(skipped, data) == test, "evaluate, \(threads) threads")
      #expect(try predict(data, run, threads) == check, "predict, \(threads) threads")
    }
    return check
  }

  private func check(_ data: TinyDataset) throws -> [String: Verdict] {
    let report = try object(cnnctl("check", data.path, "--json").output)
    let errors = try #require(report["errors"] as? [[String: Any]])
    var verdicts: [String: Verdict] = [:]
    for error in errors where error["kind"] as? String == "undecodable" {
      let paths = try #require(error["paths"] as? [String])
      #expect(paths.count == 1)
      verdicts[paths[0]] = try Verdict(error)
    }
    return verdicts
  }

  private func train(
    _ data: TinyDataset, _ run: String, _ threads: String
  ) throws -> [String: Verdict] {
    let outcome = cnnctl(
      "train", data.path, "--recipe", "seed", "--arch", data.network, "--epochs", "1", "-b", "8",
      "--val-split", "0.25", "--max-bad", "100", "--threads", threads, "--out", run)
    try #require(outcome.code == .done, "\(outcome.diagnostics)")
    let record = try object(text(of: run + "/run.json"))
    return try verdicts(#require(record["skipped"] as? [[String: Any]]), data)
  }

  private func predict(
    _ data: TinyDataset, _ run: String, _ threads: String
  ) throws -> [String: Verdict] {
    let outcome = cnnctl(
      "predict", "-r", data.path, "--model", run, "--threads", threads, "--format", "ndjson")
    #expect(outcome.code == .conditionFailed)
    var failures: [[String: Any]] = []
    for line in outcome.lines {
      let answer = try object(line)
      if var failure = answer["error"] as? [String: Any] {
        failure["path"] = answer["path"]
        failures.append(failure)
      }
    }
    return try verdicts(failures, data)
  }

  /// The verdicts by path below the dataset.
  private func verdicts(
    _ skipped: [[String: Any]], _ data: TinyDataset
  ) throws -> [String: Verdict] {
    var verdicts: [String: Verdict] = [:]
    for image in skipped {
      let path = try #require(image["path"] as? String)
      #expect(path.hasPrefix(data.path + "/"))
      verdicts[String(path.dropFirst(data.path.count + 1))] = try Verdict(image)
    }
    return verdicts
  }
}
