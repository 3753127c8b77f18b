package import Classifier
internal import FoundationEssentials
internal import ImageData
package import Primitives

/// What ran where, and how far it came: `run.json`.
package struct RunRecord: Codable, Sendable, Hashable {
  /// How a run stands.
  package enum Status: String, Codable, Sendable {
    /// It goes on, or its process died.
    case running
    /// It came to its end.
    case done
    /// A signal ended it.
    case stopped
    /// An error ended it.
    case failed
  }

  /// How the kept weights did on the images of the last evaluation.
  package struct Test: Codable, Sendable, Hashable {
    /// test, or val where there are no test images.
    package var split: String
    /// Images that were answered.
    package var images: Int
    /// Share of right answers.
    package var accuracy: Double
  }

  /// Versions of the program and the libraries, by name.
  package var versions: [String: String]
  /// The instruction set's name.
  package var isa: String
  /// How convolutions were computed, as `--conv` says it; nil in records of earlier versions.
  package var conv: String?
  /// The processor's name.
  package var processor: String
  /// Threads.
  package var threads: Int
  /// Processes that trained together; nil for one alone.
  package var ranks: Int?
  /// The dataset's folder from the root.
  package var dataset: String
  /// Digest of every image's bytes and class; nil until they are read.
  package var datasetFingerprint: String?
  /// Images that were left out.
  package var skipped: [SkippedImage]
  /// How the run stands.
  package var status: Status
  /// Why it ended; nil while it goes on, and in records of earlier versions.
  package var reason: Ending?
  /// The time limit of the last process, in seconds; nil for none.
  package var maxSeconds: Double?
  /// The error that ended it.
  package var error: String?
  /// Epochs trained to their end.
  package var epochs: Int
  /// The epoch whose weights are kept, from 1.
  package var bestEpoch: Int?
  /// SHA-256 of `weights/best.safetensors`.
  package var weightsSHA256: String?
  /// How those weights did; nil until they are tested, and in records of earlier versions.
  package var test: Test?
  /// Wall time so far.
  package var seconds: Double
  /// Seconds of the parts of the run that are no epochs, by name; nil in records of earlier versions.
  package var parts: [String: Double]?
  /// Greatest memory of the process; nil until the run is over.
  package var peakMemoryBytes: Int?

  enum CodingKeys: String, CodingKey {
    case versions
    case isa
    case conv
    case processor
    case threads
    case ranks
    case dataset
    case datasetFingerprint = "dataset_fingerprint"
    case skipped
    case status
    case reason
    case maxSeconds = "max_seconds"
    case error
    case epochs
    case bestEpoch = "best_epoch"
    case weightsSHA256 = "weights_sha256"
    case test
    case seconds
    case parts = "part_seconds"
    case peakMemoryBytes = "peak_memory_bytes"
  }

  /// A part of a run that is no epoch.
  package enum Part: String, CaseIterable, Sendable {
    /// Listing folders, building the network, the sheet of training images.
    case start = "start"
    /// Reading images.
    case reading = "reading images"
    /// What a frozen backbone makes of the images.
    case features = "computing features"
    /// Fitting the temperature.
    case calibration = "fitting the temperature"
    /// Answering the test images.
    case test = "test"
  }

  /// Adds time to a part of the run.
  mutating func add(_ seconds: Double, to part: Part) {
    parts = parts ?? [:]
    parts?[part.rawValue, default: 0] += seconds
  }

  /// Versions of this program and of the libraries that it has been linked to, by name.
  package static var currentVersions: [String: String] {
    var versions = ["cnnctl": toolVersion]
    for library in ImageReader.libraryVersions {
      // "libjpeg-turbo 2.1.5"
      let parts = library.split(separator: " ")
      if let name = parts.first {
        versions[String(name)] = parts.dropFirst().joined(separator: " ")
      }
    }
    return versions
  }

  /// The record for another process of this program.
  package var wire: [UInt8] { Array(JSONText.line(self).utf8) }

  /// What another process has sent as `wire`; nil for nothing.
  package init?(wire bytes: [UInt8]) throws(TrainingError) {
    guard !bytes.isEmpty else { return nil }
    do {
      self = try JSONText.value(RunRecord.self, from: String(decoding: bytes, as: UTF8.self))
    } catch {
      throw TrainingError(.badData, "the record of another process: \(JSONText.message(error))")
    }
  }

  /// Goes back to a checkpoint: what came after it is of a time line that was left.
  mutating func restore(_ progress: Checkpoint.Progress) {
    epochs = progress.epochs
    bestEpoch = progress.kept > 0 ? progress.kept : nil
    weightsSHA256 = progress.kept > 0 ? progress.weightsSHA256 : nil
  }

  /// Bytes of the longest file; images that were left out are named in it.
  private static let sizeLimit = 1 << 28

  /// Writes the record into a run folder.
  ///
  /// Errors: one that could not be read again, and those of the file system.
  func write(to folder: RunFolder) throws(TrainingError) {
    let bytes = Array(JSONText.indented(self).utf8)
    guard bytes.count <= RunRecord.sizeLimit else {
      throw TrainingError(
        .badData, "\(RunFolder.recordName) of this run could not be read again",
        found: "\(skipped.count) images that were left out", expected: "fewer",
        advice: "cnnctl check names them")
    }
    try folder.write(bytes, to: RunFolder.recordName)
  }

  /// Reads the record of a run folder.
  package init(folder: RunFolder) throws(TrainingError) {
    let path = folder.file(RunFolder.recordName)
    let bytes = try FileSystem.read(
      folder.place(RunFolder.recordName), limit: RunRecord.sizeLimit)
    do {
      self = try JSONText.decoder().decode(RunRecord.self, from: Data(bytes))
    } catch {
      throw TrainingError(.badData, "\(path) is not a run's record: \(JSONText.message(error))")
    }
    guard isPlain else {
      throw TrainingError(.badData, "\(path) is not a run's record: it holds names that are none")
    }
  }

  /// Whether every text in it is one that a file may tell.
  private var isPlain: Bool {
    let names =
      Array(versions.keys) + Array(versions.values) + Array((parts ?? [:]).keys)
      + [isa, conv, processor].compactMap(\.self)
    return names.allSatisfy { ForeignText.problem(inName: $0) == nil }
  }

  /// A record of a run that begins.
  init(
    versions: [String: String], isa: String, conv: String, processor: String, threads: Int,
    dataset: String
  ) {
    self.versions = versions
    self.isa = isa
    self.conv = conv
    self.processor = processor
    self.threads = threads
    self.dataset = dataset
    skipped = []
    status = .running
    epochs = 0
    seconds = 0
  }
}
