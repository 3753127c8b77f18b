internal import Classifier
internal import Primitives
internal import Sorting
internal import Training

/// Predicts photos and puts them into their folders, batch after batch.
struct SortWork {
  private let console: Console
  private let classes: [String]
  private let method: SortMethod
  private let abstainBelow: Double
  /// A photo that lies farther belongs to no class; nil where distances are not measured.
  private let rejectAbove: Double?
  private let isJSON: Bool
  /// The target, and as it was named.
  private let (target, named): (String, String)
  private(set) var tally = SortTally()
  private var done = 0
  private var hasWarned = false

  init(
    _ console: Console, _ classes: [String], _ method: SortMethod, abstainBelow: Double,
    rejectAbove: Double?, isJSON: Bool, into target: String, named: String
  ) {
    (self.target, self.named) = (target, named.hasSuffix("/") ? String(named.dropLast()) : named)
    self.console = console
    self.classes = classes
    self.method = method
    self.abstainBelow = abstainBelow
    self.rejectAbove = rejectAbove
    self.isJSON = isJSON
  }

  /// A path in the target as it was named.
  private func shown(_ path: String) -> String {
    path.hasPrefix(target + "/") ? named + path.dropFirst(target.count) : path
  }

  /// The folder of a photo whose class is known.
  private func folder(_ prediction: Prediction, _ index: Int) -> SortFolder {
    if prediction.isRejected(above: rejectAbove) { return .rejected }
    return prediction.abstains(below: abstainBelow) ? .unsure : .label(classes[index])
  }

  /// Sorts photos; the result is the signal that ended it before its end.
  mutating func sort(
    _ photos: [String], _ predictor: Predictor,
    _ signal: @escaping @Sendable () -> Int32?
  ) throws -> Int32? {
    let sorter = try Sorter(into: target, by: method)
    let rest = photos.filter { !sorter.isPlaced($0) }
    if rest.count < photos.count {
      console.note("\(counted(photos.count - rest.count, "photo")) sorted before")
    }
    let progress = StepProgress("sorting", console)
    var batch: [String: Prediction] = [:]
    var waiting: [SortedPhoto] = []
    func flush(_ work: inout SortWork) throws {
      try sorter.place(waiting, shouldStop: { signal() != nil }) { photo, outcome in
        try work.tell(photo, batch[photo.path], outcome)
        progress.show(work.done, of: rest.count)
      }
      (waiting, batch) = ([], [:])
      if let signal = signal() { throw Stopped(signal: signal) }
    }
    do {
      try predictor.predict(rest) { prediction in
        guard let index = prediction.index else {
          try tell(unreadable: prediction)
          return
        }
        batch[prediction.path] = prediction
        waiting.append(SortedPhoto(path: prediction.path, folder: folder(prediction, index)))
        if waiting.count == Predictor.defaultBatchSize { try flush(&self) }
        if let signal = signal() { throw Stopped(signal: signal) }
      }
      try flush(&self)
    } catch let stopped as Stopped {
      try sorter.finish()
      return stopped.signal
    }
    try sorter.finish()
    return nil
  }

  /// Says what a sort would do; throws `Stopped` where a signal asks for it.
  mutating func preview(
    _ photos: [String], _ predictor: Predictor,
    _ signal: @escaping @Sendable () -> Int32?
  ) throws {
    var preview = try SortPreview(into: target, by: method)
    let rest = photos.filter { !preview.isPlaced($0) }
    let progress = StepProgress("predicting", console)
    try predictor.predict(rest) { prediction in
      if let signal = signal() { throw Stopped(signal: signal) }
      guard let index = prediction.index else {
        try tell(unreadable: prediction)
        return
      }
      let photo = SortedPhoto(path: prediction.path, folder: folder(prediction, index))
      let outcome = try preview.outcome(of: photo)
      try tell(photo, prediction, outcome)
      if !isJSON, let path = outcome.path {
        let isThere = outcome == .alreadyThere(path)
        try result(
          terminalSafe(photo.path) + (isThere ? " is already " : " -> ")
            + terminalSafe(shown(path)))
      }
      progress.show(done, of: rest.count)
    }
  }

  private mutating func tell(
    _ photo: SortedPhoto, _ prediction: Prediction?, _ outcome: SortOutcome
  ) throws {
    done += 1
    tally.add(photo, outcome)
    if case .placed(_, .copy) = outcome, method == .link, !hasWarned {
      hasWarned = true
      console.warning(
        "photos are copied: no hard links can be made from their file system to this one")
    }
    guard isJSON else { return }
    let best = prediction?.top(1).first
    let (action, reason): (String, String?) =
      switch outcome {
      case .placed(_, let method): (method.rawValue, nil)
      case .alreadyThere: ("skip", nil)
      case .left(let reason): ("leave", reason)
      }
    let object: JSON = [
      "from": .string(photo.path), "to": .optional(outcome.path.map(shown)),
      "class": .optional(best.map { classes[$0.index] }),
      "probability": .optional(best?.probability),
      "abstained": .bool(photo.folder == .unsure), "action": .string(action),
      "error": reason.map { ["code": "left", "message": .string($0)] } ?? .null,
    ]
    try result(with(prediction?.novelty, photo.folder == .rejected, object).line)
  }

  private mutating func tell(unreadable prediction: Prediction) throws {
    guard let failure = prediction.failure else { return }
    done += 1
    tally.add(unreadable: failure)
    guard isJSON else { return }
    let object: JSON = [
      "from": .string(prediction.path), "to": .null, "class": .null, "probability": .null,
      "abstained": .null, "action": "leave",
      "error": .failure(failure),
    ]
    try result(with(nil, nil, object).line)
  }

  /// A photo's record, with its distance where distances are measured.
  private func with(
    _ novelty: NoveltyDetector.Measure?, _ isRejected: Bool?, _ record: JSON
  ) -> JSON {
    guard rejectAbove != nil, case .object(let list) = record else { return record }
    return .object(
      list + [
        .init("rejected", isRejected.map(JSON.bool) ?? .null),
        .init("distance", .optional(novelty?.distance)),
      ])
  }

  /// A line of results; on a terminal the line of progress makes way.
  private func result(_ line: String) throws {
    if console.environment.output.isTerminal { console.clear() }
    try console.result(line)
  }

  /// Lists what was left and sums up.
  func end(isDone: Bool) throws -> ExitCode {
    console.leftOut(tally.left, "not sorted:")
    if !isJSON {
      try console.result(
        terminalSafe(tally.line(isDone ? "sorted" : "would sort", classes: classes)))
    }
    return tally.left.isEmpty ? .done : .conditionFailed
  }
}
