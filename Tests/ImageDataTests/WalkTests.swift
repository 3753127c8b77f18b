import Compute
import Glibc
import ImageData
import Testing

/// Walks through folders whose links make more of them than there are.
@Suite struct WalkTests {
  /// `levels` folders beside the dataset's classes, each with two links to the next one, the last
  /// with a picture; both classes link to the first.
  private func bomb(levels: Int) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for level in 0..<levels {
      for name in ["a", "b"] {
        try folder.makeFolder("chain/\(level)")
        try folder.link("chain/\(level)/\(name)", to: "../\(level + 1)")
      }
    }
    try folder.write("chain/\(levels)/1.png", Pattern(number: 1).png)
    for (number, name) in ["cats", "dogs"].enumerated() {
      try folder.write("train/\(name)/0.png", Pattern(number: 10 + number).png)
      try folder.link("train/\(name)/chain", to: "../../chain/0")
    }
    return folder
  }

  private func failure(
    _ path: String, limits: WalkLimits = WalkLimits(),
    shouldStop: (_ entries: Int) -> Bool = { _ in false }
  ) -> DatasetError? {
    do throws(DatasetError) {
      _ = try Dataset.open(path, limits: limits, shouldStop: shouldStop)
      return nil
    } catch {
      return error
    }
  }

  @Test("Two links in each of 24 folders do not double the work 24 times", .timeLimit(.minutes(1)))
  func doubling() throws {
    let folder = try bomb(levels: 24)
    // 16 million entries and more if every path were followed.
    let dataset = try Dataset.open(folder.path, limits: WalkLimits(entries: 1000))
    #expect(dataset.counts(.train) == [2, 2])
    #expect(dataset.repeatedFolders.count == 48)
    #expect(dataset.repeatedFolders.contains("train/cats/chain/b"))
    let report = try folder.check()
    #expect(report.findings.count { $0.kind == .repeatedFolder } == 48)
    #expect(report.findings.count { $0.kind == .twoClasses } == 1)
    #expect(report.findings.filter(\.kind.isError).count == 1)
  }

  @Test("A folder that is met again is taken once in its class, in each class, in each split")
  func again() throws {
    let folder = try TemporaryFolder()
    for number in 0..<4 {
      let name = ["train/cats", "train/dogs", "test/cats", "test/dogs"][number]
      try folder.write("\(name)/0.png", Pattern(number: number).png)
    }
    try folder.write("shared/1.png", Pattern(number: 9).png)
    for name in ["train/cats", "train/dogs", "test/dogs"] {
      try folder.link("\(name)/more", to: "../../shared")
    }
    try folder.link("train/cats/once-more", to: "../../shared")
    let dataset = try Dataset.open(folder.path)
    #expect(dataset.counts(.train) == [2, 2])
    #expect(dataset.counts(.test) == [1, 2])
    #expect(dataset.repeatedFolders == ["train/cats/once-more"])
    // Two classes that are links to one folder stay two.
    try folder.link("train/x", to: "../shared")
    try folder.link("train/y", to: "../shared")
    let more = try Dataset.open(folder.path)
    #expect(more.classes == ["cats", "dogs", "x", "y"])
    #expect(more.counts(.train) == [2, 2, 1, 1])
    #expect(more.repeatedFolders == dataset.repeatedFolders)
  }

  @Test("A circle is found though its folders are known already")
  func circles() throws {
    let folder = try TemporaryFolder()
    for name in ["cats", "dogs"] { try folder.write("\(name)/0.png", Pattern(number: 1).png) }
    try folder.makeFolder("cats/a")
    try folder.makeFolder("cats/b")
    try folder.link("cats/a/other", to: "../b")
    try folder.link("cats/b/other", to: "../a")
    #expect(failure(folder.path) == .linkLoop(path: "\(folder.path)/cats/a/other/other"))
    #expect(try folder.check().findings.contains { $0.kind == .repeatedFolder })
  }

  @Test("Too many folders inside each other are an error, and the rest is checked")
  func depth() throws {
    let folder = try TemporaryFolder.cleanDataset()
    let deepest = (1..<64).map { "\($0)" }.joined(separator: "/")
    try folder.write("train/cats/\(deepest)/x.png", Pattern(number: 100).png)
    #expect(try Dataset.open(folder.path).counts(.train) == [4, 3])
    try folder.write("train/cats/\(deepest)/64/x.png", Pattern(number: 101).png)
    let path = "train/cats/\(deepest)/64"
    let error = failure(folder.path)
    #expect(error == .tooDeep(path: "\(folder.path)/\(path)", limit: 64))
    #expect(error?.kind == .badData)
    let report = try folder.check()
    #expect(report.findings.map(\.kind) == [.tooDeep])
    #expect(report.findings.first?.paths == [path])
    #expect(report.decoded == 11)
  }

  @Test("More entries than the limit are an error, and as many are none")
  func entries() throws {
    let folder = try TemporaryFolder.cleanDataset()
    // Two splits, two classes in each and ten pictures.
    #expect(failure(folder.path, limits: WalkLimits(entries: 16)) == nil)
    let error = failure(folder.path, limits: WalkLimits(entries: 15))
    #expect(error == .tooManyEntries(path: folder.path, limit: 15))
    #expect(error?.kind == .badData)
  }

  @Test("A walk stops when it is told to")
  func stopping() throws {
    let folder = try TemporaryFolder.cleanDataset()
    var told: [Int] = []
    let error = failure(folder.path) { entries in
      told.append(entries)
      return told.count == 3
    }
    #expect(error == .stopped)
    #expect(told.count == 3)
    // Nothing is met before the first folder is listed, and never less than before.
    #expect(told.first == 0 && told == told.sorted() && (told.last ?? 0) > 0)
  }
}
