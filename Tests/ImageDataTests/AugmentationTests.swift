import Compute
import Glibc
import ImageData
import KernelTypes
import Primitives
import Testing

/// The sampling pass in double precision, pixel by pixel.
private func reference(
  _ image: RGBImage, _ parameters: [Float], to target: (width: Int, height: Int), _ fill: BorderFill
) -> [Double] {
  let p = parameters.map { Double($0) }
  func coordinate(_ exact: Double, _ size: Int) -> Double? {
    let size = Double(size)
    switch fill {
    case .nearest:
      return min(size - 1, max(0, exact))
    case .constant:
      return exact < -0.5 || exact > size - 0.5 ? nil : min(size - 1, max(0, exact))
    case .reflect:
      var position = exact + 0.5
      while position < 0 || position > size {
        position = position < 0 ? -position : 2 * size - position
      }
      return min(size - 1, max(0, position - 0.5))
    }
  }
  var result: [Double] = []
  for y in 0..<target.height {
    for x in 0..<target.width {
      let sx = coordinate(p[0] * Double(x) + p[1] * Double(y) + p[2], image.width)
      let sy = coordinate(p[3] * Double(x) + p[4] * Double(y) + p[5], image.height)
      var pixel = [p[18], p[19], p[20]]
      if let sx, let sy {
        let left = Int(sx)
        let top = Int(sy)
        let fx = sx - Double(left)
        let fy = sy - Double(top)
        pixel = (0..<3).map { channel in
          func at(_ x: Int, _ y: Int) -> Double {
            let row = min(y, image.height - 1)
            return Double(image.pixels[3 * (row * image.width + min(x, image.width - 1)) + channel])
          }
          let upper = at(left, top) * (1 - fx) + at(left + 1, top) * fx
          let lower = at(left, top + 1) * (1 - fx) + at(left + 1, top + 1) * fx
          return upper * (1 - fy) + lower * fy
        }
      }
      for channel in 0..<3 {
        let row = 6 + 4 * channel
        result.append(
          p[row] * pixel[0] + p[row + 1] * pixel[1] + p[row + 2] * pixel[2] + p[row + 3])
      }
    }
  }
  return result
}

/// The kernel's result, with a check that nothing before or behind it was written.
private func sampled(
  _ image: RGBImage, _ parameters: [Float], to target: (width: Int, height: Int),
  _ fill: BorderFill, _ engine: Engine
) -> [Float] {
  let guardBand = 32
  let count = 3 * target.width * target.height
  var floats = [Float](repeating: 12345, count: count + 2 * guardBand)
  // The kernel may read a few bytes past the picture.
  let pixels = image.pixels + [UInt8](repeating: 77, count: 16)
  var scratch = [Float](repeating: 0, count: 1296)
  let border: [BorderFill: Int] = [.nearest: 0, .reflect: 1, .constant: 2]
  floats.withUnsafeMutableBufferPointer { floats in
    guard let start = floats.baseAddress else { return }
    engine.kernels.images.sampleAffine(
      pixels, image.width, image.height, start + guardBand, target.width, target.height,
      parameters, border[fill] ?? 0, false, &scratch)
  }
  #expect(floats.prefix(guardBand).allSatisfy { $0 == 12345 })
  #expect(floats.suffix(guardBand).allSatisfy { $0 == 12345 })
  return Array(floats[guardBand..<(guardBand + count)])
}

/// The greatest distance of two lists.
private func distance(_ a: some Collection<Float>, _ b: some Collection<Double>) -> Double {
  zip(a, b).map { abs(Double($0) - $1) }.max() ?? .infinity
}

@Suite struct AugmentationTests {
  private let plain = Preprocessing(
    width: 24, height: 24, mean: [0, 0, 0], deviation: [1, 1, 1])

  @Test(
    "The sampling pass agrees with a double-precision reference", arguments: BorderFill.allCases)
  func reference(_ fill: BorderFill) throws {
    let steps = Preprocessing(
      width: 8, height: 8, mean: [120, 110, 100], deviation: [60, 65, 70])
    let wild = Augmentation(
      rotationDegrees: 180, zoom: 0.9, shearDegrees: 40, shift: 0.8, flip: .hv, brightness: 1,
      contrast: 0.5, saturation: 0.5, cropScale: Interval(0.1, 1), cropAspect: Interval(0.5, 2))
    let shapes = [
      ((24, 24), (24, 24)), ((1, 1), (3, 2)), ((1, 7), (5, 5)), ((7, 1), (4, 4)), ((2, 2), (1, 1)),
      ((33, 20), (131, 17)), ((160, 160), (128, 128)),
    ]
    for engine in engines {
      var stream = RandomStream(seed: 3, purpose: .test)
      for (source, target) in shapes {
        let pixels = (0..<(3 * source.0 * source.1)).map { _ in UInt8(stream.index(below: 256)) }
        let image = RGBImage(width: source.0, height: source.1, pixels: pixels)
        for _ in 0..<6 {
          let draw = AugmentationDraw(wild, &stream)
          let parameters = draw.parameters(source: source, target: target, steps)
          let found = sampled(image, parameters, to: target, fill, engine)
          let expected = ImageDataTests.reference(image, parameters, to: target, fill)
          // Where rounding decides on which side of the border a position lies, a constant border
          // may differ in single pixels.
          let far = zip(found, expected).count { abs(Double($0) - $1) > 0.01 }
          let allowed = fill == .constant ? expected.count / 200 : 0
          #expect(far <= allowed, "\(source) to \(target) \(engine.instructionSet)")
        }
      }
    }
  }

  @Test("Rotation, shift, shear, zoom and mirror are Keras's")
  func keras() throws {
    let image = try golden("sample-source")
    let expected = try goldenFloats("keras-affine.f32")
    // (degrees, shift in x and y, shear, zoom in x and y, mirrored)
    let cases: [(Double, Double, Double, Double, Double, Double, Bool)] = [
      (0, 0, 0, 0, 0.85, 1.17, false), (0, 0, 0, 0.2, 1.1, 0.9, true), (0, 0, 0, 15, 1, 1, false),
      (20, 0, 0, 0, 1, 1, false), (0, 3, -2.5, 0, 1, 1, true), (-12, 1.5, 2, 8, 0.9, 1.2, true),
    ]
    let count = 3 * 24 * 24
    #expect(expected.count == count * cases.count)
    for engine in engines {
      for (index, values) in cases.enumerated() {
        var draw = AugmentationDraw()
        draw.rotation = values.0 * .pi / 180
        draw.shiftX = values.1 / 24
        draw.shiftY = values.2 / 24
        draw.shear = values.3 * .pi / 180
        draw.zoomX = values.4
        draw.zoomY = values.5
        draw.flipsX = values.6
        let parameters = draw.parameters(source: (24, 24), target: (24, 24), plain)
        let found = sampled(image, parameters, to: (24, 24), .nearest, engine)
        let wanted = expected[(index * count)..<((index + 1) * count)].map { Double($0) }
        #expect(distance(found, wanted) < 0.01, "case \(index)")
      }
    }
  }

  @Test("Crop, rotation, mirror and reflection are those of PyTorch's grid_sample")
  func torch() throws {
    let image = try golden("sample-source")
    let expected = try goldenFloats("sample-torch.f32")
    let cases: [(Double, Double, Double, Double, Double, Bool)] = [
      (0.8, 0.7, 0.15, -0.2, 0.2, true), (1, 1, 0, 0, -0.15, false), (1, 0.9, 0, 0.1, 0.1, false),
    ]
    let count = 3 * 18 * 18
    #expect(expected.count == count * cases.count)
    for engine in engines {
      for (index, values) in cases.enumerated() {
        var draw = AugmentationDraw()
        draw.cropWidth = values.0
        draw.cropHeight = values.1
        // PyTorch measures in half sides.
        draw.cropX = values.2 / 2
        draw.cropY = values.3 / 2
        draw.rotation = values.4
        draw.flipsX = values.5
        let parameters = draw.parameters(source: (24, 24), target: (18, 18), plain)
        let found = sampled(image, parameters, to: (18, 18), .reflect, engine)
        let wanted = expected[(index * count)..<((index + 1) * count)].map { Double($0) }
        #expect(distance(found, wanted) < 0.02, "case \(index)")
      }
    }
  }

  @Test("Without changes the pass gives the scaled pixels")
  func identity() throws {
    let image = try golden("sample-source")
    let steps = Preprocessing(
      width: 24, height: 24, mean: [124, 116, 104], deviation: [58, 57, 57])
    for engine in engines {
      let parameters = AugmentationDraw().parameters(
        source: (24, 24), target: (24, 24), steps)
      let found = sampled(image, parameters, to: (24, 24), .reflect, engine)
      let tensor = ImageReader(steps, kernels: engine.kernels).tensor(image)
      for (index, value) in tensor.enumerated() {
        let exact =
          (Double(image.pixels[index]) - Double(steps.mean[index % 3]))
          / Double(steps.deviation[index % 3])
        #expect(abs(Double(value) - exact) < 1e-5)
        #expect(abs(value - found[index]) < 1e-5)
      }
    }
  }

  @Test("Draws stay in their ranges, fill them, and depend on the key alone")
  func draws() {
    let augmentation = Augmentation.strong
    var least = AugmentationDraw()
    var most = AugmentationDraw()
    var flips = 0
    for sample in 0..<4000 {
      var stream = RandomStream(seed: 9, purpose: .augmentation, epoch: 2, sample: sample)
      let draw = AugmentationDraw(augmentation, &stream)
      var again = RandomStream(seed: 9, purpose: .augmentation, epoch: 2, sample: sample)
      #expect(AugmentationDraw(augmentation, &again) == draw)
      least.rotation = min(least.rotation, draw.rotation)
      most.rotation = max(most.rotation, draw.rotation)
      least.cropWidth = min(least.cropWidth, draw.cropWidth)
      most.contrast = max(most.contrast, draw.contrast)
      flips += draw.flipsX ? 1 : 0
      #expect(!draw.flipsY)
      let area = draw.cropWidth * draw.cropHeight
      #expect(area < 1.0001 && area > 0.2)
      #expect(abs(draw.cropX) <= (1 - draw.cropWidth) / 2 + 1e-9)
      #expect(abs(draw.cropY) <= (1 - draw.cropHeight) / 2 + 1e-9)
    }
    let limit = augmentation.rotationDegrees * .pi / 180
    #expect(most.rotation <= limit && most.rotation > 0.99 * limit)
    #expect(least.rotation >= -limit && least.rotation < -0.99 * limit)
    #expect(most.contrast <= 1.4 && most.contrast > 1.39)
    #expect(least.cropWidth < 0.5)
    #expect((1850...2150).contains(flips))
  }

  @Test("A changed range changes no other draw")
  func independent() {
    var wider = Augmentation.standard
    wider.rotationDegrees = 40
    var a = RandomStream(seed: 1, purpose: .augmentation, epoch: 1, sample: 1)
    var b = a
    let before = AugmentationDraw(.standard, &a)
    var after = AugmentationDraw(wider, &b)
    #expect(after.rotation != before.rotation)
    after.rotation = before.rotation
    #expect(after == before)
  }

  @Test("The seed preset is Keras's: independent zooms, shear in degrees, mirroring")
  func seedPreset() {
    var zooms: Set<Bool> = []
    for sample in 0..<200 {
      var stream = RandomStream(seed: 0, purpose: .augmentation, epoch: 0, sample: sample)
      let draw = AugmentationDraw(.seed, &stream)
      #expect((0.8...1.2).contains(draw.zoomX) && (0.8...1.2).contains(draw.zoomY))
      #expect(abs(draw.shear) <= 0.2 * .pi / 180)
      #expect(draw.rotation == 0 && draw.cropWidth == 1 && draw.contrast == 1)
      zooms.insert(draw.zoomX > draw.zoomY)
    }
    #expect(zooms.count == 2)
    #expect(Augmentation.seed.fill == .nearest)
  }

  @Test("Values out of range are named")
  func problems() {
    #expect(Preprocessing(width: 0, height: 4).problem != nil)
    #expect(Preprocessing(width: 4, height: 4, deviation: [1, 0, 1]).problem != nil)
    #expect(Preprocessing(width: 4, height: 4).problem == nil)
  }
}
