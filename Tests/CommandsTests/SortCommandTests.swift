import Commands
import Foundation
import Testing

@Suite struct SortCommandTests {
  private let data: TinyDataset
  private let run: String
  private let photos: String
  private let target: String

  /// Twelve photos, four of them in a folder, and one file that is no picture.
  init() throws {
    let (data, run, _, _, _) = try trainedPhotos()
    (self.data, self.run) = (data, run)
    photos = data.folder.file("mixed")
    target = data.folder.file("sorted")
    for number in 0..<12 {
      try write(
        tinyPicture(
          red: number % 2 == 0 ? 190 : 60, green: 90, blue: number % 2 == 0 ? 60 : 190,
          number: 2000 + number),
        to: "\(photos)/\(number < 8 ? "" : "more/")\(number).png")
    }
    try write(Array("no picture".utf8), to: photos + "/bad.jpg")
  }

  private func contents(_ folder: String) throws -> [String: Data?] {
    var found: [String: Data?] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder)
    where !name.contains(".cnnctl-sort") {
      found[name] = .some(FileManager.default.contents(atPath: folder + "/" + name))
    }
    return found
  }

  private func predictions(_ words: String...) throws -> [String: String] {
    let outcome = cnnctl(["predict", "-r", photos, "--model", run, "--json"] + words)
    var labels: [String: String] = [:]
    for record in try outcome.lines.map(object) {
      guard let path = record["path"] as? String, let label = record["label"] as? String else {
        continue
      }
      labels[path] = record["abstained"] as? Bool == true ? "unsure" : label
    }
    return labels
  }

  @Test(arguments: ["--copy", "--link", "--move"])
  func `Every photo is where predict says, and undo gives the tree back`(method: String) throws {
    let before = try contents(photos)
    let labels = try predictions()
    let outcome = cnnctl("sort", "-r", photos, "--into", target, method, "--model", run, "--json")
    #expect(outcome.code == .conditionFailed, "the bad one: \(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("not sorted: \(photos)/bad.jpg"))
    let records = try outcome.lines.map(object)
    #expect(records.count == 13)
    for record in records {
      #expect(
        Set(record.keys) == [
          "from", "to", "class", "probability", "abstained", "action", "error",
        ])
      let from = try #require(record["from"] as? String)
      guard let label = labels[from] else {
        #expect(from == photos + "/bad.jpg" && record["to"] is NSNull)
        #expect(record["action"] as? String == "leave")
        continue
      }
      let name = try #require(from.split(separator: "/").last)
      #expect(record["to"] as? String == "\(target)/\(label)/\(name)")
      #expect(record["class"] as? String == label)
      #expect(record["action"] as? String == String(method.dropFirst(2)))
      #expect(isThere("\(target)/\(label)/\(name)"))
      #expect(isThere(from) == (method != "--move"))
    }
    #expect(isThere(photos + "/bad.jpg"))
    let again = cnnctl("sort", "-r", photos, "--into", target, method, "--model", run)
    #expect(again.lines == ["sorted 0 photos; 1 not sorted"], "\(again.diagnostics)")
    let undone = cnnctl("sort", "--undo", target)
    #expect(undone.code == .done, "\(undone.diagnostics)")
    #expect(
      undone.lines == [
        method == "--move" ? "undone: 12 photos put back" : "undone: 12 copies or links removed"
      ])
    #expect(try contents(photos) == before)
    #expect(!isThere(target))
  }

  @Test func `Without -r folders stay; the summary counts each class and the unsure`() throws {
    let labels = try predictions("--abstain-below", "1")
    #expect(labels.values.contains("unsure"))
    let outcome = cnnctl(
      "sort", photos, "--into", target, "--model", run, "--abstain-below", "1")
    #expect(outcome.diagnostics.contains("4 photos in its folders stay there; -r takes them"))
    let counts = Dictionary(
      grouping: labels.filter { !$0.key.contains("/more/") }.values, by: { $0 }
    ).mapValues(\.count)
    #expect(outcome.lines.first?.hasPrefix("sorted 8 photos: ") == true)
    for (label, count) in counts {
      #expect(outcome.output.contains("\(count) \(label)"), "\(outcome.output)")
      let names = try FileManager.default.contentsOfDirectory(atPath: "\(target)/\(label)")
      #expect(names.count == count)
    }
  }

  @Test func `A dry run lists everything and changes nothing`() throws {
    let before = try contents(data.folder.path)
    let outcome = cnnctl(
      "sort", "-r", photos, "--into", target, "--model", run, "--move", "--dry-run")
    #expect(outcome.lines.count == 13)
    #expect(outcome.lines.dropLast().allSatisfy { $0.contains(" -> \(target)/") })
    #expect(outcome.lines.last?.hasPrefix("would sort 12 photos: ") == true)
    #expect(try contents(data.folder.path) == before)
  }

  @Test func `A signal ends it between two photos; it continues, and is undone`() throws {
    let before = try contents(photos)
    let words = ["sort", "-r", photos, "--into", target, "--model", run, "--move"]
    let stopped = cnnctl(words, stopAfter: 18)
    #expect(stopped.code == .interrupted, "\(stopped.diagnostics)")
    #expect(
      stopped.diagnostics.contains("to undo: cnnctl sort --undo \(target)"),
      "\(stopped.diagnostics)")
    let moved = try contents(target).values.count { $0 != nil && $0?.isEmpty == false }
    #expect((1..<12).contains(moved), "\(moved)")
    #expect(cnnctl(words).code == .conditionFailed)
    #expect(try contents(photos).keys.sorted() == ["bad.jpg", "more"])
    #expect(cnnctl("sort", "--undo", target).code == .done)
    #expect(try contents(photos) == before)
  }

  @Test func `Folders that are one or lie in each other are refused`() throws {
    let before = try contents(data.folder.path)
    let link = data.folder.file("link")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: photos)
    defer { try? FileManager.default.removeItem(atPath: link) }
    for into in [photos, photos + "/", photos + "/more", photos + "/new", data.folder.path, link] {
      let outcome = cnnctl("sort", photos, "--into", into, "--model", run)
      #expect(outcome.code == .usage, "\(into): \(outcome.diagnostics)")
    }
    try FileManager.default.removeItem(atPath: link)
    #expect(try contents(data.folder.path) == before)
  }

  @Test func `A link below the folder that leads into the target is refused`() throws {
    try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
    try write(tinyPicture(red: 1, green: 2, blue: 3, number: 4), to: target + "/own.png")
    try FileManager.default.createSymbolicLink(
      atPath: photos + "/into", withDestinationPath: target)
    let outcome = cnnctl("sort", "-r", photos, "--into", target, "--model", run)
    #expect(outcome.code == .usage, "\(outcome.diagnostics)")
  }

  @Test func `Datasets and runs take no photos`() throws {
    for into in [data.path, data.path + "/test_set/cats", run, data.folder.path + "/run/new"] {
      let outcome = cnnctl("sort", photos, "--into", into, "--model", run)
      #expect(outcome.code == .cannotCreate, "\(into): \(outcome.diagnostics)")
    }
  }

  @Test func `What a command line lacks or has too much is a usage error`() {
    for words in [
      [], [photos], ["--into", target], [photos, "--into", target, "--copy", "--move"],
      [photos, "--undo", target], ["--undo", target, "--move"],
    ] {
      #expect(cnnctl(["sort"] + words).code == .usage, "\(words)")
    }
    #expect(cnnctl("sort", "missing", "--into", target, "--model", run).code == .noInput)
    #expect(cnnctl("sort", "--undo", target).code == .noInput)
    #expect(cnnctl("sort", "--undo", photos).code == .badData)
    #expect(cnnctl("sort", photos, "--into", target + "/a/b", "--model", run).code == .cannotCreate)
    let file = photos + "/bad.jpg"
    #expect(cnnctl("sort", photos, "--into", file, "--model", run).code == .cannotCreate)
  }

  @Test func `A folder without photos says whether -r would find some`() throws {
    let empty = data.folder.file("empty")
    try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
    let none = cnnctl("sort", empty, "--into", target, "--model", run)
    #expect(none.code == .badData && !none.diagnostics.contains("-r"), "\(none.diagnostics)")
    try write(tinyPicture(red: 1, green: 2, blue: 3, number: 4), to: empty + "/sub/a.png")
    let below = cnnctl("sort", empty, "--into", target, "--model", run)
    #expect(below.code == .badData)
    #expect(below.diagnostics.contains("try: cnnctl sort -r \(empty) --into \(target)"))
    #expect(!isThere(target))
  }

  @Test func `A class called unsure is refused where there are unsure photos`() throws {
    let data = try TinyDataset(classes: ["cats", "unsure"])
    let run = try data.trained()
    let words = ["sort", photos, "--into", target, "--model", run]
    let outcome = cnnctl(words + ["--abstain-below", "0.9"])
    #expect(outcome.code == .badData, "\(outcome.diagnostics)")
    #expect(!isThere(target))
    #expect(cnnctl(words).code == .conditionFailed)
  }
}
