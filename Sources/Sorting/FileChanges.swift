internal import CSystem
import Glibc
internal import Primitives

/// Every call by which a sort or its undoing changes the file system.
///
/// No call writes over a file. A class, because it counts: a test lets the work end before each of
/// the calls, as a kill would.
package final class FileChanges {
  /// Calls that may still be made; nil for any number.
  package var left: Int?

  /// `left`: the calls after which every other fails.
  package init(left: Int? = nil) { self.left = left }

  /// The outcome of giving a file a name.
  enum Naming {
    case done
    /// Something else has the name.
    case taken
    /// The file system cannot do it; for two file systems no call can.
    case unsupported
  }

  private func pass() throws(TrainingError) {
    guard let left else { return }
    guard left > 0 else { throw TrainingError(.internal, "ended before a change") }
    self.left = left - 1
  }

  private func failure(_ what: String, _ number: CInt = errno) -> TrainingError {
    errno = number
    return TrainingError(.inputOutput, "cannot \(what): \(FileSystem.lastError())")
  }

  private func holder(
    _ place: FilePlace, _ what: String
  ) throws(TrainingError) -> OpenFolder {
    guard let holder = try place.holder() else { throw failure(what) }
    return holder
  }

  /// Creates a folder; false where the name is taken.
  func createFolder(_ place: FilePlace) throws(TrainingError) -> Bool {
    try pass()
    let what = "create the folder \(place.path)"
    let holder = try holder(place, what)
    guard mkdirat(holder.descriptor, systemPath(place.lastName), 0o777) != 0 else { return true }
    guard errno == EEXIST else {
      throw TrainingError(.cannotCreate, failure(what).problem)
    }
    return false
  }

  /// Removes a folder that is empty; one that is not, or not there, stays as it is.
  func removeFolder(_ place: FilePlace) throws(TrainingError) {
    try pass()
    guard let holder = try place.holder() else { return }
    unlinkat(holder.descriptor, systemPath(place.lastName), AT_REMOVEDIR)
  }

  /// Removes a file; one that is not there is no error.
  func remove(_ place: FilePlace) throws(TrainingError) {
    try pass()
    let what = "remove \(place.path)"
    guard let holder = try place.holder() else {
      if errno == ENOENT { return }
      throw failure(what)
    }
    guard unlinkat(holder.descriptor, systemPath(place.lastName), 0) == 0 || errno == ENOENT else {
      throw failure(what)
    }
  }

  /// Gives a file another name, in one step.
  func move(_ place: FilePlace, to other: FilePlace) throws(TrainingError) -> Naming {
    let what = "move \(place.path) to \(other.path)"
    let (old, new) = (try holder(place, what), try holder(other, what))
    try pass()
    let status = csystem_rename_exclusively(
      old.descriptor, systemPath(place.lastName), new.descriptor, systemPath(other.lastName))
    guard status != 0 else { return .done }
    switch errno {
    case EEXIST: return .taken
    case EXDEV: return .unsupported
    case EINVAL, ENOSYS: break
    default: throw failure(what)
    }
    // Two steps where one is not possible: for a moment both names exist.
    switch try addName(place, as: other) {
    case .done:
      try remove(place)
      return .done
    case .taken: return .taken
    case .unsupported:
      throw TrainingError(
        .inputOutput,
        "cannot \(what): its file system can neither rename without replacing nor make hard links")
    }
  }

  /// Gives a file a second name; a link is followed.
  func addName(_ place: FilePlace, as other: FilePlace) throws(TrainingError) -> Naming {
    let what = "link \(place.path) to \(other.path)"
    let (old, new) = (try holder(place, what), try holder(other, what))
    try pass()
    let status = linkat(
      old.descriptor, systemPath(place.lastName), new.descriptor, systemPath(other.lastName),
      AT_SYMLINK_FOLLOW)
    guard status != 0 else { return .done }
    switch errno {
    case EEXIST: return .taken
    // EPERM: no hard links here, or not to another user's file.
    case EXDEV, EPERM, EOPNOTSUPP, ENOSYS, EMLINK: return .unsupported
    default: throw failure(what)
    }
  }

  /// Copies a file to a name that is free, with its times and permissions, and waits for the disk.
  ///
  /// Errors: bad data where the source cannot be read or has other bytes than `digest` says; all
  /// others are those of the file that is written.
  func copy(
    _ source: FilePlace, to part: FilePlace, _ facts: FileFacts, digest: String
  ) throws(TrainingError) {
    let what = "write \(part.path)"
    func unreadable(_ problem: String) -> TrainingError { TrainingError(.badData, problem) }
    let input: InputFile
    do throws(TrainingError) {
      input = try InputFile(source, limit: .max)
    } catch {
      throw unreadable(error.problem)
    }
    let holder = try holder(part, what)
    try pass()
    let descriptor = try holder.open(
      part.lastName, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, part.path)
    guard descriptor >= 0 else { throw failure(what) }
    defer { close(descriptor) }
    var hash = SHA256()
    for part in (0..<input.size).parts(of: FileFacts.piece) {
      let bytes: [UInt8]
      do throws(TrainingError) {
        bytes = try input.bytes(part)
      } catch {
        throw unreadable(error.problem)
      }
      hash.update(bytes)
      try write(bytes, to: descriptor, what)
    }
    guard hexadecimal(hash.finalize()) == digest else {
      throw unreadable("\(source.path) has changed since it was read")
    }
    guard fchmod(descriptor, facts.permissions) == 0 || isWithout(errno) else {
      throw failure(what)
    }
    var times = [facts.time, facts.time]
    guard futimens(descriptor, &times) == 0 || isWithout(errno) else { throw failure(what) }
    guard fsync(descriptor) == 0 else { throw failure(what) }
  }

  /// Whether an error says that the file system has no permissions or times of its own; the bytes
  /// are kept all the same.
  private func isWithout(_ number: CInt) -> Bool {
    [EPERM, EINVAL, ENOSYS, EOPNOTSUPP].contains(number)
  }

  /// Opens a file to read it and to add to it; one that is not there is made.
  func openGrowing(_ place: FilePlace) throws(TrainingError) -> CInt {
    try pass()
    let descriptor = try place.open(O_RDWR | O_CREAT | O_APPEND)
    guard descriptor >= 0 else {
      throw TrainingError(.cannotCreate, failure("write \(place.path)").problem)
    }
    return descriptor
  }

  /// Cuts a file that is open.
  func truncate(_ descriptor: CInt, to length: Int, _ what: String) throws(TrainingError) {
    try pass()
    guard ftruncate(descriptor, length) == 0 else { throw failure(what) }
  }

  /// Writes all of `bytes` at the descriptor's position, or at the end of a file opened to append.
  func write(_ bytes: [UInt8], to descriptor: CInt, _ what: String) throws(TrainingError) {
    try pass()
    guard FileSystem.writeAll(bytes, to: descriptor) else { throw failure(what) }
  }

  /// Waits until the names in the folder of `place` are on the disk.
  func synchronizeFolder(of place: FilePlace) throws(TrainingError) {
    let what = "write \(FileSystem.parent(of: place.path))"
    let holder = try holder(place, what)
    // Some file systems cannot sync a folder and say EINVAL.
    guard fsync(holder.descriptor) == 0 || errno == EINVAL else { throw failure(what) }
  }
}
