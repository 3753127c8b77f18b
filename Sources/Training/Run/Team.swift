internal import CNN
internal import Classifier
internal import ImageData
internal import Primitives
internal import Ranks

/// The processes that train together, as a run sees them; often it is one alone.
struct Team {
  /// The way to the others; nil for a process alone.
  let communicator: Communicator?
  /// The processes on this machine.
  let neighbours: Neighbours

  /// A team of one, or of the processes that `communicator` leads to.
  init(_ communicator: Communicator? = nil, _ neighbours: Neighbours? = nil) {
    self.communicator = communicator
    self.neighbours = neighbours ?? Neighbours(place: 0, count: 1, sharing: 1)
  }

  /// This process's part in reading the images; nil for all of it.
  var loading: LoadingShare? {
    communicator.map { communicator in
      LoadingShare(
        rank: communicator.rank, count: communicator.size, isFirstOfNode: neighbours.place == 0,
        ranksOnNode: neighbours.count
      ) { bytes throws(ImageStoreError) in
        do throws(CommunicationError) { return try communicator.gather(bytes) } catch {
          throw .connection(reason: error.problem)
        }
      }
    }
  }

  /// Whether this process writes and reports.
  var isFirst: Bool { communicator?.isFirst ?? true }
  /// The number of processes.
  var size: Int { communicator?.size ?? 1 }
  private var rank: Int { communicator?.rank ?? 0 }

  /// This process's share of batches.
  var share: (rank: Int, count: Int) { (rank, size) }

  /// Seconds spent waiting for others.
  var waitSeconds: Double { communicator?.waitSeconds ?? 0 }

  /// This process's part of `count` things that are dealt in order.
  func range(of count: Int) -> Range<Int> { Stretches.range(rank, of: size, count) }

  /// The images of a batch that a process makes a step on, at most.
  func largestPart(of batch: Int) -> Int { (batch + size - 1) / size }

  /// The signal that all stop for, if any of them has met one, or else the change of the plan that
  /// the first process wants.
  func agree(
    _ stopped: Stopped?, _ change: PlanChange? = nil
  ) throws -> (Stopped?, PlanChange?) {
    guard let communicator else { return (stopped, stopped == nil ? change : nil) }
    let own = communicator.isFirst && change != nil ? Team.planChanges : 0
    let all = try communicator.gather(stopped?.signal ?? own)
    if let signal = all.filter({ $0 > 0 }).max() { return (Stopped(signal: signal), nil) }
    guard all.contains(Team.planChanges) else { return (nil, nil) }
    let bytes = try fromFirst { Array(JSONText.line(change).utf8) }
    return (nil, try JSONText.value(PlanChange.self, from: String(decoding: bytes, as: UTF8.self)))
  }

  private static let planChanges: Int32 = -1

  /// Throws where a signal asks to stop; of several processes all do so at the end of what they
  /// share, so that none waits for another.
  func stopIfAsked(_ own: Stopped?, isOver: Bool) throws {
    guard communicator == nil || isOver else { return }
    if let stopped = try agree(own).0 { throw stopped }
  }

  /// Throws what ended the work together.
  func check() throws(CommunicationError) { try communicator?.check() }

  /// Bytes that the first process computes or reads for all; the others do nothing.
  func fromFirst(_ make: () throws -> [UInt8]) throws -> [UInt8] {
    guard let communicator else { return try make() }
    return try communicator.broadcast(communicator.isFirst ? make() : [])
  }

  /// The first process's checkpoint, for all; nil if it has none.
  func checkpoint(_ read: () throws -> Checkpoint?) throws -> Checkpoint? {
    guard let communicator else { return try read() }
    let own = communicator.isFirst ? try read() : nil
    let bytes = try communicator.broadcast(own?.encoded() ?? [])
    return bytes.isEmpty ? nil : try own ?? Checkpoint(decoding: bytes)
  }

  /// The weights that are kept, as the first process has written them.
  func model(of folder: RunFolder) throws -> ClassifierModel {
    guard communicator != nil else { return try ClassifierModel(at: folder.model) }
    var location = folder.model
    location.bytes = try fromFirst {
      try FileSystem.read(folder.model.place, limit: ModelBytes.sizeLimit)
    }
    return try ClassifierModel(at: location)
  }

  /// The values of all processes, one after the other.
  func gather<Value: BitwiseCopyable>(_ own: [Value]) throws(CommunicationError) -> [Value] {
    guard let communicator else { return own }
    let bytes = own.withUnsafeBytes { Array($0) }
    let step = MemoryLayout<Value>.stride
    return try communicator.gather(bytes).flatMap { part in
      part.withUnsafeBytes { raw in
        (0..<(raw.count / step)).map {
          raw.loadUnaligned(fromByteOffset: step * $0, as: Value.self)
        }
      }
    }
  }

  /// The sums over all processes of `count` numbers from `start` on, in place.
  func sum(_ memory: FloatMemory, _ start: Int, _ count: Int) throws(CommunicationError) {
    guard let communicator else { return }
    communicator.sum(memory.base + start, count)
    communicator.finishSums()
    try communicator.check()
  }

  /// The sums over all processes.
  func sum(_ own: [Float]) throws(CommunicationError) -> [Float] {
    guard let communicator, !own.isEmpty else { return own }
    let sums = UnsafeMutableBufferPointer<Float>.allocate(capacity: own.count)
    _ = sums.initialize(from: own)
    if let base = sums.baseAddress { communicator.sum(base, sums.count) }
    communicator.finishSums()
    // A sum under way keeps its memory, even if nobody waits any more.
    try communicator.check()
    defer { sums.deallocate() }
    return Array(sums)
  }

  /// The predictions of all processes, each to its own range of the images, one after the other.
  func gather(_ own: [Prediction]) throws -> [Prediction] {
    guard let communicator else { return own }
    let bytes = Array(JSONText.line(own).utf8)
    return try communicator.gather(bytes).flatMap {
      try JSONText.value([Prediction].self, from: String(decoding: $0, as: UTF8.self))
    }
  }

  /// Refuses processes that do not compute alike, or have other weights than the first.
  ///
  /// `what` names what is compared; `own` is this process's, which one alone does not work out.
  func requireSame(_ what: String, _ own: @autoclosure () -> String) throws {
    guard let communicator else { return }
    let all = try communicator.gather(Array(own().utf8)).map { String(decoding: $0, as: UTF8.self) }
    guard let other = all.firstIndex(where: { $0 != all[0] }) else { return }
    throw TrainingError(
      .badData, "rank \(other) has different \(what) than rank 0", found: all[other],
      expected: all[0])
  }
}
