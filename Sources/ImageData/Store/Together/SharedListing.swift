internal import Compute
import Glibc
internal import Primitives

/// The files of a plan as one process sees them, without opening any.
struct SharedListing {
  struct File: Equatable {
    var path: String
    var classIndex: Int
    var folder: Split
    /// Bytes; `missing` where there is nothing to be seen, `special` for what is no regular file.
    var size: Int
  }

  static let missing = -1
  static let special = -2
  /// Files of which one digest is compared: only where two differ are their names exchanged.
  static let blockFiles = 1024
  static let digestBytes = 32

  let files: [File]

  /// The files that a plan reads, with their present sizes.
  init(_ plan: ImageStorePlan, _ workers: WorkerPool) {
    var sizes = [Int](repeating: SharedListing.missing, count: plan.candidates.count)
    sizes.withUnsafeMutableBufferPointer { sizes in
      nonisolated(unsafe) let sizes = sizes
      workers.parallelFor(sizes.count) { index, _ in
        sizes[index] = SharedListing.size(plan.candidates[index].sample)
      }
    }
    files = zip(plan.candidates, sizes).map { candidate, size in
      File(
        path: candidate.sample.relativePath, classIndex: candidate.sample.classIndex,
        folder: candidate.folder, size: size)
    }
  }

  private static func size(_ sample: Sample) -> Int {
    var status = stat()
    guard stat(systemPath(sample.path), &status) == 0 else { return missing }
    // Folders have sizes of their file system's making.
    return status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : special
  }

  /// The digests of the files, some after some.
  var blockDigests: [[UInt8]] {
    stride(from: 0, to: files.count, by: SharedListing.blockFiles).map { start in
      var writer = MessageWriter()
      write(block: start / SharedListing.blockFiles, to: &writer)
      return SHA256.digest(writer.bytes)
    }
  }

  /// Writes the files of a block that may not be there.
  func write(block: Int, to writer: inout MessageWriter) {
    let start = min(files.count, block * SharedListing.blockFiles)
    for file in files[start..<min(files.count, start + SharedListing.blockFiles)] {
      writer.write(file.path)
      writer.write(file.classIndex)
      writer.write(file.folder.rawValue)
      writer.write(file.size)
    }
  }

  /// The files of another process's block.
  static func readBlock(
    _ reader: inout MessageReader
  ) throws(MessageReader.Unexpected) -> [File] {
    var files: [File] = []
    while !reader.isAtEnd {
      let path = try reader.text()
      let classIndex = try reader.number(0...Int.max)
      guard let folder = Split(rawValue: try reader.text()) else {
        throw MessageReader.Unexpected()
      }
      let size = try reader.number(special...Int.max)
      files.append(File(path: path, classIndex: classIndex, folder: folder, size: size))
    }
    return files
  }
}

extension SharedListing {
  /// The message for a rank whose first differing block is not that of rank 0.
  static func difference(
    _ own: [File], _ first: [File], counts: (own: Int, first: Int)
  ) -> String {
    let at = zip(own, first).prefix { $0 == $1 }.count
    let pair = (at < own.count ? own[at] : nil, at < first.count ? first[at] : nil)
    let what: String
    switch pair {
    case (nil, nil): what = "its files differ from those of rank 0"
    case (let mine?, let theirs?) where mine.path == theirs.path:
      let path = terminalSafe(mine.path)
      what =
        mine.size != theirs.size
        ? "\(path): \(text(mine.size)) where rank 0 sees \(text(theirs.size))"
        : "\(path) is in another class or split than on rank 0"
    case (let mine, let theirs):
      // Files are listed by name: the lesser of the two names is missing on the other side.
      let isExtra =
        theirs.map { theirs in
          mine.map { $0.path.utf8.lexicographicallyPrecedes(theirs.path.utf8) } ?? false
        } ?? true
      let path = terminalSafe((isExtra ? mine : theirs)?.path ?? "")
      what = isExtra ? "\(path), which rank 0 does not see" : "\(path) is missing"
    }
    let numbers =
      counts.own == counts.first
      ? "" : "\(counts.own) files where rank 0 sees \(counts.first); "
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
