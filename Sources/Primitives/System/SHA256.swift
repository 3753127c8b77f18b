internal import CSystem

/// The SHA-256 digest of a stream of bytes (FIPS 180-4).
package struct SHA256: Sendable {
  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a,
    0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  private var pending: [UInt8] = []
  private var length: UInt64 = 0

  private let usesInstructions: Bool

  /// Whether the processor has SHA-256 instructions.
  package static let hasInstructions = csystem_supports_sha256()

  /// A digest of no bytes yet, by the processor's instructions where it has them.
  ///
  /// `usesInstructions` false takes the portable code, for tests.
  package init(usesInstructions: Bool = true) {
    self.usesInstructions = usesInstructions && SHA256.hasInstructions
    pending.reserveCapacity(64)
  }

  /// Adds bytes to the stream.
  package mutating func update(_ bytes: some Sequence<UInt8>) {
    let done: Void? = bytes.withContiguousStorageIfAvailable { addAll($0) }
    if done == nil { Array(bytes).withUnsafeBufferPointer { addAll($0) } }
  }

  /// Adds bytes that lie in memory.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    bytes.withMemoryRebound(to: UInt8.self) { addAll($0) }
  }

  private mutating func addAll(_ bytes: UnsafeBufferPointer<UInt8>) {
    length &+= UInt64(bytes.count)
    var start = 0
    if !pending.isEmpty {
      let taken = min(64 - pending.count, bytes.count)
      pending.append(contentsOf: bytes[0..<taken])
      start = taken
      guard pending.count == 64 else { return }
      let block = pending
      block.withUnsafeBufferPointer { compress($0, blocks: 1) }
      pending.removeAll(keepingCapacity: true)
    }
    let whole = (bytes.count - start) / 64
    if whole > 0 {
      compress(UnsafeBufferPointer(rebasing: bytes[start..<(start + 64 * whole)]), blocks: whole)
    }
    pending.append(contentsOf: bytes[(start + 64 * whole)...])
  }

  /// Ends the stream and returns its 32 bytes.
  package mutating func finalize() -> [UInt8] {
    let bits = length &* 8
    let zeros = [UInt8](repeating: 0, count: (119 - pending.count) % 64)
    update([0x80] + zeros + bits.bigEndianBytes)
    return state.flatMap(\.bigEndianBytes)
  }

  /// The 32 bytes of the digest of `bytes`.
  package static func digest(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var digest = SHA256()
    digest.update(bytes)
    return digest.finalize()
  }

  /// The digest of `bytes`, 64 hexadecimal digits.
  package static func hex(of bytes: some Sequence<UInt8>) -> String {
    hexadecimal(digest(bytes))
  }

  /// Takes whole blocks into the state.
  private mutating func compress(_ bytes: UnsafeBufferPointer<UInt8>, blocks: Int) {
    guard let first = bytes.baseAddress else { return }
    guard usesInstructions else {
      PortableSHA256.compress(&state, bytes, blocks: blocks)
      return
    }
    state.withUnsafeMutableBufferPointer { words in
      if let words = words.baseAddress { csystem_sha256(words, first, blocks) }
    }
  }
}

/// Two lower-case hexadecimal digits a byte.
package func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  let digits = Array("0123456789abcdef".utf8)
  var text: [UInt8] = []
  for byte in bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
  return String(decoding: text, as: UTF8.self)
}
