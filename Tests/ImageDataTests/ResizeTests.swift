import ImageData
import KernelInterface
import KernelSelection
import Testing

@Suite struct ResizeTests {
  static let sizes = [(16, 16), (23, 31), (66, 12), (9, 52), (61, 12), (1, 1)]

  @Test(
    "Every filter gives Pillow's pixels, on every instruction set", arguments: ResizeFilter.allCases
  )
  func pillow(_ filter: ResizeFilter) throws {
    let source = try ImageReader.decode(bytes: fixture("resize.png"))
    for engine in engines {
      for (width, height) in Self.sizes {
        let resized = Resizer.resize(
          source, width: width, height: height, filter: filter, kernels: engine.kernels)
        let name = "resize-\(filter.rawValue)-\(width)x\(height)"
        #expect(try difference(resized, golden(name)) == 0, "\(name) \(engine.instructionSet)")
      }
    }
  }

  @Test("A picture of one colour keeps it at every size")
  func constant() throws {
    let colour: [UInt8] = [17, 200, 255]
    for engine in engines {
      for (oldWidth, oldHeight) in [(1, 1), (2, 3), (7, 5), (100, 33)] {
        let image = RGBImage(
          width: oldWidth, height: oldHeight,
          pixels: Array(repeatElement(colour, count: oldWidth * oldHeight).joined()))
        for (width, height) in [(1, 1), (3, 2), (5, 64), (33, 1), (64, 5)] {
          for filter in ResizeFilter.allCases {
            let resized = Resizer.resize(
              image, width: width, height: height, filter: filter, kernels: engine.kernels)
            let expected = Array(repeatElement(colour, count: width * height).joined())
            #expect(resized.pixels == expected, "\(filter) \(image.width) to \(width) x \(height)")
          }
        }
      }
    }
  }

  @Test("All instruction sets give the same pixels")
  func sameBits() throws {
    let source = try ImageReader.decode(bytes: fixture("resize.png"))
    for filter in ResizeFilter.allCases {
      let results = engines.map {
        Resizer.resize(source, width: 31, height: 90, filter: filter, kernels: $0.kernels)
      }
      #expect(Set(results).count == 1)
    }
  }
}
