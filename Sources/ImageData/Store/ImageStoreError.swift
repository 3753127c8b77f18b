/// Why pictures could not be loaded as a whole, or one of them not again.
package enum ImageStoreError: Error, Sendable, Hashable, Codable, CustomStringConvertible {
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
  /// A picture's file is another than that which the processes of a run agreed upon.
  case otherCopy(path: String)
  /// One of the processes of a run sees or wants something else than the first.
  case disagreement(rank: Int, reason: String)
  /// The processes of a run do not reach or understand one another.
  case connection(reason: String)
  /// What one of the processes of a run failed with.
  indirect case onRank(Int, ImageStoreError)

  /// The failure, on whatever rank it came about.
  package var cause: ImageStoreError {
    if case .onRank(_, let error) = self { return error.cause }
    return self
  }

  /// Whether it is the file of decoded pictures that is not to be had: `auto` does without.
  var isOfCache: Bool {
    switch self {
    case .cache, .noRoom: true
    default: false
    }
  }

  /// What to do about it.
  package var advice: String? {
    switch self {
    case .stopped: nil
    case .outOfMemory: "--cache disk or --cache off, or a smaller --size"
    case .cache, .noRoom:
      "--cache ram or --cache off, or room in the folder that XDG_CACHE_HOME names"
    case .vanished, .changed:
      "leave the dataset alone during a run, or keep images with --cache ram"
    case .otherCopy: "the same dataset on every machine, left alone during a run"
    case .disagreement: "the same dataset and the same options for every rank"
    case .connection: "the same version of cnnctl on every machine"
    case .onRank(_, let error): error.advice
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
    case .otherCopy(let path):
      "\(path) is not the file that was read at first: it has changed, or the copies of the dataset "
        + "differ"
    case .disagreement(let rank, let reason): "rank \(rank) \(reason)"
    case .connection(let reason): "the ranks cannot load images together: \(reason)"
    case .onRank(let rank, let error): "rank \(rank): \(error)"
    }
  }
}
