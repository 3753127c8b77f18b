import Glibc
internal import Primitives

/// A flat stretch of floats on a cache line, zero at first, of a fixed size.
///
/// A class, because it owns memory. It is shared between threads that write disjoint parts.
package final class FloatMemory: @unchecked Sendable {
  /// The first float.
  package let base: UnsafeMutablePointer<Float>
  /// Floats.
  package let count: Int

  package var byteCount: Int { count * MemoryLayout<Float>.stride }

  /// Bytes of a large stretch on pages of its own; 0 for a small one from the heap.
  private let mapped: Int

  /// Takes memory for `count` floats, or says that the system gives none.
  package init(count: Int) throws(ModelError) {
    let bytes = max(64, try FloatMemory.room(floats: count))
    // Pages fresh from the system are zero already: what is never used costs nothing, and what a
    // file fills is not written twice.
    mapped = bytes >= FloatMemory.hugePage ? bytes : 0
    let raw =
      mapped > 0 ? FloatMemory.freshPages(bytes: bytes) : FloatMemory.fromHeap(bytes: bytes)
    guard let raw else { throw .outOfMemory(bytes: bytes) }
    base = raw.bindMemory(to: Float.self, capacity: max(1, count))
    self.count = count
  }

  deinit {
    if mapped > 0 {
      munmap(base, mapped)
    } else {
      free(base)
    }
  }

  /// The bytes of `floats`, if the system can give them now.
  ///
  /// It promises more than it has and ends a process that takes it at its word; so a large number
  /// is compared with what is there before a page is touched.
  package static func room(floats: Int) throws(ModelError) -> Int {
    let (bytes, overflow) = floats.multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
    guard !overflow else { throw .outOfMemory(bytes: Int.max) }
    return try room(bytes: bytes)
  }

  /// The same of a number of bytes.
  package static func room(bytes: Int) throws(ModelError) -> Int {
    if bytes > large, let available = AvailableMemory().bytes, bytes > available {
      throw .outOfMemory(bytes: bytes)
    }
    return bytes
  }

  /// Bytes that are asked for without looking; to look costs a few small files.
  private static let large = 1 << 28
  private static let hugePage = 1 << 21

  private static func fromHeap(bytes: Int) -> UnsafeMutableRawPointer? {
    var raw: UnsafeMutableRawPointer?
    guard posix_memalign(&raw, 64, bytes) == 0, let raw else { return nil }
    memset(raw, 0, bytes)
    return raw
  }

  /// Zero pages that begin on a huge page where the system offers them: fewer faults and misses.
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
    madvise(start, bytes, MADV_HUGEPAGE)
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

  /// Takes over all floats of another stretch of the same size.
  package func copy(from other: FloatMemory) {
    precondition(other.count == count, "ranges of different sizes")
    base.update(from: other.base, count: count)
  }
}
