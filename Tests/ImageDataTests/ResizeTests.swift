import Compute
import ImageData
import KernelTypes
import Primitives
import TestSupport
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
        let resized = Resizer(filter, kernels: engine.kernels)
          .stretch(source, width: width, height: height)
        let name = "resize-\(filter.rawValue)-\(width)x\(height)"
        #expect(try difference(resized, golden(name)) == 0, "\(name) \(engine.instructionSet)")
      }
    }
  }

  @Test(
    "Cropping and padding give the pixels of Pillow's ImageOps.fit and pad",
    arguments: [ResizeMode.crop, .pad], ResizeFilter.allCases)
  func modes(_ mode: ResizeMode, _ filter: ResizeFilter) throws {
    let source = try fixture("resize.png")
    for engine in engines {
      for (width, height) in [(16, 16), (21, 33), (40, 11)] {
        let steps = Preprocessing(width: width, height: height, resize: mode, filter: filter)
        let resized = try ImageReader(steps, kernels: engine.kernels).read(bytes: source)
        let name = "\(mode.rawValue)-\(filter.rawValue)-\(width)x\(height)"
        let worst = try #require(try difference(resized, golden(name)))
        // Pillow's bilinear weights of a box are not quite those of its source text.
        let allowed = mode == .crop && filter == .bilinear ? 1 : 0
        #expect(worst <= allowed, "\(name) \(engine.instructionSet)")
      }
    }
  }

  @Test("A picture of an extreme shape fills at least a line of a padded square")
  func extremes() throws {
    let engine = try TestEngine.make()
    for (width, height) in [(1, 5000), (5000, 1), (3, 2000)] {
      let image = RGBImage(
        width: width, height: height, pixels: [UInt8](repeating: 200, count: 3 * width * height))
      for mode in ResizeMode.allCases {
        for filter in ResizeFilter.allCases {
          let steps = Preprocessing(width: 16, height: 16, resize: mode, filter: filter)
          let picture = DecodedImage(
            image: image, fullWidth: width, fullHeight: height, shrink: 1, orientation: 1)
          let resized = ImageReader(steps, kernels: engine.kernels).resize(picture)
          #expect([resized.width, resized.height] == [16, 16])
          #expect(resized.pixels.contains(200))
          #expect(mode == .pad || !resized.pixels.contains(0), "\(mode) \(filter)")
        }
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
            let resized = Resizer(filter, kernels: engine.kernels)
              .stretch(image, width: width, height: height)
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
        Resizer(filter, kernels: $0.kernels).stretch(source, width: 31, height: 90)
      }
      #expect(Set(results).count == 1)
    }
  }
}
