import ImageData
import Testing

/// Files with faults that hurt no pixel, and such that do.
///
/// Which is which was compared with Pillow 13: the first are shown with the same pixels.
@Suite struct ToleranceTests {
  /// A photo of one scan, and where its parts stand.
  private static let name = "ycc420.jpg"

  private func start(_ marker: UInt8, in bytes: [UInt8]) throws -> Int {
    try #require(bytes.indices.first { bytes[$0...].starts(with: [0xFF, marker]) })
  }

  private func inserting(_ more: [UInt8], at place: Int, in bytes: [UInt8]) -> [UInt8] {
    Array(bytes[..<place]) + more + Array(bytes[place...])
  }

  private func expectSame(
    _ bytes: [UInt8], as other: [UInt8], _ trait: ImageFacts.Trait?, _ title: String
  ) throws {
    #expect(agreed(bytes, title) == nil, "\(title)")
    let (picture, facts) = try ImageReader.decodeWithFacts(bytes: bytes)
    #expect(try picture.upright == ImageReader.decode(bytes: other), "\(title)")
    if let trait { #expect(facts.traits.contains(trait), "\(title)") }
  }

  @Test("Stray bytes between the parts of a JPEG change nothing", arguments: [1, 2, 16, 239, 5000])
  func strayBytes(_ count: Int) throws {
    let bytes = try fixture(ToleranceTests.name)
    for stray in [[UInt8](repeating: 0x11, count: count), [UInt8](repeating: 0, count: count)] {
      for marker in [0xDB, 0xC0, 0xC4, 0xDA] as [UInt8] {
        try expectSame(
          inserting(stray, at: start(marker, in: bytes), in: bytes), as: bytes, .strayBytes,
          "\(count) before \(marker)")
      }
      let atEnd = inserting(stray, at: bytes.count - 2, in: bytes)
      try expectSame(atEnd, as: bytes, nil, "\(count) before the end")
      // The decoder looks some bytes ahead; more it tells of.
      let met = try ImageReader.decodeImage(bytes: atEnd).strayBytes
      #expect(met <= count && (count < 16 || met > 0))
    }
    #expect(try ImageReader.facts(bytes: bytes).traits.isEmpty)
  }

  @Test("Bytes left over behind the last block are damage, unless they only fill room")
  func leftOver() throws {
    let bytes = try fixture(ToleranceTests.name)
    // As a fault that ends the blocks early leaves them: some of the scan's own bytes.
    let scan = try start(0xDA, in: bytes) + 14
    let left = bytes[scan..<(scan + 60)].filter { $0 != 0xFF }
    let failure = agreed(inserting(left, at: bytes.count - 2, in: bytes), "left over")
    #expect(failure?.code == .damaged)
  }

  @Test("Stray bytes are counted among those that fill room, and have the same limit")
  func strayLimit() throws {
    let bytes = try fixture(ToleranceTests.name)
    let many = [UInt8](repeating: 0x11, count: 70_000)
    let failure = agreed(
      inserting(many, at: try start(0xDB, in: bytes), in: bytes), "many stray bytes")
    #expect(failure?.code == .tooLarge)
    // Scans behind stray bytes are counted as all others are.
    let scans = (0...100).flatMap { _ in [0x11] + JPEG.scan([1], [0]) }
    let bomb = agreed(JPEG.beginning() + scans + JPEG.end, "scans behind stray bytes")
    #expect(bomb?.code == .tooLarge)
  }

  @Test("Stray bytes in front of a restart marker stand in place of blocks")
  func strayRestart() throws {
    let interval = JPEG.segment(0xDD, [0, 1])
    let head = JPEG.start + JPEG.quantization + JPEG.frame(16, 8) + interval + JPEG.tables
    func file(_ stray: Int) -> [UInt8] {
      head + JPEG.scan([1], [0x3F] + [UInt8](repeating: 0x11, count: stray) + [0xFF, 0xD0, 0x3F])
        + JPEG.end
    }
    #expect(agreed(file(0), "no stray bytes") == nil)
    #expect(agreed(file(40), "stray bytes in the scan")?.code == .damaged)
  }

  @Test("What the header of a sequential scan says of coefficients is not looked at")
  func oddScans() throws {
    let bytes = try fixture(ToleranceTests.name)
    let scan = try start(0xDA, in: bytes)
    let end = scan + 2 + Int(bytes[scan + 2]) << 8 + Int(bytes[scan + 3])
    for parameters in [[0, 0, 0], [0, 63, 0x10], [1, 63, 0], [5, 9, 0x21]] as [[UInt8]] {
      var odd = bytes
      odd.replaceSubrange((end - 3)..<end, with: parameters)
      try expectSame(odd, as: bytes, .oddScan, "\(parameters)")
    }
  }

  @Test("A JPEG of one scan is whole without its end marker, if no block is missing")
  func noEnd() throws {
    let bytes = try fixture(ToleranceTests.name)
    let body = Array(bytes.dropLast(2))
    for (rest, title) in [
      ([], "nothing"), ([0xFF], "half a marker"), ([UInt8](repeating: 0, count: 512), "zeros"),
    ] as [([UInt8], String)] {
      try expectSame(body + rest, as: bytes, .noEnd, title)
    }
    for count in [20, bytes.count / 10, bytes.count / 2] {
      #expect(agreed(Array(bytes.dropLast(count)), "less \(count)")?.code == .truncated)
    }
    // Of several scans nobody knows whether there were more.
    let several = try fixture("progressive.jpg")
    #expect(agreed(Array(several.dropLast(2)), "progressive")?.code == .truncated)
  }

  @Test("A progressive JPEG without its last scans is read, and said to be coarse")
  func coarse() throws {
    let bytes = try fixture("progressive.jpg")
    let last = try #require(bytes.indices.last { bytes[$0...].starts(with: [0xFF, 0xDA]) })
    let cut = Array(bytes[..<last]) + JPEG.end
    #expect(agreed(cut, "coarse") == nil)
    #expect(try ImageReader.facts(bytes: cut).traits == [.progressive, .coarse])
  }

  @Test(
    "A PNG whose rows are whole is read whatever its end is like",
    arguments: ["rgb.png", "rgba16.png"])
  func pngEnds(_ name: String) throws {
    let bytes = try fixture(name)
    let body = Array(bytes.dropLast(12))
    var wrong = bytes
    wrong[bytes.count - 1] ^= 1
    let time = PNG.chunk("tIME", [7, 0xE0, 1, 1, 1, 1, 1])
    for (file, title) in [
      (body, "none"), (wrong, "a wrong checksum"), (body + time, "another chunk"),
      (body + time.dropLast(3), "a cut chunk"), (body + time.prefix(5), "half a name"),
    ] + (1...11).map({ (body + bytes.suffix(12).prefix($0), "\($0) bytes") }) {
      try expectSame(file, as: bytes, .noEnd, title)
    }
    try expectSame(bytes, as: bytes, nil, "untouched")
    #expect(!(try ImageReader.facts(bytes: bytes).traits.contains(.noEnd)))
  }

  @Test("A PNG that ends within its rows, or in their checksum, is cut")
  func pngCuts() throws {
    let bytes = try fixture("rgb.png")
    for count in 13...40 {
      let failure = agreed(Array(bytes.dropLast(count)), "less \(count)")
      #expect(failure?.code == .truncated, "less \(count)")
    }
    // The last chunk of rows is missing, up to its name.
    let parts = PNG.signature + PNG.header(8, 8)
    let rows = PNG.zeros(8 * 25)
    let first = PNG.chunk("IDAT", Array(rows.prefix(4)))
    #expect(agreed(parts + first, "half of the rows")?.code == .truncated)
    #expect(agreed(parts + first + PNG.end, "an end in place of rows")?.code == .damaged)
    let noSum = PNG.chunk("IDAT", Array(rows.dropLast(4)))
    #expect(agreed(parts + noSum, "rows without their sum") != nil)
  }
}
