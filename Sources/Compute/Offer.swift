internal import CSystem
internal import Primitives
import Synchronization

/// Background tasks for idle threads, one set at a time.
///
/// A thread that decrements `left` from a positive number owns a task, and the offer cannot be
/// replaced before that task is done; so it may read the other fields without a lock.
final class Offer: @unchecked Sendable {
  private let left = Atomic<Int>(0)
  private let undone = Futex.allocate(capacity: 1)
  private let isTaken = Atomic<Bool>(false)
  private let isAwaited = Atomic<Bool>(false)
  private var count = 0
  private var body: ((Int) -> Void)?

  init() {
    undone.initialize(to: Atomic(0))
  }

  deinit {
    undone.deinitialize(count: 1)
    undone.deallocate()
  }

  /// Whether there are tasks that have not started.
  var hasTasks: Bool { left.load(ordering: .relaxed) > 0 }

  /// Offers `count` tasks; false if there is an offer already.
  func open(_ count: Int, _ body: @escaping (Int) -> Void) -> Bool {
    if isTaken.exchange(true, ordering: .acquiring) { return false }
    self.count = count
    self.body = body
    undone.pointee.store(UInt32(count), ordering: .relaxed)
    left.store(count, ordering: .releasing)
    return true
  }

  /// Runs one task; false if none is left.
  func takeTask() -> Bool {
    if !hasTasks { return false }
    let number = left.wrappingSubtract(1, ordering: .acquiringAndReleasing).oldValue
    guard number > 0, let body else { return false }
    body(count - number)
    let rest = undone.pointee.wrappingSubtract(1, ordering: .sequentiallyConsistent).newValue
    if rest == 0, isAwaited.load(ordering: .sequentiallyConsistent) {
      undone.wake()
    }
    return true
  }

  /// Discards the tasks that have not started.
  func drop() {
    let number = left.exchange(0, ordering: .acquiringAndReleasing)
    if number > 0 {
      undone.pointee.wrappingSubtract(UInt32(number), ordering: .sequentiallyConsistent)
    }
  }

  /// Waits for the tasks that other threads have started, then allows the next offer.
  func finish(spins: Int) {
    for _ in 0..<(20 * spins) {
      if undone.pointee.load(ordering: .acquiring) == 0 { break }
      csystem_spin_hint()
    }
    isAwaited.store(true, ordering: .sequentiallyConsistent)
    undone.sleep(until: 0)
    isAwaited.store(false, ordering: .relaxed)
    body = nil
    isTaken.store(false, ordering: .releasing)
  }
}
