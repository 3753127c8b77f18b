import Foundation
import Primitives
import Sorting
import Testing

/// A folder of photos, which are files of any bytes here, and a place for the sorted ones.
final class SortedTree {
  let home: String
  /// The target's folder, which may be in another file system.
  private let other: String?
  var source: String { home + "/photos" }
  var target: String { (other ?? home) + "/sorted" }

  /// Photos of which two pairs share a name, and one pair its bytes as well.
  static let photos: [(name: String, bytes: String, folder: SortFolder)] = [
    ("a.jpg", "one", .label("cats")), ("b.jpg", "two", .label("dogs")),
    ("c.jpg", "three", .unsure), ("more/a.jpg", "four", .label("cats")),
    ("more/b.jpg", "two", .label("dogs")), ("more/d.jpg", "", .label("cats")),
  ]

  /// `elsewhere`: the target lies in another file system, if this machine has one.
  init(elsewhere: Bool = false) throws {
    home = try FileSystem.createTemporaryFolder("cnnctl-sort", in: NSTemporaryDirectory())
    other =
      elsewhere ? try FileSystem.createTemporaryFolder("cnnctl-sort", in: "/dev/shm") : nil
    for photo in SortedTree.photos { try write(photo.bytes, "photos/" + photo.name) }
    try write("a note", "photos/notes.txt")
  }

  deinit {
    FileSystem.removeFolder(home)
    if let other { FileSystem.removeFolder(other) }
  }

  /// Whether this machine has two file systems that a test may write to.
  static let hasTwoSystems: Bool = {
    let devices = [NSTemporaryDirectory(), "/dev/shm"].map {
      try? FileManager.default.attributesOfItem(atPath: $0)[.systemNumber] as? Int
    }
    return devices[0] != nil && devices[1] != nil && devices[0] != devices[1]
  }()

  func write(_ text: String, _ name: String) throws {
    let url = URL(fileURLWithPath: name.hasPrefix("/") ? name : home + "/" + name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  /// The photos that are still in their folder, as a walk finds them.
  var found: [SortedPhoto] {
    SortedTree.photos.filter { FileSystem.exists(source + "/" + $0.name) }
      .map { SortedPhoto(path: source + "/" + $0.name, folder: $0.folder) }
  }

  /// Sorts in batches of two; the outcomes by the photos' names.
  @discardableResult
  func sort(_ method: SortMethod, _ changes: FileChanges = FileChanges()) throws
    -> [String: SortOutcome]
  {
    let sorter = try Sorter(into: target, by: method, changes)
    let photos = found.filter { !sorter.isPlaced($0.path) }
    var outcomes: [String: SortOutcome] = [:]
    for start in stride(from: 0, to: photos.count, by: 2) {
      try sorter.place(Array(photos[start..<min(start + 2, photos.count)])) { photo, outcome in
        outcomes[String(photo.path.dropFirst(source.count + 1))] = outcome
      }
    }
    try sorter.finish()
    return outcomes
  }

  /// Takes the sort back; the steps in their order.
  @discardableResult
  func undo(_ changes: FileChanges = FileChanges()) throws -> [SortUndo.Step] {
    var steps: [SortUndo.Step] = []
    try SortUndo(target, changes).run { steps.append($0) }
    return steps
  }

  /// Every file and folder with its bytes, but for journals.
  func contents() throws -> [String: String] {
    var contents: [String: String] = [:]
    for root in [home] + (other.map { [$0] } ?? []) {
      for name in try FileManager.default.subpathsOfDirectory(atPath: root) {
        let path = root + "/" + name
        if name.contains(".cnnctl-sort/") { continue }
        contents[name] =
          FileSystem.isFolder(path)
          ? "folder" : String(decoding: try FileSystem.read(path, limit: 1 << 20), as: UTF8.self)
      }
    }
    return contents
  }

  /// The files of the target, by their names there.
  func sorted() throws -> [String: String] {
    var sorted: [String: String] = [:]
    for (name, bytes) in try contents() where name.hasPrefix("sorted/") && bytes != "folder" {
      sorted[String(name.dropFirst(7))] = bytes
    }
    return sorted
  }
}
