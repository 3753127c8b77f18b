import ImageData
import Primitives
import Testing

@Suite struct ImageFactsTests {
  private typealias Traits = Set<ImageFacts.Trait>

  private func traits(_ bytes: [UInt8]) throws -> Traits {
    let facts = try ImageReader.facts(bytes: bytes)
    // What is said of a file without decoding it holds for a file that decodes.
    let image = try ImageReader.decode(bytes: bytes, exif: .ignore)
    #expect(image.width == facts.width && image.height == facts.height)
    let (picture, same) = try ImageReader.decodeWithFacts(bytes: bytes, exif: .ignore)
    #expect(same == facts && picture.image == image)
    return facts.traits
  }

  @Test(
    "What pictures are made of",
    arguments: [
      ("rgb.png", []), ("grey.png", [.grey]), ("bits1.png", [.grey]), ("palette.png", [.palette]),
      ("palette-alpha.png", [.palette, .alpha]), ("rgba.png", [.alpha]),
      ("grey-alpha.png", [.grey, .alpha]), ("rgb-transparent.png", [.alpha]),
      ("interlaced.png", [.progressive]), ("rgb16.png", [.deep]),
      ("rgba16.png", [.deep, .alpha, .progressive]), ("grey16.png", [.deep, .grey]),
      ("orientation-bad.png", [.badExif]), ("ycc420.jpg", []), ("progressive.jpg", [.progressive]),
      ("rgb.jpg", []), ("grey.jpg", [.grey]), ("cmyk.jpg", [.cmyk]), ("ycck.jpg", [.cmyk]),
    ] as [(String, Set<ImageFacts.Trait>)])
  func fixtures(_ name: String, _ expected: Set<ImageFacts.Trait>) throws {
    #expect(try traits(fixture(name)) == expected)
  }

  @Test("Sides are told as stored, orientation beside them", arguments: 1...8)
  func orientation(_ value: Int) throws {
    for kind in [FileKind.jpeg, .png] {
      let name = "orientation\(value).\(kind == .jpeg ? "jpg" : "png")"
      let facts = try ImageReader.facts(bytes: fixture(name))
      #expect(facts.kind == kind && facts.width == 14 && facts.height == 9)
      #expect(facts.orientation == value && facts.traits.isEmpty)
      let both = try ImageReader.decodeWithFacts(bytes: fixture(name))
      #expect(both.facts == facts && both.image.orientation == value)
    }
  }

  @Test("Colour profiles are seen and change nothing, broken ones too")
  func profiles() throws {
    let name = Array("ICC_PROFILE\0".utf8)
    let jpeg = JPEG.file(extra: JPEG.segment(0xE2, name + [1, 1, 0xFF]))
    #expect(try traits(jpeg) == [.grey, .colourProfile])
    let other = JPEG.file(extra: JPEG.segment(0xE2, Array("FPXR\0".utf8)))
    #expect(try traits(other) == [.grey])
    #expect(try traits(JPEG.file(extra: JPEG.segment(0xE2, []))) == [.grey])
    let png = PNG.file(extra: PNG.chunk("iCCP", Array("x\0\0not zlib".utf8)))
    #expect(try traits(png) == [.colourProfile])
    #expect(try ImageReader.decode(bytes: png) == ImageReader.decode(bytes: PNG.file()))
    // Chunks of that name behind the pixels are no profile of theirs.
    #expect(try traits(PNG.file(last: PNG.chunk("iCCP", []))) == [])
  }

  @Test("EXIF data without an orientation are well, with a meaningless one or broken not")
  func exif() throws {
    let other = tiffEntry(0x0110, 1)
    let cases: [(data: [UInt8], isBad: Bool, orientation: Int)] = [
      (tiff([]), false, 1), (tiff([other]), false, 1),
      (tiff([other, tiffEntry(0x0112, 6)]), false, 6),
      (tiff([tiffEntry(0x0112, 1)]), false, 1), (tiff([tiffEntry(0x0112, 0)]), true, 1),
      (tiff([tiffEntry(0x0112, 9)]), true, 1), (tiff([tiffEntry(0x0112, 6, type: 2)]), true, 1),
      (tiff([tiffEntry(0x0112, 6, count: 2)]), false, 6), (tiff([], count: 9), true, 1),
      ([], true, 1), (Array("MM".utf8), true, 1), (Array("XX\0*\0\0\0\u{8}".utf8), true, 1),
      (Array("MM\0*".utf8) + big(0xFFFF_FFFF, 4), true, 1),
      (Array("II*\0".utf8) + [0xFF, 0xFF, 0xFF, 0x7F], true, 1),
      // Numbers whose lowest byte is the last, with its highest bit set.
      (Array("II*\0".utf8) + [8, 0, 0, 0, 0x00, 0x80], true, 1),
      (Array("II*\0".utf8) + [8, 0, 0, 0x80], true, 1),
    ]
    for (data, isBad, orientation) in cases {
      for file in [JPEG.file(extra: JPEG.exif(data)), PNG.file(extra: PNG.chunk("eXIf", data))] {
        #expect(try traits(file).contains(.badExif) == isBad, "\(data)")
        #expect(try ImageReader.facts(bytes: file).orientation == orientation, "\(data)")
      }
    }
  }

  @Test("Bytes behind the end and further pictures are told apart")
  func behindTheEnd() throws {
    for (name, kind) in [("ycc420.jpg", FileKind.jpeg), ("rgb.png", .png)] {
      let bytes = try fixture(name)
      #expect(try traits(bytes + [0]) == [.trailingBytes])
      #expect(try traits(bytes + Array("PK\u{3}\u{4}".utf8)) == [.trailingBytes])
      let twice: Traits = kind == .jpeg ? [.severalImages] : [.trailingBytes]
      #expect(try traits(bytes + bytes) == twice)
    }
    let several = JPEG.file(extra: JPEG.segment(0xE2, Array("MPF\0".utf8)))
    #expect(try traits(several) == [.grey, .severalImages])
    let frames = PNG.chunk("acTL", big(2, 4) + big(0, 4))
    #expect(try traits(PNG.file(extra: frames)) == [.severalImages])
    // Too late to make an animation.
    #expect(try traits(PNG.file(last: frames)) == [])
  }

  @Test("Markers inside compressed data, thumbnails and fill bytes mislead nobody")
  func markers() throws {
    // A whole JPEG inside a segment is not the picture.
    let inner = JPEG.segment(0xE2, Array("none".utf8) + JPEG.file(16, 16))
    #expect(try traits(JPEG.file(extra: inner)) == [.grey])
    // Any number of 0xFF may come before a marker.
    #expect(try traits(JPEG.file(extra: [0xFF, 0xFF, 0xFF] + JPEG.segment(0xFE, [1]))) == [.grey])
    // Zeros behind 0xFF in the data of a photo.
    let noisy = try fixture("orientation1.jpg")
    #expect(try traits(noisy + [7]) == [.trailingBytes])
  }

  @Test("No cut and no changed byte makes the reader of the structure fail")
  func everyByte() throws {
    let names = ["orientation6.jpg", "orientation6.png", "progressive.jpg", "palette-alpha.png"]
    for name in names {
      let bytes = try fixture(name)
      for at in bytes.indices {
        _ = try? ImageReader.facts(bytes: Array(bytes[..<at]))
        for value in [0x00, 0x7F, 0xD9, 0xDA, 0xFF] as [UInt8] {
          var changed = bytes
          changed[at] = value
          _ = try? ImageReader.facts(bytes: changed)
        }
      }
    }
  }
}
