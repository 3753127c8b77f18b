import Glibc

/// The SHA-256 digest of memory, computed on a thread of its own while the caller continues.
///
/// A class, because it owns a thread. One thread adds and finishes.
package final class BackgroundDigest {
  private let state: State
  private var thread: pthread_t?

  /// A digest of `head` and of what will be added, memory that `owner` keeps.
  package init(head: [UInt8], owner: AnyObject) {
    state = State(head, owner)
    thread = Platform.startThread { [state] in state.work() }
  }

  deinit {
    state.end(isAbandoned: true)
    if let thread { pthread_join(thread, nil) }
  }

  /// Adds bytes of the owner's memory, which must stay as they are until the digest is finished.
  package func add(_ bytes: UnsafeRawBufferPointer) {
    state.add(bytes)
  }

  /// Waits for the digest of all bytes that were added, 32 bytes.
  package func finish() -> [UInt8] {
    state.end(isAbandoned: false)
    if let thread {
      pthread_join(thread, nil)
      self.thread = nil
    } else {
      // There was no thread, or this is not the first call.
      state.work()
    }
    return state.digest
  }

  /// The digest of all bytes that were added and of `tail` behind them; only after `finish`.
  package func digest(with tail: [UInt8]) -> [UInt8] {
    var sum = state.whole
    sum.update(tail)
    return sum.finalize()
  }

  /// The state shared by both threads; the monitor guards the queue, the digest belongs to the
  /// working thread.
  private final class State: @unchecked Sendable {
    private let monitor = Monitor()
    private let head: [UInt8]
    private let owner: AnyObject
    private var queue: [UnsafeRawBufferPointer] = []
    private var hasEnded = false
    private var isAbandoned = false
    private var sum = SHA256()
    private(set) var digest: [UInt8] = []
    /// The sum of all bytes, before it was ended.
    private(set) var whole = SHA256()

    init(_ head: [UInt8], _ owner: AnyObject) {
      self.head = head
      self.owner = owner
    }

    func add(_ bytes: UnsafeRawBufferPointer) {
      monitor.change { queue.append(bytes) }
    }

    func end(isAbandoned: Bool) {
      monitor.change {
        hasEnded = true
        self.isAbandoned = isAbandoned
      }
    }

    func work() {
      if !digest.isEmpty { return }
      sum.update(head)
      var pieces: [UnsafeRawBufferPointer] = []
      repeat {
        pieces = monitor.wait(until: { !queue.isEmpty || hasEnded }) {
          defer { queue.removeAll() }
          return isAbandoned ? [] : queue
        }
        for piece in pieces { sum.update(piece) }
      } while !pieces.isEmpty
      whole = sum
      digest = sum.finalize()
    }
  }
}
