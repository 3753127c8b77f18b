import Synchronization

/// The tasks of a computation's loops, timed one by one on one thread.
///
/// What a loop would take on more threads follows from its tasks as the pool deals them: a thread
/// takes the next task when it is done with the one before. What threads share (memory, caches, the
/// processor's clock) and the pool's own time are not in it.
package final class TaskRecorder: Sendable {
  /// The tasks of one loop.
  package struct Loop: Sendable {
    /// The part of the computation to which the loop belongs; nil for none.
    package let part: Int?
    /// Seconds of each task in the order in which they are dealt.
    package var seconds: [Double]

    package init(part: Int?, seconds: [Double]) {
      self.part = part
      self.seconds = seconds
    }

    /// Seconds from the first task's beginning to the last one's end on so many threads.
    package func duration(threads: Int) -> Double {
      var ends = [Double](repeating: 0, count: min(threads, max(1, seconds.count)))
      for task in seconds {
        // The thread that is free first.
        var first = 0
        for thread in ends.indices where ends[thread] < ends[first] { first = thread }
        ends[first] += task
      }
      return ends.max() ?? 0
    }
  }

  private struct State {
    var part: Int?
    var loops: [Loop] = []
  }

  private let state = Mutex(State())

  package init() {}

  /// Assigns the following loops to a part of the computation, or to none.
  package func enter(_ part: Int?) { state.withLock { $0.part = part } }

  /// The loops since the last call, in order.
  package func takeLoops() -> [Loop] {
    state.withLock { state in
      defer { state.loops = [] }
      return state.loops
    }
  }

  /// Runs a loop on the calling thread.
  func run(_ count: Int, _ body: (Int, Int) -> Void) {
    let clock = ContinuousClock()
    var last = clock.now
    let seconds = (0..<count).map { index in
      body(index, 0)
      let now = clock.now
      defer { last = now }
      let (whole, parts) = (now - last).components
      return Double(whole) + Double(parts) * 1e-18
    }
    state.withLock { $0.loops.append(Loop(part: $0.part, seconds: seconds)) }
  }
}
