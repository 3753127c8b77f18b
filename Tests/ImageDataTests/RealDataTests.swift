import FoundationEssentials
import ImageData
import KernelSelection
import Primitives
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
    for path in try files("pngsuite/png") where path.hasSuffix(".png") {
      let name = URL(filePath: path).lastPathComponent
      if let digest = expected[name] {
        let image = try ImageReader.decode(bytes: FileBytes.read(path), exif: .ignore)
        #expect(SHA256.hex(of: image.pixels) == digest, "\(name)")
      } else {
        broken += 1
        #expect(throws: ImageFailure.self, "\(name)") {
          try ImageReader.decode(bytes: FileBytes.read(path))
        }
      }
    }
    #expect(broken == 14)
  }

  @Test("The EXIF examples all come out upright", arguments: ["Landscape", "Portrait"])
  func orientations(_ kind: String) throws {
    let engine = try bestEngine()
    let folder = "\(realData ?? "")/exif-orientation"
    let steps = Preprocessing(width: 60, height: 60, filter: .area)
    let reader = ImageReader(steps, kernels: engine.kernels)
    let first = try reader.read(path: "\(folder)/\(kind)_1.jpg")
    for orientation in 1...8 {
      let path = "\(folder)/\(kind)_\(orientation).jpg"
      let full = try ImageReader.decode(bytes: FileBytes.read(path))
      #expect((full.width > full.height) == (kind == "Landscape"))
      let image = try reader.read(path: path)
      // The examples are drawn with their number, so a few pixels differ.
      let far = zip(image.pixels, first.pixels).count { abs(Int($0) - Int($1)) > 24 }
      #expect(far < image.pixels.count / 10, "\(path): \(far)")
    }
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
    let engine = try bestEngine()
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
