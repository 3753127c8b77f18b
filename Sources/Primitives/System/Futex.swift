internal import CSystem
package import Synchronization

/// A number on whose change threads sleep, in memory that does not move.
package typealias Futex = UnsafeMutablePointer<Atomic<UInt32>>

extension Futex {
  /// Sleeps while the number is `value`, or for so many nanoseconds at most; may return early.
  package func sleep(while value: UInt32, nanoseconds: Int64? = nil) {
    if let nanoseconds {
      csystem_futex_wait_for(word, value, nanoseconds)
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

  /// Wakes up to `count` threads that sleep on the number.
  package func wake(_ count: Int32 = 1) { csystem_futex_wake(word, count) }

  /// Its address for system calls.
  private var word: UnsafePointer<UInt32> {
    UnsafeRawPointer(self).assumingMemoryBound(to: UInt32.self)
  }
}
