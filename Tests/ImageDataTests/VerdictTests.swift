import FoundationEssentials
import ImageData
import Primitives
import Testing

/// One verdict on a file, whatever it is decoded for.
@Suite struct VerdictTests {
  static let names =
    (DecodingTests.lossy + ShrinkTests.names).sorted()
    + ["orientation6.jpg", "rgb.png", "palette-alpha.png", "interlaced.png", "rgba16.png"]

  @Test("Whole fixtures are decoded at every size", arguments: names)
  func whole(_ name: String) throws {
    #expect(try agreed(fixture(name), name) == nil)
  }

  @Test("A changed file has one verdict at every size", arguments: names)
  func mutants(_ name: String) throws {
    let bytes = try fixture(name)
    var stream = RandomStream(seed: 4, purpose: .test)
    var refused = 0
    for number in 0..<400 {
      var changed = bytes
      switch number % 4 {
      case 0: changed.removeSubrange(stream.index(below: bytes.count)...)
      case 1: changed.remove(at: 2 + stream.index(below: bytes.count - 2))
      default:
        for _ in 0...(number % 3) {
          changed[2 + stream.index(below: bytes.count - 2)] = UInt8(stream.index(below: 256))
        }
      }
      if agreed(changed, "\(name), mutant \(number)") != nil { refused += 1 }
    }
    #expect(refused > 100)
  }

  @Test("Damaged photos have one verdict at every size", .enabled(if: realData != nil))
  func damaged() throws {
    let folder = "\(realData ?? "")/damaged-jpeg"
    for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    where name.hasSuffix(".jpg") {
      agreed(try FileBytes.read("\(folder)/\(name)"), name)
    }
  }

  @Test("A colour component without a scan is damage")
  func missingComponent() throws {
    let head =
      JPEG.start + JPEG.quantization + JPEG.frame(16, 16, [0x11, 0x11, 0x11]) + JPEG.tables
    let scans = (1...3).map { JPEG.scan([$0], [0]) }
    #expect(agreed(head + scans.joined() + JPEG.end, "three scans") == nil)
    let failure = agreed(head + scans.dropLast().joined() + JPEG.end, "two scans")
    #expect(failure?.code == .damaged)
  }

  @Test("Odd sampling, single pixels and scans of one component are read")
  func oddities() throws {
    let samplings: [[UInt8]] = [
      [0x41, 0x11, 0x11], [0x12, 0x11, 0x11], [0x24, 0x11, 0x11], [0x22, 0x21, 0x12],
      [0x44, 0x11, 0x11], [0x14, 0x11, 0x11], [0x11, 0x11, 0x11, 0x11],
    ]
    for sampling in samplings {
      for (width, height) in [(1, 1), (17, 1), (1, 33), (40, 24)] {
        let bytes = JPEG.file(width, height, sampling: sampling, blocks: 300)
        // Many blocks fit in a picture: the rest is behind the last one.
        let scanned =
          JPEG.start + JPEG.quantization + JPEG.frame(width, height, sampling)
          + JPEG.tables
        let single = sampling.indices.reduce(scanned) { file, index in
          let blocks = blockCount(width, height, sampling, index)
          return file
            + JPEG.scan([UInt8(index + 1)], [UInt8](repeating: 0, count: (2 * blocks + 7) / 8))
        }
        let name = "\(sampling), \(width) x \(height)"
        #expect(agreed(single + JPEG.end, name) == nil)
        let image = try ImageReader.decode(bytes: single + JPEG.end)
        // At most ten blocks may stand together; what lies behind the last one hurts no pixel.
        if sampling.reduce(0, { $0 + Int($1 >> 4) * Int($1 & 15) }) > 10 {
          #expect(agreed(bytes, name)?.code == .damaged)
        } else {
          #expect(agreed(bytes, name) == nil)
          #expect(try ImageReader.decode(bytes: bytes) == image, "\(name)")
        }
        #expect(image.width == width && image.height == height)
        // Coefficients of zero are a medium grey; of four colours, half of half.
        let expected: UInt8 = sampling.count == 4 ? 64 : 128
        #expect(image.pixels.allSatisfy { $0 == expected }, "\(name): \(image.pixels[0])")
      }
    }
  }

  /// Blocks of a component's own scan.
  private func blockCount(_ width: Int, _ height: Int, _ sampling: [UInt8], _ index: Int) -> Int {
    func along(_ side: Int, _ part: Int, _ most: Int) -> Int {
      ((side * part + most - 1) / most + 7) / 8
    }
    let across = sampling.map { Int($0 >> 4) }
    let down = sampling.map { Int($0 & 15) }
    return along(width, across[index], across.max() ?? 1)
      * along(height, down[index], down.max() ?? 1)
  }

  @Test("Junk behind the last block is damage; junk between segments hurts no pixel")
  func junk() throws {
    let early = JPEG.file(extra: JPEG.segment(0xFE, []) + [1, 2, 3])
    #expect(agreed(early, "junk") == nil)
    #expect(try ImageReader.decode(bytes: early) == ImageReader.decode(bytes: JPEG.file()))
    let late = Array(try fixture("ycc420.jpg").dropLast(2)) + [1, 2, 3, 4, 5, 6, 7, 8] + JPEG.end
    #expect(agreed(late, "late junk")?.code == .damaged)
    #expect(agreed(JPEG.file(extra: JPEG.segment(0xEF, [1, 2, 3])), "APP15") == nil)
  }

  @Test("Restart markers are followed; a wrong one is damage")
  func restarts() throws {
    let head =
      JPEG.start + JPEG.quantization + JPEG.frame(24, 8) + JPEG.tables
      + JPEG.segment(0xDD, big(1, 2))
    let good = head + JPEG.scan([1], [0, 0xFF, 0xD0, 0, 0xFF, 0xD1, 0]) + JPEG.end
    #expect(agreed(good, "restarts") == nil)
    let wrong = head + JPEG.scan([1], [0, 0xFF, 0xD0, 0, 0xFF, 0xD5, 0]) + JPEG.end
    #expect(agreed(wrong, "wrong restart")?.code == .damaged)
  }

  @Test("Compressed data behind the last row are damage and are not unpacked")
  func behindRows() throws {
    func file(_ zeros: Int) -> [UInt8] {
      PNG.signature + PNG.header(8, 8) + PNG.chunk("IDAT", PNG.zeros(zeros)) + PNG.end
    }
    let rows = 8 * 25
    #expect(agreed(file(rows), "exact") == nil)
    #expect(agreed(file(rows + 1), "a byte more")?.code == .damaged)
    let much = agreed(file(50_000_000), "much more")
    #expect(much == ImageFailure(.damaged, "compressed data behind the last row"))
    for height in 1...4 {
      let bytes =
        PNG.signature + PNG.header(1, height, colour: 0, interlaced: true)
        + PNG.chunk("IDAT", PNG.zeros(5_000_000)) + PNG.end
      #expect(agreed(bytes, "interlaced")?.message == much?.message)
    }
    // Bytes behind the end of the compressed stream are no data.
    let junk =
      PNG.signature + PNG.header(8, 8)
      + PNG.chunk("IDAT", PNG.zeros(rows) + [1, 2, 3]) + PNG.end
    #expect(agreed(junk, "junk") == nil)
  }
}
