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
  /// Signs of life, and of failure.
  case control = 3
}

/// The partition of some memory: one range per process, in elements.
package struct Partition: Sendable, Hashable {
  package let counts: [Int32]
  package let places: [Int32]

  private init(counts: [Int32], places: [Int32]) {
    (self.counts, self.places) = (counts, places)
  }

  /// Ranges that follow one another.
  package init(counts: [Int]) {
    var place = 0
    var places: [Int32] = []
    for count in counts {
      places.append(Int32(place))
      place += count
    }
    self.places = places
    self.counts = counts.map { Int32($0) }
  }

  /// `count` elements divided among `size` processes as evenly as possible, in order.
  package init(_ count: Int, over size: Int) {
    self.init(counts: (0..<size).map { Partition.range($0, of: size, count).count })
  }

  /// The same partition with an empty range for one process.
  package func leavingOut(_ rank: Int) -> Partition {
    var counts = counts
    counts[rank] = 0
    return Partition(counts: counts, places: places)
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
  /// Sends each process its stretch of `data`; the processes' stretches for this one arrive in
  /// `received`, as `share` has them.
  func exchange(
    _ lane: Lane, _ data: UnsafePointer<Float>, _ stretches: Partition,
    into received: UnsafeMutablePointer<Float>, _ share: Partition
  ) throws(CommunicationError) -> TransferID
  /// Gives all processes each one's stretch of `data`.
  func spread(
    _ lane: Lane, _ data: UnsafeMutablePointer<Float>, _ stretches: Partition
  ) throws(CommunicationError) -> TransferID
  /// Gives all processes the bytes of each.
  func gather(
    _ lane: Lane, _ own: UnsafeRawPointer, _ count: Int, into all: UnsafeMutableRawPointer,
    _ stretches: Partition
  ) throws(CommunicationError) -> TransferID
  /// Sends bytes to one process.
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
