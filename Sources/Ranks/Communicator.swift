internal import Glibc
internal import Primitives
internal import Synchronization

/// One of several processes that train one network together, and its way to the others.
///
/// Every process calls the same methods in the same order. What is summed is summed in the order of
/// the ranks, whatever the timing. One thread of its own does all that the messages need (MPI's
/// level FUNNELED), so that sums continue while gradients are still being computed. For one calling
/// thread at a time. A class, because it owns that thread.
package final class Communicator: Sendable {
  package let rank: Int
  package let size: Int
  private let link: CommunicationThread
  private let sums = Mutex<[Transfer]>([])
  private let waited = Atomic<UInt64>(0)
  private let messageBytes: Int
  /// Where few numbers are gathered without messages: two places for each process's, in turn, so
  /// that one may be written while others still read the one before.
  private let board = Mutex<SharedMemory?>(nil)
  private static let placeBytes = 1 << 16

  /// Joins the other processes.
  ///
  /// `patience` is for how many seconds a process may be silent before it counts as lost. One
  /// message has `messageBytes` of all processes at most: more go in several. Processes of one
  /// machine use memory that all see in place of messages where they can, if `sharesMemory`.
  package init(
    _ transport: any Transport, patience: Double = 30, messageBytes: Int = 1 << 28,
    sharesMemory: Bool = true
  ) throws(CommunicationError) {
    precondition((1...Int(Int32.max)).contains(messageBytes), "MPI counts bytes in 32 bits")
    self.messageBytes = messageBytes
    link = CommunicationThread(transport, patience: patience)
    (rank, size) = try link.start()
    guard sharesMemory, size > 1 else { return }
    let shared = try share(blockBytes: 2 * Communicator.placeBytes)
    board.withLock { $0 = shared }
  }

  /// Seconds that were spent waiting for others.
  package var waitSeconds: Double { Double(waited.load(ordering: .relaxed)) * 1e-9 }

  /// The error that ended the joint work, if any.
  package var failure: CommunicationError? { link.failure }

  /// Throws what ended the work together, if anything has.
  package func check() throws(CommunicationError) {
    if let failure { throw failure }
  }

  // MARK: Shared memory

  /// Memory that all processes see; nil if they run on several machines or one cannot map it.
  private func share(blockBytes: Int) throws(CommunicationError) -> SharedMemory? {
    let places = try gather(Array(Platform.processNumbers.utf8))
    guard places.allSatisfy({ $0 == places[0] }) else { return nil }
    let created = rank == 0 ? SharedMemory.create(size: size, blockBytes: blockBytes) : nil
    defer { if let created { close(created.ticket.descriptor) } }
    let ticket = try gather(created?.ticket ?? SharedMemory.Ticket())[0]
    let memory =
      rank == 0
      ? created?.memory
      : SharedMemory(ticket, rank: rank, size: size, blockBytes: blockBytes)
    return try gather(memory != nil).allSatisfy { $0 } ? memory : nil
  }

  /// `count` floats of each process, which can be added up without messages; all ask together.
  ///
  /// Nil if the processes do not share memory.
  package func sharedFloats(_ count: Int) throws(CommunicationError) -> SharedFloats? {
    guard board.withLock({ $0 != nil }) else { return nil }
    let bytes = (count * MemoryLayout<Float>.stride + 63) / 64 * 64
    return try share(blockBytes: bytes).map { SharedFloats($0, count: count, self) }
  }

  /// Waits until all processes have come; false if the work together has ended before.
  func meet(at memory: SharedMemory) -> Bool {
    timed { memory.meet { failure != nil } }
  }

  /// The numbers of all, gathered without messages; nil if the work together has ended before.
  private func gather<Number: BitwiseCopyable>(
    _ numbers: [Number], on board: SharedMemory
  ) -> [Number]? {
    let place = Int(board.meetings % 2) * Communicator.placeBytes
    func places(_ rank: Int) -> UnsafeMutablePointer<Number> {
      (board.block(rank) + place).bindMemory(to: Number.self, capacity: numbers.count)
    }
    places(rank).update(from: numbers, count: numbers.count)
    guard meet(at: board) else { return nil }
    return (0..<size).flatMap { UnsafeBufferPointer(start: places($0), count: numbers.count) }
  }

  // MARK: Messages

  /// Gives all processes the same number of bytes of each; where the work together has ended they
  /// are left as they were.
  private func gather(
    _ own: UnsafeRawPointer, _ count: Int, into all: UnsafeMutableRawPointer
  ) {
    let equal = Partition(counts: [Int](repeating: count, count: size))
    wait(for: link.begin(Transfer(.gather(own, count, into: all, equal), .urgent)))
  }

  /// Gives all processes the bytes of each, which may differ in number and be any number.
  package func gather(_ bytes: [UInt8]) throws(CommunicationError) -> [[UInt8]] {
    let counts = try gather(Int64(bytes.count)).map { Int($0) }
    let length = max(1, messageBytes / size)
    var all = counts.map { count in
      var part: [UInt8] = []
      part.reserveCapacity(count)
      return part
    }
    for start in stride(from: 0, to: max(1, counts.max() ?? 0), by: length) {
      let own = bytes[min(start, bytes.count)..<min(start + length, bytes.count)]
      let sizes = counts.map { min(length, max(0, $0 - start)) }
      for (rank, part) in try gather(own, sizes).enumerated() { all[rank] += part }
    }
    return all
  }

  /// Gives all processes the bytes of each, in one message; `counts` says how many they are.
  private func gather(
    _ bytes: ArraySlice<UInt8>, _ counts: [Int]
  ) throws(CommunicationError) -> [[UInt8]] {
    // A message under way keeps its memory, even if nobody waits any more.
    let total = counts.reduce(0, +)
    let own = UnsafeMutableRawPointer.allocate(byteCount: max(1, bytes.count), alignment: 64)
    let all = UnsafeMutableRawPointer.allocate(byteCount: max(1, total), alignment: 64)
    bytes.withUnsafeBytes {
      if let base = $0.baseAddress { own.copyMemory(from: base, byteCount: $0.count) }
    }
    let partition = Partition(counts: counts)
    wait(for: link.begin(Transfer(.gather(own, bytes.count, into: all, partition), .urgent)))
    try check()
    defer {
      own.deallocate()
      all.deallocate()
    }
    return zip(partition.offsets, counts).map { place, count in
      Array(UnsafeRawBufferPointer(start: all + Int(place), count: count))
    }
  }

  /// Gives all processes the numbers of each, as many of all, in the order of the ranks.
  ///
  /// Where the work together has ended they are this process's own, repeated; `check` tells.
  package func gatherNumbers<Number: BitwiseCopyable>(_ numbers: [Number]) -> [Number] {
    if let board = board.withLock({ $0 }),
      numbers.count * MemoryLayout<Number>.stride <= Communicator.placeBytes
    {
      return gather(numbers, on: board) ?? (0..<size).flatMap { _ in numbers }
    }
    let own = UnsafeMutableBufferPointer<Number>.allocate(capacity: numbers.count)
    let all = UnsafeMutableBufferPointer<Number>.allocate(capacity: numbers.count * size)
    _ = own.initialize(from: numbers)
    let repeated = (0..<size).flatMap { _ in numbers }
    _ = all.initialize(from: repeated)
    if let from = own.baseAddress, let to = all.baseAddress {
      gather(from, numbers.count * MemoryLayout<Number>.stride, into: to)
    }
    // A message under way keeps its memory, even if nobody waits any more.
    guard failure == nil else { return repeated }
    defer {
      own.deallocate()
      all.deallocate()
    }
    return Array(all)
  }

  /// Gives all processes a number of each.
  package func gather<Number: BitwiseCopyable>(
    _ number: Number
  ) throws(CommunicationError) -> [Number] {
    let all = gatherNumbers([number])
    try check()
    return all
  }

  /// Begins to sum floats over all processes, in place; they must be left alone until `finishSums`.
  package func sum(_ floats: UnsafeMutablePointer<Float>, _ count: Int) {
    guard count > 0 else { return }
    let transfer = link.begin(Transfer(.sum(floats, count), .background))
    sums.withLock { $0.append(transfer) }
  }

  /// Waits for all sums that were started.
  package func finishSums() {
    let begun = sums.withLock { sums in
      defer { sums = [] }
      return sums
    }
    for transfer in begun { wait(for: transfer) }
  }

  private func wait(for transfer: Transfer) { timed { link.expect(transfer) } }

  /// Counts the time of `body` as spent waiting for others.
  private func timed<Result>(_ body: () -> Result) -> Result {
    let start = ContinuousClock.now
    defer {
      let spent = (ContinuousClock.now - start) / .nanoseconds(1)
      waited.wrappingAdd(UInt64(max(0, spent)), ordering: .relaxed)
    }
    return body()
  }

  /// Leaves, once all processes want to; none of them communicates any more.
  package func leave() throws(CommunicationError) {
    // A process that leaves must not be missed by one that still waits.
    _ = try gather(UInt8(0))
    link.expect(link.begin(Transfer(.leave, .control)))
  }

  /// Ends all processes with an exit code, for a reason that has been told.
  ///
  /// Returns where that takes more than some seconds, as it may where a process cannot be reached.
  package func abort(code: Int32) {
    link.begin(Transfer(.abort(code: code), .control)).wait(nanoseconds: 5_000_000_000)
  }

  /// Tells the first process why this one gives up, and waits to be ended by it.
  ///
  /// Returns where nobody ends it within `patience` seconds: the first one may be writing a file
  /// before it looks.
  package func giveUp(code: Int32, _ text: String, patience: Double = 60) {
    let message = ControlMessage(.failure, code: code, text: text)
    link.begin(Transfer(.giveUp(message), .control)).wait(nanoseconds: 10_000_000_000)
    Transfer(.leave, .control).wait(nanoseconds: Int64(patience * 1e9))
  }
}
