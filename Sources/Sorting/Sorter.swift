package import Primitives

/// Puts photos into the folders of a target, so that every moment's interruption can be continued
/// or taken back.
///
/// A class, because it holds the journal, with its lock, for as long as it lives.
package final class Sorter {
  private let target: String
  private let changes: FileChanges
  private let journal: SortJournal
  private var planner: SortPlanner
  /// The photos that have been copied or linked, this time or earlier.
  private var placed: Set<Placement.Key>
  /// The photos that were still to be removed from their old place, and have been.
  private var finished: Set<String> = []
  /// What the journal is still to say of the last placements.
  private var unsaid: Set<Int>?

  /// Opens or makes the target, a path from the root, and ends what an interrupted sort has left
  /// half done.
  ///
  /// Errors: a target that another process works in, or whose sort is being taken back.
  package init(
    into target: String, by method: SortMethod, _ changes: FileChanges = FileChanges()
  ) throws(TrainingError) {
    self.target = target
    self.changes = changes
    journal = try SortJournal(target, changes)
    let record = journal.record
    try requireOwn(journal, target)
    guard !record.isUndone else {
      throw TrainingError(
        .cannotCreate, "\(target) holds a sort that is not wholly undone",
        expected: "a folder whose sort is complete, interrupted, or undone",
        advice: "cnnctl sort --undo \(shellPath(target))")
    }
    planner = SortPlanner(target: target, method: method)
    placed = []
    try settle(record)
    placed = try record.keys(in: target)
  }

  /// Whether a photo has been copied or linked already, or had only to be removed after a move.
  package func isPlaced(_ path: String) -> Bool {
    finished.contains(planner.source(path)) || planner.key(of: path).map(placed.contains) ?? false
  }

  /// Finds out what has become of the placements of a process that has died, and ends those that
  /// are half done.
  private func settle(_ record: SortRecord) throws(TrainingError) {
    let part = SortJournal.part(in: target)
    if try part.status() != nil { try changes.remove(part) }
    let open = record.placements[record.firstOpen...]
    if open.isEmpty { return }
    var except: Set<Int> = []
    for (number, placement) in open.enumerated() {
      switch try placement.state(in: target) {
      case .absent: except.insert(number)
      case .done: break
      case .half:
        try removeSource(placement)
        finished.insert(placement.source)
      }
    }
    try synchronize(open.enumerated().filter { !except.contains($0.offset) }.map(\.element))
    unsaid = except
  }

  private func removeSource(_ placement: Placement) throws(TrainingError) {
    try changes.synchronizeFolder(of: placement.target(in: target))
    try changes.remove(placement.place)
  }

  private func synchronize(_ placements: [Placement]) throws(TrainingError) {
    var seen: Set<String> = []
    for placement in placements {
      for place in [placement.target(in: target)]
        + (placement.means.method == .move ? [placement.place] : [])
      where seen.insert(FileSystem.parent(of: place.path)).inserted {
        try changes.synchronizeFolder(of: place)
      }
    }
  }

  /// Puts photos into their folders, and tells what became of each, in order but for those whose
  /// name was taken meanwhile; ends after any of them if it `shouldStop`.
  package func place(
    _ photos: [SortedPhoto], shouldStop: () -> Bool = { false },
    each: (SortedPhoto, SortOutcome) throws -> Void
  ) throws {
    var rest = photos
    while !rest.isEmpty {
      planner.beginBatch()
      var plans: [(photo: SortedPhoto, plan: SortPlanner.Plan)] = []
      for photo in rest { plans.append((photo, try planner.plan(photo))) }
      rest = try carryOut(plans, shouldStop, each)
    }
  }

  /// Journals a batch and carries it out; returns the photos that need another plan.
  private func carryOut(
    _ plans: [(photo: SortedPhoto, plan: SortPlanner.Plan)], _ shouldStop: () -> Bool,
    _ each: (SortedPhoto, SortOutcome) throws -> Void
  ) throws -> [SortedPhoto] {
    let placements = plans.compactMap { entry -> Placement? in
      guard case .place(let placement) = entry.plan else { return nil }
      return placement
    }
    if !placements.isEmpty {
      try journal.append(
        (unsaid.map { [.settled(except: $0)] } ?? []) + planner.newFolders.map(SortEntry.folder)
          + placements.map(SortEntry.placement))
      unsaid = nil
    }
    for name in planner.newFolders {
      _ = try changes.createFolder(FilePlace(name, in: target))
      try changes.synchronizeFolder(of: FilePlace(name, in: target))
    }
    var again: [SortedPhoto] = []
    var except: Set<Int> = []
    var number = 0
    for (photo, plan) in plans {
      if shouldStop() {
        except.formUnion(number..<placements.count)
        again = []
        break
      }
      switch plan {
      case .outcome(let outcome): try each(photo, outcome)
      case .place(let placement):
        defer { number += 1 }
        switch try carryOut(placement) {
        case .done:
          if placement.means.method != .move { placed.insert(placement.key) }
          try each(photo, .placed(placement.target(in: target).path, placement.means.method))
        case .taken:
          except.insert(number)
          again.append(photo)
        case .unsupported:
          planner.isElsewhere = true
          except.insert(number)
          again.append(photo)
        case .unreadable(let reason):
          except.insert(number)
          try each(photo, .left(reason))
        }
      }
    }
    guard !placements.isEmpty else { return again }
    try synchronize(placements.enumerated().filter { !except.contains($0.offset) }.map(\.element))
    unsaid = except
    return again
  }

  private enum Step {
    case done
    case taken
    case unsupported
    case unreadable(String)

    init(_ naming: FileChanges.Naming) {
      self =
        switch naming {
        case .done: .done
        case .taken: .taken
        case .unsupported: .unsupported
        }
    }
  }

  private func carryOut(_ placement: Placement) throws(TrainingError) -> Step {
    let (source, target) = (placement.place, placement.target(in: target))
    guard let facts = FileFacts.followed(placement.source), facts.size == placement.size,
      facts.nanoseconds == placement.nanoseconds
    else { return .unreadable("it has changed since it was read") }
    switch placement.means {
    case .link: return Step(try changes.addName(source, as: target))
    case .move: return Step(try changes.move(source, to: target))
    case .copy: return try copy(placement, facts)
    case .carry:
      let step = try copy(placement, facts)
      if case .done = step { try removeSource(placement) }
      return step
    }
  }

  /// Writes a copy beside the journal, and gives it its name when it is whole and on the disk.
  private func copy(_ placement: Placement, _ facts: FileFacts) throws(TrainingError) -> Step {
    let part = SortJournal.part(in: target)
    do throws(TrainingError) {
      try changes.copy(placement.place, to: part, facts, digest: placement.digest)
      let naming = try changes.move(part, to: placement.target(in: target))
      if case .done = naming { return .done }
      try changes.remove(part)
      guard case .taken = naming else {
        throw TrainingError(
          .cannotCreate, "\(placement.name) in \(target) lies in another file system",
          expected: "one file system for the whole folder")
      }
      return .taken
    } catch {
      try? changes.remove(part)
      if error.kind == .badData { return .unreadable(error.problem) }
      throw error
    }
  }

  /// Notes that all is done; what is not noted is found out the next time.
  package func finish() throws(TrainingError) {
    guard let unsaid else { return }
    try journal.append([.settled(except: unsaid)])
    self.unsaid = nil
  }
}

/// Refuses a journal that came from elsewhere.
func requireOwn(_ journal: SortJournal, _ target: String) throws(TrainingError) {
  guard try !journal.isOwn(target) else { return }
  throw TrainingError(
    .badData, "the journal in \(target) was written for another folder, and is not followed",
    found: journal.record.target, expected: "the folder that was sorted into, not a copy of it",
    advice: "remove \(target)/\(SortJournal.folderName) to keep the files as they are")
}

/// What a sort would do, for a look beforehand; nothing is changed.
package struct SortPreview {
  private let target: String
  private var planner: SortPlanner
  private let placed: Set<Placement.Key>

  /// Looks at the target, a path from the root, which need not exist.
  package init(into target: String, by method: SortMethod) throws(TrainingError) {
    self.target = target
    planner = SortPlanner(target: target, method: method)
    placed = try SortJournal.read(in: target)?.keys(in: target) ?? []
  }

  /// Whether a photo has been copied or linked already.
  package mutating func isPlaced(_ path: String) -> Bool {
    planner.key(of: path).map(placed.contains) ?? false
  }

  /// What would become of a photo, after all those asked about before.
  package mutating func outcome(of photo: SortedPhoto) throws(TrainingError) -> SortOutcome {
    switch try planner.plan(photo) {
    case .outcome(let outcome): outcome
    case .place(let placement):
      .placed(placement.target(in: target).path, placement.means.method)
    }
  }
}

extension Sorter {
  /// Whether photos were put into a folder before, and have not been taken back.
  package static func hasSorted(into target: String) throws(TrainingError) -> Bool {
    try SortJournal.read(in: target).map { !$0.placements.isEmpty } ?? false
  }
}
