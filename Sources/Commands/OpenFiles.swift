internal import Primitives

/// The number of files that the system lets this process open at a time.
enum OpenFiles {
  /// Below this, files that are there could not be opened, and be taken for damaged ones.
  private static let least = 64

  /// Raises the limit as far as the process may; refuses to work with too low a one.
  static func check() throws(Failure) {
    guard let files = Platform.openFiles(atLeast: least), files < least else { return }
    throw Failure(
      .unavailable, "the system limits this process to too few open files",
      found: "\(files) (ulimit -n)", expected: "at least \(least)",
      advice: "ulimit -n 1024")
  }
}
