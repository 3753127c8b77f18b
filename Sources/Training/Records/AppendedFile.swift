internal import Classifier
internal import Primitives

/// A file of a run that grows by lines, and outlives a disk that is full for a while.
///
/// What cannot be written waits for the next time.
struct AppendedFile {
  private let folder: RunFolder
  private let name: String
  private var waiting = ""

  init(_ name: String, in folder: RunFolder) {
    self.name = name
    self.folder = folder
  }

  /// Adds text, and what has waited before it.
  mutating func append(_ text: String) throws(TrainingError) {
    waiting += text
    guard !waiting.isEmpty else { return }
    try folder.append(waiting, to: name)
    waiting = ""
  }

  /// Makes room for whole lines after one that a process that died has not finished.
  mutating func endLine() throws(TrainingError) {
    let place = folder.place(name)
    guard folder.isWritten, try place.status() != nil else { return }
    let last = try FileSystem.lastByte(of: place)
    if let last, last != UInt8(ascii: "\n") { waiting = "\n" }
  }
}
