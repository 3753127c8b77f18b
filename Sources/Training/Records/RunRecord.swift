package import Classifier
package import FoundationEssentials
internal import ImageData
package import Primitives

/// The environment and the progress of a run: `run.json`.
package struct RunRecord: Codable, Sendable, Hashable {
  /// The state of a run.
  package enum Status: String, Codable, Sendable {
    /// It continues, or its process died.
    case running
    /// It came to its end.
    case done
    /// A signal ended it.
    case stopped
    /// An error ended it.
    case failed
  }

  /// The metrics of the kept weights on the images of the last evaluation.
  package struct Test: Codable, Sendable, Hashable {
    /// test; val where there are no test images; out-of-fold for an instant run without either.
    package var split: String
    package var images: Int
    /// Share of correct predictions.
    package var accuracy: Double

    package static func noun(of split: String) -> String {
      switch split {
      case Split.val.rawValue: "validation image"
      case Split.train.rawValue: "training image"
      case OutOfFold.name: OutOfFold.noun
      default: "test image"
      }
    }
  }

  /// Versions of the program and the libraries, by name.
  package var versions: [String: String]
  /// The instruction set's name.
  package var isa: String
  /// The convolution method, as for `--conv`; nil in records of earlier versions.
  package var conv: String?
  /// The processor's name.
  package var processor: String
  package var threads: Int
  /// Processes that trained together; nil for one alone.
  package var ranks: Int?
  /// The dataset's folder from the root.
  package var dataset: String
  /// Digest of every image's bytes and class; nil until they are read.
  package var datasetFingerprint: String?
  /// Images that were omitted.
  package var skipped: [SkippedImage]
  /// When the run was first started, to the second; nil in records of earlier versions.
  package var started: Date?
  /// The run's state.
  package var status: Status
  /// The reason why the run ended; nil while it is running, and in records of earlier versions.
  package var reason: Ending?
  /// The time limit of the last process, in seconds; nil for none.
  package var maxSeconds: Double?
  package var error: String?
  /// Epochs trained to their end.
  package var epochs: Int
  /// The epoch whose weights are kept, from 1; 0 for those before the end of the first.
  package var bestEpoch: Int?
  /// SHA-256 of `weights/best.safetensors`.
  package var weightsSHA256: String?
  /// The metrics of those weights; nil until they are tested, and in records of earlier versions.
  package var test: Test?
  /// The figures out of fold of an instant run; nil for other recipes.
  package var outOfFold: OutOfFold?
  /// Wall time so far.
  package var seconds: Double
  /// Seconds of the parts of the run that are no epochs, by name; nil in records of earlier versions.
  package var parts: [String: Double]?
  /// Greatest memory of the process; nil until the run has ended.
  package var peakMemoryBytes: Int?

  enum CodingKeys: String, CodingKey {
    case versions, isa, conv, processor, threads, ranks, dataset
    case datasetFingerprint = "dataset_fingerprint"
    case skipped, started, status, reason
    case maxSeconds = "max_seconds"
    case error, epochs
    case bestEpoch = "best_epoch"
    case weightsSHA256 = "weights_sha256"
    case test
    case outOfFold = "out_of_fold"
    case seconds
    case parts = "part_seconds"
    case peakMemoryBytes = "peak_memory_bytes"
  }

  /// A part of a run that is no epoch.
  package enum Part: String, CaseIterable, Sendable {
    /// Listing folders, building the network, the sheet of training images.
    case start = "start"
    case reading = "reading images"
    /// The features of a frozen backbone.
    case features = "computing features"
    case calibration = "fitting the temperature"
    /// Trainings of cross-validation.
    case folds = "folds"
    /// Answering the test images.
    case test = "test"
  }

  /// Adds time to a part of the run.
  mutating func add(_ seconds: Double, to part: Part) {
    parts = parts ?? [:]
    parts?[part.rawValue, default: 0] += seconds
  }

  /// Versions of this program, of the libraries that it has been linked to and of those that it has
  /// opened to decode images, by name; `opening` are names of more to open.
  package static func currentVersions(opening: Set<String> = []) -> [String: String] {
    var versions = ["cnnctl": toolVersion]
    for library in ImageReader.libraryVersions(opening: opening) {
      // "libjpeg-turbo 2.1.5"
      let parts = library.split(separator: " ")
      if let name = parts.first {
        versions[String(name)] = parts.dropFirst().joined(separator: " ")
      }
    }
    return versions
  }

  /// The versions that differ from today's, one sentence each.
  package var versionChanges: [String] {
    RunRecord.currentVersions(opening: Set(versions.keys)).sorted { $0.key < $1.key }.compactMap {
      name, now in
      let before = versions[name] ?? "none"
      return before == now ? nil : "\(name) \(before) then, \(now) now"
    }
  }

  /// The record for another process of this program.
  package var wire: [UInt8] { Array(JSONText.line(self).utf8) }

  /// Decodes the record that another process sent as `wire`; nil for no bytes.
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
    bestEpoch = progress.hasBest ? progress.kept : nil
    weightsSHA256 = progress.hasBest ? progress.weightsSHA256 : nil
  }

  /// Bytes of the longest file; images that were omitted are named in it.
  private static let sizeLimit = 1 << 28

  /// Writes the record into a run folder.
  ///
  /// Errors: one that could not be read again, and those of the file system.
  func write(to folder: RunFolder) throws(TrainingError) {
    let bytes = Array(JSONText.indented(self).utf8)
    guard bytes.count <= RunRecord.sizeLimit else {
      throw TrainingError(
        .badData, "\(RunFolder.recordName) of this run would be too large to read",
        found: "\(skipped.count) skipped images", expected: "fewer",
        advice: "cnnctl check lists them")
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
      throw TrainingError(.badData, "\(path) is not a run record: \(JSONText.message(error))")
    }
    guard isPlain else {
      throw TrainingError(.badData, "\(path) is not a run record: it contains invalid names")
    }
  }

  /// Whether every text in it is safe to show.
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
