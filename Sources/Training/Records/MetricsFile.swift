internal import Classifier
internal import Primitives

/// metrics.csv of a run: a row is appended per epoch, and a checkpoint says how much of it holds.
///
/// Rows are written again only after a resume or a step back, so that an epoch costs the same
/// however many came before it. A row that cannot be written waits for the next time.
struct MetricsFile {
  /// The beginning of the file that belongs to a checkpoint.
  struct Mark: Codable, Sendable, Hashable {
    var bytes: Int
    /// Its SHA-256.
    var sha256: String
  }

  private let folder: RunFolder
  private let hasValidation: Bool
  private var file: AppendedFile
  private var digest = SHA256()
  private var bytes = 0

  /// The file of a run; nothing is written yet.
  init(in folder: RunFolder, hasValidation: Bool) {
    self.folder = folder
    self.hasValidation = hasValidation
    file = AppendedFile(RunFolder.metricsName, in: folder)
  }

  /// Begins the file, or cuts it back to the epochs of a checkpoint.
  ///
  /// A file that is not what the checkpoint says is made again from the run's events. Where those
  /// do not have the figures either, it is kept under another name; the sentence that is returned
  /// says so.
  mutating func begin(_ progress: Checkpoint.Progress? = nil) throws(TrainingError) -> String? {
    file = AppendedFile(RunFolder.metricsName, in: folder)
    guard folder.isWritten else { return nil }
    var warning: String?
    var text: [UInt8]?
    if let history = progress?.history {
      text = self.text(history)
    } else if let progress, progress.epochs > 0, let mark = progress.metrics {
      text = kept(mark) ?? rebuilt(progress.epochs, mark)
      if text == nil { warning = try putAside(progress.epochs) }
    }
    try begin(with: text ?? self.text([]))
    return warning
  }

  private mutating func begin(with text: [UInt8]) throws(TrainingError) {
    if read() != text { try folder.write(text, to: RunFolder.metricsName) }
    (digest, bytes) = (SHA256(), text.count)
    digest.update(text)
  }

  private func text(_ epochs: [EpochMetrics]) -> [UInt8] {
    var text = CSV.row(MetricsRow.columns(validation: hasValidation))
    for epoch in epochs { text += MetricsRow.csv(epoch, validation: hasValidation) }
    return Array(text.utf8)
  }

  /// The file as it is; nil if it cannot be read.
  private func read() -> [UInt8]? {
    try? FileSystem.read(folder.place(RunFolder.metricsName), limit: MetricsRow.sizeLimit)
  }

  /// The beginning of the file, where it is what a checkpoint says.
  private func kept(_ mark: Mark) -> [UInt8]? {
    guard let text = read(), (0...text.count).contains(mark.bytes) else { return nil }
    let start = Array(text.prefix(mark.bytes))
    return SHA256.hex(of: start) == mark.sha256 ? start : nil
  }

  /// The same from the run's events, of which the last one of an epoch counts.
  private func rebuilt(_ epochs: Int, _ mark: Mark) -> [UInt8]? {
    var figures: [Int: EpochMetrics] = [:]
    try? RunEvents.forEachEpoch(of: folder) { figures[$0.epoch] = $0 }
    let text = text(figures.filter { $0.key <= epochs }.sorted { $0.key < $1.key }.map(\.value))
    return text.count == mark.bytes && SHA256.hex(of: text) == mark.sha256 ? text : nil
  }

  /// Gives a file that cannot be used another name.
  private func putAside(_ epochs: Int) throws(TrainingError) -> String {
    let (place, other) = (folder.place(RunFolder.metricsName), "metrics.damaged.csv")
    let isThere = place.isThere
    if isThere { try FileSystem.rename(place, to: other) }
    return "\(place.path) "
      + (isThere ? "was changed and is kept as \(folder.file(other))" : "is missing")
      + ", and \(RunFolder.eventsName) does not have its figures: the figures of epochs 1 to "
      + "\(epochs) are lost; the weights are unaffected"
  }

  /// Adds an epoch's row.
  mutating func append(_ epoch: EpochMetrics) throws(TrainingError) {
    let row = MetricsRow.csv(epoch, validation: hasValidation)
    digest.update(Array(row.utf8))
    bytes += row.utf8.count
    try file.append(row)
  }

  /// Writes what has waited, and waits for the disk.
  mutating func synchronize() throws(TrainingError) {
    guard folder.isWritten else { return }
    try file.append("")
    try FileSystem.synchronize(folder.place(RunFolder.metricsName))
  }

  /// The mark of the file on the disk, for a checkpoint that is written now.
  mutating func mark() throws(TrainingError) -> Mark {
    try synchronize()
    var digest = digest
    return Mark(bytes: bytes, sha256: hexadecimal(digest.finalize()))
  }
}
