internal import CImageCodecs
internal import Primitives

/// The header of a file, checked against all limits, and from there its pixels.
struct ImageHeader {
  let kind: FileKind
  let structure: FileStructure
  private let source: Source
  private let bytes: [UInt8]
  private let maxPixels: Int
  private let codecs: CodecFiles

  /// What decodes the file, with what its header said.
  private enum Source {
    /// One of the C functions.
    case coded(cimage_result)
    case bmp(BMPFile)
    case gif(GIFFile)
  }

  /// The header in a file's bytes; throws what is known before the pixels are decoded.
  init(
    of bytes: [UInt8], kind: FileKind, maxPixels: Int, codecs: CodecFiles
  ) throws(ImageFailure) {
    (self.kind, self.maxPixels, self.codecs) = (kind, maxPixels, codecs)
    // First the parts are counted: the library would read them all.
    structure = try FileStructure(of: bytes, kind: kind, maxPixels: maxPixels)
    self.bytes = structure.frame?.file ?? bytes
    let most = Int64(maxPixels)
    let probe = self.bytes.withUnsafeBufferPointer { file in
      switch kind {
      case .jpeg: cimage_jpeg_probe(file.baseAddress, file.count, most)
      case .png: cimage_png_probe(file.baseAddress, file.count, most)
      case .webp: cimage_webp_probe(codecs[.webp], file.baseAddress, file.count, most)
      case .heic, .avif: cimage_heif_probe(codecs[.heif], file.baseAddress, file.count, most)
      case .bmp, .gif: cimage_result()
      }
    }
    switch kind {
    case .bmp: source = .bmp(try BMPFile(bytes, maxPixels: maxPixels))
    case .gif: source = .gif(try GIFFile(bytes, maxPixels: maxPixels))
    case .jpeg, .png, .webp, .heic, .avif:
      try ImageFailure.check(probe, kind: kind, codecs)
      source = .coded(probe)
      guard let frame = structure.frame else { return }
      guard probe.width == frame.frameWidth, probe.height == frame.frameHeight else {
        throw ImageFailure.otherSize
      }
      try ImageFailure.check(width: frame.width, height: frame.height, maxPixels: maxPixels)
    }
  }

  /// The sides of what is decoded: of a moving WebP those of the frame.
  private var sides: (width: Int, height: Int) {
    switch source {
    case .coded(let probe): (Int(probe.width), Int(probe.height))
    case .bmp(let file): (file.width, file.height)
    case .gif(let file): (file.width, file.height)
    }
  }

  /// The facts that the file's parts and its header tell.
  var facts: ImageFacts {
    var traits = structure.traits
    switch source {
    case .coded(let probe):
      let told: [(cimage_traits, ImageFacts.Trait)] = [
        (CIMAGE_HAS_ALPHA, .alpha), (CIMAGE_IS_DEEP, .deep), (CIMAGE_HAS_SEVERAL, .severalImages),
        (CIMAGE_HAS_PROFILE, .colourProfile),
      ]
      for (flag, trait) in told where probe.traits & flag.rawValue > 0 { traits.insert(trait) }
    case .bmp(let file): traits.formUnion(file.traits)
    case .gif(let file): traits.formUnion(file.traits)
    }
    return ImageFacts(
      kind: kind, width: structure.frame?.width ?? sides.width,
      height: structure.frame?.height ?? sides.height, orientation: structure.orientation,
      traits: traits)
  }

  /// The pixels as they are stored, and the stray bytes met; `shrink` is 1 but for JPEG.
  func pixels(shrink: Int) throws(ImageFailure) -> (RGBImage, strayBytes: Int) {
    switch source {
    case .coded(let probe):
      let (image, strayBytes) = try decoded(probe, shrink: shrink)
      return (structure.frame.map { $0.placed(image) } ?? image, strayBytes)
    case .bmp(let file):
      return (
        RGBImage(width: file.width, height: file.height, pixels: try file.pixels()), 0
      )
    case .gif(let file):
      return (
        RGBImage(width: file.width, height: file.height, pixels: try file.pixels()), 0
      )
    }
  }

  private func decoded(
    _ probe: cimage_result, shrink: Int
  ) throws(ImageFailure) -> (RGBImage, strayBytes: Int) {
    let width = (Int(probe.width) + shrink - 1) / shrink
    let height = (Int(probe.height) + shrink - 1) / shrink
    // The sides are at most 32768 each, so the product cannot overflow.
    let count = 3 * width * height
    let most = Int64(maxPixels)
    var result = probe
    let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      bytes.withUnsafeBufferPointer { file in
        switch kind {
        case .jpeg:
          result = cimage_jpeg_decode(
            file.baseAddress, file.count, most, Int32(shrink), buffer.baseAddress, count)
        case .png:
          result = cimage_png_decode(
            file.baseAddress, file.count, most, buffer.baseAddress, count)
        case .webp:
          result = cimage_webp_decode(
            codecs[.webp], file.baseAddress, file.count, most, buffer.baseAddress, count)
        case .heic, .avif:
          result = cimage_heif_decode(
            codecs[.heif], file.baseAddress, file.count, most, buffer.baseAddress, count)
        case .bmp, .gif: preconditionFailure("these are not decoded by a library")
        }
      }
      // A refused image's pixels are never looked at.
      initialized = result.status == CIMAGE_OK ? count : 0
    }
    try ImageFailure.check(result, kind: kind, codecs)
    guard result.width == width, result.height == height else { throw ImageFailure.otherSize }
    let image = RGBImage(width: width, height: height, pixels: pixels)
    return (image, Int(result.stray_bytes))
  }
}

extension WebPFrame {
  /// The whole picture with the frame in its place.
  fileprivate func placed(_ image: RGBImage) -> RGBImage {
    if image.width == width, image.height == height { return image }
    var pixels = [UInt8](repeating: 0, count: 3 * width * height)
    let row = 3 * image.width
    for y in 0..<image.height {
      let start = 3 * ((top + y) * width + left)
      pixels.replaceSubrange(
        start..<(start + row), with: image.pixels[(y * row)..<((y + 1) * row)])
    }
    return RGBImage(width: width, height: height, pixels: pixels)
  }
}

extension ImageFailure {
  fileprivate static let otherSize = ImageFailure(
    .damaged, "the image size differs from the header")

  /// Refuses sides without pixels, and those above the limits.
  static func check(width: Int, height: Int, maxPixels: Int) throws(ImageFailure) {
    try check(
      cimage_check_sides(Int64(width), Int64(height), Int64(maxPixels)), kind: .bmp, .system)
  }

  fileprivate static func check(
    _ result: cimage_result, kind: FileKind, _ codecs: CodecFiles
  ) throws(ImageFailure) {
    guard result.status != CIMAGE_OK else { return }
    let code: Code
    switch result.status {
    case CIMAGE_TOO_LARGE, CIMAGE_NO_MEMORY: code = .tooLarge
    case CIMAGE_UNSUPPORTED: code = .unsupported
    case CIMAGE_TRUNCATED: code = .truncated
    case CIMAGE_TOO_SLOW: code = .tooSlow
    case CIMAGE_NO_LIBRARY:
      guard let library = CodecLibrary(kind) else { fallthrough }
      throw missing(library, for: kind, file: codecs[library])
    case CIMAGE_NO_DECODER: throw missingDecoder(for: kind)
    default: code = .damaged
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
