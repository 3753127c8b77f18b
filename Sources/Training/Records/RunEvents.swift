internal import Classifier
internal import FoundationEssentials
internal import Primitives

/// The events of a run, from its events.ndjson.
package struct RunEvents: Sendable {
  package private(set) var start: RunStart?
  /// The images that were found.
  package private(set) var dataset: DatasetSummary?
  /// The epochs, and where their time went.
  package private(set) var epochs: [EpochMetrics] = []
  /// The digests of steps, in order.
  package private(set) var digests: [StepDigest] = []
  package private(set) var warnings: [String] = []

  /// Bytes of the longest file that is read, a line at a time.
  static let sizeLimit = 1 << 34

  private struct Name: Decodable {
    var event: String
    var schema: Int
  }

  private struct Warning: Decodable {
    var message: String
  }

  /// Reads a file; events that are not known are ignored.
  init(reading place: FilePlace) throws(TrainingError) {
    let path = place.path
    var lines = try LineReader(place, limit: RunEvents.sizeLimit)
    var number = 0
    while let line = try lines.next() {
      number += 1
      do {
        try add(Data(line))
      } catch {
        throw TrainingError(
          .badData, "\(path): line \(number) is not an event: \(JSONText.message(error))")
      }
    }
    guard start != nil else {
      throw TrainingError(.badData, "\(path) has no start event")
    }
    guard dataset?.isSound ?? true else {
      throw TrainingError(
        .badData, "\(path): the dataset's counts do not match its classes",
        expected: "one count per class in each split")
    }
  }

  /// Gives `body` every epoch that a run tells of, in the order in which it told; lines that cannot
  /// be read are ignored.
  static func forEachEpoch(
    of run: RunFolder, _ body: (EpochMetrics) -> Void
  ) throws(TrainingError) {
    var lines = try LineReader(run.place(RunFolder.eventsName), limit: sizeLimit)
    let decoder = JSONText.decoder()
    while let line = try lines.next() {
      let data = Data(line)
      guard let name = try? decoder.decode(Name.self, from: data), name.event == "epoch",
        name.schema == eventSchema, let epoch = try? decoder.decode(EpochMetrics.self, from: data)
      else { continue }
      body(epoch)
    }
  }

  /// The last event of a run, if the run has finished; its paths are where the run lies now.
  static func summary(of run: RunFolder) throws(TrainingError) -> TrainingSummary? {
    let place = run.place(RunFolder.eventsName)
    guard let line = try LineReader.last(of: place, limit: sizeLimit) else { return nil }
    let decoder = JSONText.decoder()
    guard let name = try? decoder.decode(Name.self, from: Data(line)), name.event == "done" else {
      return nil
    }
    guard var summary = try? decoder.decode(TrainingSummary.self, from: Data(line)) else {
      return nil
    }
    if FileSystem.identity(summary.run) != FileSystem.identity(run.path) {
      summary.run = RunFolder.lasting(run.path)
      summary.weights = RunFolder(existing: summary.run).bestWeights
    }
    return summary
  }

  /// The images that a run tells of; nil where nothing can be read.
  static func dataset(of run: RunFolder) -> DatasetSummary? {
    guard var lines = try? LineReader(run.place(RunFolder.eventsName), limit: sizeLimit) else {
      return nil
    }
    let decoder = JSONText.decoder()
    while let line = try? lines.next() {
      let data = Data(line)
      guard let name = try? decoder.decode(Name.self, from: data) else { return nil }
      // It stands before the epochs.
      if name.event == "epoch" { return nil }
      if name.event == "dataset", name.schema == eventSchema {
        return try? decoder.decode(DatasetSummary.self, from: data)
      }
    }
    return nil
  }

  private mutating func add(_ line: Data) throws {
    let decoder = JSONText.decoder()
    let name = try decoder.decode(Name.self, from: line)
    guard name.schema == eventSchema else { return }
    switch name.event {
    case "start": start = try decoder.decode(RunStart.self, from: line)
    case "dataset": dataset = try decoder.decode(DatasetSummary.self, from: line)
    case "epoch": epochs.append(try decoder.decode(EpochMetrics.self, from: line))
    case "digest": digests.append(try decoder.decode(StepDigest.self, from: line))
    case "warning": warnings.append(try decoder.decode(Warning.self, from: line).message)
    default: break
    }
  }
}

extension DatasetSummary {
  /// Whether every split counts every class once, in numbers that can be added up.
  fileprivate var isSound: Bool {
    Set(classes).count == classes.count && isCount(hidden)
      && splits.allSatisfy {
        $0.perClass.count == classes.count && $0.perClass.allSatisfy(isCount)
          && $0.images == $0.perClass.reduce(0, +)
      }
  }
}
