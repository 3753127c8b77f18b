internal import Classifier
internal import Primitives

/// Writes a run's weights: those of each epoch, or now and then where writing would take more than a
/// twentieth of the time.
struct WeightsWriter {
  /// Seconds between two writes.
  private let interval: Double
  /// The epoch whose weights are kept; 0 for those before the first epoch's end, or none.
  private(set) var kept = 0
  var hasBest: Bool { !sha256.isEmpty }
  /// SHA-256 of the kept weights' file.
  private(set) var sha256 = ""
  /// The best weights since the last write.
  private var best: (bytes: [UInt8], epoch: Int)?
  /// The epoch since the last write.
  private var last: Int?
  private var written = ContinuousClock.now
  /// Seconds that the last write took.
  private var cost = 0.0
  /// The weights written but not reported yet.
  private var news: WeightsWritten?

  /// The share of the time that goes into writing, as 1 : share.
  private static let share = 20.0

  init(interval: Double) { self.interval = interval }

  /// Continues where a checkpoint was written.
  mutating func restore(kept epoch: Int, sha256: String) {
    (kept, self.sha256) = (epoch, sha256)
    (best, last) = (nil, nil)
  }

  /// Writes the best weights after an error that may have spoilt the last ones; they are noted, and
  /// reported to nobody.
  mutating func rescue(_ journal: RunJournal) throws {
    guard let best else { return }
    last = best.epoch
    try write(best.bytes, journal)
    if let news { try journal.note(.checkpoint(news)) }
  }

  /// Takes note of an epoch's weights, and writes them if it is time.
  ///
  /// Weights that cannot be written wait for the next time.
  mutating func save(
    _ model: ClassifierModel, epoch: Int, asBest: Bool, _ journal: RunJournal
  ) throws {
    last = epoch
    let isTime =
      (ContinuousClock.now - written) / .seconds(1) >= max(interval, WeightsWriter.share * cost)
    if asBest { best = (model.encoded(), epoch) }
    guard isTime || !hasBest else { return }
    try journal.attempt { () throws(TrainingError) in try write(model.encoded(), journal) }
    try report(journal)
  }

  /// Writes what is not written yet; `model` is the one that there is now.
  mutating func flush(_ model: ClassifierModel, _ journal: RunJournal) throws {
    try write(model.encoded(), journal)
    try report(journal)
  }

  private mutating func write(
    _ bytes: @autoclosure () -> [UInt8], _ journal: RunJournal
  ) throws(TrainingError) {
    guard let epoch = last else { return }
    let start = ContinuousClock.now
    let folder = journal.folder
    let isBest = best?.epoch == epoch
    try folder.write(model: isBest ? best?.bytes ?? [] : bytes(), to: RunFolder.lastName)
    if let best {
      try folder.write(model: best.bytes, to: RunFolder.bestName)
      kept = best.epoch
      sha256 = SHA256.hex(of: best.bytes)
      journal.record.bestEpoch = kept
      journal.record.weightsSHA256 = sha256
    }
    news =
      best.map { WeightsWritten(path: folder.bestWeights, epoch: $0.epoch, isBest: true) }
      ?? WeightsWritten(path: folder.lastWeights, epoch: epoch, isBest: false)
    (best, last) = (nil, nil)
    try journal.writeRecord()
    written = .now
    cost = (written - start) / .seconds(1)
  }

  private mutating func report(_ journal: RunJournal) throws {
    guard let news else { return }
    self.news = nil
    try journal.report(.checkpoint(news))
  }
}
