/// Floats of each of the processes of one machine, which can be added up in place.
package final class SharedFloats: @unchecked Sendable {
  /// This process's floats, which no other changes but in `sum`.
  package let base: UnsafeMutablePointer<Float>
  package let count: Int
  private let memory: SharedMemory
  private let communicator: Communicator

  /// Floats added up before the next process's: so many stay in a cache.
  private static let block = 4096

  init(_ memory: SharedMemory, count: Int, _ communicator: Communicator) {
    (self.memory, self.count, self.communicator) = (memory, count, communicator)
    base = memory.block(communicator.rank).bindMemory(to: Float.self, capacity: count)
  }

  /// This process's number.
  package var rank: Int { communicator.rank }
  /// The number of processes.
  package var size: Int { communicator.size }

  /// The floats of a process, which all may read between two meetings if it does not write then.
  package func floats(of rank: Int) -> UnsafePointer<Float> { UnsafePointer(block(rank)) }

  private func block(_ rank: Int) -> UnsafeMutablePointer<Float> {
    memory.block(rank).assumingMemoryBound(to: Float.self)
  }

  /// Waits until all processes have come; false if the work together has ended before.
  package func meet() -> Bool { communicator.meet(at: memory) }

  /// Adds up the floats of all processes from `first` on, in the order of the ranks; all have the
  /// sums then.
  ///
  /// All processes call it together. `split` divides a number of floats into ranges and calls its
  /// argument with the start and length of each, on any thread. Where the work together has ended
  /// the floats are of no use; `Communicator.check` tells.
  package func sum(from first: Int = 0, _ split: (Int, (Int, Int) -> Void) -> Void) {
    guard meet() else { return }
    let own = Partition.range(rank, of: size, count - first)
    let all = (0..<size).map { block($0) }
    split(own.count) { start, length in
      for block in stride(from: 0, to: length, by: SharedFloats.block) {
        let place = first + own.lowerBound + start + block
        let count = min(SharedFloats.block, length - block)
        for other in all.dropFirst() { add(other + place, to: all[0] + place, count) }
        for other in all.dropFirst() { (other + place).update(from: all[0] + place, count: count) }
      }
    }
    _ = meet()
  }
}
