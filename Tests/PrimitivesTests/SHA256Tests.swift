import Primitives
import Testing

@Suite("SHA-256")
struct SHA256Tests {
  @Test func `the examples of FIPS 180 have their digests`() {
    #expect(
      SHA256.hex(of: [])
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(
      SHA256.hex(of: "abc".utf8)
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      SHA256.hex(of: "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
        == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    #expect(
      SHA256.hex(of: [UInt8](repeating: 0x61, count: 1_000_000))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  /// Byte i is 7 i + 3 modulo 256; the digests are those of Python's hashlib.
  private static let digests = [
    (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (3, "6ab0dba1f4f1dfbb37b4f9eeb092c09fca4900ad32bdcd147d8dde35d6c87c35"),
    (55, "e7313d333c272e639f790978283f9eb392e843d0f29b7016828bb1daa4aac70b"),
    (56, "4324d65f3c103567f5589c710bc08f8523f929a9272e3af36fc968e52abc6c27"),
    (63, "81c80242132f230c3bd41b3e63bbcff16107339549214a99614ff26664625055"),
    (64, "39e3d7b6b5d075d37d053ad89b24b41bef4f3c29760c84447cab3f3be1882241"),
    (65, "aacca6ff74fdbb296d165a45cecfa04e5127bc008770fbbdd48006f2d2fae95e"),
    (119, "9ce7368e4daf32341631b492e80359dc9f594b48453cd0dd5bf0b19279cc177e"),
    (127, "a8d23e75d936f303d248888d9b165ee543f4cbafcad3c9dd2a79bd84faa11d07"),
    (128, "d2742f1f4ac6bb7ca2b239ee18402ba8b3f9f8e652d2a72973c2b9ba11c08cf6"),
    (1000, "1e9bc38cbf860b9ec31918b065f9b52476c549a782e0e7990bed8ce3868d2371"),
  ]

  private func message(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: 7 * $0 + 3) }
  }

  @Test func `messages around the length of a block have their digests`() {
    for (count, digest) in SHA256Tests.digests {
      #expect(SHA256.hex(of: message(count)) == digest, "\(count) bytes")
    }
  }

  @Test func `a message in parts has the digest of the whole`() {
    for (count, digest) in SHA256Tests.digests {
      for part in [1, 2, 55, 63, 64, 65, 128, 300] {
        var hash = SHA256()
        let bytes = message(count)
        for start in stride(from: 0, to: count, by: part) {
          hash.update(bytes[start..<min(count, start + part)])
          hash.update([])
        }
        #expect(hexadecimal(hash.finalize()) == digest, "\(count) bytes in parts of \(part)")
      }
    }
  }

  /// The portable code is held to the known digests, the instructions to the portable code.
  @Test func `the processor's instructions and the portable code give the same digests`() {
    for (count, digest) in SHA256Tests.digests {
      var portable = SHA256(usesInstructions: false)
      portable.update(message(count))
      #expect(hexadecimal(portable.finalize()) == digest, "\(count) bytes, portable")
    }
    // Every number of blocks to some, at every alignment, and a long run of random bytes.
    var random = RandomStream(seed: 5, purpose: .initialization, sample: 0)
    let bytes = (0..<100_000).map { _ in UInt8(truncatingIfNeeded: Int(random.uniform() * 256)) }
    let ranges = (0..<40).map { $0..<(64 * $0 + 3 * $0 + 1) } + [1..<99_990]
    for range in ranges {
      var portable = SHA256(usesInstructions: false)
      var quick = SHA256()
      portable.update(bytes[range])
      bytes.withUnsafeBytes { quick.update(UnsafeRawBufferPointer(rebasing: $0[range])) }
      #expect(quick.finalize() == portable.finalize(), "bytes \(range)")
    }
  }

  @Test func `a sequence without storage has the digest of its bytes`() {
    let bytes = (0..<1_000).lazy.map { UInt8(truncatingIfNeeded: 7 * $0 + 3) }
    #expect(SHA256.hex(of: bytes) == SHA256Tests.digests.last?.1)
  }

  @Test func `bytes are written as two lower-case digits`() {
    #expect(hexadecimal([0, 1, 0x0F, 0xA0, 0xFF]) == "00010fa0ff")
  }
}
