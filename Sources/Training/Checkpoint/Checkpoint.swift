internal import CNN
internal import FoundationEssentials
internal import Primitives

/// Everything that the rest of a run depends on: what a run that died continues from.
///
/// Random numbers are drawn from (seed, epoch, image) and schedules from the step, so that counters
/// are all there is to keep of them. One file in the format of models, its digest included.
struct Checkpoint: Sendable {
  /// The counters and figures.
  struct Progress: Codable, Sendable {
    /// The run's configuration.
    var configuration: Configuration
    /// Digest of every image's bytes and class.
    var fingerprint: String
    /// The instruction set's name.
    var isa: String
    /// The convolution method.
    var conv: String
    var epochs: Int
    /// The sums of the current epoch; nil between two epochs.
    var underWay: EpochMeter.Sums?
    /// The optimizer's steps.
    var steps: Int
    /// Those of them before the backbone began to move.
    var backboneStepsBefore: Int
    /// The backbone's factor of the rate in the last step; nil in checkpoints of earlier versions.
    var backboneRate: Double?
    /// The step of the checkpoint that numbers that are not finite lead back to; nil for none.
    var boundary: Int?
    /// The number of learning rate reductions on a plateau.
    var reductions: Int
    /// The number of learning rate reductions after numbers that were not finite.
    var rollbacks: Int
    /// The best epoch so far.
    var best: BestEpoch
    /// The epoch of the weights that are kept; 0 before the end of the first.
    var kept: Int
    /// SHA-256 of their file; empty for none.
    var weightsSHA256: String
    /// The beginning of metrics.csv that holds the epochs that are over; nil in the first format.
    var metrics: MetricsFile.Mark?
    /// The epochs that are over; only in the first format, in which a checkpoint grew with them.
    var history: [EpochMetrics]?
    /// Wall time so far.
    var seconds: Double
  }

  var progress: Progress
  /// The numbers of what is trained and of its optimizer.
  var slabs: [String: [Float]]
  /// The moving average's.
  var average: [String: [Float]]?

  private static let formatName = "cnnctl checkpoint 2"
  private static let formatNames = ["cnnctl checkpoint 1", formatName]
  /// Bytes that a header may have: a network from a file is in it, and of the first format all
  /// epochs.
  private static let headerLimit = 1 << 26
  /// Bytes of the largest file that is read.
  private static let sizeLimit = 1 << 36
  private static let averagePrefix = "average."

  /// The session's part.
  var state: TrainingSession.State {
    TrainingSession.State(
      steps: progress.steps, backboneStepsBefore: progress.backboneStepsBefore,
      backboneRate: progress.lastBackboneRate, slabs: slabs)
  }

  /// A checkpoint between two steps.
  init(_ progress: Progress, session: TrainingSession.State, average: Network?) {
    self.progress = progress
    slabs = session.slabs
    self.average = average.map { network in
      Dictionary(
        uniqueKeysWithValues: network.slabs.map { ($0.name, $0.memory.values(0..<$0.memory.count)) }
      )
    }
  }

  /// The file's bytes; nil if a number is not finite, which is never kept.
  func encoded() -> [UInt8]? {
    let tensors = tensors
    guard tensors.allSatisfy({ $0.values.allSatisfy(\.isFinite) }) else { return nil }
    return TensorFile(
      tensors: tensors.map {
        TensorFile.Tensor(name: $0.name, shape: [$0.values.count], values: $0.values)
      }, metadata: metadata
    ).encoded()
  }

  private var tensors: [(name: String, values: [Float])] {
    let averages = (average ?? [:]).map { (Checkpoint.averagePrefix + $0.key, $0.value) }
    return (slabs.map { ($0.key, $0.value) } + averages).filter { !$0.1.isEmpty }
  }

  private var metadata: [String: String] {
    ["format": Checkpoint.formatName, "progress": JSONText.line(progress)]
  }

  /// Reads a file's bytes; the error says what is wrong with them.
  init(decoding bytes: [UInt8]) throws(TrainingError) {
    let file: TensorFile
    do throws(TensorFileError) {
      file = try TensorFile(
        decoding: bytes, requiresDigest: true, headerLimit: Checkpoint.headerLimit)
    } catch {
      throw TrainingError(.badData, "\(error)")
    }
    progress = try Checkpoint.progress(file.metadata)
    (slabs, average) = ([:], nil)
    for tensor in file.tensors {
      if tensor.name.hasPrefix(Checkpoint.averagePrefix) {
        average = average ?? [:]
        average?[String(tensor.name.dropFirst(Checkpoint.averagePrefix.count))] = tensor.values
      } else {
        slabs[tensor.name] = tensor.values
      }
    }
  }
}

extension Checkpoint {
  /// The counters and figures, from what a file says beside its numbers.
  private static func progress(
    _ metadata: [String: String]
  ) throws(TrainingError) -> Progress {
    guard let format = metadata["format"], formatNames.contains(format),
      let text = metadata["progress"]
    else {
      throw TrainingError(
        .badData, "not a checkpoint of this version", found: metadata["format"],
        expected: formatNames.joined(separator: " or "))
    }
    let progress: Progress
    do {
      progress = try JSONText.value(Progress.self, from: text)
    } catch {
      throw TrainingError(.badData, "its counters cannot be read: \(JSONText.message(error))")
    }
    guard progress.metrics != nil || progress.history != nil else {
      throw TrainingError(.badData, "the figures of its epochs are missing")
    }
    return progress
  }

  /// Reads a checkpoint's file.
  init(_ place: FilePlace) throws(TrainingError) {
    try self.init(decoding: FileSystem.read(place, limit: Checkpoint.sizeLimit))
  }

  /// Refuses a run whose checkpoints would pass the limits of their reader, before there is one.
  func checkReadable() throws(TrainingError) {
    do throws(TensorFileError) {
      try TensorFile.checkReadable(
        tensors.map { ($0.name, [$0.values.count]) }, metadata: metadata,
        headerLimit: Checkpoint.headerLimit)
    } catch {
      throw TrainingError(
        .badData, "checkpoints of this run could be written but not read back: \(error)")
    }
  }

  /// Reads of a file all but its numbers, by the rules of the reader: a file that passes, and whose
  /// bytes are those that were encoded, will be read.
  static func checkReadable(_ place: FilePlace) throws(TrainingError) {
    let file = try InputFile(place, limit: sizeLimit)
    let prefix = try file.bytes(0..<min(file.size, TensorFile.Layout.prefixBytes))
    let metadata: [String: String]
    do {
      let end = try TensorFile.Layout.headerEnd(
        prefix: prefix, fileBytes: file.size, limit: headerLimit)
      metadata = try TensorFile.Layout(head: file.bytes(0..<end), fileBytes: file.size).metadata
    } catch {
      throw error as? TrainingError ?? TrainingError(.badData, "\(error)")
    }
    _ = try progress(metadata)
  }
}

extension Checkpoint.Progress {
  var hasBest: Bool { !weightsSHA256.isEmpty }

  /// The backbone's factor of the rate in the last step.
  var lastBackboneRate: Double {
    if let backboneRate { return backboneRate }
    let transfer = configuration.transfer
    guard transfer.from != nil, steps > 0 else { return 1 }
    return transfer.rate(epoch: underWay == nil ? max(1, epochs) : epochs + 1)
  }
}
