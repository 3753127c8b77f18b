import ImageData
import TestSupport
import Testing

/// Refusing a file gives all memory back: whichever way the libraries leave, one exit frees.
@Suite struct LeakTests {
  static let classes: [(name: String, bytes: [UInt8])] = [
    ("no picture", Array("text".utf8)),
    ("JPEG cut in its header", Array(JPEG.beginning().prefix(60))),
    ("JPEG cut in its data", Array(JPEG.file(64, 64).dropLast(6))),
    ("JPEG of a bad table", JPEG.start + JPEG.segment(0xC4, [0x44, 1]) + JPEG.end),
    (
      "JPEG with a bad code",
      JPEG.beginning(64, 64) + JPEG.scan([1], [0xFE, 0xFE, 0xFE]) + JPEG.end
    ),
    ("JPEG without tables", JPEG.start + JPEG.frame(8, 8) + JPEG.scan([1], [0]) + JPEG.end),
    ("JPEG of too many pixels", JPEG.file(40_000, 40_000, blocks: 8)),
    ("JPEG of 12 bits", JPEG.start + JPEG.frame(8, 8, precision: 12) + JPEG.end),
    (
      "progressive JPEG cut in its second scan",
      JPEG.start + JPEG.quantization + JPEG.frame(64, 64, marker: 0xC2)
        + JPEG.huffman(0x00, [0]) + JPEG.huffman(0x10, [0])
        + JPEG.scan([1], to: 0, [UInt8](repeating: 0, count: 8))
        + JPEG.scan([1], from: 1, [0])
    ),
    (
      "JPEG of four colours with a bad code",
      JPEG.start + JPEG.quantization + JPEG.frame(64, 64, [0x11, 0x11, 0x11, 0x11]) + JPEG.tables
        + JPEG.scan([1, 2, 3, 4], [0, 0xFE, 0xFE]) + JPEG.end
    ),
    ("PNG cut in its header", Array(PNG.file().prefix(20))),
    ("PNG cut in its data", Array(PNG.file(64, 64).dropLast(20))),
    ("PNG without data", PNG.signature + PNG.header(8, 8) + PNG.end),
    // The last byte of the data's, before the chunk that ends the file.
    ("PNG with a bad checksum", PNG.file().dropLast(13) + [0] + PNG.file().suffix(12)),
    ("PNG of bad compressed data", PNG.signature + PNG.header(8, 8) + badData + PNG.end),
    ("PNG without a palette", PNG.file(colour: 3, bits: 8)),
    ("PNG of a bad palette", PNG.file(colour: 3, bits: 8, extra: PNG.chunk("PLTE", [1]))),
    ("PNG of too many pixels", PNG.file(40_000, 1)),
    ("PNG of too much data", PNG.signature + PNG.header(8, 8) + tooMuch + PNG.end),
    ("interlaced PNG cut", Array(PNG.file(64, 64, interlaced: true).dropLast(24))),
  ]
  private static let badData = PNG.chunk("IDAT", [0x78, 0x01, 0xFF, 0xFF, 0xFF])
  private static let tooMuch = PNG.chunk("IDAT", PNG.zeros(5000))

  @Test("Ten thousand refusals of a file leave less than a megabyte behind")
  func refusals() async {
    // In a process of its own: what other tests allocate would hide a leak or look like one.
    await #expect(processExitsWith: .success) {
      for (name, bytes) in LeakTests.classes {
        #expect(throws: ImageFailure.self, "\(name)") { try ImageReader.decode(bytes: bytes) }
        let before = try Measurement.memory("VmRSS")
        for number in 0..<10_000 {
          _ = try? ImageReader.decodeImage(bytes: bytes) { _, _ in number % 2 == 0 ? 1 : 4 }
        }
        let growth = try Measurement.memory("VmRSS") - before
        #expect(growth < 1024, "\(name): \(growth) kB")
      }
    }
  }
}
