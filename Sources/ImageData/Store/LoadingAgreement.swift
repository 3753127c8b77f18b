internal import Compute
import Glibc
internal import Primitives
internal import Ranks

/// The agreement between processes that load images together, made before any of them opens a file.
struct LoadingAgreement {
  /// The place of images, common to all of them.
  let place: ImageCache.Place
  /// The lowest rank that is the first of its machine: where each of these reads all files, the
  /// outcomes are this one's.
  let leader: Int

  private struct Statement: Codable {
    var options: String
    var place: ImageCache.Place
    var isFirstOfNode: Bool
    /// A digest of the files as the process sees them.
    var listing: String
  }

  /// Exchanges what every process sees; one alone has nothing to compare.
  ///
  /// Errors: `disagreement`, with the lowest rank that differs from rank 0; what any of them fails
  /// with.
  init(
    _ plan: ImageStorePlan, options: String, _ workers: WorkerPool, _ cache: ImageCache,
    _ exchange: LoadingExchange, isStopped: () -> Bool
  ) throws(ImageStoreError) {
    let group = exchange.group
    var files: [LoadingFile] = []
    let statements = try exchange.gather(.listing) { () throws(ImageStoreError) in
      if !group.isAlone, isStopped() { throw .stopped }
      let place = try cache.place(
        bytes: plan.byteCount, root: plan.root, copies: group.neighbours.count)
      if !group.isAlone { files = LoadingFile.all(plan, workers) }
      return Statement(
        options: options, place: place, isFirstOfNode: group.neighbours.place == 0,
        listing: LoadingFile.digest(files))
    }
    let first = statements[0]
    if let rank = statements.firstIndex(where: { $0.options != first.options }) {
      throw .disagreement(rank: rank, reason: "has different image options than rank 0")
    }
    if let rank = statements.firstIndex(where: { $0.listing != first.listing }) {
      let all = try exchange.gather(.difference) { [0, rank].contains(group.rank) ? files : [] }
      throw .disagreement(rank: rank, reason: LoadingFile.difference(all[rank], all[0]))
    }
    guard let leader = statements.firstIndex(where: \.isFirstOfNode) else {
      throw .connection(reason: "no rank is the first of its machine")
    }
    self.leader = leader
    // The most frugal: numbers do not depend on it, but what is exchanged does.
    let places = Set(statements.map(\.place))
    place = places.contains(.off) ? .off : places.contains(.disk) ? .disk : .ram
  }
}

/// A file of a plan as one process sees it, without opening it.
private struct LoadingFile: Codable, Equatable {
  var path: String
  var classIndex: Int
  var folder: Split
  /// Bytes; `missing` where there is nothing to be seen, `special` for what is no regular file.
  var size: Int

  static let missing = -1
  static let special = -2

  /// The files that a plan reads, with their present sizes.
  static func all(_ plan: ImageStorePlan, _ workers: WorkerPool) -> [LoadingFile] {
    let files = plan.candidates
    return workers.map(files.indices) { index, _ in
      LoadingFile(
        path: files.relativePath(of: index), classIndex: files.classIndex(of: index),
        folder: files.split(of: index), size: size(files.path(of: index)))
    }
  }

  private static func size(_ path: String) -> Int {
    var status = stat()
    guard stat(systemPath(path), &status) == 0 else { return missing }
    // Folders have sizes of their file system's making.
    return status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : special
  }

  /// One digest of all: only where two differ are names exchanged.
  static func digest(_ files: [LoadingFile]) -> String {
    var digest = SHA256()
    for file in files {
      let place = "\(file.path.utf8.count) \(file.path) \(file.classIndex)"
      digest.update("\(place) \(file.folder) \(file.size)\n".utf8)
    }
    return hexadecimal(digest.finalize())
  }

  /// The message for a rank whose files are not those of rank 0.
  static func difference(_ own: [LoadingFile], _ first: [LoadingFile]) -> String {
    let at = zip(own, first).prefix { $0 == $1 }.count
    let what: String
    switch (at < own.count ? own[at] : nil, at < first.count ? first[at] : nil) {
    case (nil, nil): what = "its files differ from those of rank 0"
    case (let mine?, let theirs?) where mine.path == theirs.path:
      what =
        terminalSafe(mine.path)
        + (mine.size != theirs.size
          ? ": \(text(mine.size)) where rank 0 sees \(text(theirs.size))"
          : " is in another class or split than on rank 0")
    case (let mine?, let theirs)
    where theirs.map({ mine.path.utf8.lexicographicallyPrecedes($0.path.utf8) }) ?? true:
      // Files are listed by name: the lesser of the two names is missing on the other side.
      what = "\(terminalSafe(mine.path)), which rank 0 does not see"
    case (_, let theirs): what = "\(terminalSafe(theirs?.path ?? "")) is missing"
    }
    let numbers =
      own.count == first.count
      ? "" : "\(own.count) files where rank 0 sees \(first.count); "
    return "sees a different dataset: \(numbers)\(what)"
  }

  private static func text(_ size: Int) -> String {
    switch size {
    case missing: "nothing"
    case special: "not a regular file"
    default: "\(size) bytes"
    }
  }
}
