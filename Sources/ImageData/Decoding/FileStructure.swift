internal import Primitives

/// The structure of a file around its pixels, found without decoding.
///
/// Refuses what has too many parts. Everything else that is wrong is left to the decoder, which
/// names it: the structure then tells what stands before the fault.
struct FileStructure {
  /// The EXIF orientation; nil without EXIF data.
  var exif: Exif.Orientation?
  /// The same of EXIF data that a program has written as text into a PNG.
  var exifAsText: Exif.Orientation?
  /// The orientation that XMP data name, 0 to 9; nil without any.
  var xmp: Int?
  var traits: Set<ImageFacts.Trait> = []
  /// The first frame of a moving WebP.
  var frame: WebPFrame?

  /// The structure of a file's bytes; `maxPixels` scales how much work scans may be.
  init(of bytes: [UInt8], kind: FileKind, maxPixels: Int) throws(ImageFailure) {
    switch kind {
    case .jpeg: try readJPEG(bytes, maxPixels: maxPixels)
    case .png: try readPNG(bytes)
    case .webp: try readWebP(bytes)
    // libheif turns by the file's own boxes, whatever its EXIF data say; the others have none.
    case .heic, .avif, .bmp, .gif: break
    }
    if [.unusable, .broken].contains(exif ?? exifAsText) { traits.insert(.badExif) }
  }

  /// The orientation that the file asks for, 1 to 8.
  ///
  /// As in Pillow's `exif_transpose`: a tag in EXIF data decides, whatever its value; EXIF data
  /// written as text count where there are no others; XMP data where no tag was found.
  var orientation: Int {
    switch exif ?? exifAsText ?? .absent {
    case .turned(let value): value
    case .unusable: 1
    case .absent, .broken: xmp.flatMap { (1...8).contains($0) ? $0 : nil } ?? 1
    }
  }
}

extension Array where Element == UInt8 {
  /// The number of `count` bytes at `at`, highest byte first; nil beyond the range.
  func bigEndian(at: Int, _ count: Int, in range: Range<Int>) -> Int? {
    guard at >= range.lowerBound, at <= range.upperBound - count else { return nil }
    return Int(truncatingIfNeeded: self[at..<(at + count)].bigEndianNumber)
  }

  /// The number of `count` bytes at `at`, lowest byte first; nil beyond the range.
  func littleEndian(at: Int, _ count: Int, in range: Range<Int>) -> Int? {
    guard at >= range.lowerBound, at <= range.upperBound - count else { return nil }
    return Int(truncatingIfNeeded: self[at..<(at + count)].littleEndianNumber)
  }

  /// Whether the range begins with these bytes.
  func begins(_ range: Range<Int>, with text: StaticString) -> Bool {
    text.withUTF8Buffer { self[range].starts(with: $0) }
  }
}
