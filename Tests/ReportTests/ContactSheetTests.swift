import Drawing
import ImageData
import Primitives
import Testing

/// A picture of numbered bytes.
private func picture(_ width: Int, _ height: Int, _ start: Int = 0) -> RGBImage {
  RGBImage(
    width: width, height: height,
    pixels: (0..<(3 * width * height)).map { UInt8(truncatingIfNeeded: start + 7 * $0) })
}

/// The part of a picture from (x, y) on.
private func part(
  _ sheet: RGBImage, _ x: Int, _ y: Int, _ width: Int, _ height: Int, every: Int = 1
) -> [UInt8] {
  (0..<height).flatMap { row in
    (0..<width).flatMap { column in
      let at = 3 * ((y + every * row) * sheet.width + x + every * column)
      return sheet.pixels[at..<(at + 3)]
    }
  }
}

private func decoded(_ png: [UInt8]) throws -> RGBImage {
  try ImageReader.decode(bytes: png)
}

@Suite struct ContactSheetTests {
  @Test("A sheet is a PNG that holds every picture, pixel by pixel, with white between")
  func layout() throws {
    let rows = [
      [picture(80, 70), picture(64, 64, 1), picture(64, 64, 2)],
      [picture(80, 70, 3), picture(64, 64, 4)],
    ]
    let sheet = ContactSheet(rows: rows)
    #expect(sheet.magnification == 1)
    let png = try sheet.picture.png()
    #expect(try sheet.picture.png() == png)
    let image = try decoded(png)
    #expect(image.width == 4 + 80 + 16 + 64 + 4 + 64 + 4)
    #expect(image.height == 4 + 70 + 4 + 70 + 4)
    #expect(part(image, 4, 4, 80, 70) == rows[0][0].pixels)
    // Lower ones lie in the middle of the row.
    #expect(part(image, 100, 7, 64, 64) == rows[0][1].pixels)
    #expect(part(image, 168, 7, 64, 64) == rows[0][2].pixels)
    #expect(part(image, 4, 78, 80, 70) == rows[1][0].pixels)
    #expect(part(image, 100, 81, 64, 64) == rows[1][1].pixels)
    #expect(part(image, 168, 81, 64, 64).allSatisfy { $0 == 255 })
    #expect(part(image, 84, 0, 16, image.height).allSatisfy { $0 == 255 })
  }

  @Test("Small pictures are enlarged by a whole factor")
  func magnification() throws {
    let small = picture(9, 8)
    let sheet = ContactSheet(rows: [[small, small]])
    #expect(sheet.magnification == 7)
    let image = try decoded(sheet.picture.png())
    #expect(image.width == 4 + 63 + 16 + 63 + 4 && image.height == 4 + 56 + 4)
    for corner in [0, 6] {
      #expect(part(image, 4 + corner, 4 + corner, 9, 8, every: 7) == small.pixels)
      #expect(part(image, 83 + corner, 4 + corner, 9, 8, every: 7) == small.pixels)
    }
  }
}
