import Glibc
internal import Primitives
internal import Ranks

/// A fixed-size array of floats, zeroed and aligned to a cache line.
///
/// A class, because it owns memory. It is shared between threads that write disjoint parts.
package final class FloatMemory: @unchecked Sendable {
  /// The first float.
  package let base: UnsafeMutablePointer<Float>
  /// Floats.
  package let count: Int

  /// The floats, to be read.
  var numbers: UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(start: UnsafePointer(base), count: count)
  }

  package var byteCount: Int { count * MemoryLayout<Float>.stride }

  /// Bytes if the memory is large and has its own pages; 0 if it comes from the heap.
  private let mapped: Int
  /// Whose memory it is, if it is not its own.
  let owner: SharedFloats?

  /// Allocates `count` floats; throws if the system has too little memory.
  package init(count: Int) throws(ModelError) {
    let bytes = max(64, try FloatMemory.room(floats: count))
    // Fresh pages are already zero: unused ones cost nothing, and none is written twice.
    mapped = FloatMemory.mappedBytes(bytes)
    let raw =
      mapped > 0 ? FloatMemory.freshPages(bytes: mapped) : FloatMemory.fromHeap(bytes: bytes)
    guard let raw else { throw .outOfMemory(bytes: bytes) }
    base = raw.bindMemory(to: Float.self, capacity: max(1, count))
    self.count = count
    owner = nil
  }

  /// The floats that other processes can add to theirs.
  init(_ shared: SharedFloats) {
    (base, count, mapped, owner) = (shared.base, shared.count, 0, shared)
  }

  deinit {
    if owner != nil { return }
    if mapped > 0 {
      munmap(base, mapped)
    } else {
      free(base)
    }
  }

  /// The bytes of `floats` floats, if the system can provide them now.
  ///
  /// Linux overcommits and later kills the process; so a large request is compared with the free
  /// memory before a page is touched.
  package static func room(floats: Int) throws(ModelError) -> Int {
    let (bytes, overflow) = floats.multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
    guard !overflow else { throw .outOfMemory(bytes: Int.max) }
    return try room(bytes: bytes)
  }

  /// The same for a number of bytes.
  package static func room(bytes: Int) throws(ModelError) -> Int {
    if bytes > large, let available = AvailableMemory().bytes, bytes > available {
      throw .outOfMemory(bytes: bytes)
    }
    return bytes
  }

  /// Requests up to this size are not checked; a check reads a few small files.
  private static let large = 1 << 28
  private static let hugePage = 1 << 21

  /// The size of a mapping for so many bytes; 0 where they come from the heap.
  ///
  /// The last huge page is mapped whole if at least half of it is used: the system clears it in the
  /// time that a hundred of its 512 small pages take.
  private static func mappedBytes(_ bytes: Int) -> Int {
    let rest = bytes % hugePage
    if rest < hugePage / 2 { return bytes < hugePage ? 0 : bytes }
    let (whole, overflow) = bytes.addingReportingOverflow(hugePage - rest)
    return overflow ? bytes : whole
  }

  private static func fromHeap(bytes: Int) -> UnsafeMutableRawPointer? {
    var raw: UnsafeMutableRawPointer?
    guard posix_memalign(&raw, 64, bytes) == 0, let raw else { return nil }
    memset(raw, 0, bytes)
    return raw
  }

  /// Zeroed pages, aligned to huge pages where the system has them: fewer page faults and TLB
  /// misses.
  private static func freshPages(bytes: Int) -> UnsafeMutableRawPointer? {
    let (wanted, overflow) = bytes.addingReportingOverflow(hugePage)
    guard !overflow else { return nil }
    let flags = MAP_PRIVATE | MAP_ANONYMOUS
    guard let all = mmap(nil, wanted, PROT_READ | PROT_WRITE, flags, -1, 0), all != MAP_FAILED
    else { return nil }
    let start = all.alignedUp(toMultipleOf: hugePage)
    let page = sysconf(Int32(_SC_PAGESIZE))
    let end = (start + bytes).alignedUp(toMultipleOf: page)
    if start > all { munmap(all, start - all) }
    if end < all + wanted { munmap(end, all + wanted - end) }
    Platform.preferHugePages(start, bytes: bytes)
    return start
  }

  /// The floats of a range, copied.
  package func values(_ range: Range<Int>) -> [Float] {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "range outside the memory")
    return Array(UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
  }

  /// Writes floats from `offset` on.
  package func write(_ values: [Float], at offset: Int) {
    precondition(offset >= 0 && offset + values.count <= count, "range outside the memory")
    values.withUnsafeBufferPointer { source in
      if let first = source.baseAddress {
        (base + offset).update(from: first, count: source.count)
      }
    }
  }

  /// Copies all floats of another array of the same size.
  package func copy(from other: FloatMemory) {
    precondition(other.count == count, "ranges of different sizes")
    base.update(from: other.base, count: count)
  }
}
