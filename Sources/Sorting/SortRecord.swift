internal import Primitives

/// A line of the journal.
enum SortEntry: Hashable {
  /// The first: whether the sort made the target, and what tells this journal from a copy of it.
  case header(created: Bool, target: String, node: UInt64)
  /// A folder about to be made.
  case folder(String)
  /// A photo about to be put into a folder.
  case placement(Placement)
  /// All placements since the last such line have been made and are on the disk, except these, by
  /// their number from 0.
  case settled(except: Set<Int>)
  /// What follows from here on is taken back.
  case undo

  private static let version = 1

  /// The line without its newline.
  var line: String {
    let value: JSON =
      switch self {
      case .header(let created, let target, let node):
        [
          "sort": .int(SortEntry.version), "target": .string(target), "created": .bool(created),
          "node": .string("\(node)"),
        ]
      case .folder(let name): ["folder": .string(name)]
      case .placement(let placement):
        [
          "to": .string(placement.name), "from": .string(placement.source),
          "by": .string(placement.means.rawValue), "size": .int(placement.size),
          "nanoseconds": .string("\(placement.nanoseconds)"), "node": .string("\(placement.node)"),
          "sha256": .string(placement.digest),
        ]
      case .settled(let except): ["settled": .array(except.sorted().map(JSON.int))]
      case .undo: ["undo": .bool(true)]
      }
    return value.line
  }

  /// The meaning of a line; nil if it has none.
  init?(_ bytes: ArraySlice<UInt8>) {
    guard let line = try? JSON.parse(bytes, depth: 2) else { return nil }
    func text(_ key: String) -> String? { line[key]?.text }
    if line["sort"]?.natural == SortEntry.version, let target = text("target"),
      case .bool(let created)? = line["created"], let node = text("node").flatMap({ UInt64($0) })
    {
      self = .header(created: created, target: target, node: node)
    } else if let name = text("folder"), SortEntry.isFileName(name) {
      self = .folder(name)
    } else if let name = text("to"), let source = text("from"),
      let means = text("by").flatMap(Placement.Means.init), let size = line["size"]?.natural,
      let nanoseconds = text("nanoseconds").flatMap({ Int($0) }),
      let node = text("node").flatMap({ UInt64($0) }), let digest = text("sha256")
    {
      let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, parts.allSatisfy(SortEntry.isFileName), source.hasPrefix("/") else {
        return nil
      }
      self = .placement(
        Placement(
          means: means, source: source, name: name, size: size, nanoseconds: nanoseconds,
          node: node,
          digest: digest))
    } else if let values = line["settled"]?.elements {
      let except = values.compactMap(\.natural)
      guard except.count == values.count else { return nil }
      self = .settled(except: Set(except))
    } else if line["undo"] == .bool(true) {
      self = .undo
    } else {
      return nil
    }
  }

  /// Whether a name names an entry of a folder that a sort may make.
  static func isFileName(_ name: String) -> Bool {
    let bytes = name.fileNameBytes
    return !bytes.isEmpty && bytes.count <= 255 && name != "." && name != ".."
      && name != SortJournal.folderName
      && !bytes.contains { $0 == 0 || $0 == UInt8(ascii: "/") }
  }
}

/// The contents of a journal.
struct SortRecord {
  /// Whether the target was made by the sort.
  var created: Bool
  /// The target's path when it was made or first sorted into, and the journal's file.
  var target: String
  var node: UInt64
  /// Folders that were made, in that order.
  var folders: [String] = []
  /// What was done in that order, and from `firstOpen` on what may have been.
  var placements: [Placement] = []
  var firstOpen = 0
  /// Whether it is being taken back.
  var isUndone = false
  /// Bytes of its whole lines.
  var length: Int

  /// Reads a journal; nil where not even its first line is whole.
  ///
  /// What a process that died has not finished writing ends it: nothing was done after that.
  /// Error: a line that says nothing, and others behind it.
  init?(_ bytes: [UInt8], path: String) throws(TrainingError) {
    var rest = bytes[...]
    func next() -> (line: ArraySlice<UInt8>, entry: SortEntry?)? {
      guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
      defer { rest = rest[(end + 1)...] }
      return (rest[..<end], SortEntry(rest[..<end]))
    }
    guard let first = next(), case .header(let created, let target, let node)? = first.entry else {
      return nil
    }
    (self.created, self.target, self.node) = (created, target, node)
    length = rest.startIndex
    var number = 1
    while let (_, entry) = next() {
      number += 1
      guard let entry else {
        guard rest.contains(UInt8(ascii: "\n")) else { return }
        throw TrainingError(
          .badData, "\(path): line \(number) is damaged", expected: "the journal of a sort")
      }
      switch entry {
      case .header:
        throw TrainingError(.badData, "\(path): line \(number) begins another journal")
      case .folder(let name): folders.append(name)
      case .placement(let placement): placements.append(placement)
      case .settled(let except):
        let batch = placements[firstOpen...].enumerated().filter { !except.contains($0.offset) }
        placements[firstOpen...] = batch.map(\.element)[...]
        firstOpen = placements.count
      case .undo: isUndone = true
      }
      length = rest.startIndex
    }
  }

  /// The photos that were copied or linked: they are still where they were, and are not to be put
  /// into a folder again.
  func keys(in target: String) throws(TrainingError) -> Set<Placement.Key> {
    var keys: Set<Placement.Key> = []
    for (index, placement) in placements.enumerated() where placement.means.method != .move {
      if index >= firstOpen, try placement.state(in: target) == .absent { continue }
      keys.insert(placement.key)
    }
    return keys
  }
}
