/// What stands in a file beside its pixels, found without decoding.
///
/// Refuses what has too many parts. Everything else that is wrong is left to the decoder, which
/// names it: the structure then tells what stands before the fault.
struct FileStructure {
  /// Where the TIFF data of an EXIF block stand.
  var exif: Range<Int>?
  /// What is special about the file.
  var traits: Set<PictureFacts.Trait> = []

  /// The structure of a file's bytes; `maxPixels` scales how much work scans may be.
  init(of bytes: [UInt8], kind: FileKind, maxPixels: Int) throws(ImageFailure) {
    switch kind {
    case .jpeg: try readJPEG(bytes, maxPixels: maxPixels)
    case .png: try readPNG(bytes)
    }
    if let exif, Exif.orientation(of: bytes, in: exif) == .unusable { traits.insert(.badExif) }
  }

  /// The orientation that the file asks for, 1 to 8.
  func orientation(of bytes: [UInt8]) -> Int {
    guard let exif, case .turned(let value) = Exif.orientation(of: bytes, in: exif) else {
      return 1
    }
    return value
  }
}

extension Array where Element == UInt8 {
  /// The number of `count` bytes at `at`, highest byte first; nil beyond the range.
  func bigEndian(at: Int, _ count: Int, in range: Range<Int>) -> Int? {
    guard at >= range.lowerBound, at <= range.upperBound - count else { return nil }
    return self[at..<(at + count)].reduce(0) { $0 << 8 | Int($1) }
  }

  /// Whether these bytes stand at the beginning of the range.
  func begins(_ range: Range<Int>, with text: StaticString) -> Bool {
    text.withUTF8Buffer { self[range].starts(with: $0) }
  }
}
