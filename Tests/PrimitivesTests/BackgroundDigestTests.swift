import Primitives
import Testing

/// Memory that outlives a digest.
private final class Memory {
  let bytes: UnsafeMutableRawBufferPointer
  init(_ count: Int) {
    bytes = .allocate(byteCount: count, alignment: 64)
    for index in 0..<count { bytes[index] = UInt8(truncatingIfNeeded: 7 * index + 3) }
  }
  deinit { bytes.deallocate() }
}

@Suite("Digest on a thread of its own")
struct BackgroundDigestTests {
  @Test(arguments: [0, 1, 7, 200])
  func `pieces have the digest of the whole, however often it is asked for`(pieces: Int) {
    let memory = Memory(50_000)
    let digest = BackgroundDigest(head: [1, 2, 3], owner: memory)
    var whole = SHA256(usesInstructions: false)
    whole.update([1, 2, 3])
    for piece in 0..<pieces {
      let range = (piece * 250)..<(piece * 250 + piece + 1)
      let bytes = UnsafeRawBufferPointer(rebasing: memory.bytes[range])
      digest.add(bytes)
      whole.update(Array(bytes))
    }
    let expected = whole.finalize()
    #expect(digest.finish() == expected)
    #expect(digest.finish() == expected)
  }

  @Test func `one that is given up ends before its memory does`() {
    for _ in 0..<100 {
      weak var memory: Memory?
      do {
        let owned = Memory(1 << 16)
        memory = owned
        let digest = BackgroundDigest(head: [], owner: owned)
        for _ in 0..<20 { digest.add(UnsafeRawBufferPointer(owned.bytes)) }
      }
      #expect(memory == nil)
    }
  }
}
