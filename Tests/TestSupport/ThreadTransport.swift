import Foundation
package import Ranks
import Synchronization

/// Messages between threads of one process that stand for processes.
///
/// What a process gives is copied when it begins and fetched when all have given theirs, so that a
/// wrong order of calls or memory touched too early is found.
package final class ThreadTransport: Transport, @unchecked Sendable {
  private let hub: Hub
  private let rank: Int
  private var numbers: [Lane: Int] = [:]
  private var under: [Int: () -> Bool] = [:]
  private var next = 0
  /// Whether all messages of this process are lost from now on.
  private let cut = Atomic(false)
  private let aborted = Atomic<Int32>(-1)
  /// What all processes were ended with by this one; negative for nothing.
  package var abortCode: Int32 { aborted.load(ordering: .relaxed) }

  /// Where the threads meet.
  package final class Hub: Sendable {
    fileprivate let size: Int
    fileprivate let state = Mutex(State())

    package init(_ size: Int) { self.size = size }

    fileprivate struct State {
      var given: [Key: [Int: [UInt8]]] = [:]
      var taken: [Key: Int] = [:]
      var letters: [Address: [[UInt8]]] = [:]
    }
  }

  fileprivate struct Key: Hashable {
    var lane: Lane
    var number: Int
  }

  fileprivate struct Address: Hashable {
    var lane: Lane
    var from: Int
    var to: Int
  }

  package init(_ hub: Hub, rank: Int) {
    (self.hub, self.rank) = (hub, rank)
  }

  /// Loses all messages of this process from now on, as a cut cable would.
  package func loseAll() { cut.store(true, ordering: .relaxed) }

  package func join() -> (rank: Int, size: Int) { (rank, hub.size) }

  private func transfer(_ isDone: @escaping () -> Bool) -> TransferID {
    next += 1
    under[next] = isDone
    return TransferID(next)
  }

  /// Gives bytes to all and fetches those of all, once they are there.
  private func meet(
    _ lane: Lane, _ bytes: UnsafeRawBufferPointer, _ fetch: @escaping (Int, [UInt8]) -> Void
  ) -> TransferID {
    let key = Key(lane: lane, number: numbers[lane, default: 0])
    numbers[lane, default: 0] += 1
    let own = Array(bytes)
    let rank = rank
    hub.state.withLock { $0.given[key, default: [:]][rank] = own }
    let size = hub.size
    return transfer { [hub] in
      let all = hub.state.withLock { state -> [Int: [UInt8]]? in
        guard let all = state.given[key], all.count == size else { return nil }
        state.taken[key, default: 0] += 1
        if state.taken[key] == size { (state.given[key], state.taken[key]) = (nil, nil) }
        return all
      }
      guard let all else { return false }
      for (rank, bytes) in all { fetch(rank, bytes) }
      return true
    }
  }

  package func exchange(
    _ lane: Lane, _ data: UnsafePointer<Float>, _ partition: Partition,
    into received: UnsafeMutablePointer<Float>, _ receivedPartition: Partition
  ) -> TransferID {
    let total = zip(partition.offsets, partition.counts).map { Int($0) + Int($1) }.max() ?? 0
    let start = 4 * Int(partition.offsets[rank])
    let bytes = UnsafeRawBufferPointer(start: data, count: 4 * total)
    return meet(lane, bytes) { from, bytes in
      bytes.withUnsafeBytes {
        UnsafeMutableRawPointer(received + Int(receivedPartition.offsets[from])).copyMemory(
          from: $0.baseAddress.map { $0 + start } ?? UnsafeRawPointer(data),
          byteCount: 4 * Int(receivedPartition.counts[from]))
      }
    }
  }

  package func spread(
    _ lane: Lane, _ data: UnsafeMutablePointer<Float>, _ partition: Partition
  ) -> TransferID {
    let own = UnsafeRawBufferPointer(
      start: data + Int(partition.offsets[rank]), count: 4 * Int(partition.counts[rank]))
    return meet(lane, own) { from, bytes in
      UnsafeMutableRawBufferPointer(
        start: data + Int(partition.offsets[from]), count: bytes.count
      ).copyBytes(from: bytes)
    }
  }

  package func gather(
    _ lane: Lane, _ own: UnsafeRawPointer, _ count: Int, into all: UnsafeMutableRawPointer,
    _ partition: Partition
  ) -> TransferID {
    meet(lane, UnsafeRawBufferPointer(start: own, count: count)) { from, bytes in
      UnsafeMutableRawBufferPointer(start: all + Int(partition.offsets[from]), count: bytes.count)
        .copyBytes(from: bytes)
    }
  }

  package func send(
    _ lane: Lane, _ bytes: UnsafeRawPointer, _ count: Int, to: Int
  ) -> TransferID {
    let letter = Array(UnsafeRawBufferPointer(start: bytes, count: count))
    let address = Address(lane: lane, from: rank, to: to)
    if !cut.load(ordering: .relaxed) {
      hub.state.withLock { $0.letters[address, default: []].append(letter) }
    }
    return transfer { true }
  }

  package func receive(
    _ lane: Lane, _ bytes: UnsafeMutableRawPointer, _ count: Int, from: Int
  ) -> TransferID {
    let address = Address(lane: lane, from: from, to: rank)
    return transfer { [self] in
      guard !cut.load(ordering: .relaxed),
        let letter = hub.state.withLock({ state -> [UInt8]? in
          guard state.letters[address]?.isEmpty == false else { return nil }
          return state.letters[address]?.removeFirst()
        })
      else { return false }
      UnsafeMutableRawBufferPointer(start: bytes, count: count).copyBytes(from: letter)
      return true
    }
  }

  package func isDone(_ transfer: TransferID) -> Bool {
    guard let isDone = under[transfer.number] else { return true }
    guard isDone() else { return false }
    under[transfer.number] = nil
    return true
  }

  package func abort(code: Int32) { aborted.store(code, ordering: .relaxed) }

  package func leave() {}
}

/// Runs `body` on a thread for each of `count` processes that have joined, and gives what each came
/// to, in the order of their ranks.
package func onRanks<T: Sendable>(
  _ count: Int, patience: Double = 30, sharesMemory: Bool = true,
  _ body: @escaping @Sendable (Communicator) throws -> T
) -> [Result<T, any Error>] {
  let hub = ThreadTransport.Hub(count)
  return onThreads(count) { rank in
    try body(
      Communicator(
        ThreadTransport(hub, rank: rank), patience: patience, sharesMemory: sharesMemory))
  }
}

/// Runs `body` on `count` threads at once, each with its number.
package func onThreads<T: Sendable>(
  _ count: Int, _ body: @escaping @Sendable (Int) throws -> T
) -> [Result<T, any Error>] {
  let results = Results<T>()
  let group = DispatchGroup()
  for number in 0..<count {
    group.enter()
    let thread = Thread {
      let result = Result { try body(number) }
      results.all.withLock { $0[number] = result }
      group.leave()
    }
    thread.stackSize = 1 << 23
    thread.start()
  }
  group.wait()
  return results.all.withLock { results in (0..<count).compactMap { results[$0] } }
}

/// What threads came to.
private final class Results<T: Sendable>: Sendable {
  let all = Mutex<[Int: Result<T, any Error>]>([:])
}
