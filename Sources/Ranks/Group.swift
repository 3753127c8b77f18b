/// The processes that work together, as one of them sees them.
///
/// Often it is one alone: a group of one, whose calls return at once. All processes make the same
/// calls in the same order.
package struct Group: Sendable {
  /// This process's number, from 0.
  package let rank: Int
  package let count: Int
  /// The processes on this machine.
  package let neighbours: Neighbours
  /// The way to the others; none in a group of one, or where only bytes are exchanged.
  private let communicator: Communicator?
  private let exchange: @Sendable ([UInt8]) throws(CommunicationError) -> [[UInt8]]

  /// A group of one; `neighbours` may be others that share its machine.
  package init(neighbours: Neighbours = Neighbours()) {
    self.init(rank: 0, count: 1, neighbours: neighbours) { [$0] }
  }

  /// The processes that `communicator` leads to.
  package init(_ communicator: Communicator, _ neighbours: Neighbours = Neighbours()) {
    (rank, count) = (communicator.rank, communicator.size)
    self.neighbours = neighbours
    self.communicator = communicator
    exchange = { bytes throws(CommunicationError) in try communicator.gather(bytes) }
  }

  /// Processes that only exchange bytes, by `gather`.
  package init(
    rank: Int, count: Int, neighbours: Neighbours = Neighbours(),
    gather: @escaping @Sendable ([UInt8]) throws(CommunicationError) -> [[UInt8]]
  ) {
    precondition((0..<count).contains(rank), "ranks are counted from 0")
    (self.rank, self.count, self.neighbours) = (rank, count, neighbours)
    communicator = nil
    exchange = gather
  }

  /// Whether this process works by itself.
  package var isAlone: Bool { count == 1 }

  /// Whether this process writes and reports.
  package var isFirst: Bool { rank == 0 }

  /// Seconds spent waiting for others.
  package var waitSeconds: Double { communicator?.waitSeconds ?? 0 }

  /// Throws what ended the work together, if anything has.
  package func check() throws(CommunicationError) { try communicator?.check() }

  /// The part of `count` elements, assigned in order, that is this process's.
  package func range(of count: Int) -> Range<Int> {
    Partition.range(rank, of: self.count, count)
  }

  /// The largest part of `count` elements that a process has.
  package func largestPart(of count: Int) -> Int { (count + self.count - 1) / self.count }

  /// The bytes of all processes, in the order of their ranks.
  package func gather(_ bytes: [UInt8]) throws(CommunicationError) -> [[UInt8]] {
    try exchange(bytes)
  }

  /// The values of all processes, which may differ in number, one after the other.
  package func gather<Value: BitwiseCopyable>(
    _ own: [Value]
  ) throws(CommunicationError) -> [Value] {
    if isAlone { return own }
    let step = MemoryLayout<Value>.stride
    return try gather(own.withUnsafeBytes { Array($0) }).flatMap { part in
      part.withUnsafeBytes { raw in
        (0..<(raw.count / step)).map {
          raw.loadUnaligned(fromByteOffset: step * $0, as: Value.self)
        }
      }
    }
  }

  /// A number of each process.
  package func gather<Number: BitwiseCopyable>(
    _ number: Number
  ) throws(CommunicationError) -> [Number] {
    try communicator?.gather(number) ?? [number]
  }

  /// The numbers of all processes, as many of each, one after the other; `check` tells whether they
  /// are of use.
  package func gatherNumbers(_ numbers: [Double]) -> [Double] {
    communicator?.gatherNumbers(numbers) ?? numbers
  }

  /// Bytes that the first process computes or reads for all; the others do nothing.
  package func broadcast(_ make: () throws -> [UInt8]) throws -> [UInt8] {
    try gather(isFirst ? make() : [])[0]
  }

  /// `count` floats of each process, which can be added up without messages; all ask together.
  ///
  /// Nil for a group of one, for processes that do not share memory, and where the work together
  /// has ended.
  package func sharedFloats(_ count: Int) -> SharedFloats? {
    (try? communicator?.sharedFloats(count)) ?? nil
  }

  /// Begins to sum floats over all processes, in place; they must be left alone until `finishSums`.
  package func sum(_ floats: UnsafeMutablePointer<Float>, _ count: Int) {
    communicator?.sum(floats, count)
  }

  /// Waits for all sums that were started; `check` tells whether they are of use.
  package func finishSums() { communicator?.finishSums() }

  /// The sums over all processes.
  package func sum(_ own: [Float]) throws(CommunicationError) -> [Float] {
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
}
