/// The transfers in progress, for the thread that communicates.
struct Communication {
  private let transport: any Transport
  private let rank: Int
  private let size: Int
  private var active: [Transfer] = []
  private var heartbeats: Heartbeats
  private var buffers = BufferPool()
  private var leaving: Transfer?
  /// Whether all transfers are finished and the process has left.
  private(set) var isOver = false

  /// Nanoseconds between two polls for heartbeats while nothing else is to be done.
  static let pulse: Int64 = 200_000_000

  init(
    _ transport: any Transport, rank: Int, size: Int, patience: Double
  ) throws(CommunicationError) {
    (self.transport, self.rank, self.size) = (transport, rank, size)
    heartbeats = try Heartbeats(transport, rank: rank, size: size, patience: patience)
  }

  /// Whether a transfer in progress needs attention.
  var isBusy: Bool { !active.isEmpty || leaving != nil }

  /// Ends what nobody can finish any more; its memory stays as it is.
  mutating func giveUp(on new: [Transfer]) {
    for transfer in active + new + (leaving.map { [$0] } ?? []) {
      switch transfer.work {
      case .abort(let code): transport.abort(code: code)
      case .giveUp(let message): try? heartbeats.sendAll(message)
      case .gather, .sum, .leave: break
      }
      transfer.finish()
    }
    (active, leaving) = ([], nil)
  }

  /// Begins what is new and drives on what is under way; whether anything has moved.
  mutating func advance(_ new: [Transfer]) throws(CommunicationError) -> Bool {
    for transfer in new {
      // First of all: where beginning fails, somebody waits for it all the same.
      active.append(transfer)
      try begin(transfer)
    }
    var hasMoved = !new.isEmpty
    for transfer in active {
      guard let part = transfer.part, try transport.isDone(part) else { continue }
      hasMoved = true
      transfer.part = nil
      finishPart(of: transfer)
    }
    try spreadSums()
    active.removeAll { transfer in
      guard transfer.part == nil, transfer.stage == .over else { return false }
      if case .leave = transfer.work { return true }
      transfer.finish()
      return true
    }
    if try heartbeats.poll(isLeaving: leaving != nil) { hasMoved = true }
    if let leaving, active.isEmpty, heartbeats.haveAllLeft {
      transport.leave()
      isOver = true
      leaving.finish()
    }
    return hasMoved
  }

  private mutating func begin(_ transfer: Transfer) throws(CommunicationError) {
    switch transfer.work {
    case .gather(let own, let count, let all, let partition):
      transfer.part = try transport.gather(transfer.lane, own, count, into: all, partition)
    case .sum(let floats, let count):
      let length = Partition.range(rank, of: size, count).count
      let buffer = buffers.take(length * (size - 1))
      transfer.buffer = buffer
      transfer.stage = .exchanging
      guard let base = buffer.baseAddress else { return }
      // This process's own range is added to where it lies.
      transfer.part = try transport.exchange(
        transfer.lane, floats, Partition(count, over: size).leavingOut(rank), into: base,
        Partition(counts: (0..<size).map { $0 == rank ? 0 : length }))
    case .leave:
      leaving = transfer
    case .abort(let code):
      transport.abort(code: code)
    case .giveUp(let message):
      try heartbeats.sendAll(message)
    }
  }

  /// Takes note that a part has ended; of a sum this process's range is put together then.
  private mutating func finishPart(of transfer: Transfer) {
    guard case .sum(let floats, let count) = transfer.work, let buffer = transfer.buffer else {
      transfer.stage = .over
      return
    }
    let own = Partition.range(rank, of: size, count)
    if let others = buffer.baseAddress {
      addUp(others, before: rank, after: size - 1 - rank, to: floats + own.lowerBound, own.count)
    }
    buffers.giveBack(buffer)
    transfer.buffer = nil
    transfer.stage = .added
  }

  /// Gives all processes this one's ranges of sums: in the order in which the sums were started,
  /// as another process may finish their first halves in another order.
  private func spreadSums() throws(CommunicationError) {
    for transfer in active {
      guard case .sum(let floats, let count) = transfer.work else { continue }
      switch transfer.stage {
      case .exchanging: return
      case .added:
        transfer.part = try transport.spread(
          .spreading, floats, Partition(count, over: size))
        transfer.stage = .over
      case .over: continue
      }
    }
  }
}

/// Adds the others' ranges of `count` floats, which follow one another, to a process's own, as if
/// from the first process's to the last one's; what lies in `others` is of no use any more.
private func addUp(
  _ others: UnsafeMutablePointer<Float>, before: Int, after: Int,
  to own: UnsafeMutablePointer<Float>, _ count: Int
) {
  // A block at a time, which stays in the cache until all have been added.
  let block = 4096
  for start in stride(from: 0, to: count, by: block) {
    let (length, first, sum) = (min(block, count - start), others + start, own + start)
    for part in 1..<max(1, before) { add(first + part * count, to: first, length) }
    // Of two it does not matter which is added to which.
    if before > 0 { add(first, to: sum, length) }
    for part in before..<(before + after) { add(first + part * count, to: sum, length) }
  }
}

/// Adds `count` floats to others.
func add(
  _ addends: UnsafeMutablePointer<Float>, to sums: UnsafeMutablePointer<Float>, _ count: Int
) {
  for index in 0..<count { sums[index] += addends[index] }
}

/// Memory that sums receive into, kept for the next one.
private struct BufferPool {
  private var free: [UnsafeMutableBufferPointer<Float>] = []

  mutating func take(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
    if let index = free.firstIndex(where: { $0.count >= count }) { return free.remove(at: index) }
    return .allocate(capacity: max(16, count))
  }

  mutating func giveBack(_ buffer: UnsafeMutableBufferPointer<Float>) { free.append(buffer) }
}
