internal import ImageData
internal import Primitives

/// The paths that `predict` was asked about, in order and in chunks: what a pipe has brought so far
/// is answered before more is awaited.
struct PredictionInputs {
  private var operands: ArraySlice<String>
  private let recursive: Bool
  /// The paths that the command writes.
  private let written: [String]
  private let read: @Sendable (Int) throws(StreamError) -> [UInt8]
  private let warn: (String) -> Void
  private let scanned: (Int) -> Void
  private var list: PathList?

  init(
    _ operands: [String], recursive: Bool, written: [String] = [],
    read: @escaping @Sendable (Int) throws(StreamError) -> [UInt8],
    warn: @escaping (String) -> Void, scanned: @escaping (_ found: Int) -> Void = { _ in }
  ) {
    self.operands = operands[...]
    (self.recursive, self.written) = (recursive, written)
    self.read = read
    self.warn = warn
    self.scanned = scanned
  }

  /// The paths that a command line names, with warnings and progress on the console.
  init(_ operands: [String], recursive: Bool, written: [String] = [], _ console: Console) {
    let scanning = StepProgress("scanning", unit: "files", console)
    self.init(
      operands, recursive: recursive, written: written, read: console.environment.input,
      warn: console.warning,
      scanned: { scanning.show($0, of: nil) })
  }

  /// Whether the next paths come from standard input, which may be silent for long.
  var mayWait: Bool { operands.first == "-" || operands.first == "-0" }

  /// Whether all paths have been returned.
  var isAtEnd: Bool { operands.isEmpty && list == nil }

  /// The next paths, at least one; nil after the last.
  mutating func next() throws -> PathChunk? {
    var chunk = PathChunk()
    while chunk.isEmpty {
      if list != nil {
        chunk = expanded(try nextFromList())
      } else if let operand = operands.popFirst() {
        if operand == "-" || operand == "-0" {
          list = PathList(separator: operand == "-" ? UInt8(ascii: "\n") : 0)
        } else {
          // Neighbours on the command line share batches.
          var named = [operand]
          while let other = operands.first, other != "-", other != "-0" {
            named.append(other)
            operands.removeFirst()
          }
          chunk = expanded(named)
        }
      } else {
        return nil
      }
    }
    return chunk
  }

  private mutating func nextFromList() throws(StreamError) -> [String] {
    let bytes = try read(1 << 16)
    defer { if bytes.isEmpty { list = nil } }
    return list?.take(bytes) ?? []
  }

  /// Folders replaced by their images where that was asked for.
  private func expanded(_ paths: [String]) -> PathChunk {
    var chunk = PathChunk()
    for path in paths {
      guard recursive, FileSystem.isFolder(path) else {
        chunk.add(path)
        continue
      }
      let folder = ImageFolder(below: path, own: written, found: scanned)
      for problem in folder.problems { warn(problem.summary) }
      if folder.paths.isEmpty { warn("\(path) holds no image") }
      if let line = folder.passedOver.line { warn("\(path): \(line)") }
      chunk.add(folder.paths)
    }
    return chunk
  }
}

/// Paths that are answered together: those that were named, and those of whole folders.
struct PathChunk: RandomAccessCollection {
  private enum Piece {
    case named([String])
    case folder(ImagePaths)
  }

  /// The pieces in order, each with the number of paths before it.
  private var pieces: [(start: Int, paths: Piece)] = []
  private(set) var endIndex = 0

  var startIndex: Int { 0 }

  subscript(index: Int) -> String {
    // The last piece that begins at or before the path; an empty one begins where the next does.
    var (low, high) = (0, pieces.count - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if pieces[middle].start <= index { low = middle } else { high = middle - 1 }
    }
    let place = index - pieces[low].start
    return switch pieces[low].paths {
    case .named(let paths): paths[place]
    case .folder(let paths): paths[place]
    }
  }

  /// Adds a path that was named.
  mutating func add(_ path: String) {
    if case (let start, .named(var paths))? = pieces.last {
      pieces.removeLast()
      paths.append(path)
      pieces.append((start, .named(paths)))
    } else {
      pieces.append((endIndex, .named([path])))
    }
    endIndex += 1
  }

  /// Adds the paths of a folder.
  mutating func add(_ paths: ImagePaths) {
    pieces.append((endIndex, .folder(paths)))
    endIndex += paths.count
  }
}

/// Splits the bytes of a list into paths as they come.
struct PathList {
  private let separator: UInt8
  private var rest: [UInt8] = []

  init(separator: UInt8) {
    self.separator = separator
  }

  /// The paths that `bytes` complete; no bytes end the list and complete what is left.
  ///
  /// Empty entries are ignored, and so is the carriage return of a line written elsewhere.
  mutating func take(_ bytes: [UInt8]) -> [String] {
    var pieces = (rest + bytes).split(separator: separator, omittingEmptySubsequences: false)
    rest = bytes.isEmpty ? [] : Array(pieces.removeLast())
    return pieces.compactMap { piece in
      let isLine = separator != 0
      let path = isLine && piece.last == UInt8(ascii: "\r") ? piece.dropLast() : piece
      return path.isEmpty ? nil : String(fileName: path)
    }
  }
}
