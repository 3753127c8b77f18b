internal import CNN
internal import Classifier
internal import Compute
internal import ImageData
internal import Primitives
internal import Ranks

/// What the processes of a run agree on and exchange.
extension Group {
  /// The number of processes as a run's record has it: nil for one alone.
  var recorded: Int? { isAlone ? nil : count }

  /// The signal that all stop for, if any of them has met one, or else the change of the plan that
  /// the first process wants.
  func agree(
    _ stopped: Stopped?, _ change: PlanChange? = nil
  ) throws -> (Stopped?, PlanChange?) {
    if isAlone { return (stopped, stopped == nil ? change : nil) }
    let own = isFirst && change != nil ? Group.planChanges : 0
    let all = try gather(stopped?.signal ?? own)
    if let signal = all.filter({ $0 > 0 }).max() { return (Stopped(signal: signal), nil) }
    guard all.contains(Group.planChanges) else { return (nil, nil) }
    let bytes = try broadcast { Array(JSONText.line(change).utf8) }
    return (nil, try JSONText.value(PlanChange.self, from: String(decoding: bytes, as: UTF8.self)))
  }

  private static let planChanges: Int32 = -1

  /// Throws where a signal asks to stop; of several processes all do so at the end of what they
  /// work on together, so that none waits for another.
  func stopIfAsked(_ own: Stopped?, isOver: Bool) throws {
    guard isAlone || isOver else { return }
    if let stopped = try agree(own).0 { throw stopped }
  }

  /// The first process's checkpoint, for all; nil if it has none.
  func checkpoint(_ read: () throws -> Checkpoint?) throws -> Checkpoint? {
    let own = isFirst ? try read() : nil
    if isAlone { return own }
    let bytes = try broadcast { own?.encoded() ?? [] }
    return bytes.isEmpty ? nil : try own ?? Checkpoint(decoding: bytes)
  }

  /// The weights that are kept, as the first process has written them.
  func model(of folder: RunFolder) throws -> ClassifierModel {
    if isAlone { return try ClassifierModel(at: folder.model) }
    var location = folder.model
    location.bytes = try broadcast {
      try FileSystem.read(folder.model.place, limit: ModelLocation.sizeLimit)
    }
    return try ClassifierModel(at: location)
  }

  /// The sums over all processes of `count` numbers from `start` on, in place.
  func sum(_ memory: FloatMemory, _ start: Int, _ count: Int) throws(CommunicationError) {
    sum(memory.base + start, count)
    finishSums()
    try check()
  }

  /// The predictions of all processes, each to its own range of the images, one after the other.
  func gather(
    _ own: [Prediction], to samples: ImageList, as rows: PredictionRows, workers: WorkerPool
  ) throws -> [Prediction] {
    if isAlone { return own }
    let parts = try gather(rows.bytes(of: own))
    return try parts.enumerated().flatMap { other, bytes in
      if other == rank { return own }
      let range = Partition.range(other, of: count, samples.count)
      guard let predictions = rows.predictions(of: samples[range], bytes, workers: workers) else {
        throw TrainingError(
          .badData, "rank \(other) sent predictions that cannot be read",
          found: "\(bytes.count) bytes", expected: "\(range.count) rows of \(rows.outputs) logits")
      }
      return predictions
    }
  }

  /// Refuses processes that do not compute alike, or have other weights than the first.
  ///
  /// `what` names what is compared; `own` is this process's, which one alone does not work out.
  func requireSame(_ what: String, _ own: @autoclosure () -> String) throws {
    if isAlone { return }
    let all = try gather(Array(own().utf8)).map { String(decoding: $0, as: UTF8.self) }
    guard let other = all.firstIndex(where: { $0 != all[0] }) else { return }
    throw TrainingError(
      .badData, "rank \(other) has different \(what) than rank 0", found: all[other],
      expected: all[0])
  }
}
