internal import Compute
internal import KernelTypes
internal import Primitives
package import Ranks

/// Gives every rank the bytes of all, in the order of their ranks.
///
/// Throws `RankIsGone` where another rank has ended without taking part.
package typealias RankGather = @Sendable (_ bytes: [UInt8]) throws -> [[UInt8]]

/// Another rank has ended and will take part in no further exchange.
package struct RankIsGone: Error {}

/// Runs `body` on `count` threads at once, which stand for the processes of a run, and returns what
/// became of each.
///
/// A rank that waits for another that has ended gets an error, so that a test fails and does not
/// hang.
package func onRanks<Value: Sendable>(
  _ count: Int, body: (_ rank: Int, _ gather: @escaping RankGather) throws -> Value
) -> [Result<Value, any Error>] {
  let room = RankRoom(count)
  var results = [Result<Value, any Error>](repeating: .failure(RankIsGone()), count: count)
  results.withUnsafeMutableBufferPointer { results in
    // Each rank writes its own element.
    nonisolated(unsafe) let results = results
    // As many threads as tasks: each has one of its own, as none of them ends before all have begun
    // to wait for one another.
    WorkerPool(threads: count, spins: false).parallelFor(count) { rank, _ in
      results[rank] = Result { try body(rank) { try room.gather($0, rank) } }
      room.leave()
    }
  }
  return results
}

extension Group {
  /// A process of several that hears nothing of the others.
  package static func part(_ rank: Int, of count: Int) -> Group {
    Group(rank: rank, count: count) { [$0] }
  }
}

/// Where the ranks meet.
private final class RankRoom: @unchecked Sendable {
  private let monitor = Monitor()
  private var brought: [[UInt8]]
  private var gathered: [[UInt8]] = []
  private var arrived = 0
  private var rounds = 0
  private var hasLeft = false

  init(_ count: Int) { brought = Array(repeating: [], count: count) }

  func gather(_ bytes: [UInt8], _ rank: Int) throws -> [[UInt8]] {
    let round = monitor.change {
      let round = rounds
      brought[rank] = bytes
      arrived += 1
      if arrived == brought.count {
        // Nobody comes again before having taken what was gathered.
        gathered = brought
        arrived = 0
        rounds += 1
      }
      return round
    }
    let found = monitor.wait(
      until: { rounds > round || hasLeft }, then: { rounds > round ? gathered : nil })
    guard let found else { throw RankIsGone() }
    return found
  }

  func leave() { monitor.change { hasLeft = true } }
}
