internal import CSystem
internal import Glibc
internal import Primitives
internal import Synchronization

/// The thread that alone speaks with the library of messages.
final class CommunicationThread: @unchecked Sendable {
  private let transport: any Transport
  private let patience: Double
  private let queue = Mutex<[Transfer]>([])
  private let ended = Mutex<CommunicationError?>(nil)
  private let place = Mutex<(rank: Int, size: Int)>((0, 1))
  /// Counts what is asked for; the thread sleeps on it.
  private let bell = Futex.allocate(capacity: 1)
  /// The number of waiting threads; while there are any, this thread does not sleep.
  private let waiting = Atomic<Int>(0)

  /// Nanoseconds that the thread sleeps while what is under way is waited for by nobody: each look
  /// takes time from a thread that computes on the same processor.
  private static let nap: Int64 = 200_000
  /// Looks without sleep while somebody waits, about as many microseconds: a message takes less.
  private static let eagerLooks = 100
  /// Nanoseconds that it sleeps between two looks after those: another process is late, and where
  /// there are not processors enough it is late because this one looks.
  private static let doze: Int64 = 20_000

  init(_ transport: any Transport, patience: Double) {
    (self.transport, self.patience) = (transport, patience)
    bell.initialize(to: Atomic(0))
  }

  var failure: CommunicationError? { ended.withLock { $0 } }

  /// Starts the thread, which keeps itself, and joins the other processes.
  func start() throws(CommunicationError) -> (rank: Int, size: Int) {
    // Finished when the process has joined.
    let joining = Transfer(.leave, .control)
    guard Platform.detachThread({ self.run(joining) }) else {
      throw CommunicationError(.library, "cannot start a thread for messages")
    }
    joining.wait()
    if let failure { throw failure }
    return place.withLock { $0 }
  }

  /// Asks for something, in the order of its lane.
  @discardableResult
  func begin(_ transfer: Transfer) -> Transfer {
    queue.withLock { $0.append(transfer) }
    bell.pointee.wrappingAdd(1, ordering: .releasing)
    bell.wake()
    return transfer
  }

  /// Waits for something.
  func expect(_ transfer: Transfer) {
    waiting.wrappingAdd(1, ordering: .relaxed)
    bell.pointee.wrappingAdd(1, ordering: .releasing)
    bell.wake()
    transfer.wait()
    waiting.wrappingSubtract(1, ordering: .relaxed)
  }

  // MARK: On the thread

  private func run(_ joining: Transfer) {
    csystem_sleep_exactly()
    var work: Communication
    do throws(CommunicationError) {
      let (rank, size) = try transport.join()
      place.withLock { $0 = (rank, size) }
      work = try Communication(transport, rank: rank, size: size, patience: patience)
    } catch {
      ended.withLock { $0 = error }
      joining.finish()
      return
    }
    joining.finish()
    // In vain, and since somebody waits.
    var looks = 0
    while true {
      let seen = bell.pointee.load(ordering: .acquiring)
      let new = queue.withLock { queue in
        defer { queue = [] }
        return queue
      }
      do throws(CommunicationError) {
        guard failure == nil else {
          work.giveUp(on: new)
          bell.sleep(while: seen)
          continue
        }
        let hasMoved = try work.advance(new)
        if work.isOver { return }
        let isAwaited = waiting.load(ordering: .relaxed) > 0 && work.isBusy
        looks = isAwaited && !hasMoved ? looks + 1 : 0
        if hasMoved { continue }
        if isAwaited, looks <= CommunicationThread.eagerLooks {
          sched_yield()
        } else if isAwaited {
          bell.sleep(while: seen, nanoseconds: CommunicationThread.doze)
        } else {
          bell.sleep(
            while: seen,
            nanoseconds: work.isBusy ? CommunicationThread.nap : Communication.pulse)
        }
      } catch {
        ended.withLock { $0 = error }
        work.giveUp(on: [])
      }
    }
  }
}
