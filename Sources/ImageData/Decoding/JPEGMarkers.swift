internal import CImageCodecs
import Glibc

/// Limits checked before a decoder sees a file; no honest file exceeds them.
enum StructureLimits {
  /// Segments of a JPEG's first image: a colour profile or depth map of many megabytes has
  /// hundreds.
  static let segments = 4096
  /// Bytes that only fill the room before a JPEG's markers, or stand there by mistake.
  static let fillBytes = 1 << 16
  /// Bytes of Huffman, quantization and arithmetic tables: a hundred scans, each with all tables
  /// anew, have a fifth of it.
  static let tableBytes = 1 << 20
  /// Scans of a JPEG, which the decoder counts, too.
  static let scans = Int(CIMAGE_MAX_SCANS)
  /// Blocks that all scans of a JPEG pass over, for up to 64 million pixels: ten full scans of an
  /// image of three channels.
  static let blockVisits = 1 << 25
  /// Bytes that a scan may have a block, beyond `fillBytes`: 64 coefficients of 31 bits, each
  /// byte perhaps followed by a zero.
  static let scanBytesPerBlock = 512
  /// Chunks of a PNG: 250 MB in the smallest chunks that writers make.
  static let chunks = 1 << 16
  /// Compressed bytes of a PNG beyond those of its rows and a quarter more: deflate's own
  /// overhead is below 1 %, that of flushing after every row of some length a few.
  static let compressedBeyond = 1 << 20
}

/// The segments of a JPEG file, from marker to marker up to the end of its first image.
///
/// Knows nothing of what the segments say. Whatever bytes it is given, it ends.
struct JPEGMarkers {
  /// One marker and what belongs to it.
  struct Segment {
    /// The byte after 0xFF.
    var marker: UInt8
    /// The range of the contents, without marker and length.
    var body: Range<Int>
  }

  /// The reason why there are no more segments.
  enum End {
    /// The marker for the end of the image.
    case image
    /// The bytes end first.
    case cut
    /// A segment that cannot be.
    case damaged
  }

  private let bytes: [UInt8]
  private var filled = 0
  /// Bytes that belong to no segment, in front of markers.
  private(set) var strayBytes = 0
  /// The first byte not yet looked at.
  private(set) var position = 2
  /// Set by `next()` when it answers nil.
  private(set) var end: End?

  /// The segments of a file that begins with the marker of a JPEG.
  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// The next segment; nil at the end of the image or where the file makes no sense.
  ///
  /// Stray bytes before a marker are stepped over, as the decoder does.
  mutating func next() throws(ImageFailure) -> Segment? {
    var marker: UInt8 = 0
    // 0xFF before a zero is no marker.
    while marker == 0 {
      while position < bytes.count, bytes[position] != 0xFF {
        position += 1
        strayBytes += 1
        try countFill()
      }
      position += 1
      while position < bytes.count, bytes[position] == 0xFF {
        position += 1
        try countFill()
      }
      guard position < bytes.count else { return stop(.cut) }
      marker = bytes[position]
      position += 1
      if marker == 0 {
        strayBytes += 2
        try countFill()
      }
    }
    switch marker {
    case 0xD9: return stop(.image)
    case 0x01, 0xD0...0xD7: return Segment(marker: marker, body: position..<position)
    default: break
    }
    guard bytes.count - position >= 2 else { return stop(.cut) }
    let length = Int(bytes[position]) << 8 | Int(bytes[position + 1])
    guard length >= 2 else { return stop(.damaged) }
    guard length <= bytes.count - position else { return stop(.cut) }
    let body = (position + 2)..<(position + length)
    position += length
    return Segment(marker: marker, body: body)
  }

  /// Steps over the compressed data after a scan's header: how many restart markers are in it.
  mutating func skipScan() throws(ImageFailure) -> Int {
    var restarts = 0
    while let marker = nextFF(from: position) {
      position = marker
      guard marker + 1 < bytes.count else { break }
      switch bytes[marker + 1] {
      case 0x00: position += 2
      case 0xFF:
        position += 1
        try countFill()
      case 0xD0...0xD7:
        position += 2
        restarts += 1
      default: return restarts
      }
    }
    position = bytes.count
    return restarts
  }

  private func nextFF(from start: Int) -> Int? {
    bytes.withUnsafeBytes { raw in
      guard let base = raw.baseAddress, start < raw.count,
        let hit = memchr(base + start, 0xFF, raw.count - start)
      else { return nil }
      return UnsafeRawPointer(hit) - base
    }
  }

  private mutating func countFill() throws(ImageFailure) {
    filled += 1
    if filled > StructureLimits.fillBytes {
      throw ImageFailure(.tooLarge, "more than \(StructureLimits.fillBytes) fill bytes")
    }
  }

  private mutating func stop(_ reason: End) -> Segment? {
    end = reason
    return nil
  }
}
