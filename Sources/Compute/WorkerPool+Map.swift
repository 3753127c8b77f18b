internal import Primitives
internal import Synchronization

extension WorkerPool {
  /// The values that `body` gives for each element, computed on all threads.
  package func map<Element, Value>(
    _ elements: [Element], _ body: (_ element: Element, _ worker: Int) -> Value
  ) -> [Value] {
    map(elements.indices) { index, worker in body(elements[index], worker) }
  }

  /// The values that `body` gives for each number of a range, computed on all threads.
  package func map<Value>(
    _ range: Range<Int>, _ body: (_ index: Int, _ worker: Int) -> Value
  ) -> [Value] {
    [Value](unsafeUninitializedCapacity: range.count) { values, count in
      // Each task writes its own element.
      nonisolated(unsafe) let values = values
      parallelFor(range.count) { place, worker in
        values.initializeElement(at: place, to: body(range.lowerBound + place, worker))
      }
      count = range.count
    }
  }

  /// The values that `body` gives for each number of a range, computed on all threads; nil once
  /// `isStopped` says so.
  ///
  /// The calling thread asks it after each of its own numbers, and once at the end. Numbers that the
  /// stop comes before have the value `blank`, which nobody gets to see.
  package func map<Value>(
    _ range: Range<Int>, blank: Value, isStopped: () -> Bool, _ body: (_ index: Int) -> Value
  ) -> [Value]? {
    let stops = Atomic(false)
    let values = map(range) { index, worker in
      if stops.load(ordering: .relaxed) { return blank }
      let value = body(index)
      // Worker 0 is the caller's thread.
      if worker == 0, isStopped() { stops.store(true, ordering: .relaxed) }
      return value
    }
    // The other threads may have taken every number before the caller's came to ask.
    let isLate = isStopped()
    return isLate || stops.load(ordering: .relaxed) ? nil : values
  }

  /// The values that `body` gives for ranges of 0..<count that follow one another, computed on all
  /// threads; `body` gives as many as its range is long.
  ///
  /// A range has `length` numbers, the last one maybe fewer, whatever the number of threads.
  package func mapRanges<Value>(
    _ count: Int, length: Int, _ body: (_ range: Range<Int>) -> [Value]
  ) -> [Value] {
    let ranges = (0..<count).parts(of: max(1, length))
    return ranges.count < 2
      ? ranges.flatMap(body) : map(ranges) { range, _ in body(range) }.flatMap(\.self)
  }
}

extension Optional<WorkerPool> {
  /// `WorkerPool.mapRanges`, on the caller's thread where there is no pool.
  package func mapRanges<Value>(
    _ count: Int, length: Int, _ body: (_ range: Range<Int>) -> [Value]
  ) -> [Value] {
    self?.mapRanges(count, length: length, body) ?? body(0..<count)
  }
}
