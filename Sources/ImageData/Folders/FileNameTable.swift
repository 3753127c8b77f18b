internal import Primitives

/// The names of a folder's files and of those in the folders below it: a name's bytes, two for its
/// length, and now and then a little more.
struct FileNameTable: Sendable {
  /// Files that follow one another in one folder.
  private struct Run {
    var start: Int
    var folder: String
  }

  private var runs: [Run] = []
  /// The names one after the other.
  private var bytes: [UInt8] = []
  /// Bytes of each name: a system has names of 255 at most.
  private var lengths: [UInt16] = []
  /// The place in `bytes` of every 32nd name.
  private var starts: [Int] = []

  private static let step = 32

  var count: Int { lengths.count }

  /// Bytes of memory, about.
  var byteCount: Int {
    bytes.count + 2 * lengths.count + 8 * starts.count
      + runs.reduce(0) { $0 + MemoryLayout<Run>.stride + $1.folder.utf8.count }
  }

  /// Adds a file of a folder, whose path may be empty.
  mutating func add(_ name: String, in folder: String) {
    if runs.last.map({ !$0.folder.utf8.elementsEqual(folder.utf8) }) ?? true {
      runs.append(Run(start: count, folder: folder))
    }
    if count.isMultiple(of: FileNameTable.step) { starts.append(bytes.count) }
    let before = bytes.count
    bytes.append(contentsOf: name.utf8)
    lengths.append(UInt16(bytes.count - before))
  }

  /// Adds a file of another table.
  mutating func add(_ index: Int, of other: FileNameTable) {
    add(other.name(of: index), in: other.folder(of: index))
  }

  /// Frees what was taken in advance.
  mutating func trim() {
    bytes = FileNameTable.trimmed(bytes)
    lengths = FileNameTable.trimmed(lengths)
  }

  private static func trimmed<Element>(_ values: [Element]) -> [Element] {
    var exact: [Element] = []
    exact.reserveCapacity(values.count)
    exact += values
    return exact
  }

  /// The folder's path and the name, with `/` between them.
  func path(of index: Int) -> String { joined(folder(of: index), name(of: index)) }

  /// Bytes of `path(of:)`.
  func pathLength(of index: Int) -> Int {
    let folder = folder(of: index).utf8.count
    return folder + (folder == 0 ? 0 : 1) + Int(lengths[index])
  }

  private func name(of index: Int) -> String {
    let block = index / FileNameTable.step
    var start = starts[block]
    for other in (block * FileNameTable.step)..<index { start += Int(lengths[other]) }
    return String(decoding: bytes[start..<(start + Int(lengths[index]))], as: UTF8.self)
  }

  private func folder(of index: Int) -> String {
    // The last run that begins at or before the file.
    runs[(1..<runs.count).partitioningIndex { runs[$0].start > index } - 1].folder
  }
}
