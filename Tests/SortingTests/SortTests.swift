import Foundation
import Primitives
import Sorting
import Testing

@Suite struct SortTests {
  /// What a sort leaves in the target, whatever happens on its way.
  private func expected(_ method: SortMethod) -> [String: String] {
    [
      "cats/a.jpg": "one", "dogs/b.jpg": "two", "unsure/c.jpg": "three", "cats/a-2.jpg": "four",
      "cats/d.jpg": "",
    ].merging(method == .move ? ["dogs/b-2.jpg": "two"] : [:]) { $1 }
  }

  @Test(arguments: SortMethod.allCases)
  func `Photos are in their folders, and undo gives the tree back`(method: SortMethod) throws {
    let tree = try SortedTree()
    let before = try tree.contents()
    let outcomes = try tree.sort(method)
    #expect(try tree.sorted() == expected(method))
    #expect(outcomes["a.jpg"] == .placed(tree.target + "/cats/a.jpg", method))
    #expect(
      outcomes["more/b.jpg"]
        == (method == .move
          ? .placed(tree.target + "/dogs/b-2.jpg", .move)
          : .alreadyThere(tree.target + "/dogs/b.jpg")))
    #expect(tree.found.count == (method == .move ? 0 : SortedTree.photos.count))
    let steps = try tree.undo()
    #expect(steps.allSatisfy { $0.outcome == (method == .move ? .putBack : .removed) })
    #expect(steps.count == expected(method).count)
    #expect(try tree.contents() == before)
  }

  @Test func `Copies keep times and permissions; links are the same file`() throws {
    let tree = try SortedTree()
    let path = tree.source + "/a.jpg"
    let time = Date(timeIntervalSince1970: 1_000_000_000.25)
    try FileManager.default.setAttributes(
      [.modificationDate: time, .posixPermissions: 0o640], ofItemAtPath: path)
    try tree.sort(.copy)
    let copy = tree.target + "/cats/a.jpg"
    let found = try FileManager.default.attributesOfItem(atPath: copy)
    #expect(found[.modificationDate] as? Date == time)
    #expect(found[.posixPermissions] as? Int == 0o640)
    #expect(FileSystem.identity(copy) != FileSystem.identity(path))
    try tree.undo()
    try tree.sort(.link)
    #expect(FileSystem.identity(copy) == FileSystem.identity(path))
  }

  @Test(arguments: SortMethod.allCases)
  func `A sort that ends before any change continues to the same end, or is undone`(
    method: SortMethod
  ) throws {
    try interruptEverywhere(method, elsewhere: false)
  }

  @Test(.enabled(if: SortedTree.hasTwoSystems), arguments: SortMethod.allCases)
  func `So does one into another file system`(method: SortMethod) throws {
    try interruptEverywhere(method, elsewhere: true)
  }

  private func interruptEverywhere(_ method: SortMethod, elsewhere: Bool) throws {
    var count = 0
    while true {
      for continues in [true, false] {
        let tree = try SortedTree(elsewhere: elsewhere)
        let before = try tree.contents()
        let changes = FileChanges(left: count)
        if (try? tree.sort(method, changes)) != nil {
          #expect(count > 12, "a sort has more changes than \(count)")
          return
        }
        #expect(changes.left == 0)
        // No photo is lost.
        let files = try tree.contents().values.filter { $0 != "folder" }
        for photo in SortedTree.photos { #expect(files.contains(photo.bytes), "\(count)") }
        // None is there twice where it is moved in one step.
        if method == .move, !elsewhere { #expect(files.count == before.count - 2, "\(count)") }
        if continues {
          try tree.sort(method)
          #expect(try tree.sorted() == expected(method), "continued after \(count)")
        }
        // Before the first change there is nothing to undo.
        if FileSystem.exists(tree.target)
          || FileSystem.exists(FileSystem.parent(of: tree.target) + "/.sorted.cnnctl-sort")
        {
          try tree.undo()
        }
        #expect(try tree.contents() == before, "undone after \(count), \(continues)")
      }
      count += 1
    }
  }

  @Test(arguments: SortMethod.allCases, [false, SortedTree.hasTwoSystems])
  func `Undoing that ends before any change goes on`(method: SortMethod, elsewhere: Bool) throws {
    var count = 0
    while true {
      let tree = try SortedTree(elsewhere: elsewhere)
      let before = try tree.contents()
      try tree.sort(method)
      if (try? tree.undo(FileChanges(left: count))) != nil { break }
      let bytes = Set(try tree.contents().values)
      for photo in SortedTree.photos { #expect(bytes.contains(photo.bytes), "\(count)") }
      if FileSystem.exists(tree.target)
        || FileSystem.exists(FileSystem.parent(of: tree.target) + "/.sorted.cnnctl-sort")
      {
        try tree.undo()
      }
      #expect(try tree.contents() == before, "after \(count)")
      count += 1
    }
    #expect(count > 10)
  }

  @Test func `A sort that is being undone is not continued`() throws {
    let tree = try SortedTree()
    try tree.sort(.copy)
    _ = try? tree.undo(FileChanges(left: 4))
    let error = #expect(throws: TrainingError.self) { try tree.sort(.copy) }
    #expect(error?.kind == .cannotCreate && error?.advice?.contains("--undo") == true)
  }

  @Test(.enabled(if: SortedTree.hasTwoSystems))
  func `Where no hard link leads, photos are copied, and it is told`() throws {
    let tree = try SortedTree(elsewhere: true)
    let outcomes = try tree.sort(.link)
    #expect(outcomes["a.jpg"] == .placed(tree.target + "/cats/a.jpg", .copy))
  }

  @Test func `No file is written over; equal bytes are left`() throws {
    let tree = try SortedTree()
    try tree.write("mine", tree.target + "/cats/a.jpg")
    try tree.write("two", tree.target + "/dogs/b.jpg")
    let before = try tree.contents()
    let outcomes = try tree.sort(.copy)
    #expect(outcomes["a.jpg"] == .placed(tree.target + "/cats/a-2.jpg", .copy))
    #expect(outcomes["b.jpg"] == .alreadyThere(tree.target + "/dogs/b.jpg"))
    #expect(try tree.sorted()["cats/a.jpg"] == "mine")
    try tree.undo()
    #expect(try tree.contents() == before)
  }

  @Test func `A name too long for a number loses letters`() throws {
    let tree = try SortedTree()
    let name = String(repeating: "ä", count: 125) + "x.jpg"
    try tree.write("long", tree.source + "/" + name)
    try tree.write("other", tree.target + "/cats/" + name)
    let sorter = try Sorter(into: tree.target, by: .copy)
    try sorter.place([SortedPhoto(path: tree.source + "/" + name, folder: .label("cats"))]) {
      let expected = String(repeating: "ä", count: 124) + "-2.jpg"
      #expect($1 == .placed(tree.target + "/cats/" + expected, .copy))
    }
  }

  @Test func `What was changed since stays, and so does a copy whose photo is gone`() throws {
    let tree = try SortedTree()
    try tree.sort(.copy)
    try tree.write("edited", tree.target + "/cats/a.jpg")
    try FileManager.default.removeItem(atPath: tree.source + "/b.jpg")
    try tree.write("mine", tree.target + "/unsure/mine.txt")
    let steps = try tree.undo()
    let kept = steps.filter { if case .kept = $0.outcome { true } else { false } }.map(\.path)
    #expect(Set(kept) == [tree.target + "/cats/a.jpg", tree.target + "/dogs/b.jpg"])
    #expect(
      try tree.sorted() == ["cats/a.jpg": "edited", "dogs/b.jpg": "two", "unsure/mine.txt": "mine"])
    #expect(!FileSystem.exists(tree.target + "/.cnnctl-sort"))
  }

  @Test func `A copy stays where another photo has the old name`() throws {
    let tree = try SortedTree()
    try tree.sort(.copy)
    try tree.write("another", tree.source + "/a.jpg")
    let same = tree.source + "/b.jpg"
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: same)
    let steps = try tree.undo()
    let kept = steps.filter { if case .kept = $0.outcome { true } else { false } }.map(\.path)
    #expect(kept == [tree.target + "/cats/a.jpg"])
    #expect(try tree.sorted() == ["cats/a.jpg": "one"])
  }

  @Test func `The only name of a linked photo is kept`() throws {
    let tree = try SortedTree()
    try tree.sort(.link)
    try FileManager.default.removeItem(atPath: tree.source + "/a.jpg")
    try tree.undo()
    #expect(try tree.sorted() == ["cats/a.jpg": "one"])
  }

  @Test func `A photo whose old name is taken waits for another undo`() throws {
    let tree = try SortedTree()
    let before = try tree.contents()
    try tree.sort(.move)
    try tree.write("new", tree.source + "/a.jpg")
    let steps = try tree.undo()
    let blocked = steps.filter { if case .blocked = $0.outcome { true } else { false } }
    #expect(blocked.map(\.path) == [tree.target + "/cats/a.jpg"])
    #expect(try tree.sorted() == ["cats/a.jpg": "one"])
    try FileManager.default.removeItem(atPath: tree.source + "/a.jpg")
    #expect(try tree.undo().map(\.outcome) == [.putBack])
    #expect(try tree.contents() == before)
  }

  @Test func `A folder that is gone is made for the photos that come back`() throws {
    let tree = try SortedTree()
    let before = try tree.contents()
    try tree.sort(.move)
    try FileManager.default.removeItem(atPath: tree.source + "/more")
    try tree.undo()
    #expect(try tree.contents() == before)
  }

  @Test func `A photo that is a link is copied and linked, and not moved`() throws {
    let tree = try SortedTree()
    let path = tree.source + "/link.jpg"
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "a.jpg")
    func outcome(_ method: SortMethod) throws -> SortOutcome? {
      let sorter = try Sorter(into: tree.target, by: method)
      var outcome: SortOutcome?
      try sorter.place([SortedPhoto(path: path, folder: .unsure)]) { outcome = $1 }
      try sorter.finish()
      return outcome
    }
    for method in [SortMethod.copy, .link] {
      #expect(try outcome(method) == .placed(tree.target + "/unsure/link.jpg", method))
      #expect(try tree.sorted() == ["unsure/link.jpg": "one"])
      try tree.undo()
    }
    guard case .left? = try outcome(.move) else {
      Issue.record("a link was moved")
      return
    }
    try tree.undo()
    #expect(FileSystem.exists(path))
  }

  @Test func `A preview says what a sort does, and changes nothing`() throws {
    for method in SortMethod.allCases {
      let tree = try SortedTree()
      let before = try tree.contents()
      var preview = try SortPreview(into: tree.target, by: method)
      var said: [String: SortOutcome] = [:]
      for photo in tree.found {
        said[String(photo.path.dropFirst(tree.source.count + 1))] = try preview.outcome(of: photo)
      }
      #expect(try tree.contents() == before)
      #expect(try tree.sort(method) == said)
    }
  }

  @Test func `A line that was cut ends the journal, a damaged one is refused`() throws {
    let tree = try SortedTree()
    let before = try tree.contents()
    try tree.sort(.copy)
    let journal = tree.target + "/.cnnctl-sort/journal"
    let whole = String(decoding: try FileSystem.read(journal, limit: 1 << 20), as: UTF8.self)
    try tree.write(whole + "{\"to\":\"cats/z.jpg\",\"from", journal)
    #expect(try tree.sort(.copy).allSatisfy { $0.key == "more/b.jpg" })
    var lines = whole.split(separator: "\n", omittingEmptySubsequences: false)
    lines[2] = "{\"to\":\"../z.jpg\"}"
    try tree.write(lines.joined(separator: "\n"), journal)
    let error = #expect(throws: TrainingError.self) { try tree.undo() }
    #expect(error?.kind == .badData && error?.problem.contains("line 3") == true)
    try tree.write(whole, journal)
    try tree.undo()
    #expect(try tree.contents() == before)
  }

  @Test func `A journal that was copied here with its folder is not followed`() throws {
    let tree = try SortedTree()
    try tree.sort(.copy)
    let copy = tree.home + "/elsewhere"
    try FileManager.default.copyItem(atPath: tree.target, toPath: copy)
    let error = #expect(throws: TrainingError.self) { try SortUndo(copy) }
    #expect(error?.kind == .badData)
    // The folder itself may get another name.
    let moved = tree.home + "/moved"
    try FileManager.default.moveItem(atPath: tree.target, toPath: moved)
    var count = 0
    try SortUndo(moved).run { _ in count += 1 }
    #expect(count == 5 && !FileSystem.exists(moved))
  }

  @Test func `One process at a time sorts into a folder`() throws {
    let tree = try SortedTree()
    let first = try Sorter(into: tree.target, by: .copy)
    defer { withExtendedLifetime(first) {} }
    let error = #expect(throws: TrainingError.self) { try Sorter(into: tree.target, by: .copy) }
    #expect(error?.kind == .cannotCreate)
  }

  @Test func `What was asked to stop between two photos continues`() throws {
    let tree = try SortedTree()
    let before = try tree.contents()
    let sorter = try Sorter(into: tree.target, by: .move)
    var done = 0
    try sorter.place(tree.found, shouldStop: { done == 2 }) { _, _ in done += 1 }
    #expect(done == 2 && tree.found.count == 4)
    try sorter.finish()
    _ = consume sorter
    try tree.sort(.move)
    #expect(try tree.sorted() == expected(.move))
    try tree.undo()
    #expect(try tree.contents() == before)
  }

  @Test func `A folder that was not sorted into is not undone`() throws {
    let tree = try SortedTree()
    #expect(throws: TrainingError.self) { try SortUndo(tree.source) }
    #expect(throws: TrainingError.self) { try SortUndo(tree.target) }
  }
}
