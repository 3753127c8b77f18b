internal import Primitives

/// The chunks of a RIFF file, up to the end that its header names.
///
/// Knows nothing of what the chunks say. Whatever bytes it is given, it ends.
struct RIFFChunks: Sequence, IteratorProtocol {
  struct Chunk {
    /// The whole chunk, with name and length.
    var whole: Range<Int>
    var body: Range<Int>
  }

  private let bytes: [UInt8]
  /// The first byte after the last chunk.
  private(set) var position: Int
  private let end: Int

  init(_ bytes: [UInt8], in range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  /// The next chunk; nil after the last and where the bytes end in a chunk.
  mutating func next() -> Chunk? {
    guard let length = bytes.littleEndian(at: position + 4, 4, in: position..<end),
      length <= end - position - 8
    else { return nil }
    let body = (position + 8)..<(position + 8 + length)
    // Chunks begin at even places.
    let next = Swift.min(end, body.upperBound + length % 2)
    defer { position = next }
    return Chunk(whole: position..<next, body: body)
  }
}

/// The first frame of a moving WebP, as a file of its own.
struct WebPFrame {
  /// The sides of the whole picture.
  var width: Int
  var height: Int
  /// The place of the frame in it; the rest is black.
  var left: Int
  var top: Int
  var frameWidth: Int
  var frameHeight: Int
  var file: [UInt8]
}

extension FileStructure {
  /// Reads the chunks of a WebP; what they say of its pixels is left to the library.
  mutating func readWebP(_ bytes: [UInt8]) throws(ImageFailure) {
    guard let named = bytes.littleEndian(at: 4, 4, in: 0..<bytes.count), bytes.count > 12 else {
      return
    }
    // A file that is shorter than it says is refused by the library, unless its first frame is whole.
    let end = min(bytes.count, 8 + named)
    if end < bytes.count { traits.insert(.trailingBytes) }
    if end < 8 + named { traits.insert(.noEnd) }
    guard end > 12 else { return }
    var chunks = RIFFChunks(bytes, in: 12..<end)
    guard let first = chunks.next(), bytes.begins(first.whole, with: "VP8X"),
      let header = WebPHeader(bytes, first.body)
    else { return }
    if header.hasProfile { traits.insert(.colourProfile) }
    var (count, frames) = (0, 0)
    while let chunk = chunks.next() {
      count += 1
      try refuse(count > StructureLimits.chunks, "more than \(StructureLimits.chunks) chunks")
      if bytes.begins(chunk.whole, with: "ANMF"), header.isMoving {
        frames += 1
        if frames == 1 { frame = try header.frame(bytes, chunk.body) }
      } else if bytes.begins(chunk.whole, with: "EXIF"), header.hasExif, exif == nil {
        exif = Exif.orientation(of: bytes, in: chunk.body)
      } else if bytes.begins(chunk.whole, with: "XMP "), header.hasXMP, xmp == nil {
        xmp = XMP.orientation(of: bytes, in: chunk.body)
      }
    }
    if frames > 1 { traits.insert(.severalImages) }
    guard !header.isMoving || frame != nil else {
      throw ImageFailure(
        bytes.count < 8 + named ? .truncated : .damaged, "the file holds no whole frame")
    }
  }
}

/// The contents of a WebP's first chunk, where it has more than one.
private struct WebPHeader {
  private let flags: UInt8
  private let width: Int
  private let height: Int

  var isMoving: Bool { flags & 0x02 > 0 }
  var hasXMP: Bool { flags & 0x04 > 0 }
  var hasExif: Bool { flags & 0x08 > 0 }
  var hasProfile: Bool { flags & 0x20 > 0 }

  init?(_ bytes: [UInt8], _ body: Range<Int>) {
    guard let width = bytes.littleEndian(at: body.lowerBound + 4, 3, in: body),
      let height = bytes.littleEndian(at: body.lowerBound + 7, 3, in: body)
    else { return nil }
    flags = bytes[body.lowerBound]
    (self.width, self.height) = (width + 1, height + 1)
  }

  /// The frame in the body of a chunk.
  func frame(_ bytes: [UInt8], _ body: Range<Int>) throws(ImageFailure) -> WebPFrame {
    let places = [0, 3, 6, 9].compactMap {
      bytes.littleEndian(at: body.lowerBound + $0, 3, in: body)
    }
    guard places.count == 4, body.count > 16 else {
      throw ImageFailure(.damaged, "a frame without its header")
    }
    let frame = WebPFrame(
      width: width, height: height, left: 2 * places[0], top: 2 * places[1],
      frameWidth: places[2] + 1, frameHeight: places[3] + 1,
      file: WebPHeader.file(bytes, (body.lowerBound + 16)..<body.upperBound, places[2], places[3]))
    guard frame.left + frame.frameWidth <= width, frame.top + frame.frameHeight <= height else {
      throw ImageFailure(.damaged, "a frame outside the picture")
    }
    return frame
  }

  /// A file of a frame's chunks, with a first chunk of its own where its alpha stands apart.
  private static func file(
    _ bytes: [UInt8], _ range: Range<Int>, _ right: Int, _ bottom: Int
  ) -> [UInt8] {
    func number(_ value: Int, _ count: Int) -> [UInt8] {
      Array(value.littleEndianBytes.prefix(count))
    }
    let hasAlpha = bytes.begins(range, with: "ALPH")
    let first =
      hasAlpha
      ? Array("VP8X".utf8) + number(10, 4) + [0x10, 0, 0, 0] + number(right, 3) + number(bottom, 3)
      : []
    return Array("RIFF".utf8) + number(4 + first.count + range.count, 4) + Array("WEBP".utf8)
      + first + bytes[range]
  }
}
