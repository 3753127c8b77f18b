internal import FoundationEssentials

/// What a run told, from its events.ndjson.
package struct RunEvents: Sendable {
  /// What it was about to do.
  package private(set) var start: RunStart?
  /// The images that were found.
  package private(set) var dataset: DatasetSummary?
  /// The epochs, and where their time went.
  package private(set) var epochs: [EpochMetrics] = []
  /// What steps came to, in the order in which they were made.
  package private(set) var digests: [StepDigest] = []
  /// What a user should know.
  package private(set) var warnings: [String] = []

  private static let sizeLimit = 1 << 28

  private struct Name: Decodable {
    var event: String
    var schema: Int
  }

  private struct Warning: Decodable {
    var message: String
  }

  /// Reads a file; events that are not known are passed over.
  init(reading path: String) throws(TrainingError) {
    let bytes = try FileSystem.read(path, limit: RunEvents.sizeLimit)
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    guard bytes.isEmpty || lines.last?.isEmpty == true else {
      throw TrainingError(
        .badData, "\(path): the last line is cut short", expected: "a newline at its end")
    }
    for (index, line) in lines.dropLast().enumerated() {
      do {
        try add(Data(line))
      } catch {
        throw TrainingError(
          .badData, "\(path): line \(index + 1) is no event: \(JSONText.message(error))")
      }
    }
    guard start != nil else {
      throw TrainingError(.badData, "\(path) tells of no run's start")
    }
    guard dataset?.isSound ?? true else {
      throw TrainingError(
        .badData, "\(path): the dataset's counts do not fit its classes",
        expected: "a count a class in each split")
    }
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
