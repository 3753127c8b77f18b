/// Pieces of PNG and JPEG files, for tests that need what no encoder writes.
enum PNG {
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
  static let end = chunk("IEND", [])

  /// A chunk with its right checksum.
  static func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
    big(body.count, 4) + Array(name.utf8) + body + big(Int(crc32(Array(name.utf8) + body)), 4)
  }

  static func header(
    _ width: Int, _ height: Int, depth: UInt8 = 8, colour: UInt8 = 2, interlaced: Bool = false
  ) -> [UInt8] {
    chunk("IHDR", big(width, 4) + big(height, 4) + [depth, colour, 0, 0, interlaced ? 1 : 0])
  }

  /// The compressed rows of a black picture.
  static func data(_ width: Int, _ height: Int, bits: Int = 24) -> [UInt8] {
    chunk("IDAT", zeros(height * (1 + (width * bits + 7) / 8)))
  }

  /// A whole file; `extra` stands between the header and the pixels.
  static func file(
    _ width: Int = 8, _ height: Int = 8, depth: UInt8 = 8, colour: UInt8 = 2, bits: Int = 24,
    interlaced: Bool = false, extra: [UInt8] = [], last: [UInt8] = []
  ) -> [UInt8] {
    signature + header(width, height, depth: depth, colour: colour, interlaced: interlaced)
      + extra + data(width, height, bits: bits) + last + end
  }

  /// A zlib stream of zeros, 158 to a byte.
  static func zeros(_ count: Int) -> [UInt8] {
    var bits = BitString()
    // The last block, in the fixed code: a zero, matches of 258 at distance 1, zeros, the end.
    bits.append(0b011, 3)
    let literal = { bits.appendCode(0b0011_0000, 8) }
    var left = count
    if left > 0 {
      literal()
      left -= 1
    }
    while left >= 258 {
      bits.appendCode(0b1100_0101, 8)
      bits.appendCode(0, 5)
      left -= 258
    }
    for _ in 0..<left { literal() }
    bits.appendCode(0, 7)
    return [0x78, 0x01] + bits.bytes + big((count % 65521) << 16 | 1, 4)
  }
}

/// Bits packed from the lowest of each byte on, as deflate has them.
struct BitString {
  var bytes: [UInt8] = []
  private var used = 8

  mutating func append(_ value: Int, _ count: Int) {
    for bit in 0..<count {
      if used == 8 {
        bytes.append(0)
        used = 0
      }
      bytes[bytes.count - 1] |= UInt8(value >> bit & 1) << UInt8(used)
      used += 1
    }
  }

  /// A Huffman code, whose highest bit comes first.
  mutating func appendCode(_ value: Int, _ count: Int) {
    for bit in stride(from: count - 1, through: 0, by: -1) { append(value >> bit, 1) }
  }
}

/// Pieces of a JPEG file.
enum JPEG {
  static let start: [UInt8] = [0xFF, 0xD8]
  static let end: [UInt8] = [0xFF, 0xD9]

  static func segment(_ marker: UInt8, _ body: [UInt8]) -> [UInt8] {
    [0xFF, marker] + big(body.count + 2, 2) + body
  }

  /// A table that divides by one.
  static let quantization = segment(0xDB, [0] + [UInt8](repeating: 1, count: 64))

  /// A frame header; each component has its sampling, such as 0x22.
  static func frame(
    _ width: Int, _ height: Int, _ sampling: [UInt8] = [0x11], marker: UInt8 = 0xC0,
    precision: UInt8 = 8
  ) -> [UInt8] {
    segment(
      marker,
      [precision] + big(height, 2) + big(width, 2) + [UInt8(sampling.count)]
        + sampling.enumerated().flatMap { [UInt8($0.offset + 1), $0.element, 0] })
  }

  /// Codes 0, 10, 110 and so on for the symbols.
  static func huffman(_ kindAndName: UInt8, _ symbols: [UInt8]) -> [UInt8] {
    let lengths = (1...16).map { UInt8($0 <= symbols.count ? 1 : 0) }
    return segment(0xC4, [kindAndName] + lengths + symbols)
  }

  /// Codes of one bit for "no difference" and "end of block": a grey block is two zero bits.
  static let tables = huffman(0x00, [0]) + huffman(0x10, [0])

  static func scan(
    _ components: [UInt8], from: UInt8 = 0, to: UInt8 = 63, approximation: UInt8 = 0,
    _ data: [UInt8]
  ) -> [UInt8] {
    segment(
      0xDA,
      [UInt8(components.count)] + components.flatMap { [$0, 0x00] } + [from, to, approximation])
      + data
  }

  /// Everything of a grey baseline picture before its scan.
  static func beginning(_ width: Int = 8, _ height: Int = 8) -> [UInt8] {
    start + quantization + frame(width, height) + tables
  }

  /// A whole grey picture; `extra` stands before the frame.
  static func file(
    _ width: Int = 8, _ height: Int = 8, sampling: [UInt8] = [0x11], extra: [UInt8] = [],
    blocks: Int? = nil
  ) -> [UInt8] {
    let blocks = blocks ?? ((width + 7) / 8) * ((height + 7) / 8)
    let names = sampling.indices.map { UInt8($0 + 1) }
    return start + extra + quantization + frame(width, height, sampling) + tables
      + scan(names, [UInt8](repeating: 0, count: (2 * blocks + 7) / 8)) + end
  }

  /// An EXIF segment around TIFF data.
  static func exif(_ data: [UInt8]) -> [UInt8] {
    segment(0xE1, Array("Exif\0\0".utf8) + data)
  }
}

/// TIFF data, highest byte first, with one directory of entries of 12 bytes.
func tiff(_ entries: [[UInt8]], count: Int? = nil) -> [UInt8] {
  Array("MM".utf8) + big(42, 2) + big(8, 4) + big(count ?? entries.count, 2)
    + entries.flatMap { $0 } + big(0, 4)
}

/// A directory entry of one short number.
func tiffEntry(_ tag: Int, _ value: Int, type: Int = 3, count: Int = 1) -> [UInt8] {
  big(tag, 2) + big(type, 2) + big(count, 4) + big(value, 2) + [0, 0]
}

/// A number of `count` bytes, highest first.
func big(_ value: Int, _ count: Int) -> [UInt8] {
  (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}

private let crcTable: [UInt32] = (0..<256).map { value in
  (0..<8).reduce(UInt32(value)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
}

/// The checksum of PNG's chunks.
func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
  ~bytes.reduce(~0) { $0 >> 8 ^ crcTable[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] }
}
