internal import CSystem
package import Synchronization

/// A number on whose change threads sleep, in memory that does not move.
package typealias Futex = UnsafeMutablePointer<Atomic<UInt32>>

extension Futex {
  /// Sleeps while the number is `value`, or for so many nanoseconds at most; may return early.
  ///
  /// `isShared`: for memory that other processes see; only with a limit, as these may end.
  package func sleep(while value: UInt32, nanoseconds: Int64? = nil, isShared: Bool = false) {
    precondition(nanoseconds != nil || !isShared, "other processes may never wake this one")
    if let nanoseconds {
      csystem_futex_wait_for(word, value, nanoseconds, isShared)
    } else {
      csystem_futex_wait(word, value)
    }
  }

  /// Sleeps until the number is `value`; the thread that sets it must wake the sleeper.
  package func sleep(until value: UInt32) {
    while true {
      let present = pointee.load(ordering: .sequentiallyConsistent)
      if present == value { return }
      sleep(while: present)
    }
  }

  /// Wakes up to `count` threads that sleep on the number, of any process if it is shared.
  package func wake(_ count: Int32 = 1, isShared: Bool = false) {
    csystem_futex_wake(word, count, isShared)
  }

  /// Its address for system calls.
  private var word: UnsafePointer<UInt32> {
    UnsafeRawPointer(self).assumingMemoryBound(to: UInt32.self)
  }
}
