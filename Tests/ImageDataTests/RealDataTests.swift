import Compute
import FoundationEssentials
import ImageData
import Primitives
import TestSupport
import Testing

/// Tests over pictures that are not part of the project: skipped unless CNNCTL_DATA names the
/// folder that holds them.
@Suite(.enabled(if: realData != nil, "CNNCTL_DATA is not set: no real pictures to try"))
struct RealDataTests {
  private func files(_ folder: String) throws -> [String] {
    let path = "\(realData ?? "")/\(folder)"
    return try FileManager.default.contentsOfDirectory(atPath: path).sorted().map {
      "\(path)/\($0)"
    }
  }

  @Test("PngSuite: valid files have Pillow's pixels, broken ones are refused")
  func pngSuite() throws {
    let lines = String(decoding: try fixture("pngsuite.txt"), as: UTF8.self).split(separator: "\n")
    let expected = Dictionary(
      uniqueKeysWithValues: lines.map { line in
        let parts = line.split(separator: " ")
        return (String(parts[0]), String(parts[1]))
      })
    #expect(expected.count == 161)
    var broken = 0
    var depths: [Bool: Int] = [:]
    for path in try files("pngsuite/png") where path.hasSuffix(".png") {
      let name = URL(filePath: path).lastPathComponent
      if let digest = expected[name] {
        let bytes = try FileBytes.read(path)
        let image = try ImageReader.decode(bytes: bytes, exif: .ignore)
        let facts = try ImageReader.facts(bytes: bytes)
        depths[facts.traits.contains(.deep), default: 0] += 1
        #expect(SHA256.hex(of: image.pixels) == digest, "\(name)")
      } else {
        broken += 1
        #expect(throws: ImageFailure.self, "\(name)") {
          try ImageReader.decode(bytes: FileBytes.read(path))
        }
      }
    }
    #expect(broken == 14)
    // Of up to 8 bits the digests are of Pillow's pixels; of 16, of a reader in Python that scales
    // and rounds, as Pillow clips.
    #expect(depths == [false: 128, true: 33])
  }

  @Test("The EXIF examples all come out upright", arguments: ["Landscape", "Portrait"])
  func orientations(_ kind: String) throws {
    let engine = try TestEngine.make()
    let folder = "\(realData ?? "")/exif-orientation"
    let steps = Preprocessing(width: 60, height: 60, filter: .area)
    let reader = ImageReader(steps, kernels: engine.kernels)
    let first = try reader.read(path: "\(folder)/\(kind)_1.jpg")
    for orientation in 1...8 {
      let path = "\(folder)/\(kind)_\(orientation).jpg"
      let bytes = try FileBytes.read(path)
      let facts = try ImageReader.facts(bytes: bytes)
      #expect(facts.orientation == orientation)
      let picture = try ImageReader.decodeImage(bytes: bytes) { _, _ in 2 }
      #expect((picture.upright.width > picture.upright.height) == (kind == "Landscape"))
      // The examples are drawn with their number, so a few pixels differ from the first's; turned
      // in any other way, most do.
      let image = try reader.read(path: path)
      #expect(far(image, first) < 3600 / 10, "\(path)")
      for wrong in 2...8 {
        #expect(far(turned(image, wrong), first) > 3600 / 4, "\(path) turned by \(wrong)")
      }
    }
  }

  /// How many pixels of two pictures of one size are far from each other.
  private func far(_ a: RGBImage, _ b: RGBImage) -> Int {
    stride(from: 0, to: a.pixels.count, by: 3).count { at in
      (at..<(at + 3)).contains { abs(Int(a.pixels[$0]) - Int(b.pixels[$0])) > 24 }
    }
  }

  /// A square picture turned and mirrored by exchanging coordinates, one step after another.
  private func turned(_ image: RGBImage, _ orientation: Int) -> RGBImage {
    let side = image.width
    var result = image
    for y in 0..<side {
      for x in 0..<side {
        var (column, row) = orientation >= 5 ? (y, x) : (x, y)
        if [2, 3, 6, 7].contains(orientation) { column = side - 1 - column }
        if [3, 4, 7, 8].contains(orientation) { row = side - 1 - row }
        for channel in 0..<3 {
          result.pixels[3 * (y * side + x) + channel] =
            image.pixels[3 * (row * side + column) + channel]
        }
      }
    }
    return result
  }

  @Test("Damaged JPEGs are refused or decoded, the same each time")
  func damaged() throws {
    var refused = 0
    for path in try files("damaged-jpeg") where path.hasSuffix(".jpg") {
      let bytes = try FileBytes.read(path)
      func verdict() -> Result<RGBImage, ImageFailure> {
        Result { () throws(ImageFailure) in try ImageReader.decode(bytes: bytes) }
      }
      let first = verdict()
      #expect(first == verdict())
      if case .failure = first { refused += 1 }
    }
    #expect(refused > 0)
  }

  @Test("No photo of cats and dogs is refused")
  func photos() throws {
    let engine = try TestEngine.make()
    let dataset = try Dataset.open("\(realData ?? "")/cats-dogs")
    #expect(dataset.classes == ["cats", "dogs"])
    #expect(dataset.counts(.train) == [4000, 4000])
    let store = try ImageStore.load(
      dataset, splits: [.test], preprocessing: Preprocessing(width: 64, height: 64),
      workers: engine.workers, kernels: engine.kernels)
    #expect(store.failures.isEmpty)
    #expect(store.indices(.test).count == 1000)
  }
}
