/// Something under way between processes.
package struct TransferID: Sendable, Hashable {
  package let number: Int
  package init(_ number: Int) { self.number = number }
}

/// Groups of messages that go past one another: those of one lane keep their order.
package enum Lane: Int32, Sendable, CaseIterable {
  /// A transfer that a thread waits for.
  case urgent = 0
  /// The first halves of sums, which continue beside other work.
  case background = 1
  /// Their second halves.
  case spreading = 2
  /// Heartbeats, farewells and failures.
  case control = 3
}

/// The partition of some memory: one range per process, in elements.
package struct Partition: Sendable, Hashable {
  package let counts: [Int32]
  package let offsets: [Int32]

  private init(counts: [Int32], offsets: [Int32]) {
    (self.counts, self.offsets) = (counts, offsets)
  }

  /// Ranges that follow one another.
  package init(counts: [Int]) {
    var offset = 0
    var offsets: [Int32] = []
    for count in counts {
      offsets.append(Int32(offset))
      offset += count
    }
    self.offsets = offsets
    self.counts = counts.map { Int32($0) }
  }

  /// `count` elements assigned to `size` processes as evenly as can be, in order.
  package init(_ count: Int, over size: Int) {
    self.init(counts: (0..<size).map { Partition.range($0, of: size, count).count })
  }

  /// The same partition, of which one process's is none.
  package func leavingOut(_ rank: Int) -> Partition {
    var counts = counts
    counts[rank] = 0
    return Partition(counts: counts, offsets: offsets)
  }

  /// The part of `count` elements that is the process's `rank`.
  package static func range(_ rank: Int, of size: Int, _ count: Int) -> Range<Int> {
    (rank * count / size)..<((rank + 1) * count / size)
  }
}

/// A transport of messages between processes.
///
/// Called by one thread alone. Nothing waits: what is started is over when `isDone` says so, and
/// must be asked for to continue; until then its memory has to stay where it is. All processes
/// begin the same in the same order on a lane, but for `send` and `receive`.
package protocol Transport: AnyObject, Sendable {
  /// Joins the others; this process's number and how many there are.
  func join() throws(CommunicationError) -> (rank: Int, size: Int)
  /// Sends each process its range of `data`; the processes' ranges for this one arrive in
  /// `received`, partitioned as `receivedPartition` says.
  func exchange(
    _ lane: Lane, _ data: UnsafePointer<Float>, _ partition: Partition,
    into received: UnsafeMutablePointer<Float>, _ receivedPartition: Partition
  ) throws(CommunicationError) -> TransferID
  /// Gives all processes each one's range of `data`.
  func spread(
    _ lane: Lane, _ data: UnsafeMutablePointer<Float>, _ partition: Partition
  ) throws(CommunicationError) -> TransferID
  /// Gives all processes the bytes of each.
  func gather(
    _ lane: Lane, _ own: UnsafeRawPointer, _ count: Int, into all: UnsafeMutableRawPointer,
    _ partition: Partition
  ) throws(CommunicationError) -> TransferID
  func send(
    _ lane: Lane, _ bytes: UnsafeRawPointer, _ count: Int, to rank: Int
  ) throws(CommunicationError) -> TransferID
  /// Receives bytes from one process.
  func receive(
    _ lane: Lane, _ bytes: UnsafeMutableRawPointer, _ count: Int, from rank: Int
  ) throws(CommunicationError) -> TransferID
  /// Whether a transfer is finished, after which it is forgotten.
  func isDone(_ transfer: TransferID) throws(CommunicationError) -> Bool
  /// Ends all processes.
  func abort(code: Int32)
  /// Leaves the others in good order.
  func leave()
}
