import Compute
import FoundationEssentials
import ImageData
import Primitives
import TestSupport
import Testing

@Suite struct DecodingTests {
  static let lossless = [
    "rgb.png", "grey.png", "bits1.png", "palette.png", "palette-alpha.png", "rgba.png",
    "grey-alpha.png", "rgb-transparent.png", "interlaced.png", "rgb16.png", "rgba16.png",
    "grey16.png", "orientation-bad.png",
  ]
  static let lossy = [
    "ycc420.jpg", "ycc422.jpg", "ycc444.jpg", "progressive.jpg", "rgb.jpg", "grey.jpg",
    "cmyk.jpg", "ycck.jpg",
  ]

  @Test("A PNG of every kind has Pillow's pixels", arguments: lossless)
  func png(_ name: String) throws {
    let image = try ImageReader.decode(bytes: fixture(name))
    #expect(try difference(image, golden(name)) == 0)
  }

  @Test("A JPEG of every kind has Pillow's pixels within two levels", arguments: lossy)
  func jpeg(_ name: String) throws {
    let image = try ImageReader.decode(bytes: fixture(name))
    let worst = try #require(try difference(image, golden(name)))
    #expect(worst <= 2)
  }

  @Test("All orientations come out upright, from JPEG and PNG", arguments: 1...8)
  func orientation(_ value: Int) throws {
    for (name, allowed) in [("orientation\(value).jpg", 2), ("orientation\(value).png", 0)] {
      let image = try ImageReader.decode(bytes: fixture(name))
      let worst = try #require(try difference(image, golden(name)))
      #expect(worst <= allowed, "\(name)")
      let raw = try ImageReader.decode(bytes: fixture(name), exif: .ignore)
      #expect(raw.width == 14 && raw.height == 9)
    }
  }

  @Test("EXIF data cut anywhere or with any bit turned never fails a picture")
  func brokenExif() throws {
    let bytes = try fixture("orientation6.jpg")
    let start = try #require(
      bytes.indices.first { bytes[$0...].starts(with: Array("Exif\0\0".utf8)) })
    for at in (start + 6)..<(start + 32) {
      for bit in 0..<8 {
        var changed = bytes
        changed[at] ^= 1 << UInt8(bit)
        let image = try ImageReader.decode(bytes: changed)
        #expect(image.width * image.height == 14 * 9)
      }
    }
  }

  @Test("The kind is told by content, not by name")
  func contentDecides() throws {
    let folder = try TemporaryFolder()
    let engine = try TestEngine.make()
    let path = try folder.write("really-a-png.jpg", fixture("rgb.png"))
    let steps = Preprocessing(width: 37, height: 29)
    let image = try ImageReader(steps, kernels: engine.kernels).read(path: path)
    #expect(try image == golden("rgb.png"))
  }

  @Test(
    "A proper prefix of a file is refused, or lacks the end alone and gives the same pixels",
    arguments: lossy + lossless)
  func prefixes(_ name: String) throws {
    let bytes = try fixture(name)
    let whole = try ImageReader.decode(bytes: bytes)
    // A PNG's last chunk has 12 bytes, a JPEG's last marker two.
    let end = bytes.count - (name.hasSuffix(".png") ? 12 : 2)
    for count in 0..<bytes.count {
      let image = try? ImageReader.decode(bytes: Array(bytes[0..<count]))
      #expect(image == nil || count >= end && image == whole, "\(name), \(count) bytes")
    }
    let half = Array(bytes[0..<(bytes.count / 2)])
    let failure = #expect(throws: ImageFailure.self) { try ImageReader.decode(bytes: half) }
    #expect(failure?.code == .truncated)
    // Not in a library's voice.
    #expect(failure?.message.first?.isUppercase == false, "\(failure?.message ?? "")")
  }

  @Test("Bytes behind the end of a picture change nothing", arguments: ["ycc420.jpg", "rgb.png"])
  func trailing(_ name: String) throws {
    let image = try ImageReader.decode(bytes: fixture(name) + Array("trailing text".utf8))
    #expect(try image == ImageReader.decode(bytes: fixture(name)))
  }

  @Test("A damaged byte in a PNG's pixels is refused")
  func damagedPNG() throws {
    var bytes = try fixture("rgb.png")
    bytes[bytes.count / 2] ^= 0x10
    let failure = #expect(throws: ImageFailure.self) { try ImageReader.decode(bytes: bytes) }
    #expect(failure?.code == .damaged)
  }

  @Test("What is no picture is refused as such")
  func notAnImage() throws {
    for bytes in [Array("cats are not dogs".utf8), Array("8BPS".utf8), [0xFF, 0xD8]] {
      let failure = #expect(throws: ImageFailure.self) { try ImageReader.decode(bytes: bytes) }
      #expect(failure?.code == .notAnImage)
    }
  }

  @Test("Sides and pixels beyond the limits are refused from the header")
  func limits() throws {
    for (width, height) in [(40_000, 1), (1, 40_000), (2_000_000_000, 1), (32_000, 32_000)] {
      let bytes = ImageDataTests.png(
        width: width, height: height, depth: 1, colour: 0, raw: [0, 0])
      let failure = #expect(throws: ImageFailure.self) { try ImageReader.decode(bytes: bytes) }
      #expect(failure?.code == .tooLarge, "\(width) x \(height): \(failure?.message ?? "")")
    }
    for name in ["rgb.png", "ycc420.jpg"] {
      let failure = #expect(throws: ImageFailure.self) {
        try ImageReader.decode(bytes: fixture(name), maxPixels: 37 * 29 - 1)
      }
      #expect(failure?.code == .tooLarge)
      _ = try ImageReader.decode(bytes: fixture(name), maxPixels: 37 * 29)
    }
    // The sides of a JPEG: two bytes each in the frame header, after its length and precision.
    var jpeg = try fixture("ycc420.jpg")
    let frame = try #require(
      jpeg.indices.first { jpeg[$0...].starts(with: [0xFF, 0xC0, 0x00, 0x11]) })
    jpeg.replaceSubrange((frame + 5)..<(frame + 9), with: [0xFF, 0x00, 0xFF, 0x00])
    let failure = #expect(throws: ImageFailure.self) { try ImageReader.decode(bytes: jpeg) }
    #expect(failure?.code == .tooLarge)
  }

  @Test("More than a hundred scans are refused")
  func scans() throws {
    let bytes = try fixture("progressive.jpg")
    // The last scan, from its marker to the end of the picture, over and over.
    let scan = try #require(bytes.indices.last { bytes[$0...].starts(with: [0xFF, 0xDA]) })
    let body = bytes[scan..<(bytes.count - 2)]
    var long = Array(bytes.dropLast(2))
    for _ in 0..<200 { long += body }
    let failure = #expect(throws: ImageFailure.self) {
      try ImageReader.decode(bytes: long + [0xFF, 0xD9])
    }
    #expect(failure != nil)
  }

  @Test("Failures never pass the file's bytes on to a terminal")
  func messagesArePrintable() throws {
    let bytes = try fixture("rgb.png")
    var seen: Set<ImageFailure> = []
    var stream = RandomStream(seed: 1, purpose: .test)
    for _ in 0..<3000 {
      var changed = bytes
      for _ in 0..<3 {
        changed[8 + stream.index(below: bytes.count - 8)] = UInt8(stream.index(below: 256))
      }
      do throws(ImageFailure) {
        _ = try ImageReader.decode(bytes: changed)
      } catch {
        seen.insert(error)
      }
    }
    #expect(seen.count > 3)
    for failure in seen {
      #expect(failure.message.unicodeScalars.allSatisfy { (" "..."~").contains($0) })
      #expect(!failure.message.isEmpty)
    }
  }
}
