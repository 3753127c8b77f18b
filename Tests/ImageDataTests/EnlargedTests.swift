import Compute
import ImageData
import Primitives
import TestSupport
import Testing

/// Pictures that hold less detail than their size lets expect.
@Suite struct EnlargedTests {
  /// A picture with as much detail at every scale: noise of all sizes, one upon the other.
  private func picture(_ number: Int, side: Int = 128) throws -> RGBImage {
    let resizer = Resizer(.bilinear, kernels: try TestEngine.make().kernels)
    var stream = RandomStream(seed: UInt64(number), purpose: .initialization)
    var sums = [Float](repeating: 0, count: 3 * side * side)
    var cells = 4
    while cells <= side {
      let noise = RGBImage(
        width: cells, height: cells,
        pixels: (0..<(3 * cells * cells)).map { _ in UInt8(255 * stream.uniform()) })
      let layer = resizer.stretch(noise, width: side, height: side)
      for (index, value) in layer.pixels.enumerated() { sums[index] += Float(value) / 6 }
      cells *= 2
    }
    return RGBImage(
      width: side, height: side, pixels: sums.map { UInt8(min(255, max(0, $0))) })
  }

  /// A dataset of two classes, pictures changed by `change` where the class is one of `changed`.
  private func findings(
    side: Int = 128, changed: [String] = ["a", "b"], _ change: (RGBImage) -> RGBImage
  ) throws -> [CheckFinding] {
    let folder = try TemporaryFolder()
    for number in 0..<6 {
      let name = number % 2 == 0 ? "a" : "b"
      let image = try picture(number, side: side)
      let shown = changed.contains(name) ? change(image) : image
      let row = 3 * shown.width
      let raw = (0..<shown.height).flatMap { y in [0] + shown.pixels[(y * row)..<((y + 1) * row)] }
      try folder.write(
        "train/\(name)/\(number).png",
        png(width: shown.width, height: shown.height, depth: 8, colour: 2, raw: raw))
    }
    return try folder.check().findings
  }

  @Test(
    "An enlarged class is noted with the size that would do",
    arguments: [ResizeFilter.bilinear, .bicubic], [2, 4, 8])
  func enlarged(filter: ResizeFilter, factor: Int) throws {
    let kernels = try TestEngine.make().kernels
    let found = try findings { image in
      let small = Resizer(.area, kernels: kernels).stretch(
        image, width: 128 / factor, height: 128 / factor)
      return Resizer(filter, kernels: kernels).stretch(small, width: 128, height: 128)
    }
    #expect(found.map(\.kind) == [.enlarged])
    #expect(found.first?.paths == ["train/a", "train/b"])
    #expect(
      found.first?.message
        == "most show no detail finer than \(factor) pixels: \(128 / factor) pixels per side would "
        + "be enough")
  }

  @Test("Pictures that are as fine as their size, reduced or large are not noted")
  func sharp() throws {
    let kernels = try TestEngine.make().kernels
    #expect(try findings { $0 } == [])
    #expect(
      try findings {
        Resizer(.bicubic, kernels: kernels).stretch($0, width: 64, height: 64)
      } == [])
    // 200 pixels a side are more than any recipe looks at.
    #expect(
      try findings(side: 200) {
        Resizer(.bicubic, kernels: kernels).stretch($0, width: 400, height: 400)
      } == [])
  }

  @Test("One blurred class among sharp ones is said to be told by that")
  func oneClass() throws {
    let kernels = try TestEngine.make().kernels
    let found = try findings(changed: ["b"]) { image in
      let small = Resizer(.area, kernels: kernels).stretch(image, width: 32, height: 32)
      return Resizer(.bicubic, kernels: kernels).stretch(small, width: 128, height: 128)
    }
    #expect(found.map(\.paths) == [["train/b"]])
    #expect(
      found.first?.message.hasSuffix("sharper, and a network may learn that difference") == true)
  }
}
