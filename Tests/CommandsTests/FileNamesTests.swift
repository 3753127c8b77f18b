import Commands
import Foundation
import Glibc
import Primitives
import Testing

/// Names that are not UTF-8, and files that are no pictures, through the commands.
@Suite struct FileNamesTests {
  /// Gives a file's name a byte that is no UTF-8.
  @discardableResult
  private func spoil(_ path: String) throws -> String {
    let new = path.replacing(".png", with: String(fileName: [0xE9]) + "x.png")
    try #require(rename(systemPath(path), systemPath(new)) == 0)
    return new
  }

  @Test func `Photos and run folders whose names are not UTF-8 are used by every command`() throws {
    let data = try TinyDataset(training: 6, test: 3)
    for split in ["training_set", "test_set"] {
      for number in 0..<2 {
        try spoil("\(data.path)/\(split)/cats/\(split == "test_set" ? 1000 + number : number).png")
      }
    }
    let run = data.folder.file("run" + String(fileName: [0xFF]))
    let trained = cnnctl(data.training(out: "run" + String(fileName: [0xFF])))
    #expect(trained.code == .done, "\(trained.diagnostics)")
    #expect(trained.output.contains("run\\xff"))
    #expect(!trained.diagnostics.contains("ignored"))
    let start = try events(of: run).first { $0["event"] as? String == "dataset" }
    let splits = try #require(start?["splits"] as? [[String: Any]])
    #expect(splits.reduce(0) { $0 + ($1["images"] as? Int ?? 0) } == 18)
    #expect((start?["skipped"] as? [Any])?.isEmpty == true)

    let table = try String(
      decoding: Array(FileBytesForTests.read(run + "/test/predictions.csv")), as: UTF8.self)
    #expect(table.contains("1000\\xe9x.png,cats"))
    let report = cnnctl("report", run)
    #expect(report.code == .done, "\(report.diagnostics)")
    #expect(!report.diagnostics.contains("cannot"), "\(report.diagnostics)")

    let evaluated = cnnctl("evaluate", "--model", run, "--json")
    #expect(try object(evaluated.output)["images"] as? Int == 6)
    let answers = cnnctl("predict", "-r", data.path + "/test_set", "--model", run)
    #expect(answers.code == .done && answers.lines.count == 6)
    #expect(answers.lines.first?.contains("1000\\xe9x.png: ") == true)
    let one = "\(data.path)/test_set/cats/1000\(String(fileName: [0xE9]))x.png"
    let json = cnnctl("predict", one, "--model", run, "--json")
    #expect(try object(json.output)["path"] as? String == one)
    let picture = data.folder.file("x" + String(fileName: [0xFE]) + ".png")
    let explained = cnnctl("explain", one, "--model", run, "-o", picture)
    #expect(explained.code == .done, "\(explained.diagnostics)")
    #expect(access(systemPath(picture), F_OK) == 0)
    #expect(cnnctl("verify", run).code == .done)
    let checked = cnnctl("check", data.path, "--json")
    #expect(try object(checked.output)["decoded"] as? Int == 18)
  }

  @Test func `A class whose name is not UTF-8 is refused with the command that renames it`() throws
  {
    let data = try TinyDataset(training: 6, test: 0)
    let name = "\(data.path)/cats" + String(fileName: [0xFF])
    try #require(rename(systemPath("\(data.path)/cats"), systemPath(name)) == 0)
    let outcome = cnnctl(data.training())
    #expect(outcome.code == .badData)
    #expect(outcome.diagnostics.contains("try: mv $'\(data.path)/cats\\xff' NEW-NAME"))
  }

  @Test func `Every command that walks through folders reports the files that it ignores`() throws {
    let data = try TinyDataset(training: 6, test: 3)
    let run = try data.trained()
    for number in 0..<3 {
      try write(Array("II*\0".utf8), to: "\(data.path)/training_set/cats/\(number).tif")
      try write(Array("8BPS".utf8), to: "\(data.path)/test_set/dogs/\(number).psd")
    }
    let line =
      "ignored 6 files (3 .psd, 3 .tif); only JPEG, PNG, WebP, HEIC, AVIF, BMP and GIF are read; "
      + "to convert: mogrify -flatten -format png x.psd, mogrify -format png x.tif"
    let trained = cnnctl(data.training("--json", "--no-plots", out: "other"))
    #expect(trained.diagnostics.contains(line))
    #expect(trained.output.contains("\"message\":\"\(line)\""))
    let answers = cnnctl("predict", "-r", data.path, "--model", run)
    #expect(answers.diagnostics.contains(line))
    #expect(answers.code == .done && answers.lines.count == 18)
    #expect(
      cnnctl("explain", "-r", data.path, "--model", run, "--no-plots").diagnostics.contains(line))
    #expect(cnnctl("evaluate", data.path, "--model", run).diagnostics.contains(line))
    #expect(cnnctl("check", data.path).output.contains(line))
    let counts = try object(cnnctl("check", data.path, "--json").output)["passed_over"]
    #expect(counts as? [String: Int] == [".psd": 3, ".tif": 3])
  }

  @Test func `A class of other formats alone is refused with its counts and the conversion`() throws
  {
    let data = try TinyDataset(training: 6, test: 0)
    for number in 0..<4 {
      try write(Array("II*\0".utf8), to: "\(data.path)/eels/\(number).tif")
    }
    let outcome = cnnctl(data.training())
    #expect(outcome.code == .badData)
    #expect(outcome.diagnostics.contains("eels (4 .tif)"))
    #expect(outcome.diagnostics.contains("try: convert them: mogrify -format png x.tif"))
  }
}

/// Bytes of a file of any name.
private enum FileBytesForTests {
  static func read(_ path: String) throws -> [UInt8] {
    let descriptor = open(systemPath(path), O_RDONLY)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = Glibc.read(descriptor, &bytes, bytes.count)
    return Array(bytes.prefix(max(0, count)))
  }
}

private func events(of run: String) throws -> [[String: Any]] {
  let text = String(decoding: try FileBytesForTests.read(run + "/events.ndjson"), as: UTF8.self)
  return try text.split(separator: "\n").map { try object(String($0)) }
}
