internal import Compute
internal import Synchronization

/// Reading of files on all threads, each once.
struct FileReading {
  var plan: ImageStorePlan
  let readers: ImageStorePlan.Readers
  let workers: WorkerPool

  /// Takes note of how much is done, on the caller's thread, and says whether to stop.
  typealias Tick = (_ done: Int, _ total: Int) -> Bool
  /// Takes the pixels of an image, on any thread.
  typealias Keep = @Sendable (_ index: Int, _ pixels: [UInt8]) -> Void

  /// The outcomes of some candidates' files, in order; `keep` gets the images.
  ///
  /// `tick` is given the number of those that are done, and at the end that of all. Stops early,
  /// with what there is, once `hasFailed` says so.
  func outcomes(
    _ indices: [Int], _ tick: (_ done: Int) -> Bool, hasFailed: @Sendable () -> Bool = { false },
    keep: Keep
  ) throws(ImageStoreError) -> [ImageStoreOutcome] {
    let done = Atomic(0)
    return try map(indices, ImageStoreOutcome(), { tick(done.load(ordering: .relaxed)) }) { index in
      if hasFailed() { return ImageStoreOutcome() }
      defer { done.add(1, ordering: .relaxed) }
      return plan.outcome(of: plan.candidates[index], readers) { keep(index, $0) }
    }
  }

  /// The content ranks of some candidates, in their order.
  func contentRanks(
    _ indices: [Int], _ isStopped: () -> Bool
  ) throws(ImageStoreError) -> [Double?] {
    try map(indices, nil, isStopped) { plan.contentRank(of: plan.candidates[$0]) }
  }

  /// The results of `body` for each index, computed on all threads; the calling thread checks after
  /// each of its own, and once at the end, whether to stop.
  private func map<Value>(
    _ indices: [Int], _ blank: Value, _ isStopped: () -> Bool, _ body: (_ index: Int) -> Value
  ) throws(ImageStoreError) -> [Value] {
    var values = [Value](repeating: blank, count: indices.count)
    let stops = Atomic(false)
    values.withUnsafeMutableBufferPointer { values in
      // Each task writes its own element.
      nonisolated(unsafe) let values = values
      workers.parallelFor(indices.count) { position, worker in
        if stops.load(ordering: .relaxed) { return }
        values[position] = body(indices[position])
        // Worker 0 is the caller's thread.
        if worker == 0, isStopped() { stops.store(true, ordering: .relaxed) }
      }
    }
    // The other threads may have taken every image before the caller's came to ask.
    let isLate = isStopped()
    if isLate || stops.load(ordering: .relaxed) { throw .stopped }
    return values
  }
}
