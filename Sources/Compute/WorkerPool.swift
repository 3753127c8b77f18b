internal import CSystem
internal import Primitives
import Synchronization

/// A fixed set of threads that share loops of independent tasks.
///
/// Tasks are taken one at a time from a common counter, so uneven tasks balance. What a task
/// computes may depend on its index but never on the worker that runs it; then results do not
/// depend on the number of threads. A class, because it owns threads.
package final class WorkerPool: Sendable {
  /// The threads that take part in a loop, the caller's among them.
  package let threads: Int

  private let shared: SharedState
  private let entrance = Mutex(())
  /// Times every task of a pool of one thread, if not nil.
  private let recorder: TaskRecorder?
  /// Whether every task is timed.
  package var isRecording: Bool { recorder != nil }

  /// Starts `threads` - 1 workers; the caller of `parallelFor` is the last one.
  ///
  /// - spins: whether an idle thread spins for some microseconds before it sleeps. With more
  ///   threads than processors that would take time from working threads.
  /// - recorder: what times the tasks of a pool of one thread.
  package init(threads: Int, spins: Bool = true, recorder: TaskRecorder? = nil) {
    precondition(threads >= 1, "a pool has at least one thread")
    precondition(recorder == nil || threads == 1, "tasks are timed on one thread")
    self.threads = threads
    self.recorder = recorder
    shared = SharedState(spins: spins ? 2_000 : 0)
    for worker in 1..<max(1, threads) {
      // Where no more threads are to be had, the pool works with fewer.
      Platform.detachThread { [shared] in shared.work(as: worker) }
    }
  }

  deinit {
    shared.stop()
  }

  /// Offers background tasks to idle threads, and returns at once.
  ///
  /// Threads that have no task in a loop, or are between two loops, take tasks of the offer until
  /// `finishOffer`. `body` must not run a loop itself, and a task's result must depend only on its
  /// index. Returns false, and does nothing, if there is an offer already or only one thread.
  package func offer(_ count: Int, _ body: @escaping @Sendable (_ index: Int) -> Void) -> Bool {
    threads > 1 && shared.offer.open(count, body)
  }

  /// Runs the remaining tasks of the offer on all threads and waits for all its tasks.
  ///
  /// Only after `offer` returned true. With `isDropped`, tasks that have not started are discarded.
  package func finishOffer(isDropped: Bool = false) {
    if isDropped {
      shared.offer.drop()
    } else if shared.offer.hasTasks {
      parallelFor(threads) { _, _ in
        while shared.offer.takeTask() {}
      }
    }
    shared.offer.finish(spins: shared.spins)
  }

  /// Runs `body` for every index in 0..<count, on all threads, and returns when all are done.
  ///
  /// `worker`, below `threads`, selects the scratch memory that a task may use. Calls from several
  /// threads run one after the other; a call from inside a task deadlocks.
  package func parallelFor(_ count: Int, _ body: (_ index: Int, _ worker: Int) -> Void) {
    if count <= 0 { return }
    let former = csystem_flush_denormals()
    defer { csystem_restore_float_control(former) }
    if let recorder { return recorder.run(count, body) }
    if threads == 1 || count == 1 {
      for index in 0..<count { body(index, 0) }
      return
    }
    entrance.withLock { _ in
      // Otherwise the program holds the length of the path of this file, another in each folder.
      #sourceLocation(file:"WorkerPool",line:95)
      withoutActuallyEscaping(body) { shared.run(count: count, sleepers: threads - 1, body: $0) }
      #sourceLocation()
    }
  }
}

/// One loop at a time, open while tasks are left.
///
/// A worker enters by adding one to `visitors` and may read the loop's fields only if it then finds
/// it open; the caller closes the loop and waits until the last visitor has left. So a worker that
/// wakes late never delays a finished loop.
private final class SharedState: @unchecked Sendable {
  private static let closed: UInt32 = 1 << 31

  /// Bytes of two cache lines, which processors fetch together.
  private static let line = 128

  // Each on lines of its own: every task writes `next`, and every thread reads the loop's fields.
  private let words = UnsafeMutableRawPointer.allocate(byteCount: 3 * line, alignment: line)
  private let generation: Futex
  private let visitors: Futex
  private let next: UnsafeMutablePointer<Atomic<Int>>
  private let stopping = Atomic<Bool>(false)
  private let sleeping = Atomic<UInt32>(0)
  private let callerSleeps = Atomic<Bool>(false)
  let spins: Int
  let offer = Offer()
  private var count = 0
  private var body: ((Int, Int) -> Void)?

  init(spins: Int) {
    self.spins = spins
    generation = words.bindMemory(to: Atomic<UInt32>.self, capacity: 1)
    visitors = (words + SharedState.line).bindMemory(to: Atomic<UInt32>.self, capacity: 1)
    next = (words + 2 * SharedState.line).bindMemory(to: Atomic<Int>.self, capacity: 1)
    generation.initialize(to: Atomic(0))
    visitors.initialize(to: Atomic(SharedState.closed))
    next.initialize(to: Atomic(0))
  }

  deinit {
    generation.deinitialize(count: 1)
    visitors.deinitialize(count: 1)
    next.deinitialize(count: 1)
    words.deallocate()
  }

  func run(count: Int, sleepers: Int, body: @escaping (Int, Int) -> Void) {
    self.count = count
    self.body = body
    next.pointee.store(0, ordering: .relaxed)
    visitors.pointee.bitwiseAnd(~SharedState.closed, ordering: .releasing)
    announce(sleepers)
    takeTasks(worker: 0)
    visitors.pointee.bitwiseOr(SharedState.closed, ordering: .acquiring)
    waitForVisitors()
    self.body = nil
  }

  /// Waits until the last visitor has left a closed loop: with tasks of the offer, spinning as
  /// long as a task may take, so that the next loop begins at once, then asleep.
  private func waitForVisitors() {
    for _ in 0...(20 * spins) {
      if visitors.pointee.load(ordering: .acquiring) == SharedState.closed { return }
      if !offer.takeTask() { csystem_spin_hint() }
    }
    callerSleeps.store(true, ordering: .sequentiallyConsistent)
    visitors.sleep(until: SharedState.closed)
    callerSleeps.store(false, ordering: .relaxed)
  }

  private func leave() {
    let left = visitors.pointee.wrappingSubtract(1, ordering: .sequentiallyConsistent).newValue
    if left == SharedState.closed, callerSleeps.load(ordering: .sequentiallyConsistent) {
      visitors.wake()
    }
  }

  func stop() {
    stopping.store(true, ordering: .releasing)
    announce(Int(Int32.max))
  }

  private func announce(_ sleepers: Int) {
    generation.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
    if sleeping.load(ordering: .sequentiallyConsistent) > 0 {
      generation.wake(Int32(clamping: sleepers))
    }
  }

  private func takeTasks(worker: Int) {
    guard let body else { return }
    while true {
      let index = next.pointee.wrappingAdd(1, ordering: .relaxed).oldValue
      if index >= count { return }
      body(index, worker)
    }
  }

  func work(as worker: Int) {
    _ = csystem_flush_denormals()
    var seen: UInt32 = 0
    while true {
      wait(past: seen)
      seen = generation.pointee.load(ordering: .acquiring)
      if stopping.load(ordering: .acquiring) { return }
      let entered = visitors.pointee.wrappingAdd(1, ordering: .acquiringAndReleasing).oldValue
      if entered & SharedState.closed == 0 { takeTasks(worker: worker) }
      leave()
    }
  }

  /// Takes tasks of the offer, then spins for some microseconds, since the next loop usually
  /// follows at once, then sleeps.
  private func wait(past seen: UInt32) {
    var turns = 0
    while turns < spins {
      if generation.pointee.load(ordering: .acquiring) != seen { return }
      if offer.takeTask() { continue }
      csystem_spin_hint()
      turns += 1
    }
    sleeping.wrappingAdd(1, ordering: .sequentiallyConsistent)
    while generation.pointee.load(ordering: .sequentiallyConsistent) == seen {
      generation.sleep(while: seen)
    }
    sleeping.wrappingSubtract(1, ordering: .sequentiallyConsistent)
  }
}
