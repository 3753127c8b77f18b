import Glibc

/// A flat stretch of floats on a cache line, zero at first, of a fixed size.
///
/// A class, because it owns memory. It is shared between threads that write disjoint parts.
package final class FloatMemory: @unchecked Sendable {
  /// The first float.
  package let base: UnsafeMutablePointer<Float>
  /// Floats.
  package let count: Int

  /// Takes memory for `count` floats, or says that the system gives none.
  package init(count: Int) throws(ModelError) {
    let bytes = max(64, count * MemoryLayout<Float>.stride)
    var raw: UnsafeMutableRawPointer?
    // Large stretches on huge pages where the system offers them: fewer faults and misses.
    let alignment = bytes >= 1 << 22 ? 1 << 21 : 64
    guard posix_memalign(&raw, alignment, bytes) == 0, let raw else {
      throw .outOfMemory(bytes: bytes)
    }
    if alignment > 64 { _ = madvise(raw, bytes, MADV_HUGEPAGE) }
    memset(raw, 0, bytes)
    base = raw.bindMemory(to: Float.self, capacity: max(1, count))
    self.count = count
  }

  deinit {
    free(base)
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
    precondition(other.count == count, "stretches of different sizes")
    base.update(from: other.base, count: count)
  }
}
