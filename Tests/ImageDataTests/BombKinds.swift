import ImageData

/// A repeated run of bytes.
private func times(_ count: Int, _ bytes: [UInt8]) -> [UInt8] {
  var result: [UInt8] = []
  result.reserveCapacity(count * bytes.count)
  for _ in 0..<count { result += bytes }
  return result
}

extension BombTests {
  static let pngBombs: [Bomb] = [
    Bomb("PNG sides of 2^31 - 1", .tooLarge) {
      PNG.signature + PNG.header(0x7FFF_FFFF, 0x7FFF_FFFF) + PNG.data(1, 1) + PNG.end
    },
    Bomb("PNG of sides beyond 31 bits", .damaged, .tooLarge) {
      PNG.signature + PNG.header(0xFFFF_FFFF, 0xFFFF_FFFF) + PNG.data(1, 1) + PNG.end
    },
    Bomb("PNG 1 x 2^31 - 1", .tooLarge) {
      PNG.signature + PNG.header(1, 0x7FFF_FFFF) + PNG.data(1, 1) + PNG.end
    },
    Bomb("PNG 30,000 x 30,000 of one bit", .tooLarge) {
      PNG.file(30_000, 30_000, depth: 1, colour: 0, bits: 1)
    },
    Bomb("PNG 32,768 x 32,768 of 64 bits", .tooLarge) {
      PNG.signature + PNG.header(32_768, 32_768, depth: 16, colour: 6) + PNG.data(8, 8) + PNG.end
    },
    Bomb("PNG 8000 x 8000 in a few bytes", .truncated) {
      PNG.signature + PNG.header(8000, 8000, depth: 16, colour: 6) + PNG.data(8, 8) + PNG.end
    },
    Bomb("PNG 8000 x 8000 interlaced in a few bytes", .truncated) {
      PNG.signature + PNG.header(8000, 8000, colour: 6, interlaced: true) + PNG.data(8, 8)
        + PNG.end
    },
    Bomb("PNG a million empty data chunks", .tooLarge) {
      PNG.signature + PNG.header(8, 8) + times(1_000_000, PNG.chunk("IDAT", []))
        + PNG.data(8, 8) + PNG.end
    },
    Bomb("PNG a million data chunks of one byte", .tooLarge) {
      PNG.signature + PNG.header(8, 8) + times(1_000_000, PNG.chunk("IDAT", [0x78])) + PNG.end
    },
    Bomb("PNG data that expand beyond the picture", .damaged) {
      PNG.signature + PNG.header(8, 8) + PNG.chunk("IDAT", PNG.zeros(100_000_000)) + PNG.end
    },
    Bomb("PNG more data than the rows can need", .tooLarge) {
      PNG.signature + PNG.header(8, 8) + PNG.chunk("IDAT", PNG.zeros(400_000_000)) + PNG.end
    },
    Bomb("PNG data of empty compressed blocks", .tooLarge) {
      // An empty stored block is five bytes; a megabyte and more of them.
      let blocks = times(300_000, [0x00, 0x00, 0x00, 0xFF, 0xFF])
      return PNG.signature + PNG.header(8, 8) + PNG.chunk("IDAT", [0x78, 0x01] + blocks)
        + PNG.data(8, 8) + PNG.end
    },
    Bomb("PNG a palette beyond 256 colours", .damaged) {
      PNG.signature + PNG.header(8, 8, colour: 3)
        + PNG.chunk("PLTE", [UInt8](repeating: 0, count: 30_000_000)) + PNG.data(8, 8, bits: 8)
        + PNG.end
    },
    Bomb("PNG a million text chunks", .tooLarge) {
      PNG.file(extra: times(1_000_000, PNG.chunk("tEXt", Array("a\0b".utf8))))
    },
    Bomb("PNG an animation of a hundred thousand frames", .tooLarge) {
      PNG.file(
        extra: PNG.chunk("acTL", big(100_000, 4) + big(0, 4)),
        last: times(100_000, PNG.chunk("fdAT", big(1, 4) + [0x78])))
    },
    Bomb("PNG a chunk of 2 GB that is not there", .truncated, .damaged) {
      PNG.signature + PNG.header(8, 8) + big(0x7FFF_FFFF, 4) + Array("IDAT".utf8)
        + [UInt8](repeating: 0, count: 1000)
    },
    Bomb("PNG a critical chunk that nobody knows", .damaged) {
      PNG.file(extra: PNG.chunk("BOMB", [UInt8](repeating: 0, count: 10_000_000)))
    },
  ]

  static let jpegBombs: [Bomb] = [
    Bomb("JPEG 65,500 x 65,500", .tooLarge) { JPEG.file(65_500, 65_500, blocks: 8) },
    Bomb("JPEG 65,535 x 1", .tooLarge) { JPEG.file(65_535, 1) },
    Bomb("JPEG 8000 x 8000 in a few bytes", .truncated) {
      JPEG.file(8000, 8000, sampling: [0x11, 0x11, 0x11], blocks: 100)
    },
    Bomb("JPEG progressive 32,768 x 32,768", .tooLarge) { progressive(32_768, 32_768) },
    Bomb("JPEG progressive 8000 x 8000 in a few bytes", .truncated) { progressive(8000, 8000) },
    Bomb("JPEG progressive 64 million pixels of four colours, cut", .truncated) {
      progressive(8000, 8000, [0x11, 0x11, 0x11, 0x11]) + times(50_000, [0xFE, 0xFE])
    },
    Bomb("JPEG a thousand scans", .tooLarge) {
      progressive(8, 8) + times(1000, ending(bits: 1)) + JPEG.end
    },
    Bomb("JPEG a hundred scans of end-of-block runs over a large picture", .tooLarge) {
      // Blocks enough that each scan is work, in bytes enough to be believed.
      progressive(8000, 7000, [0x11], [UInt8](repeating: 0, count: 120_000))
        + times(99, ending(bits: 900)) + JPEG.end
    },
    Bomb("JPEG arithmetic coding of a large picture in many scans", .tooLarge) {
      JPEG.start + JPEG.quantization + JPEG.frame(8000, 8000, marker: 0xCA)
        + JPEG.scan([1], to: 0, [0])
        + times(90, JPEG.scan([1], from: 1, to: 63, [0])) + JPEG.end
    },
    Bomb("JPEG a million restart markers behind the data", .tooLarge, .damaged) {
      JPEG.beginning() + JPEG.scan([1], [0])
        + times(125_000, (0..<8).flatMap { [0xFF, 0xD0 + UInt8($0)] }) + JPEG.end
    },
    Bomb("JPEG a million restart markers before the data", .tooLarge) {
      JPEG.start + times(1_000_000, [0xFF, 0xD0]) + JPEG.file().dropFirst(2)
    },
    Bomb("JPEG ten million fill bytes", .tooLarge) {
      JPEG.start + [UInt8](repeating: 0xFF, count: 10_000_000) + JPEG.file().dropFirst(2)
    },
    Bomb("JPEG ten million fill bytes in the data", .tooLarge) {
      JPEG.beginning() + JPEG.scan([1], [UInt8](repeating: 0xFF, count: 10_000_000)) + JPEG.end
    },
    Bomb("JPEG millions of empty comments", .tooLarge) {
      JPEG.file(extra: times(3_000_000, JPEG.segment(0xFE, [])))
    },
    Bomb("JPEG a million small application segments", .tooLarge) {
      JPEG.file(extra: times(1_000_000, JPEG.segment(0xE5, [1, 2])))
    },
    Bomb("JPEG a hundred megabytes of Huffman tables", .tooLarge) {
      let table = JPEG.segment(
        0xC4, times(3600, [0, 1] + [UInt8](repeating: 0, count: 15) + [0]))
      return JPEG.file(extra: times(1600, table))
    },
    Bomb("JPEG a hundred megabytes of quantization tables", .tooLarge) {
      let table = JPEG.segment(0xDB, times(1000, [0] + [UInt8](repeating: 1, count: 64)))
      return JPEG.file(extra: times(1600, table))
    },
    Bomb("JPEG fifty megabytes behind the last block", .tooLarge) {
      JPEG.beginning() + JPEG.scan([1], [UInt8](repeating: 0x55, count: 50_000_000)) + JPEG.end
    },
    Bomb("JPEG of 12 bits", .unsupported) {
      JPEG.start + JPEG.quantization + JPEG.frame(8000, 8000, marker: 0xC1, precision: 12)
        + JPEG.tables + JPEG.scan([1], [UInt8](repeating: 0, count: 300_000)) + JPEG.end
    },
    Bomb("JPEG without loss", .unsupported) {
      JPEG.start + JPEG.frame(8000, 8000, marker: 0xC3) + JPEG.tables
        + JPEG.scan([1], from: 1, to: 0, [UInt8](repeating: 0, count: 9_000_000)) + JPEG.end
    },
    Bomb("JPEG that tells its height after the scan", .unsupported) {
      JPEG.file(8000, 0, blocks: 100_000)
    },
  ]

  /// Files whose decoding is asked to end as if nothing were there.
  static let harmless: [Bomb] = [
    Bomb("PNG compressed text of 800 MB") {
      PNG.file(extra: PNG.chunk("zTXt", Array("a\0\0".utf8) + PNG.zeros(800_000_000)))
    },
    Bomb("PNG compressed international text of 800 MB") {
      PNG.file(extra: PNG.chunk("iTXt", Array("a\0\u{1}\0\0\0".utf8) + PNG.zeros(800_000_000)))
    },
    Bomb("PNG colour profile of 800 MB") {
      PNG.file(extra: PNG.chunk("iCCP", Array("a\0\0".utf8) + PNG.zeros(800_000_000)))
    },
    Bomb("PNG suggested palette of 20 MB") {
      PNG.file(
        extra: PNG.chunk("sPLT", Array("a\0\u{8}".utf8) + [UInt8](repeating: 0, count: 20_000_000)))
    },
    Bomb("PNG EXIF data of 20 MB") {
      PNG.file(extra: PNG.chunk("eXIf", deepTIFF(20_000_000)))
    },
    Bomb("PNG transparency of 20 MB") {
      PNG.file(extra: PNG.chunk("tRNS", [UInt8](repeating: 0, count: 20_000_000)))
    },
    Bomb("PNG sixty thousand text chunks") {
      PNG.file(extra: times(60_000, PNG.chunk("tEXt", Array("a\0b".utf8))))
    },
    Bomb("JPEG EXIF directories in a circle") {
      // One entry, and the next directory is the first again.
      JPEG.file(
        extra: JPEG.exif(
          Array("MM\0*".utf8) + big(8, 4) + big(1, 2) + tiffEntry(0x8769, 8, type: 4) + big(8, 4)))
    },
    Bomb("JPEG EXIF directory of 65,535 entries") {
      JPEG.file(extra: JPEG.exif(deepTIFF(65_000)))
    },
    Bomb("JPEG five hundred comments of 60 kB") {
      JPEG.file(extra: times(500, JPEG.segment(0xFE, [UInt8](repeating: 0xFF, count: 60_000))))
    },
  ]

  /// TIFF data of this many bytes, all of them one directory of tags that mean nothing.
  private static func deepTIFF(_ count: Int) -> [UInt8] {
    let start = Array("MM\0*".utf8) + big(8, 4) + big(65_535, 2)
    return start + [UInt8](repeating: 1, count: count - start.count)
  }

  /// A progressive picture up to its first scan, of grey differences all zero.
  private static func progressive(
    _ width: Int, _ height: Int, _ sampling: [UInt8] = [0x11, 0x11, 0x11],
    _ data: [UInt8] = [0]
  ) -> [UInt8] {
    JPEG.start + JPEG.quantization + JPEG.frame(width, height, sampling, marker: 0xC2)
      // End-of-block runs of 2^14 and more blocks: one bit, then 14 of length.
      + JPEG.huffman(0x00, [0]) + JPEG.huffman(0x10, [0xE0])
      + JPEG.scan(sampling.indices.map { UInt8($0 + 1) }, to: 0, data)
  }

  /// A scan that says of all blocks that nothing more comes.
  private static func ending(bits: Int) -> [UInt8] {
    // A zero for the code and 14 ones for the length: never 0xFF in a row.
    JPEG.scan([1], from: 1, to: 63, [UInt8](repeating: 0x7E, count: (bits + 7) / 8))
  }
}
