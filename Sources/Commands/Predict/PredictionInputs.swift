internal import ImageData
internal import Primitives

/// The paths that `predict` was asked about, in order and in chunks: what a pipe has brought so far
/// is answered before more is awaited.
struct PredictionInputs {
  private var operands: ArraySlice<String>
  private let recursive: Bool
  private let read: @Sendable (Int) throws(StreamError) -> [UInt8]
  private let warn: (String) -> Void
  private let scanned: (Int) -> Void
  private var list: PathList?

  init(
    _ operands: [String], recursive: Bool,
    read: @escaping @Sendable (Int) throws(StreamError) -> [UInt8],
    warn: @escaping (String) -> Void, scanned: @escaping (_ found: Int) -> Void = { _ in }
  ) {
    self.operands = operands[...]
    self.recursive = recursive
    self.read = read
    self.warn = warn
    self.scanned = scanned
  }

  /// The paths that a command line names, with warnings and progress on the console.
  init(_ operands: [String], recursive: Bool, _ console: Console) {
    let scanning = StepProgress("scanning", unit: "files", console)
    self.init(
      operands, recursive: recursive, read: console.environment.input, warn: console.warning,
      scanned: { scanning.show($0, of: nil) })
  }

  /// Whether the next paths come from standard input, which may be silent for long.
  var mayWait: Bool { operands.first == "-" || operands.first == "-0" }

  /// Whether all paths have been returned.
  var isAtEnd: Bool { operands.isEmpty && list == nil }

  /// The next paths, at least one; nil after the last.
  mutating func next() throws -> [String]? {
    var chunk: [String] = []
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
  private func expanded(_ paths: [String]) -> [String] {
    guard recursive else { return paths }
    return paths.flatMap { path in
      guard FileSystem.isFolder(path) else { return [path] }
      let folder = ImageFolder(below: path, found: scanned)
      for problem in folder.problems { warn(problem.summary) }
      if folder.paths.isEmpty { warn("\(path) holds no image") }
      if let line = folder.passedOver.line { warn("\(path): \(line)") }
      return folder.paths
    }
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
