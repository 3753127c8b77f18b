import ImageData
import Primitives
import Testing

@Suite struct ShrinkTests {
  static let names = ["draft420.jpg", "draft444.jpg", "draft-cmyk.jpg"]

  @Test("A JPEG shrunk while decoding has Pillow's pixels within two levels", arguments: names)
  func shrunk(_ name: String) throws {
    for divisor in [1, 2, 4, 8] {
      var asked: [[Int]] = []
      let picture = try ImageReader.decodeImage(bytes: fixture(name)) { width, height in
        asked.append([width, height])
        return divisor
      }
      #expect(asked == [[75, 53]])
      #expect([picture.fullWidth, picture.fullHeight, picture.shrink] == [75, 53, divisor])
      let worst = try #require(try difference(picture.image, golden("\(name).\(divisor)")))
      #expect(worst <= 2, "1/\(divisor)")
    }
  }

  @Test("A shrunk JPEG comes out upright; the sides asked about are upright", arguments: 1...8)
  func orientation(_ value: Int) throws {
    let name = "draft-orientation\(value).jpg"
    var asked: [Int] = []
    let picture = try ImageReader.decodeImage(bytes: fixture(name)) { width, height in
      asked = [width, height]
      return 2
    }
    #expect(asked == (value < 5 ? [21, 13] : [13, 21]))
    #expect([picture.upright.width, picture.upright.height] == asked.map { ($0 + 1) / 2 })
    let worst = try #require(try difference(picture.upright, golden(name)))
    #expect(worst <= 2)
    let stored = try ImageReader.decodeImage(bytes: fixture(name), exif: .ignore) {
      asked = [$0, $1]
      return 4
    }
    #expect(asked == [21, 13])
    #expect(stored.image.width == 6 && stored.image.height == 4)
  }

  @Test("A PNG is always whole and the answer is not asked for")
  func png() throws {
    let picture = try ImageReader.decodeImage(bytes: fixture("rgb.png")) { _, _ in
      Issue.record("asked about a PNG")
      return 8
    }
    #expect(try picture.image == golden("rgb.png"))
    #expect([picture.fullWidth, picture.fullHeight, picture.shrink] == [37, 29, 1])
  }

  @Test("The limit of pixels is that of the whole picture")
  func limit() throws {
    let failure = #expect(throws: ImageFailure.self) {
      try ImageReader.decodeImage(bytes: fixture("draft420.jpg"), maxPixels: 75 * 53 - 1) {
        _, _ in 8
      }
    }
    #expect(failure?.code == .tooLarge)
  }
}
