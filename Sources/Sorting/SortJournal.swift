import Glibc
internal import Primitives

/// The journal of a folder that photos are sorted into: each change is in it, and on the disk, before
/// it is made.
///
/// A class, because it owns an open file. A lock of the kernel keeps other processes out, and ends
/// with this one.
final class SortJournal {
  /// The folder in the target that holds the journal and the copy under way.
  static let folderName = ".cnnctl-sort"
  private static let name = folderName + "/journal"
  private static let partName = folderName + "/part"
  private static let sizeLimit = 1 << 32

  private let file: OutputFile
  private let changes: FileChanges
  private let path: String
  /// What it said when it was opened.
  let record: SortRecord

  /// The place of a copy that is being written.
  static func part(in target: String) -> FilePlace { FilePlace(partName, in: target) }

  /// The folder beside the target in which a new one is made, and in which one is taken apart: under
  /// its own name it always holds its journal.
  static func staging(of target: String) -> FilePlace {
    FilePlace(
      ".\(FileSystem.lastName(of: target))\(folderName)", in: FileSystem.parent(of: target))
  }

  /// What the journal of a folder says; nil where there is none.
  static func read(in target: String) throws(TrainingError) -> SortRecord? {
    let place = FilePlace(name, in: target)
    guard try place.status() != nil else { return nil }
    return try SortRecord(try place.bytes(limit: sizeLimit), path: place.path)
  }

  /// Opens the journal of a folder, or begins one; a folder that is not there is made.
  init(_ target: String, _ changes: FileChanges) throws(TrainingError) {
    let exists = FileSystem.isFolder(target)
    let staging = SortJournal.staging(of: target)
    let folder = exists ? target : staging.path
    if !exists {
      try SortJournal.removeStaging(of: target, changes)
      guard try changes.createFolder(staging) else {
        throw TrainingError(.cannotCreate, "\(staging.path) is in use by another process")
      }
    }
    _ = try changes.createFolder(FilePlace(SortJournal.folderName, in: folder))
    let place = FilePlace(SortJournal.name, in: folder)
    let file = OutputFile(try changes.openGrowing(place))
    try file.requireOnly(place.path)
    try SortJournal.lock(file, target)
    try SortJournal.requirePlace(file, in: folder, target)
    let found = try SortRecord(try place.bytes(limit: SortJournal.sizeLimit), path: place.path)
    self.file = file
    path = place.path
    self.changes = changes
    if let found {
      record = found
      try changes.truncate(file.descriptor, to: found.length, "write \(path)")
      return
    }
    try changes.truncate(file.descriptor, to: 0, "write \(path)")
    let node = (try FileFacts.own(place))?.node ?? 0
    let line = SortEntry.header(created: !exists, target: target, node: node).line + "\n"
    try SortJournal.append(Array(line.utf8), to: file.descriptor, changes, path)
    guard let begun = try SortRecord(Array(line.utf8), path: path) else {
      throw TrainingError(.internal, "a journal's first line does not say what it should")
    }
    record = begun
    try changes.synchronizeFolder(of: place)
    try changes.synchronizeFolder(of: FilePlace(SortJournal.folderName, in: folder))
    if !exists {
      let home = FilePlace(FileSystem.lastName(of: target), in: FileSystem.parent(of: target))
      do throws(TrainingError) {
        guard case .done = try changes.move(staging, to: home) else {
          throw TrainingError(.cannotCreate, "\(target) was made by another process meanwhile")
        }
      } catch {
        try SortJournal.requirePlace(file, in: folder, target)
        throw error
      }
      try changes.synchronizeFolder(of: home)
      try SortJournal.requirePlace(file, in: target, target)
    }
  }

  private static func isUsed(_ target: String) -> TrainingError {
    TrainingError(
      .cannotCreate, "another process is sorting into \(target)",
      expected: "a folder that no other process uses")
  }

  /// Refuses a journal that is not the folder's: another process that began to sort at the same time
  /// has taken it for what a killed sort had left, and removed it.
  private static func requirePlace(
    _ file: OutputFile, in folder: String, _ target: String
  ) throws(TrainingError) {
    let found = FileSystem.identity(folder + "/" + name)
    guard found != nil, found == FileSystem.identity(of: file.descriptor) else {
      throw isUsed(target)
    }
  }

  private static func lock(_ file: OutputFile, _ target: String) throws(TrainingError) {
    guard flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw errno == EWOULDBLOCK
        ? isUsed(target)
        : TrainingError(.cannotCreate, "cannot lock \(target): \(FileSystem.lastError())")
    }
  }

  /// Adds entries and waits until they are on the disk; all of them, or none.
  func append(_ entries: [SortEntry]) throws(TrainingError) {
    guard !entries.isEmpty else { return }
    let text = entries.map { $0.line + "\n" }.joined()
    try SortJournal.append(Array(text.utf8), to: file.descriptor, changes, path)
  }

  private static func append(
    _ bytes: [UInt8], to descriptor: CInt, _ changes: FileChanges, _ path: String
  ) throws(TrainingError) {
    let before = lseek(descriptor, 0, SEEK_END)
    do throws(TrainingError) {
      try changes.write(bytes, to: descriptor, "write \(path)")
      guard fsync(descriptor) == 0 else {
        throw TrainingError(.inputOutput, "cannot write \(path): \(FileSystem.lastError())")
      }
    } catch {
      // Half a line would hide those that follow it.
      ftruncate(descriptor, before)
      throw error
    }
  }

  /// Whether the journal was written for this folder: one that came here with other files, in an
  /// archive of a stranger, could lead them anywhere.
  func isOwn(_ target: String) throws(TrainingError) -> Bool {
    let node = try FileFacts.own(FilePlace(SortJournal.name, in: target))?.node
    return record.target == target || record.node == node
  }

  /// Removes the journal, and the target if the sort made it and nothing else is in it.
  func remove(from target: String) throws(TrainingError) {
    let staging = SortJournal.staging(of: target)
    let home = FilePlace(FileSystem.lastName(of: target), in: FileSystem.parent(of: target))
    if record.created, FileSystem.names(in: target) == [SortJournal.folderName],
      case .done = try changes.move(home, to: staging)
    {
      try SortJournal.removeStaging(of: target, changes)
      return
    }
    try SortJournal.removeOwn(in: target, changes)
  }

  /// Removes what was left of making the target, or of taking it apart; false where nothing was.
  @discardableResult
  static func removeStaging(
    of target: String, _ changes: FileChanges
  ) throws(TrainingError) -> Bool {
    let staging = staging(of: target)
    guard FileSystem.isFolder(staging.path) else { return false }
    try removeOwn(in: staging.path, changes)
    try changes.removeFolder(staging)
    return true
  }

  /// Removes the journal's folder; the journal goes last, for without it nobody knows of the part.
  static func removeOwn(in folder: String, _ changes: FileChanges) throws(TrainingError) {
    for name in [partName, name] {
      let place = FilePlace(name, in: folder)
      if try place.status() != nil { try changes.remove(place) }
    }
    try changes.removeFolder(FilePlace(folderName, in: folder))
  }

  /// Whether a folder holds a journal's folder, with a journal in it or not yet.
  static func isThere(in target: String) -> Bool {
    FilePlace(folderName, in: target).isThere
  }
}
