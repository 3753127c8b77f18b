/// The reason why images could not be loaded, or one of them not again.
package enum ImageStoreError: Error, Sendable, Hashable, Codable, CustomStringConvertible {
  /// `shouldStop` said so.
  case stopped
  /// The system gave no memory for the pixels.
  case outOfMemory(bytes: Int)
  /// The file for decoded images cannot be made or read.
  case cache(path: String, reason: String)
  /// The disk has no room for decoded images.
  case noRoom(path: String, reason: String)
  /// An image that could be read when the run began cannot be read any more.
  case vanished(path: String, reason: String)
  /// An image's file is another than when the run began.
  case changed(path: String)
  /// An image's file is another than that which the processes of a run agreed upon.
  case otherCopy(path: String)
  /// One of the processes of a run sees or wants something else than the first.
  case disagreement(rank: Int, reason: String)
  /// The processes of a run do not reach or understand one another.
  case connection(reason: String)
  /// The error of another process of the run.
  indirect case onRank(Int, ImageStoreError)

  /// The failure, on whatever rank it came about.
  package var cause: ImageStoreError {
    if case .onRank(_, let error) = self { return error.cause }
    return self
  }

  /// Whether the cache file failed; with `auto`, loading continues without one.
  var isOfCache: Bool {
    switch self {
    case .cache, .noRoom: true
    default: false
    }
  }

  package var advice: String? {
    switch self {
    case .stopped: nil
    case .outOfMemory: "--cache disk or --cache off, or a smaller --size"
    case .cache, .noRoom:
      "--cache ram or --cache off, or XDG_CACHE_HOME set to a folder with more space"
    case .vanished, .changed:
      "leave the dataset unchanged during a run, or use --cache ram"
    case .otherCopy: "the same dataset on every machine, unchanged during a run"
    case .disagreement: "the same dataset and the same options for every rank"
    case .connection: "the same version of cnnctl on every machine"
    case .onRank(_, let error): error.advice
    }
  }

  package var description: String {
    switch self {
    case .stopped: "stopped while reading images"
    case .outOfMemory(let bytes):
      "not enough memory for decoded images: \(bytes / 1_000_000) MB needed"
    case .cache(let path, let reason): "\(path) cannot be used for decoded images: \(reason)"
    case .noRoom(let path, let reason): "\(path) has too little space for decoded images: \(reason)"
    case .vanished(let path, let reason): "\(path) can no longer be read: \(reason)"
    case .changed(let path): "\(path) has changed since it was first read"
    case .otherCopy(let path):
      "\(path) is not the file that was read before: it has changed, or the copies of the dataset "
        + "differ"
    case .disagreement(let rank, let reason): "rank \(rank) \(reason)"
    case .connection(let reason): "the ranks cannot load images together: \(reason)"
    case .onRank(let rank, let error): "rank \(rank): \(error)"
    }
  }
}
