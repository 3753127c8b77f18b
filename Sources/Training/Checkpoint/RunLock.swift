internal import Classifier
import Glibc
internal import Primitives

/// The right to write into a run folder, which ends with the process however that ends.
///
/// A class, because it owns a descriptor. The lock is the kernel's: no file that a killed process
/// leaves behind keeps anyone out.
final class RunLock {
  private let descriptor: CInt

  /// Locks a run's folder, or says who holds it; a process that does not write needs no lock.
  init(_ run: RunFolder) throws(TrainingError) {
    guard run.isWritten else {
      descriptor = -1
      return
    }
    let place = run.place(RunFolder.lockName)
    let file = OutputFile(try place.open(O_RDWR | O_CREAT))
    guard file.descriptor >= 0 else {
      if errno == ENXIO { throw .noFile(place.path) }
      throw TrainingError(.cannotCreate, "cannot lock \(run.path): \(FileSystem.lastError())")
    }
    try file.requireOnly(place.path)
    descriptor = file.release()
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let isHeld = errno == EWOULDBLOCK
      let cause = FileSystem.lastError()
      let holder = (try? FileSystem.read(place, limit: 1 << 10)).map {
        String(decoding: $0, as: UTF8.self).filter { $0.isNumber }
      }
      close(descriptor)
      throw isHeld
        ? TrainingError(
          .cannotCreate, "another process is training in \(run.path)",
          found: holder.map { "process \($0)" }, expected: "a run that no other process uses")
        : TrainingError(.cannotCreate, "cannot lock \(run.path): \(cause)")
    }
    // For the message above; the lock holds without it.
    let holder = Array("\(getpid())\n".utf8)
    ftruncate(descriptor, 0)
    _ = pwrite(descriptor, holder, holder.count, 0)
  }

  /// Whether a process is writing into a run's folder; false where that cannot be found out.
  static func isHeld(_ run: RunFolder) -> Bool {
    guard let descriptor = try? run.place(RunFolder.lockName).open(O_RDONLY), descriptor >= 0 else {
      return false
    }
    defer { close(descriptor) }
    // Shared, so that two who ask do not take each other for a training process.
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}
