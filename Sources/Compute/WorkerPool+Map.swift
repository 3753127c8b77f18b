extension WorkerPool {
  /// The values that `body` gives for each element, computed on all threads.
  package func map<Element, Value>(
    _ elements: [Element], _ body: (_ element: Element, _ worker: Int) -> Value
  ) -> [Value] {
    [Value](unsafeUninitializedCapacity: elements.count) { values, count in
      // Each task writes its own element.
      nonisolated(unsafe) let values = values
      parallelFor(elements.count) { index, worker in
        values.initializeElement(at: index, to: body(elements[index], worker))
      }
      count = elements.count
    }
  }
}
