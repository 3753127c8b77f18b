import Foundation

/// A PNG file of the given rows, without compression.
///
/// `channels`: 1 for grey, 3 for RGB; `depth`: 8 or 16 bits, the samples given as bytes.
func pngFile(width: Int, height: Int, channels: Int, depth: Int = 8, samples: [UInt8]) -> [UInt8] {
  let stride = width * channels * depth / 8
  var rows: [UInt8] = []
  for row in 0..<height { rows += [0] + samples[row * stride..<(row + 1) * stride] }
  let header =
    bigEndian(UInt32(width)) + bigEndian(UInt32(height))
    + [UInt8(depth), channels == 1 ? 0 : 2, 0, 0, 0]
  return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header)
    + chunk("IDAT", stored(rows)) + chunk("IEND", [])
}

/// A zlib stream of stored blocks.
private func stored(_ bytes: [UInt8]) -> [UInt8] {
  var stream: [UInt8] = [0x78, 0x01]
  var rest = bytes[...]
  while !rest.isEmpty {
    let block = rest.prefix(0xFFFF)
    rest = rest.dropFirst(block.count)
    let length = UInt16(block.count)
    stream += [rest.isEmpty ? 1 : 0, UInt8(length & 0xFF), UInt8(length >> 8)]
    stream += [UInt8(~length & 0xFF), UInt8(~length >> 8)] + block
  }
  var a: UInt32 = 1
  var b: UInt32 = 0
  for byte in bytes {
    a = (a + UInt32(byte)) % 65521
    b = (b + a) % 65521
  }
  return stream + bigEndian(b << 16 | a)
}

private func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
  let body = Array(name.utf8) + content
  var crc: UInt32 = 0xFFFF_FFFF
  for byte in body {
    crc ^= UInt32(byte)
    for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
  }
  return bigEndian(UInt32(content.count)) + body + bigEndian(~crc)
}

private func bigEndian(_ value: UInt32) -> [UInt8] {
  [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
}

/// A picture of one colour with a little noise; no two numbers give the same one.
func tinyPicture(red: UInt8, green: UInt8, blue: UInt8, number: Int) -> [UInt8] {
  var state = UInt32(truncatingIfNeeded: number &* 2_654_435_761 &+ Int(red))
  var samples: [UInt8] = []
  for _ in 0..<18 * 20 {
    for channel in [red, green, blue] {
      state = state &* 1_664_525 &+ 1_013_904_223
      samples.append(channel &+ UInt8(state >> 27))
    }
  }
  return pngFile(width: 18, height: 20, channels: 3, samples: samples)
}

/// Writes a file, making the folders above it.
func write(_ bytes: [UInt8], to path: String) throws {
  let url = URL(fileURLWithPath: path)
  try FileManager.default.createDirectory(
    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
  try Data(bytes).write(to: url)
}

/// The bytes of a JPEG beside this file.
func fixture(_ name: String) throws -> [UInt8] {
  let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  return Array(try Data(contentsOf: folder.appending(path: "Fixtures/\(name)")))
}
