import Compute
import Glibc
import KernelTypes
import Synchronization
import Testing

@Suite("Worker pool")
struct WorkerPoolTests {
  /// One counter an index.
  private final class Counters: Sendable {
    private let counts = Mutex<[Int]>([])
    init(_ count: Int) { counts.withLock { $0 = [Int](repeating: 0, count: count) } }
    func add(_ index: Int) { counts.withLock { $0[index] += 1 } }
    var values: [Int] { counts.withLock { $0 } }
    /// While others count; a copy, once let go of, would be written again unseen by a sanitizer.
    var sum: Int { counts.withLock { $0.reduce(0, +) } }
  }

  @Test(arguments: [1, 2, 3, 5, 16])
  func `every index runs exactly once on a worker of the pool`(threads: Int) {
    let pool = WorkerPool(threads: threads)
    #expect(pool.threads == threads)
    for count in [0, 1, 2, 3, 7, 64, 1_000] {
      let indices = Counters(count)
      let workers = Counters(threads)
      pool.parallelFor(count) { index, worker in
        indices.add(index)
        workers.add(worker)
      }
      #expect(indices.values.allSatisfy { $0 == 1 }, "\(count) tasks")
      #expect(workers.sum == count)
    }
  }

  @Test func `no tasks and a negative count run nothing`() {
    let pool = WorkerPool(threads: 2)
    let runs = Counters(1)
    pool.parallelFor(0) { _, _ in runs.add(0) }
    pool.parallelFor(-3) { _, _ in runs.add(0) }
    #expect(runs.values == [0])
  }

  @Test(arguments: [2, 4], [true, false])
  func `many short loops in a row all finish before they return`(threads: Int, spins: Bool) {
    let pool = WorkerPool(threads: threads, spins: spins)
    // Plain memory, as the kernels write it: a loop that returned early would leave an old number.
    let cells = UnsafeMutablePointer<Int>.allocate(capacity: 5)
    defer { cells.deallocate() }
    cells.initialize(repeating: 0, count: 5)
    nonisolated(unsafe) let shared = cells
    for round in 1...20_000 {
      pool.parallelFor(5) { index, _ in shared[index] = round }
      for index in 0..<5 where cells[index] != round {
        Issue.record("round \(round), task \(index) holds \(cells[index])")
        return
      }
    }
  }

  @Test func `no two tasks run on one worker at once`() {
    let pool = WorkerPool(threads: 4)
    let busy = (0..<4).map { _ in Flag() }
    let clashes = Counters(1)
    for _ in 0..<200 {
      pool.parallelFor(32) { _, worker in
        if busy[worker].taken.exchange(true, ordering: .sequentiallyConsistent) { clashes.add(0) }
        for _ in 0..<50 { _ = busy[worker].taken.load(ordering: .relaxed) }
        busy[worker].taken.store(false, ordering: .sequentiallyConsistent)
      }
    }
    #expect(clashes.values == [0])
  }

  private final class Flag: Sendable {
    let taken = Atomic<Bool>(false)
  }

  @Test func `all threads take part in a long loop`() {
    let pool = WorkerPool(threads: 3)
    let meeting = Counters(3)
    // Every task waits until three workers have come; fewer threads would hit the time limit.
    pool.parallelFor(3) { _, worker in
      meeting.add(worker)
      for _ in 0..<10_000 where meeting.sum < 3 { usleep(1_000) }
    }
    #expect(meeting.values == [1, 1, 1])
  }

  @Test func `without spinning a caller that waits for others takes no processor time`() {
    let pool = WorkerPool(threads: 2, spins: false)
    let meeting = Counters(2)
    let began = processorSeconds()
    pool.parallelFor(2) { _, worker in
      meeting.add(worker)
      for _ in 0..<10_000 where meeting.sum < 2 { usleep(1_000) }
      if worker > 0 { usleep(500_000) }
    }
    #expect(meeting.values == [1, 1])
    #expect(processorSeconds() - began < 0.1)
  }

  /// Time of the calling thread on a processor.
  private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  @Test func `loops of several callers run whole, one after the other`() {
    let callers = WorkerPool(threads: 3)
    let pool = WorkerPool(threads: 3)
    let present = Atomic<Int>(0)
    let counters = (0..<3).map { _ in Counters(3) }
    callers.parallelFor(3) { caller, _ in
      // All callers begin together, so that their loops meet.
      present.wrappingAdd(1, ordering: .sequentiallyConsistent)
      for _ in 0..<10_000 where present.load(ordering: .sequentiallyConsistent) < 3 {
        usleep(1_000)
      }
      for _ in 0..<20_000 { pool.parallelFor(3) { index, _ in counters[caller].add(index) } }
    }
    for counter in counters { #expect(counter.values == [20_000, 20_000, 20_000]) }
  }

  @Test(arguments: [2, 3, 5], [true, false])
  func `every task of an offer runs once, in gaps or at its end`(threads: Int, spins: Bool) {
    let pool = WorkerPool(threads: threads, spins: spins)
    for round in 0..<2_000 {
      // Counts that rise and fall, so that one offer's leftovers would show in the next.
      let count = [1, 7, 3, 40][round % 4]
      let tasks = Counters(count)
      let loops = Counters(6)
      #expect(pool.offer(count) { tasks.add($0) })
      for _ in 0..<(round % 3) { pool.parallelFor(6) { index, _ in loops.add(index) } }
      pool.finishOffer()
      #expect(tasks.values.allSatisfy { $0 == 1 }, "round \(round)")
      #expect(loops.values.allSatisfy { $0 == round % 3 })
    }
  }

  @Test func `a thread that waits for another takes tasks of the offer`() {
    let pool = WorkerPool(threads: 2)
    let tasks = Counters(4)
    #expect(pool.offer(4) { tasks.add($0) })
    pool.parallelFor(2) { index, _ in
      // The longer task goes on until the thread of the shorter one has taken the whole offer.
      if index == 0 {
        for _ in 0..<10_000 where tasks.sum < 4 { usleep(1_000) }
      }
    }
    #expect(tasks.values == [1, 1, 1, 1])
    pool.finishOffer()
  }

  @Test func `there is one offer at a time, and none on one thread`() {
    let pool = WorkerPool(threads: 2, spins: false)
    let tasks = Counters(2)
    #expect(pool.offer(1) { tasks.add($0) })
    #expect(!pool.offer(2) { tasks.add($0) })
    pool.finishOffer()
    #expect(tasks.values == [1, 0])
    #expect(pool.offer(2) { tasks.add($0) })
    pool.finishOffer()
    #expect(tasks.values == [2, 1])
    #expect(!WorkerPool(threads: 1).offer(1) { tasks.add($0) })
    #expect(tasks.values == [2, 1])
  }

  @Test func `a dropped offer leaves out what nobody has begun and waits for the rest`() {
    for _ in 0..<500 {
      let pool = WorkerPool(threads: 3)
      let begun = Counters(64)
      let ended = Counters(64)
      _ = pool.offer(64) { index in
        begun.add(index)
        ended.add(index)
      }
      pool.parallelFor(3) { _, _ in }
      pool.finishOffer(isDropped: true)
      let values = begun.values
      #expect(values == ended.values)
      #expect(values.allSatisfy { $0 <= 1 })
      usleep(20)
      #expect(begun.values == values)
    }
  }

  @Test func `pools come and go`() {
    for round in 0..<200 {
      let pool = WorkerPool(threads: 3)
      let counters = Counters(4)
      if round % 2 == 0 { pool.parallelFor(4) { index, _ in counters.add(index) } }
      #expect(counters.values.allSatisfy { $0 == (round + 1) % 2 })
    }
  }

  @Test func `a recorded loop runs every index in order, and has a time for each`() {
    let recorder = TaskRecorder()
    let pool = WorkerPool(threads: 1, recorder: recorder)
    nonisolated(unsafe) var order: [Int] = []
    pool.parallelFor(3) { index, worker in order.append(10 * worker + index) }
    recorder.enter(7)
    pool.parallelFor(1) { _, _ in }
    pool.parallelFor(0) { _, _ in }
    #expect(order == [0, 1, 2])
    let loops = recorder.takeLoops()
    #expect(loops.map(\.part) == [nil, 7])
    #expect(loops.map(\.seconds.count) == [3, 1])
    #expect(loops.allSatisfy { $0.seconds.allSatisfy { $0 >= 0 && $0 < 60 } })
    #expect(recorder.takeLoops().isEmpty)
  }

  @Test(arguments: [
    ([], 2, 0), ([5], 3, 5), ([2, 2, 2], 1, 6), ([2, 2, 2], 2, 4), ([2, 2, 2], 3, 2),
    // The long task comes last, when the other thread has nothing left.
    ([1, 1, 1, 1, 4], 2, 6), ([4, 1, 1, 1, 1], 2, 4), ([1, 2, 3, 4, 5], 3, 7),
  ])
  func `a loop's tasks go to the thread that is free first`(
    tasks: [Double], threads: Int, duration: Double
  ) {
    #expect(TaskRecorder.Loop(part: nil, seconds: tasks).duration(threads: threads) == duration)
  }

  @Test func `denormals are flushed inside a loop and back outside`() {
    let least = Float.leastNonzeroMagnitude
    for threads in [1, 3] {
      let pool = WorkerPool(threads: threads)
      let kept = Counters(1)
      pool.parallelFor(64) { index, _ in
        let product = opaque(least) * opaque(Float(index + 1))
        if product != 0 { kept.add(0) }
      }
      #expect(kept.values == [0], "\(threads) threads")
      #expect(opaque(least) * opaque(2) != 0)
    }
  }
}

/// Hides a value from the optimiser, which would compute at build time.
@inline(never)
private func opaque(_ value: Float) -> Float { value }
