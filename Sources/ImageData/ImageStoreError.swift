/// Why pictures could not be loaded as a whole, or one of them not again.
package enum ImageStoreError: Error, Sendable, Hashable, CustomStringConvertible {
  /// `shouldStop` said so.
  case stopped
  /// The system gave no memory for the pixels.
  case outOfMemory(bytes: Int)
  /// The file for decoded pictures cannot be made or read.
  case cache(path: String, reason: String)
  /// The disk has no room for decoded pictures.
  case noRoom(path: String, reason: String)
  /// A picture that could be read when the run began cannot be read any more.
  case vanished(path: String, reason: String)
  /// A picture's file is another than when the run began.
  case changed(path: String)

  /// What to do about it.
  package var advice: String? {
    switch self {
    case .stopped: nil
    case .outOfMemory: "--cache disk or --cache off, or a smaller --size"
    case .cache, .noRoom:
      "--cache ram or --cache off, or room in the folder that XDG_CACHE_HOME names"
    case .vanished, .changed:
      "leave the dataset alone during a run, or keep images with --cache ram"
    }
  }

  /// One sentence.
  package var description: String {
    switch self {
    case .stopped: "stopped while reading images"
    case .outOfMemory(let bytes):
      "\(bytes / 1_000_000) MB of memory for decoded images are not to be had"
    case .cache(let path, let reason): "\(path) cannot be used for decoded images: \(reason)"
    case .noRoom(let path, let reason): "\(path) has no room for decoded images: \(reason)"
    case .vanished(let path, let reason): "\(path) cannot be read any more: \(reason)"
    case .changed(let path): "\(path) has changed since it was first read"
    }
  }
}
