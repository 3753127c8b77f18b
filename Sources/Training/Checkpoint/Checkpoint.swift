internal import CNN
internal import FoundationEssentials

/// Everything that the rest of a run depends on: what a run that died goes on from.
///
/// Random numbers are drawn from (seed, epoch, image) and schedules from the step, so that counters
/// are all there is to keep of them. One file in the format of models, its digest included.
struct Checkpoint: Sendable {
  /// The counters and figures.
  struct Progress: Codable, Sendable {
    /// What was being computed.
    var configuration: Configuration
    /// Digest of every image's bytes and class.
    var fingerprint: String
    /// The instruction set's name.
    var isa: String
    /// How convolutions were computed.
    var conv: String
    /// Epochs that are over.
    var epochs: Int
    /// What the epoch under way has come to; nil between two.
    var underWay: EpochMeter.Sums?
    /// The optimizer's steps.
    var steps: Int
    /// Those of them before the backbone began to move.
    var backboneStepsBefore: Int
    /// How often a plateau made the rate fall.
    var reductions: Int
    /// How often numbers that were not finite made the rate fall.
    var rollbacks: Int
    /// Which epoch is the best so far.
    var best: BestEpoch
    /// The epoch of the weights that are kept; 0 before the first.
    var kept: Int
    /// SHA-256 of their file.
    var weightsSHA256: String
    /// The epochs that are over.
    var history: [EpochMetrics]
    /// Wall time so far.
    var seconds: Double
  }

  var progress: Progress
  /// The numbers of what is trained and of its optimizer.
  var slabs: [String: [Float]]
  /// The moving average's.
  var average: [String: [Float]]?

  private static let formatName = "cnnctl checkpoint 1"
  private static let averagePrefix = "average."

  /// The session's part.
  var state: TrainingSession.State {
    TrainingSession.State(
      steps: progress.steps, backboneStepsBefore: progress.backboneStepsBefore, slabs: slabs)
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

  /// The file's bytes; nil where a number is not finite, which is never kept.
  func encoded() -> [UInt8]? {
    let averages = (average ?? [:]).map { (Checkpoint.averagePrefix + $0.key, $0.value) }
    let tensors = (slabs.map { ($0.key, $0.value) } + averages).filter { !$0.1.isEmpty }
    guard tensors.allSatisfy({ $0.1.allSatisfy(\.isFinite) }) else { return nil }
    return TensorFile(
      tensors: tensors.map { TensorFile.Tensor(name: $0.0, shape: [$0.1.count], values: $0.1) },
      metadata: ["format": Checkpoint.formatName, "progress": JSONText.line(progress)]
    ).encoded()
  }

  /// Reads a file's bytes; the error says what is wrong with them.
  init(decoding bytes: [UInt8]) throws(TrainingError) {
    let file: TensorFile
    do throws(TensorFileError) {
      file = try TensorFile(decoding: bytes, requiresDigest: true)
    } catch {
      throw TrainingError(.badData, "\(error)")
    }
    guard file.metadata["format"] == Checkpoint.formatName,
      let text = file.metadata["progress"]
    else {
      throw TrainingError(
        .badData, "not a checkpoint of this version", found: file.metadata["format"],
        expected: Checkpoint.formatName)
    }
    do {
      progress = try JSONText.value(Progress.self, from: text)
    } catch {
      throw TrainingError(.badData, "its counters cannot be read: \(error)")
    }
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
