/// Facts from a file's header about its image, and about the rest of the file.
package struct ImageFacts: Sendable, Hashable {
  /// By content.
  package var kind: FileKind
  /// Pixels across as stored, before any turning.
  package var width: Int
  /// Pixels down as stored.
  package var height: Int
  /// The EXIF orientation, 1 to 8; 1 if there is none or it cannot be used.
  package var orientation: Int
  /// Peculiarities of the file, none of them an error.
  package var traits: Set<Trait>

  /// A peculiarity of a file; the raw values appear in reports.
  package enum Trait: String, Sendable, Hashable, CaseIterable {
    /// One channel.
    case grey
    /// Colours by index.
    case palette
    /// An alpha channel or a transparent colour, both of which are dropped.
    case alpha
    /// CMYK or YCCK.
    case cmyk
    /// More than 8 bits per channel.
    case deep = "16-bit"
    /// A progressive JPEG, an interlaced PNG or GIF.
    case progressive
    /// A colour profile, which is ignored.
    case colourProfile = "icc"
    /// EXIF data whose orientation cannot be used.
    case badExif = "bad-exif"
    /// Bytes of nothing between the parts of a JPEG.
    case strayBytes = "stray-bytes"
    /// A scan of a sequential JPEG whose header says what such a scan cannot.
    case oddScan = "odd-scan-header"
    /// A progressive JPEG whose scans do not reach the full precision.
    case coarse = "missing-scans"
    /// An image that is whole, in a file whose end is missing or broken.
    case noEnd = "no-end"
    /// Bytes behind the end of the image.
    case trailingBytes = "trailing-bytes"
    /// More images beside the first or primary one, as in APNG, MPO, GIF and HEIC.
    case severalImages = "several-pictures"
  }
}

extension ImageReader {
  /// Facts about an image from the bytes of its file, without decoding the pixels.
  ///
  /// Throws what `decode` would for anything that is known before the pixels are.
  package static func facts(
    bytes: [UInt8], maxPixels: Int = Preprocessing.defaultMaxPixels
  ) throws(ImageFailure) -> ImageFacts {
    guard let kind = FileKind(bytes) else { throw .notAnImage(bytes) }
    return try ImageHeader(of: bytes, kind: kind, maxPixels: maxPixels, codecs: .system).facts
  }
}
