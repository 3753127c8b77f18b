import FoundationEssentials
import ImageData
import Primitives
import Testing

/// The committed files of formats beside JPEG and PNG.
enum Formats {
  private static let folder = "\(fixtures)/formats"

  /// The files whose names have one of these endings.
  static func names(_ endings: String...) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { name in endings.contains { name.hasSuffix("." + $0) } }.sorted()
  }

  static func bytes(_ name: String) throws -> [UInt8] { try FileBytes.read("\(folder)/\(name)") }

  /// Pillow's pixels, upright.
  static func golden(_ name: String) throws -> RGBImage {
    try ImageDataTests.golden("formats/" + name)
  }

  static let hasWebP = CodecLibrary.webp.version(opens: true) != nil
  static let hasHEIF = CodecLibrary.heif.version(opens: true) != nil
}

extension Trait where Self == ConditionTrait {
  /// Runs a test where libwebp is.
  static var libwebp: Self { .enabled(if: Formats.hasWebP, "libwebp is not installed") }
  /// Runs a test where libheif is.
  static var libheif: Self { .enabled(if: Formats.hasHEIF, "libheif is not installed") }
}

@Suite struct FormatTests {
  @Test("A BMP or GIF of every kind has Pillow's pixels", arguments: Formats.names("bmp", "gif"))
  func own(_ name: String) throws {
    let image = try ImageReader.decode(bytes: Formats.bytes(name))
    #expect(try difference(image, Formats.golden(name)) == 0)
  }

  @Test(
    "A WebP of every kind has Pillow's pixels, exactly where it is lossless", .libwebp,
    arguments: Formats.names("webp"))
  func webp(_ name: String) throws {
    let image = try ImageReader.decode(bytes: Formats.bytes(name))
    let worst = try #require(try difference(image, Formats.golden(name)))
    #expect(worst <= (name.hasPrefix("lossy") || name.contains("alpha") ? 2 : 0))
  }

  @Test(
    "A HEIC of every kind has pillow-heif's pixels, exactly where it is lossless", .libheif,
    arguments: Formats.names("heic"))
  func heic(_ name: String) throws {
    let image = try ImageReader.decode(bytes: Formats.bytes(name))
    let worst = try #require(try difference(image, Formats.golden(name)))
    let isLossy = ["full", "grid", "smooth", "deep"].contains { name.hasPrefix($0) }
    #expect(worst <= (isLossy ? 2 : 0))
  }

  @Test(
    "An AVIF of every kind has Pillow's pixels within two levels", .libheif,
    arguments: Formats.names("avif"))
  func avif(_ name: String) throws {
    let image = try ImageReader.decode(bytes: Formats.bytes(name))
    let worst = try #require(try difference(image, Formats.golden(name)))
    #expect(worst <= 2)
  }

  @Test("The EXIF orientation of a WebP can be left alone", .libwebp)
  func ignoredExif() throws {
    let bytes = try Formats.bytes("orientation6.webp")
    let raw = try ImageReader.decode(bytes: bytes, exif: .ignore)
    #expect(try raw == Formats.golden("orientation1.webp"))
  }

  /// What the program itself says of a file.
  private static let facts: [(String, Set<ImageFacts.Trait>)] = [
    ("bits1.bmp", [.palette]), ("bits24.bmp", []), ("rle8.bmp", [.palette]),
    ("plain.gif", [.palette]), ("interlaced.gif", [.palette, .progressive]),
    ("transparent.gif", [.palette, .alpha]), ("moving.gif", [.palette, .severalImages]),
  ]
  private static let factsOfWebP: [(String, Set<ImageFacts.Trait>)] = [
    ("lossy.webp", []), ("lossless-alpha.webp", [.alpha]), ("moving.webp", [.severalImages]),
  ]
  private static let factsOfHEIF: [(String, Set<ImageFacts.Trait>)] = [
    ("full.heic", []), ("alpha.heic", [.alpha]), ("deep.heic", [.deep]),
    ("several.heic", [.severalImages]), ("alpha.avif", [.alpha]),
  ]

  @Test("What files are made of", arguments: facts)
  func traits(_ name: String, _ expected: Set<ImageFacts.Trait>) throws {
    try checkFacts(name, expected)
  }

  @Test("What WebP files are made of", .libwebp, arguments: factsOfWebP)
  func traitsOfWebP(_ name: String, _ expected: Set<ImageFacts.Trait>) throws {
    try checkFacts(name, expected)
  }

  @Test("What HEIC and AVIF files are made of", .libheif, arguments: factsOfHEIF)
  func traitsOfHEIF(_ name: String, _ expected: Set<ImageFacts.Trait>) throws {
    try checkFacts(name, expected)
  }

  private func checkFacts(_ name: String, _ expected: Set<ImageFacts.Trait>) throws {
    let bytes = try Formats.bytes(name)
    let facts = try ImageReader.facts(bytes: bytes)
    #expect(facts.traits == expected)
    #expect(facts.kind == FileKind(ending: name))
    let (decoded, same) = try ImageReader.decodeWithFacts(bytes: bytes)
    #expect(same == facts)
    #expect(decoded.fullWidth == facts.width && decoded.fullHeight == facts.height)
  }

  @Test(
    "A proper prefix of a BMP or GIF is refused, or gives the same pixels",
    arguments: Formats.names("bmp", "gif"))
  func prefixes(_ name: String) throws {
    try checkPrefixes(name)
  }

  @Test(
    "A proper prefix of a WebP is refused, or gives the same pixels", .libwebp,
    arguments: Formats.names("webp"))
  func prefixesOfWebP(_ name: String) throws {
    try checkPrefixes(name)
  }

  @Test(
    "A proper prefix of a HEIC or AVIF is refused, or gives the same pixels", .libheif,
    arguments: ["full.heic", "smooth.heic", "orientation6.heic", "full.avif", "alpha.avif"])
  func prefixesOfHEIF(_ name: String) throws {
    try checkPrefixes(name)
  }

  private func checkPrefixes(_ name: String) throws {
    let bytes = try Formats.bytes(name)
    let whole = try ImageReader.decode(bytes: bytes)
    var refused = 0
    for count in 0..<bytes.count {
      let prefix = Array(bytes[..<count])
      if agreed(prefix, "\(name), \(count) bytes") != nil {
        refused += 1
      } else {
        #expect(try ImageReader.decode(bytes: prefix) == whole, "\(name), \(count) bytes")
      }
    }
    #expect(refused > bytes.count / 8)
  }

  @Test("Kinds are told by their first bytes")
  func kinds() throws {
    for name in Formats.names("bmp", "gif", "webp", "heic", "avif") {
      let bytes = try Formats.bytes(name)
      #expect(FileKind(bytes) == FileKind(ending: name))
      #expect(FileKind(Array(bytes.prefix(40))) == FileKind(ending: name))
    }
    // A text may begin with a BMP's letters, and other files are in RIFF or in boxes.
    #expect(FileKind(Array("BMW and other cars of Munich".utf8)) == nil)
    #expect(FileKind(Array("RIFF\0\0\0\0AVI LIST".utf8)) == nil)
    #expect(FileKind([0, 0, 0, 24] + Array("ftypisom\0\0\0\0isommp42".utf8)) == nil)
  }
}

/// Headers that promise what no file holds.
@Suite struct HostileFormatTests {
  private func failure(
    _ bytes: [UInt8], maxPixels: Int = Preprocessing.defaultMaxPixels
  ) -> ImageFailure? {
    do throws(ImageFailure) {
      _ = try ImageReader.decode(bytes: bytes, maxPixels: maxPixels)
      return nil
    } catch {
      return error
    }
  }

  /// A copy with a number of so many bytes, lowest first.
  private func changed(_ bytes: [UInt8], _ places: [(at: Int, count: Int, value: Int)]) -> [UInt8] {
    var bytes = bytes
    for place in places {
      for index in 0..<place.count {
        bytes[place.at + index] = UInt8(truncatingIfNeeded: place.value >> (8 * index))
      }
    }
    return bytes
  }

  @Test("A BMP that claims gigabytes is refused before memory is taken")
  func gigabytes() throws {
    let bytes = try Formats.bytes("bits24.bmp")
    let claimed = changed(bytes, [(18, 4, 30_000), (22, 4, 24_000)])
    #expect(failure(claimed)?.code == .tooLarge)
    #expect(failure(claimed)?.message.contains("--max-pixels 720000000") == true)
    #expect(failure(claimed, maxPixels: 1 << 30)?.code == .truncated)
    let packed = changed(try Formats.bytes("rle8.bmp"), [(18, 4, 30_000), (22, 4, 24_000)])
    #expect(failure(packed)?.code == .tooLarge)
    for side in [-1, 0, Int(Int32.max), Int(Int32.min)] {
      #expect(failure(changed(bytes, [(18, 4, side)])) != nil)
      // A height of -1 is one row from above.
      #expect((failure(changed(bytes, [(22, 4, side)])) == nil) == (side == -1))
    }
  }

  @Test("Fields of a BMP's header that cannot be are refused with the right code")
  func bmp() throws {
    let bytes = try Formats.bytes("bits24.bmp")
    let indexed = try Formats.bytes("bits8.bmp")
    let fields = try Formats.bytes("fields565.bmp")
    let cases: [([UInt8], ImageFailure.Code)] = [
      (changed(bytes, [(14, 4, 41)]), .unsupported), (changed(bytes, [(28, 2, 7)]), .unsupported),
      (changed(bytes, [(30, 4, 4)]), .unsupported), (changed(bytes, [(30, 4, 1)]), .unsupported),
      (changed(bytes, [(10, 4, 1 << 31)]), .truncated),
      (changed(bytes, [(10, 4, 880)]), .truncated),
      (changed(indexed, [(46, 4, 1 << 17)]), .damaged),
      (changed(indexed, [(46, 4, 1 << 16)]), .truncated),
      // Fields that lie over each other, have gaps, or are none.
      (changed(fields, [(54, 4, 0xF800), (58, 4, 0xF800)]), .unsupported),
      (changed(fields, [(54, 4, 0xA000)]), .unsupported),
      (changed(fields, [(54, 4, 0)]), .unsupported),
      (changed(fields, [(54, 4, 0xF0000)]), .unsupported),
    ]
    for (index, (bytes, code)) in cases.enumerated() {
      #expect(failure(bytes)?.code == code, "case \(index)")
    }
    // The runs end early, and a step leaves the image.
    let runs = try Formats.bytes("rle8.bmp")
    let start = runs[10...].prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    #expect(failure(Array(runs[..<start]) + [0, 1])?.code == .damaged)
    #expect(failure(Array(runs[..<start]) + [0, 0, 0, 2])?.code == .truncated)
    #expect(failure(Array(runs[..<start]) + [0, 2, 255, 255]) == nil)
  }

  @Test("Fields of a GIF that cannot be are refused with the right code")
  func gif() throws {
    let bytes = try Formats.bytes("plain.gif")
    let start = 13 + (3 << ((Int(bytes[10]) & 7) + 1))
    try #require(bytes[start] == 0x2C)
    let cases: [([UInt8], ImageFailure.Code)] = [
      (changed(bytes, [(6, 2, 65_535), (8, 2, 65_535)]), .tooLarge),
      (changed(bytes, [(6, 2, 20_000), (8, 2, 20_000)]), .tooLarge),
      (changed(bytes, [(start + 1, 2, 65_535)]), .tooLarge),
      (changed(bytes, [(start + 5, 2, 8_000), (start + 7, 2, 8_000)]), .truncated),
      (changed(bytes, [(start + 5, 2, 0)]), .damaged),
      (changed(bytes, [(start, 1, 0x3B)]), .damaged),
      (changed(bytes, [(start, 1, 0x55)]), .damaged),
      (changed(bytes, [(start + 10, 1, 0)]), .damaged),
      (changed(bytes, [(start + 10, 1, 12)]), .damaged),
      // The data end at once: by an empty block, by the code for the end, by a code for nothing.
      (changed(bytes, [(start + 11, 1, 0)]), .damaged),
      (changed(bytes, [(start + 12, 2, 0x0101)]), .damaged),
      (changed(bytes, [(start + 12, 2, 0x01FF)]), .damaged),
    ]
    for (index, (bytes, code)) in cases.enumerated() {
      #expect(failure(bytes)?.code == code, "case \(index)")
    }
    // Pixels of a few bytes, and more of them than a screen of the same size.
    #expect(failure(changed(bytes, [(6, 2, 4_000), (8, 2, 4_000)])) == nil)
  }

  @Test("More pixels than the limit are refused from the header", .libwebp, .libheif)
  func pixels() throws {
    for name in ["lossy.webp", "moving-small.webp", "full.heic", "full.avif"] {
      let bytes = try Formats.bytes(name)
      let image = try ImageReader.decode(bytes: bytes)
      let count = image.width * image.height
      let found = failure(bytes, maxPixels: count - 1)
      #expect(found?.code == .tooLarge)
      #expect(found?.message.contains("--max-pixels \(count)") == true)
      #expect(failure(bytes, maxPixels: count) == nil)
    }
  }

  @Test("A moving WebP whose first frame lies outside, or is none, is refused", .libwebp)
  func frames() throws {
    let bytes = try Formats.bytes("moving-small.webp")
    let frame = try #require(
      bytes.indices.first { bytes[$0...].starts(with: Array("ANMF".utf8)) })
    for (at, value) in [(frame + 8, 100), (frame + 11, 100), (frame + 14, 60), (frame + 17, 60)] {
      #expect(failure(changed(bytes, [(at, 3, value)]))?.code == .damaged)
    }
    #expect(failure(changed(bytes, [(frame, 1, 0x42)])) == nil)
    let none = bytes.indices.map { $0 >= frame && bytes[$0] == 0x41 ? 0x42 : bytes[$0] }
    #expect(failure(none)?.code == .damaged)
  }
}

/// Libraries that are not there.
@Suite struct MissingLibraryTests {
  private func failure(_ name: String, _ codecs: CodecFiles) throws -> ImageFailure? {
    let bytes = try Formats.bytes(name)
    do throws(ImageFailure) {
      _ = try ImageReader.decodeWithFacts(bytes: bytes, codecs: codecs)
      return nil
    } catch {
      return error
    }
  }

  @Test("Without its library a file is refused, with the package to install")
  func missing() throws {
    for (name, library, package) in [
      ("lossy.webp", CodecLibrary.webp, "libwebp7"), ("moving.webp", .webp, "libwebp7"),
      ("full.heic", .heif, "libheif1"), ("full.avif", .heif, "libheif1"),
    ] {
      // One that is not there, one that is no such library, and a name that leads nowhere.
      for file in ["libnone.so.7", "libm.so.6", "/dev/null", ""] {
        let found = try failure(name, CodecFiles(library, at: file))
        #expect(found?.code == .missingLibrary)
        #expect(found?.message.contains("apt install \(package)") == true)
        #expect(found?.message.contains(file) == true || file.isEmpty)
      }
    }
  }

  @Test("What the program reads itself needs no library")
  func own() throws {
    for name in ["bits24.bmp", "plain.gif"] {
      #expect(try failure(name, CodecFiles(.webp, at: "libnone.so.7")) == nil)
      #expect(try failure(name, CodecFiles(.heif, at: "libnone.so.1")) == nil)
    }
  }

  @Test("Versions are told of libraries that are open", .libwebp, .libheif)
  func versions() {
    let versions = ImageReader.libraryVersions(opening: ["libwebp", "libheif"])
    #expect(versions.contains { $0.hasPrefix("libwebp ") && $0.split(separator: ".").count == 3 })
    #expect(versions.contains { $0.hasPrefix("libheif ") && $0.split(separator: ".").count == 3 })
  }
}
