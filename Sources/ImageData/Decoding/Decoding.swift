internal import CImageCodecs
package import Primitives

/// An image as it was decoded: perhaps smaller than the file's, and not turned yet.
package struct DecodedImage: Sendable, Hashable {
  /// The pixels as they are stored: the full sides divided by `shrink`, rounded up.
  package var image: RGBImage
  /// Pixels across of the whole image as stored.
  package var fullWidth: Int
  /// Pixels down of the whole image as stored.
  package var fullHeight: Int
  /// The reduction in each direction: one pixel stands for 1, 2, 4 or 8 pixels of the file.
  package var shrink: Int
  /// The EXIF orientation, 1 to 8.
  package var orientation: Int
  /// Bytes of nothing that the decoder met, those behind the last block among them.
  package var strayBytes = 0

  /// An image of the given pixels and of the sides that it had in its file.
  package init(
    image: RGBImage, fullWidth: Int, fullHeight: Int, shrink: Int, orientation: Int
  ) {
    (self.image, self.fullWidth, self.fullHeight) = (image, fullWidth, fullHeight)
    (self.shrink, self.orientation) = (shrink, orientation)
  }

  /// Whether turning exchanges rows and columns.
  var isTransposed: Bool { orientation >= 5 }

  package var upright: RGBImage { image.upright(from: orientation) }
}

extension ImageReader {
  /// The image in the bytes of a JPEG or PNG file, at its full size and upright.
  ///
  /// The kind is told by the first bytes alone. Grey becomes equal channels, CMYK and alpha are
  /// treated as Pillow's `convert("RGB")` does, 16 bits are scaled to 8.
  package static func decode(
    bytes: [UInt8], exif: ExifPolicy = .apply, maxPixels: Int = Preprocessing.defaultMaxPixels
  ) throws(ImageFailure) -> RGBImage {
    try decodeImage(bytes: bytes, exif: exif, maxPixels: maxPixels).upright
  }

  /// The image in a file's bytes, decoded at the size that `shrink` chooses.
  ///
  /// `shrink` is given the sides of the whole image, upright, and answers 1, 2, 4 or 8. It is
  /// asked for JPEG alone, whose decoder makes smaller images for less work; a PNG is always
  /// whole. The limits and the verdict are those of the whole image whatever the prediction.
  package static func decodeImage(
    bytes: [UInt8], exif: ExifPolicy = .apply, maxPixels: Int = Preprocessing.defaultMaxPixels,
    shrink: (_ width: Int, _ height: Int) -> Int = { _, _ in 1 }
  ) throws(ImageFailure) -> DecodedImage {
    try decodeWithFacts(bytes: bytes, exif: exif, maxPixels: maxPixels, shrink: shrink).image
  }

  /// The results of `decodeImage` and `facts`, for the cost of one.
  package static func decodeWithFacts(
    bytes: [UInt8], exif: ExifPolicy = .apply, maxPixels: Int = Preprocessing.defaultMaxPixels,
    shrink: (_ width: Int, _ height: Int) -> Int = { _, _ in 1 }
  ) throws(ImageFailure) -> (image: DecodedImage, facts: ImageFacts) {
    guard let kind = FileKind(bytes) else { throw .notAnImage(bytes) }
    let (structure, probe) = try header(of: bytes, kind: kind, maxPixels: maxPixels)
    let facts = ImageFacts(kind, structure, probe)
    let (width, height) = (facts.width, facts.height)
    let orientation = exif == .apply ? facts.orientation : 1
    let upright = orientation >= 5 ? (height, width) : (width, height)
    let divisor = kind == .jpeg ? shrink(upright.0, upright.1) : 1
    precondition([1, 2, 4, 8].contains(divisor), "images shrink by 1, 2, 4 or 8")
    let (stored, strayBytes) = try pixels(
      of: bytes, kind: kind, probe: probe, shrink: divisor, maxPixels: maxPixels)
    var image = DecodedImage(
      image: stored, fullWidth: width, fullHeight: height, shrink: divisor,
      orientation: orientation)
    image.strayBytes = strayBytes
    return (image, facts)
  }

  /// The versions of the libraries that decode, such as "libjpeg-turbo 2.1.5".
  package static var libraryVersions: [String] {
    [String(cString: cimage_jpeg_version()), String(cString: cimage_png_version())]
  }

  /// The pixels as they are stored, and the stray bytes met; `probe` is what the header said.
  private static func pixels(
    of bytes: [UInt8], kind: FileKind, probe: cimage_result, shrink: Int, maxPixels: Int
  ) throws(ImageFailure) -> (RGBImage, strayBytes: Int) {
    let width = (Int(probe.width) + shrink - 1) / shrink
    let height = (Int(probe.height) + shrink - 1) / shrink
    // The sides are at most 32768 each, so the product cannot overflow.
    let count = 3 * width * height
    var result = probe
    let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      bytes.withUnsafeBufferPointer {
        switch kind {
        case .jpeg:
          result = cimage_jpeg_decode(
            $0.baseAddress, $0.count, Int64(maxPixels), Int32(shrink), buffer.baseAddress, count)
        case .png:
          result = cimage_png_decode(
            $0.baseAddress, $0.count, Int64(maxPixels), buffer.baseAddress, count)
        }
      }
      // A refused image's pixels are never looked at.
      initialized = result.status == CIMAGE_OK ? count : 0
    }
    try check(result)
    guard result.width == width, result.height == height else {
      throw ImageFailure(.damaged, "the image size differs from the header")
    }
    let image = RGBImage(width: width, height: height, pixels: pixels)
    return (image, Int(result.stray_bytes))
  }

  /// The header, checked against all limits before the pixels are decoded.
  static func header(
    of bytes: [UInt8], kind: FileKind, maxPixels: Int
  ) throws(ImageFailure) -> (FileStructure, cimage_result) {
    // First the parts are counted: the library would read them all.
    let structure = try FileStructure(of: bytes, kind: kind, maxPixels: maxPixels)
    let probe = bytes.withUnsafeBufferPointer {
      switch kind {
      case .jpeg: cimage_jpeg_probe($0.baseAddress, $0.count, Int64(maxPixels))
      case .png: cimage_png_probe($0.baseAddress, $0.count, Int64(maxPixels))
      }
    }
    try check(probe)
    return (structure, probe)
  }

  private static func check(_ result: cimage_result) throws(ImageFailure) {
    guard result.status != CIMAGE_OK else { return }
    let code: ImageFailure.Code =
      switch result.status {
      case CIMAGE_TOO_LARGE, CIMAGE_NO_MEMORY: .tooLarge
      case CIMAGE_UNSUPPORTED: .unsupported
      case CIMAGE_TRUNCATED: .truncated
      case CIMAGE_TOO_SLOW: .tooSlow
      default: .damaged
      }
    let text = withUnsafeBytes(of: result.message) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    throw ImageFailure(code, ownWords(printable(text)))
  }

  /// A library's message in the style of ours: lower case, and our words for known cases.
  private static func ownWords(_ text: String) -> String {
    if text == "Premature end of JPEG file" { return "the file ends before the image is complete" }
    guard let first = text.first, first.isUppercase, text.dropFirst().first?.isLowercase == true
    else { return text }
    return first.lowercased() + text.dropFirst()
  }

  /// Libraries quote bytes of the file in their messages: nothing of that may reach a terminal.
  private static func printable(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { (" "..."~").contains($0) ? $0 : "?" }))
  }
}
