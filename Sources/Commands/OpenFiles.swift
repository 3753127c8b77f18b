internal import Glibc

/// The number of files that the system lets this process open at a time.
enum OpenFiles {
  /// Below this, files that are there could not be opened, and be taken for damaged ones.
  private static let least = 64

  /// Raises the limit as far as the process may; refuses to work with too low a one.
  static func check() throws(Failure) {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0,
      limit.rlim_cur < least
    else { return }
    limit.rlim_cur = min(limit.rlim_max, rlim_t(least))
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    guard limit.rlim_cur < least else { return }
    throw Failure(
      .unavailable, "the system limits this process to too few open files",
      found: "\(limit.rlim_cur) (ulimit -n)", expected: "at least \(least)",
      advice: "ulimit -n 1024")
  }
}
