package import Classifier
package import Primitives

/// The contents of a run folder, as far as they can be read.
///
/// Files may be missing, edited, or come from strangers: what cannot be used is omitted and named.
package struct RunContents: Sendable {
  /// A file that is not used, wholly or in part.
  package struct Problem: Sendable, Hashable {
    /// Its name in the folder.
    package var file: String
    package var isMissing: Bool
    /// The path and the cause, in one line.
    package var message: String

    /// A file and why it is not used.
    package init(file: String, isMissing: Bool, message: String) {
      self.file = file
      self.isMissing = isMissing
      self.message = message
    }
  }

  package let folder: RunFolder
  /// Every setting.
  package private(set) var configuration: Configuration?
  package private(set) var record: RunRecord?
  /// The epochs' figures; empty if there are none.
  package private(set) var metrics: [MetricsRow] = []
  package private(set) var events: RunEvents?
  /// The predictions of the last evaluation.
  package private(set) var answers: RecordedAnswers?
  /// The predictions out of fold.
  package private(set) var folds: RecordedAnswers?
  /// The distances between classes in features.
  package private(set) var distances: ClassDistances?
  /// The files that are not used.
  package private(set) var problems: [Problem] = []

  /// Reads a run's folder.
  ///
  /// Errors: no folder of that name, or none that holds a run.
  package init(reading path: String) throws(TrainingError) {
    folder = RunFolder(existing: path)
    guard FileSystem.exists(path) else {
      throw TrainingError(
        .missing, "\(path) does not exist", expected: "a run folder, such as \(RunFolder.latest)")
    }
    let names = [
      RunFolder.configurationName, RunFolder.recordName, RunFolder.metricsName,
      RunFolder.eventsName,
    ]
    guard FileSystem.isFolder(path), names.contains(where: { FileSystem.exists(path + "/" + $0) })
    else {
      throw TrainingError(
        .badData, "\(path) is not a run folder",
        found: FileSystem.isFolder(path)
          ? "neither " + names.joined(separator: " nor ") : "a file",
        expected: "a folder written by cnnctl train",
        advice: RunFolder.adviceToChoose(in: path))
    }
    try folder.requireNoLinks()
    configuration = take(RunFolder.configurationName) { place throws(TrainingError) in
      try Configuration(file: place)
    }
    let run = folder
    record = take(RunFolder.recordName) { _ throws(TrainingError) in
      try RunRecord(folder: run)
    }
    metrics =
      take(RunFolder.metricsName) { place throws(TrainingError) in
        try MetricsRow.read(place)
      } ?? []
    events = take(RunFolder.eventsName) { place throws(TrainingError) in
      try RunEvents(reading: place)
    }
    let predictions = take(RunFolder.predictionsName) { place throws(TrainingError) in
      try PredictionTable(reading: place) {
        (try? Evaluation(reading: run.place(RunFolder.reportName)))?.classNames
      }
    }
    let evaluation = take(RunFolder.reportName) { place throws(TrainingError) in
      try Evaluation(reading: place)
    }
    if let outOfFold = record?.outOfFold {
      let table = take(RunFolder.foldsName + "/predictions.csv") { place throws(TrainingError) in
        try PredictionTable(reading: place)
      }
      var ignored: [String] = []
      folds = RecordedAnswers(nil, table, doubts: &ignored)
      if outOfFold.penalty != nil {
        // Runs of earlier versions have none.
        distances = try? ClassDistances(reading: folder.place(ClassDistances.name))
      }
    }
    var doubts: [String] = []
    answers = RecordedAnswers(evaluation, predictions, doubts: &doubts)
    problems += doubts.map {
      Problem(
        file: RunFolder.reportName, isMissing: false,
        message: folder.file(RunFolder.reportName) + " " + $0)
    }
  }

  /// The contents of a file; if it cannot be used, nil and a problem.
  private mutating func take<Value>(
    _ name: String, _ read: (FilePlace) throws(TrainingError) -> Value
  ) -> Value? {
    do throws(TrainingError) {
      return try read(folder.place(name))
    } catch {
      let found = error.found.map { ", found \($0)" } ?? ""
      let expected = error.expected.map { ", expected \($0)" } ?? ""
      problems.append(
        Problem(
          file: name, isMissing: error.kind == .missing, message: error.problem + found + expected))
      return nil
    }
  }
}

/// Whether a number from a file can be a count: adding up many of them cannot overflow.
func isCount(_ number: Int) -> Bool { (0...(1 << 40)).contains(number) }
