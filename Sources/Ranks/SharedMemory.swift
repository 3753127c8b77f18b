internal import CSystem
import Glibc
internal import Primitives
internal import Synchronization

/// Memory that all processes see, with a block for each, and where they meet.
///
/// Only for processes of one machine. It is a file without a name, which the other processes open
/// through the first one's entry in /proc: when all have ended, however they end, nothing is left.
/// For one thread of each process at a time. A class, because it owns a mapping.
final class SharedMemory: @unchecked Sendable {
  private let rank: Int
  private let size: Int
  private let base: UnsafeMutableRawPointer
  private let total: Int
  private let blockBytes: Int
  /// The meetings that this process has come to; wraps around.
  private(set) var meetings: UInt32 = 0

  /// Bytes before the first block: the mark, then two counters on a cache line each.
  private static let headerBytes = 4096
  /// Looks at the counter before a process sleeps.
  ///
  /// All but the first few let others run: where there are more processes than processors, that is
  /// what is waited for.
  private static let looks = 400
  private static let firstLooks = 100
  /// Nanoseconds between two questions whether the work has ended.
  private static let nap: Int64 = 50_000_000

  /// How the other processes find the memory; it holds while the first one keeps its file open.
  struct Ticket: BitwiseCopyable {
    var process: pid_t = 0
    var descriptor: CInt = -1
    /// Tells the memory from another file of these numbers.
    var mark: UInt64 = 0
  }

  /// Creates the memory, as the first process; nil if the system has none.
  static func create(size: Int, blockBytes: Int) -> (memory: SharedMemory, ticket: Ticket)? {
    let descriptor = Platform.memoryFile(bytes: bytes(size, blockBytes))
    guard descriptor >= 0 else { return nil }
    guard let memory = SharedMemory(descriptor, rank: 0, size, blockBytes) else {
      close(descriptor)
      return nil
    }
    let ticket = Ticket(process: getpid(), descriptor: descriptor, mark: .random(in: 1...(.max)))
    memory.base.storeBytes(of: ticket.mark, as: UInt64.self)
    return (memory, ticket)
  }

  /// Opens the memory that the first process has created; nil if that is not possible.
  convenience init?(_ ticket: Ticket, rank: Int, size: Int, blockBytes: Int) {
    let path = Platform.path(ofDescriptor: ticket.descriptor, process: ticket.process)
    let descriptor = open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0,
      status.st_size == SharedMemory.bytes(size, blockBytes)
    else { return nil }
    self.init(descriptor, rank: rank, size, blockBytes)
    guard base.load(as: UInt64.self) == ticket.mark else { return nil }
  }

  private static func bytes(_ size: Int, _ blockBytes: Int) -> Int {
    headerBytes + size * blockBytes
  }

  private init?(_ descriptor: CInt, rank: Int, _ size: Int, _ blockBytes: Int) {
    precondition(blockBytes % 64 == 0, "blocks begin at a cache line")
    total = SharedMemory.bytes(size, blockBytes)
    guard
      let base = mmap(nil, total, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
      base != MAP_FAILED
    else { return nil }
    (self.base, self.rank, self.size, self.blockBytes) = (base, rank, size, blockBytes)
    Platform.preferHugePages(base, bytes: total)
  }

  deinit { munmap(base, total) }

  /// The block of a process.
  func block(_ rank: Int) -> UnsafeMutableRawPointer {
    base + SharedMemory.headerBytes + rank * blockBytes
  }

  /// How many processes have come to meetings, in all.
  private var arrived: Futex { counter(at: 64) }

  /// How many processes sleep until others come.
  private var sleeping: Futex { counter(at: 128) }

  private func counter(at offset: Int) -> Futex {
    (base + offset).assumingMemoryBound(to: Atomic<UInt32>.self)
  }

  /// Waits until all processes have come; false if the work together has ended before.
  ///
  /// What a process wrote before, all can read after.
  func meet(hasEnded: () -> Bool) -> Bool {
    meetings &+= 1
    let wanted = meetings &* UInt32(size)
    func isMet(_ count: UInt32) -> Bool { Int32(bitPattern: count &- wanted) >= 0 }
    let count = arrived.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue
    if isMet(count) {
      if sleeping.pointee.load(ordering: .sequentiallyConsistent) > 0 {
        arrived.wake(.max, isShared: true)
      }
      return true
    }
    for look in 0..<SharedMemory.looks {
      if isMet(arrived.pointee.load(ordering: .acquiring)) { return true }
      if look < SharedMemory.firstLooks { csystem_spin_hint() } else { sched_yield() }
    }
    sleeping.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
    defer { sleeping.pointee.wrappingSubtract(1, ordering: .sequentiallyConsistent) }
    while true {
      let seen = arrived.pointee.load(ordering: .sequentiallyConsistent)
      if isMet(seen) { return true }
      if hasEnded() { return false }
      arrived.sleep(while: seen, nanoseconds: SharedMemory.nap, isShared: true)
    }
  }
}
