package import Primitives

/// Takes a sort back, in the reverse of its order; itself interrupted, it is done again.
///
/// A class, because it holds the journal, with its lock, for as long as it lives.
package final class SortUndo {
  private let target: String
  private let changes: FileChanges
  /// Nil where a sort was ended before its first change, or its undoing after the last.
  private let journal: SortJournal?
  /// Whether the journal says that it is taken back.
  private var isMarked = true

  /// The result for one photo.
  package enum Outcome: Sendable, Hashable {
    /// The copy, or the second name, is removed.
    case removed
    case putBack
    /// It stays in the target, for this reason, and is no longer the sort's.
    case kept(String)
    /// It is to be put back, and cannot be for this reason.
    case blocked(String)
  }

  /// One photo of a sort that is taken back.
  package struct Step: Sendable, Hashable {
    /// Where it was, and where the sort put it.
    package var source: String
    package var path: String
    package var outcome: Outcome
  }

  /// Opens the journal of a target, a path from the root.
  ///
  /// Errors: a folder that was not sorted into; one that another process works in.
  package init(
    _ target: String, _ changes: FileChanges = FileChanges()
  ) throws(TrainingError) {
    self.target = target
    self.changes = changes
    guard FileSystem.isFolder(target) else {
      guard try SortJournal.removeStaging(of: target, changes) else {
        throw TrainingError(.missing, "\(target) does not exist")
      }
      journal = nil
      return
    }
    // A staging folder beside it is from a sort that was killed before this folder was there.
    try SortJournal.removeStaging(of: target, changes)
    guard try SortJournal.read(in: target) != nil else {
      guard SortJournal.isThere(in: target) else {
        throw TrainingError(
          .badData, "\(target) holds no journal of a sort",
          expected: "the folder of an earlier cnnctl sort --into")
      }
      try SortJournal.removeOwn(in: target, changes)
      journal = nil
      return
    }
    let journal = try SortJournal(target, changes)
    self.journal = journal
    try requireOwn(journal, target)
    isMarked = journal.record.isUndone
    try mark()
  }

  /// Says in the journal that the sort is taken back, so that no other continues it.
  ///
  /// A disk that is full takes no line, and has room when the first copy is removed.
  private func mark() throws(TrainingError) {
    guard let journal, !isMarked else { return }
    do throws(TrainingError) {
      try journal.append([.undo])
      isMarked = true
    } catch {
      guard error.kind == .inputOutput else { throw error }
    }
  }

  package var count: Int { journal?.record.placements.count ?? 0 }

  /// Takes all of it back; tells of each photo that was there to be taken back or kept, and stops
  /// after any of them if it `shouldStop`.
  ///
  /// The journal stays where that, or a photo that cannot be put back, leaves something to do.
  package func run(
    shouldStop: () -> Bool = { false }, each: (Step) throws -> Void
  ) throws {
    guard let journal else { return }
    let part = SortJournal.part(in: target)
    if try part.status() != nil { try changes.remove(part) }
    var isWhole = true
    var touched: [String: FilePlace] = [:]
    for placement in journal.record.placements.reversed() {
      if shouldStop() { return }
      let place = placement.target(in: target)
      guard let outcome = try undo(placement) else { continue }
      try mark()
      for place in [place, placement.place] {
        touched[FileSystem.parent(of: place.path)] = place
      }
      if case .blocked = outcome { isWhole = false }
      try each(Step(source: placement.source, path: place.path, outcome: outcome))
    }
    // What was put back is on the disk before the journal forgets it.
    for place in touched.values where FileSystem.isFolder(FileSystem.parent(of: place.path)) {
      try changes.synchronizeFolder(of: place)
    }
    guard isWhole else { return }
    for name in journal.record.folders.reversed() {
      try changes.removeFolder(FilePlace(name, in: target))
    }
    try journal.remove(from: target)
  }

  /// Takes one placement back; nil where there is nothing of it.
  private func undo(_ placement: Placement) throws(TrainingError) -> Outcome? {
    let target = placement.target(in: target)
    switch try placement.state(in: self.target) {
    case .half:
      try changes.remove(target)
      return .putBack
    case .absent:
      if placement.means == .carry { try removeReturn(placement) }
      return try target.status() == nil
        ? nil : .kept("it was changed or replaced after it was sorted")
    case .done: break
    }
    switch placement.means {
    case .copy, .link:
      guard let photo = FileFacts.followed(placement.source) else {
        return .kept("\(placement.source) is gone")
      }
      // A copy may be the only one there is, where its photo's name is another's by now.
      var isPhoto =
        placement.means == .link
        || (photo.size == placement.size && photo.nanoseconds == placement.nanoseconds)
      if !isPhoto { isPhoto = try placement.isWritten(at: placement.place) }
      guard isPhoto else {
        return .kept("\(placement.source) is not the photo that was copied any more")
      }
      try changes.remove(target)
      return .removed
    case .move, .carry: return try putBack(placement, from: target)
    }
  }

  private func putBack(
    _ placement: Placement, from target: FilePlace
  ) throws(TrainingError) -> Outcome {
    let source = placement.place
    guard try source.status() == nil else {
      return .blocked("something else is at \(source.path)")
    }
    let folder = FileSystem.parent(of: source.path)
    do throws(TrainingError) {
      if !FileSystem.isFolder(folder) { try FileSystem.createFolders(folder) }
      switch placement.means {
      case .copy, .link, .move:
        if case .done = try changes.move(target, to: source) { return .putBack }
      case .carry:
        guard let facts = try FileFacts.own(target) else { break }
        try removeReturn(placement)
        let part = returning(placement)
        try changes.copy(target, to: part, facts, digest: placement.digest)
        if case .done = try changes.move(part, to: source) {
          try changes.synchronizeFolder(of: source)
          try changes.remove(target)
          return .putBack
        }
        try changes.remove(part)
      }
    } catch {
      // A test's end is no reason to go on.
      if error.kind == .internal { throw error }
      return .blocked(error.problem)
    }
    return .blocked("it cannot be moved to \(source.path)")
  }

  /// The copy of a photo on its way back to another file system.
  private func returning(_ placement: Placement) -> FilePlace {
    FilePlace(
      SortJournal.folderName + ".part", in: FileSystem.parent(of: placement.source))
  }

  private func removeReturn(_ placement: Placement) throws(TrainingError) {
    let part = returning(placement)
    if try part.status() != nil { try changes.remove(part) }
  }
}
