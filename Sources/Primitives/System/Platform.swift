package import Glibc

/// What Linux has and another system lacks, or has by another name: the article Platforms lists it.
package enum Platform {
  /// The file of the program that runs.
  package static let program = "/proc/self/exe"

  /// When a file's contents were last changed.
  package static func modified(_ status: stat) -> timespec { status.st_mtim }

  /// When what the file system holds of a file was last changed, its times included.
  package static func changed(_ status: stat) -> timespec { status.st_ctim }

  /// Takes the room for the first `bytes` bytes of a file; 0, or the error's number.
  package static func reserve(_ bytes: Int, of descriptor: CInt) -> CInt {
    posix_fallocate(descriptor, 0, off_t(bytes))
  }

  /// Asks for huge pages in memory that has just been mapped; the system may have none.
  package static func preferHugePages(_ start: UnsafeMutableRawPointer, bytes: Int) {
    madvise(start, bytes, MADV_HUGEPAGE)
  }

  /// The most bytes of addresses that the process may map; nil without a limit.
  package static var addressLimit: Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0,
      limit.rlim_cur < UInt64(Int.max)
    else { return nil }
    return Int(limit.rlim_cur)
  }

  /// The number of files that the process may have open, raised to `least` where it may raise it; nil
  /// if the system does not say.
  package static func openFiles(atLeast least: Int) -> Int? {
    let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard getrlimit(files, &limit) == 0 else { return nil }
    if limit.rlim_cur < rlim_t(least) {
      limit.rlim_cur = min(limit.rlim_max, rlim_t(least))
      setrlimit(files, &limit)
    }
    return Int(clamping: limit.rlim_cur)
  }

  /// The most memory that the process has held, in bytes.
  package static var peakMemoryBytes: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }

  /// Whether the process ignores a signal.
  package static func ignores(signal number: Int32) -> Bool {
    var current = sigaction()
    sigaction(number, nil, &current)
    // SIG_IGN.
    return unsafeBitCast(current.__sigaction_handler.sa_handler, to: Int.self) == 1
  }
}
