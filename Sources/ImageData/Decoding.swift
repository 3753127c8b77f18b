internal import CImageCodecs

extension ImageReader {
  /// The picture in the bytes of a JPEG or PNG file, at its full size and upright.
  ///
  /// The kind is told by the first bytes alone. Grey becomes equal channels, CMYK and alpha are
  /// treated as Pillow's `convert("RGB")` does, 16 bits are scaled to 8.
  package static func decode(
    bytes: [UInt8], exif: ExifPolicy = .apply, maxPixels: Int = Preprocessing.defaultMaxPixels
  ) throws(ImageFailure) -> RGBImage {
    guard let kind = FileKind(bytes) else {
      throw ImageFailure(.notAnImage, "neither a JPEG nor a PNG by its first bytes")
    }
    let image = try pixels(of: bytes, kind: kind, maxPixels: maxPixels)
    guard exif == .apply else { return image }
    return image.upright(from: Exif.orientation(of: bytes, kind: kind))
  }

  /// The versions of the libraries that decode, such as "libjpeg-turbo 2.1.5".
  package static var libraryVersions: [String] {
    [String(cString: cimage_jpeg_version()), String(cString: cimage_png_version())]
  }

  private static func pixels(
    of bytes: [UInt8], kind: FileKind, maxPixels: Int
  ) throws(ImageFailure) -> RGBImage {
    let probe = try probe(bytes, kind: kind, maxPixels: maxPixels)
    // The sides are at most 32768 each, so the product cannot overflow.
    let count = 3 * Int(probe.width) * Int(probe.height)
    var result = probe
    let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      bytes.withUnsafeBufferPointer {
        switch kind {
        case .jpeg:
          result = cimage_jpeg_decode(
            $0.baseAddress, $0.count, Int64(maxPixels), buffer.baseAddress, count)
        case .png:
          result = cimage_png_decode(
            $0.baseAddress, $0.count, Int64(maxPixels), buffer.baseAddress, count)
        }
      }
      // A refused picture's pixels are never looked at.
      initialized = result.status == CIMAGE_OK ? count : 0
    }
    try check(result)
    return RGBImage(width: Int(result.width), height: Int(result.height), pixels: pixels)
  }

  /// What the header says; sides and pixels are within the limits.
  static func probe(
    _ bytes: [UInt8], kind: FileKind, maxPixels: Int
  ) throws(ImageFailure) -> cimage_result {
    let probe = bytes.withUnsafeBufferPointer {
      switch kind {
      case .jpeg: cimage_jpeg_probe($0.baseAddress, $0.count, Int64(maxPixels))
      case .png: cimage_png_probe($0.baseAddress, $0.count, Int64(maxPixels))
      }
    }
    try check(probe)
    return probe
  }

  private static func check(_ result: cimage_result) throws(ImageFailure) {
    guard result.status != CIMAGE_OK else { return }
    let code: ImageFailure.Code =
      switch result.status {
      case CIMAGE_TOO_LARGE, CIMAGE_NO_MEMORY: .tooLarge
      case CIMAGE_UNSUPPORTED: .unsupported
      case CIMAGE_TRUNCATED: .truncated
      default: .damaged
      }
    let text = withUnsafeBytes(of: result.message) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    throw ImageFailure(code, printable(text))
  }

  /// Libraries quote bytes of the file in their messages: nothing of that may reach a terminal.
  private static func printable(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { (" "..."~").contains($0) ? $0 : "?" }))
  }
}
