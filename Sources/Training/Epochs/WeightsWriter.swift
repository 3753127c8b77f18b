internal import Classifier
internal import Primitives

/// Writes a run's weights: those of each epoch, or now and then where writing would take more than a
/// twentieth of the time.
struct WeightsWriter {
  private let folder: RunFolder
  /// Seconds between two writes.
  private let interval: Double
  /// The epoch whose weights are kept; 0 before the first.
  private(set) var kept = 0
  /// SHA-256 of the kept weights' file.
  private(set) var sha256 = ""
  /// The best weights since the last write.
  private var best: (bytes: [UInt8], epoch: Int)?
  /// The epoch since the last write.
  private var last: Int?
  private var written = ContinuousClock.now
  /// Seconds that the last write took.
  private var cost = 0.0

  /// The share of the time that goes into writing, as 1 : share.
  private static let share = 20.0

  /// The weights written but not reported yet.
  private var news: WeightsWritten?

  init(_ folder: RunFolder, interval: Double) {
    self.folder = folder
    self.interval = interval
  }

  /// Goes on where a checkpoint was written.
  mutating func restore(kept epoch: Int, sha256: String) {
    (kept, self.sha256) = (epoch, sha256)
    (best, last) = (nil, nil)
  }

  /// Writes the best weights after an error that may have spoilt the last ones.
  mutating func rescue(_ log: inout RunLog) throws {
    guard let best else { return }
    last = best.epoch
    try flush(&log, { _ in }, encode: { best.bytes })
  }

  /// Takes note of an epoch's weights, which `encode` gives, and writes them if it is time.
  ///
  /// Weights that cannot be written wait for the next time.
  mutating func save(
    epoch: Int, asBest: Bool, _ log: inout RunLog, _ events: (TrainingEvent) throws -> Void,
    encode: () -> [UInt8]
  ) throws {
    last = epoch
    let isTime =
      (ContinuousClock.now - written) / .seconds(1) >= max(interval, WeightsWriter.share * cost)
    if asBest { best = (encode(), epoch) }
    guard isTime || kept == 0 else { return }
    var writer = self
    try log.attempt(events) { log throws(TrainingError) in
      try writer.write(&log, encode: encode)
    }
    self = writer
    try tell(&log, events)
  }

  /// Writes what is not written yet; `encode` gives the weights as they are now.
  mutating func flush(
    _ log: inout RunLog, _ events: (TrainingEvent) throws -> Void, encode: () -> [UInt8]
  ) throws {
    try write(&log, encode: encode)
    try tell(&log, events)
  }

  private mutating func write(
    _ log: inout RunLog, encode: () -> [UInt8]
  ) throws(TrainingError) {
    guard let epoch = last else { return }
    let start = ContinuousClock.now
    let isBest = best?.epoch == epoch
    try folder.write(model: isBest ? best?.bytes ?? [] : encode(), to: RunFolder.lastName)
    if let best {
      try folder.write(model: best.bytes, to: RunFolder.bestName)
      kept = best.epoch
      sha256 = SHA256.hex(of: best.bytes)
      log.record.bestEpoch = kept
      log.record.weightsSHA256 = sha256
    }
    news =
      best.map { WeightsWritten(path: folder.bestWeights, epoch: $0.epoch, isBest: true) }
      ?? WeightsWritten(path: folder.lastWeights, epoch: epoch, isBest: false)
    (best, last) = (nil, nil)
    try log.writeRecord()
    written = .now
    cost = (written - start) / .seconds(1)
  }

  private mutating func tell(
    _ log: inout RunLog, _ events: (TrainingEvent) throws -> Void
  ) throws {
    guard let news else { return }
    self.news = nil
    try log.tell(.checkpoint(news), events)
  }
}
