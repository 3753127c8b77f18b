/// Floats between two guard bands, so that a write outside them shows.
///
/// The bands hold a pattern that no computation gives. A buffer starts full of NaN, so that an
/// element nobody wrote, or a scratch value read before it was written, shows as well. A class,
/// because it owns memory. An array of them lives no longer than its last use: who keeps only their
/// pointers must extend its life.
package final class GuardedBuffer {
  /// The floats that the code under test may write.
  package let floats: UnsafeMutableBufferPointer<Float>
  /// The first of them.
  package let pointer: UnsafeMutablePointer<Float>
  private let raw: UnsafeMutableRawPointer
  private let words: UnsafeMutableBufferPointer<UInt32>

  /// Words in each band: more than a cache line and more than the widest register.
  private static let band = 64
  /// A signalling NaN with a payload, unlike the quiet ones that arithmetic gives.
  private static let pattern: UInt32 = 0x7FA5_5A5A

  /// `count` floats of NaN, `misalignment` floats past a 64-byte boundary.
  package init(count: Int, misalignment: Int = 0) {
    let total = 2 * GuardedBuffer.band + misalignment + count
    raw = .allocate(byteCount: 4 * total, alignment: 64)
    let start = raw.bindMemory(to: UInt32.self, capacity: total)
    words = UnsafeMutableBufferPointer(start: start, count: total)
    words.initialize(repeating: GuardedBuffer.pattern)
    let first = UnsafeMutableRawPointer(start + GuardedBuffer.band + misalignment)
    pointer = first.bindMemory(to: Float.self, capacity: count)
    floats = UnsafeMutableBufferPointer(start: pointer, count: count)
    floats.initialize(repeating: .nan)
  }

  /// A buffer that holds `values`.
  package convenience init(_ values: [Float], misalignment: Int = 0) {
    self.init(count: values.count, misalignment: misalignment)
    for (index, value) in values.enumerated() { floats[index] = value }
  }

  deinit {
    raw.deallocate()
  }

  /// The floats as an array.
  package var values: [Float] { Array(floats) }

  /// Where a band was overwritten, in floats from the first one (negative before it), or nil.
  package var damage: Int? {
    let start = words.count - GuardedBuffer.band - floats.count
    for index in 0..<words.count where index < start || index >= start + floats.count {
      let word = raw.load(fromByteOffset: 4 * index, as: UInt32.self)
      if word != GuardedBuffer.pattern { return index - start }
    }
    return nil
  }
}
