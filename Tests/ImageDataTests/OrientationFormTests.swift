import ImageData
import Testing

/// The forms of orientation that Pillow's `exif_transpose` honours, and what comes first.
@Suite struct OrientationFormTests {
  private func orientation(_ file: [UInt8]) throws -> Int {
    let facts = try ImageReader.facts(bytes: file)
    let (picture, same) = try ImageReader.decodeWithFacts(bytes: file)
    #expect(same == facts && picture.orientation == facts.orientation)
    // `--exif ignore` leaves all of them.
    #expect(try ImageReader.decodeImage(bytes: file, exif: .ignore).orientation == 1)
    return facts.orientation
  }

  private func exif(_ value: Int) -> [UInt8] { tiff([tiffEntry(0x0112, value)]) }

  /// EXIF data as ImageMagick writes them into a text.
  private func profile(_ data: [UInt8]) -> [UInt8] {
    let digits = data.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    let lines = stride(from: 0, to: digits.utf8.count, by: 72).map {
      String(digits.dropFirst($0).prefix(72)) + "\n"
    }
    return Array("\nexif\n      \(data.count)\n\(lines.joined())".utf8)
  }

  private func xmp(_ text: String) -> [UInt8] {
    Array("<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:Description \(text)/></x:xmpmeta>".utf8)
  }

  /// A zlib stream of stored bytes.
  private func packed(_ bytes: [UInt8]) -> [UInt8] {
    var (a, b) = (1, 0)
    for byte in bytes {
      a = (a + Int(byte)) % 65521
      b = (b + a) % 65521
    }
    let length = UInt16(bytes.count)
    return [0x78, 0x01, 1] + [length, ~length].flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] } + bytes
      + big(b << 16 | a, 4)
  }

  private func text(_ name: String, _ key: String, _ contents: [UInt8]) -> [UInt8] {
    let key = Array(key.utf8) + [0]
    switch name {
    case "tEXt": return PNG.chunk(name, key + contents)
    case "zTXt": return PNG.chunk(name, key + [0] + packed(contents))
    case "iTXt": return PNG.chunk(name, key + [0, 0, 0, 0] + contents)
    default: return PNG.chunk("iTXt", key + [1, 0] + Array("en\0key\0".utf8) + packed(contents))
    }
  }

  @Test("EXIF data in a PNG may begin as they do in a JPEG", arguments: 1...8)
  func prefix(_ value: Int) throws {
    let letters = Array("Exif\0\0".utf8)
    for data in [exif(value), letters + exif(value), letters + letters + exif(value)] {
      #expect(try orientation(PNG.file(extra: PNG.chunk("eXIf", data))) == value)
    }
  }

  /// A directory of one entry, orientation, with four bytes of value and more behind the directory.
  private func entry(
    type: UInt8, count: UInt8 = 1, _ value: [UInt8], behind: [UInt8] = [], isLittle: Bool
  ) -> [UInt8] {
    func ordered(_ bytes: [UInt8]) -> [UInt8] { isLittle ? bytes.reversed() : bytes }
    let head: [UInt8] = Array((isLittle ? "II" : "MM").utf8) + ordered([0, 42])
    let entry = ordered([0x01, 0x12]) + ordered([0, type]) + ordered([0, 0, 0, count]) + value
    return head + ordered([0, 0, 0, 8]) + ordered([0, 1]) + entry + [0, 0, 0, 0] + behind
  }

  @Test("The first value of any type of number counts, if it is whole", arguments: [true, false])
  func types(isLittle: Bool) throws {
    func ordered(_ bytes: [UInt8]) -> [UInt8] { isLittle ? bytes.reversed() : bytes }
    let six = ordered([0, 0, 0, 6])
    let short = ordered([0, 6]) + [0, 0]
    let place = ordered([0, 0, 0, 26])
    for (data, value) in [
      (entry(type: 3, short, isLittle: isLittle), 6),
      (entry(type: 8, short, isLittle: isLittle), 6),
      (entry(type: 3, count: 2, ordered([0, 6]) + ordered([0, 3]), isLittle: isLittle), 6),
      (entry(type: 4, six, isLittle: isLittle), 6), (entry(type: 9, six, isLittle: isLittle), 6),
      (entry(type: 13, six, isLittle: isLittle), 6),
      (entry(type: 6, [6, 0, 0, 0], isLittle: isLittle), 6),
      // 6.0, and 6.5, which is no orientation.
      (entry(type: 11, ordered([0x40, 0xC0, 0, 0]), isLittle: isLittle), 6),
      (entry(type: 11, ordered([0x40, 0xD0, 0, 0]), isLittle: isLittle), 1),
      // 12 / 2, 13 / 2, a division by zero, and a place beyond the end.
      (
        entry(
          type: 5, place, behind: ordered([0, 0, 0, 12]) + ordered([0, 0, 0, 2]), isLittle: isLittle
        ), 6
      ),
      (
        entry(
          type: 5, place, behind: ordered([0, 0, 0, 13]) + ordered([0, 0, 0, 2]), isLittle: isLittle
        ), 1
      ),
      (entry(type: 5, place, behind: six + [0, 0, 0, 0], isLittle: isLittle), 1),
      (entry(type: 5, place, behind: six, isLittle: isLittle), 1),
      (entry(type: 3, count: 0, short, isLittle: isLittle), 1),
      (entry(type: 7, [6, 0, 0, 0], isLittle: isLittle), 1),
      (entry(type: 8, [0xFF, 0xFF, 0, 0], isLittle: isLittle), 1),
    ] {
      #expect(try orientation(PNG.file(extra: PNG.chunk("eXIf", data))) == value, "\(data)")
    }
  }

  @Test(
    "EXIF data and XMP data are found in texts of every kind",
    arguments: ["tEXt", "zTXt", "iTXt", "packed iTXt"])
  func texts(_ kind: String) throws {
    let data = profile(Array("Exif\0\0".utf8) + exif(6))
    let raw = text(kind, "Raw profile type exif", data)
    #expect(try orientation(PNG.file(extra: raw)) == 6)
    // Behind the pixels, too.
    #expect(try orientation(PNG.file(last: raw)) == 6)
    #expect(try orientation(PNG.file(extra: text(kind, "Raw profile type xmp", data))) == 1)
    let adobe = text(kind, "XML:com.adobe.xmp", xmp("tiff:Orientation=\"8\""))
    #expect(try orientation(PNG.file(extra: adobe)) == 8)
    #expect(try ImageReader.facts(bytes: PNG.file(extra: adobe)).traits.isEmpty)
  }

  @Test("XMP data are read as Pillow reads them, in both formats")
  func xmpForms() throws {
    let marker = Array("http://ns.adobe.com/xap/1.0/\0".utf8)
    for (words, value) in [
      ("tiff:Orientation=\"6\"", 6), ("a><tiff:Orientation>3</tiff:Orientation><b", 3),
      ("tiff:Orientation=\"0\"", 1), ("tiff:Orientation=\"9\"", 1), ("tiff:Orientation='6'", 1),
      ("exif:Orientation=\"6\"", 1), ("tiff:Orientation=\"x\" tiff:Orientation=\"5\"", 5),
      ("tiff:Orientation=\"3\" tiff:Orientation=\"5\"", 3), ("tiff:Orientation=\"", 1),
    ] {
      let data = xmp(words)
      let png = PNG.file(extra: text("iTXt", "XML:com.adobe.xmp", data))
      #expect(try orientation(png) == value, "\(words)")
      let jpeg = JPEG.file(extra: JPEG.segment(0xE1, marker + data))
      #expect(try orientation(jpeg) == value, "\(words)")
    }
  }

  @Test("A tag in EXIF data comes before XMP data, and eXIf before texts")
  func precedence() throws {
    let adobe = text("iTXt", "XML:com.adobe.xmp", xmp("tiff:Orientation=\"8\""))
    let raw = text("zTXt", "Raw profile type exif", profile(exif(3)))
    let chunk = PNG.chunk("eXIf", exif(6))
    let empty = PNG.chunk("eXIf", tiff([tiffEntry(0x0110, 1)]))
    #expect(try orientation(PNG.file(extra: adobe + raw + chunk)) == 6)
    #expect(try orientation(PNG.file(extra: adobe + raw)) == 3)
    #expect(try orientation(PNG.file(extra: adobe + empty)) == 8)
    #expect(try orientation(PNG.file(extra: raw + empty)) == 1)
    let wrong = PNG.chunk("eXIf", exif(9))
    #expect(try orientation(PNG.file(extra: adobe + wrong)) == 1)
    let marker = Array("http://ns.adobe.com/xap/1.0/\0".utf8)
    let both =
      JPEG.segment(0xE1, marker + xmp("tiff:Orientation=\"8\"")) + JPEG.exif(exif(6))
    #expect(try orientation(JPEG.file(extra: both)) == 6)
  }

  @Test("Broken and huge texts turn nothing and refuse nothing")
  func hostile() throws {
    let data = profile(exif(6))
    let broken: [[UInt8]] = [
      PNG.chunk("zTXt", Array("Raw profile type exif\0\0".utf8) + [0x78, 0x01, 0xFF]),
      PNG.chunk("zTXt", Array("Raw profile type exif\0\0".utf8)),
      PNG.chunk("zTXt", Array("Raw profile type exif".utf8)), PNG.chunk("iTXt", []),
      PNG.chunk("iTXt", Array("XML:com.adobe.xmp\0".utf8)),
      PNG.chunk("iTXt", Array("XML:com.adobe.xmp\0\u{1}\0en".utf8)),
      text("tEXt", "Raw profile type exif", Array(data.dropLast(2))),
      text("tEXt", "Raw profile type exif", Array("\n\n\nzz".utf8)),
      text("tEXt", "Raw profile type exif", []),
      // A megabyte and more from a few bytes, many times.
      (0..<50).flatMap { _ in
        PNG.chunk("zTXt", Array("Raw profile type exif\0\0".utf8) + PNG.zeros(40_000_000))
      },
    ]
    for chunk in broken { #expect(try orientation(PNG.file(extra: chunk)) == 1) }
  }
}
