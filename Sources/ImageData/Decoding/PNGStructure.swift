internal import CImageCodecs

/// The chunks of a PNG file, up to and with the last.
///
/// Knows nothing of what the chunks say. Whatever bytes it is given, it ends.
struct PNGChunks: Sequence, IteratorProtocol {
  struct Chunk {
    /// The four letters, highest byte first.
    var name: UInt32
    var body: Range<Int>

    /// Whether the chunk has this name of four letters.
    func isNamed(_ letters: StaticString) -> Bool {
      letters.withUTF8Buffer { $0.reduce(0) { $0 << 8 | UInt32($1) } } == name
    }
  }

  private let bytes: [UInt8]
  /// The first byte after the last chunk.
  private(set) var position = 8
  /// Whether the IEND chunk has been read.
  private(set) var isEnded = false

  /// The chunks of a file that begins with the signature of a PNG.
  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Whether the checksum of the IEND chunk is correct.
  private(set) var hasEndChecksum = false

  /// The next chunk; nil after the last and where the bytes end in a chunk.
  mutating func next() -> Chunk? {
    let all = 0..<bytes.count
    guard !isEnded, let length = bytes.bigEndian(at: position, 4, in: all),
      let name = bytes.bigEndian(at: position + 4, 4, in: all),
      length <= bytes.count - position - 12
    else { return nil }
    let chunk = Chunk(
      name: UInt32(truncatingIfNeeded: name), body: (position + 8)..<(position + 8 + length))
    position += 12 + length
    isEnded = chunk.isNamed("IEND")
    if isEnded {
      hasEndChecksum = length > 0 || bytes.bigEndian(at: position - 4, 4, in: all) == 0xAE42_6082
    }
    return chunk
  }
}

extension FileStructure {
  /// Reads from the signature to the chunk that ends the image, and looks at what comes after.
  mutating func readPNG(_ bytes: [UInt8]) throws(ImageFailure) {
    var chunks = PNGChunks(bytes)
    var (count, compressed) = (0, 0)
    var header: PNGHeader?
    while let chunk = chunks.next() {
      count += 1
      try refuse(count > StructureLimits.chunks, "more than \(StructureLimits.chunks) chunks")
      if count == 1 {
        guard chunk.isNamed("IHDR"), let found = PNGHeader(bytes, chunk.body) else { return }
        header = found
        found.addTraits(to: &traits)
      } else if chunk.isNamed("IDAT") {
        compressed += chunk.body.count
      } else if chunk.isNamed("eXIf"), exif == nil {
        exif = Exif.orientation(of: bytes, in: chunk.body)
      } else if let text = PNGText(chunk, bytes) {
        take(text)
      } else if compressed == 0 {
        // What says something of the pixels stands before them.
        if chunk.isNamed("tRNS") { traits.insert(.alpha) }
        if chunk.isNamed("iCCP") { traits.insert(.colourProfile) }
        if chunk.isNamed("acTL") { traits.insert(.severalImages) }
      }
    }
    if let header {
      try refuse(
        compressed - StructureLimits.compressedBeyond > header.rowBytes + header.rowBytes / 4,
        "more compressed data than the rows can need")
    }
    if !chunks.isEnded || !chunks.hasEndChecksum {
      traits.insert(.noEnd)
    } else if chunks.position < bytes.count {
      traits.insert(.trailingBytes)
    }
  }
}

extension FileStructure {
  /// The first text of each kind counts, so that few are ever unpacked.
  private mutating func take(_ text: PNGText) {
    if text.key.elementsEqual("Raw profile type exif".utf8), exifAsText == nil {
      let data = text.contents.flatMap(Exif.data) ?? []
      exifAsText = Exif.orientation(of: data, in: 0..<data.count)
    } else if text.key.elementsEqual("XML:com.adobe.xmp".utf8), xmp == nil,
      let contents = text.contents
    {
      xmp = XMP.orientation(of: contents, in: 0..<contents.count)
    }
  }
}

/// A chunk of text with its key.
private struct PNGText {
  var key: ArraySlice<UInt8>
  private var rest: ArraySlice<UInt8>
  private var isPacked: Bool

  /// Texts are no longer than this, unpacked; Pillow has the same limit.
  private static let limit = 1 << 20

  /// Nil where the chunk is none, or is broken.
  init?(_ chunk: PNGChunks.Chunk, _ bytes: [UInt8]) {
    let isPlain = chunk.isNamed("tEXt")
    let isInternational = chunk.isNamed("iTXt")
    guard isPlain || isInternational || chunk.isNamed("zTXt"), chunk.body.count <= PNGText.limit
    else { return nil }
    rest = bytes[chunk.body]
    isPacked = !isPlain
    guard let key = rest.takeToZero() else { return nil }
    self.key = key
    if isPlain { return }
    if isInternational {
      guard let flag = rest.popFirst() else { return nil }
      isPacked = flag != 0
    }
    guard rest.popFirst() == 0 || !isPacked else { return nil }
    // A language and a translated key.
    if isInternational {
      guard rest.takeToZero() != nil, rest.takeToZero() != nil else { return nil }
    }
  }

  /// The text; nil if it cannot be unpacked, or is too long.
  var contents: [UInt8]? {
    guard isPacked else { return Array(rest) }
    let packed = Array(rest)
    var text = [UInt8](repeating: 0, count: PNGText.limit)
    let length = cimage_inflate(packed, packed.count, &text, text.count)
    return length < 0 ? nil : Array(text.prefix(Int(length)))
  }
}

extension ArraySlice<UInt8> {
  /// The bytes up to the next zero, which goes too; nil if there is none.
  fileprivate mutating func takeToZero() -> ArraySlice<UInt8>? {
    guard let zero = firstIndex(of: 0) else { return nil }
    defer { self = self[index(after: zero)...] }
    return self[startIndex..<zero]
  }
}

/// The contents of a PNG's first chunk.
private struct PNGHeader {
  var width: Int
  var height: Int
  var depth: Int
  var colour: Int
  var isInterlaced: Bool

  init?(_ bytes: [UInt8], _ body: Range<Int>) {
    let start = body.lowerBound
    // Larger sides are refused by the decoder.
    guard body.count == 13, let width = bytes.bigEndian(at: start, 4, in: body),
      let height = bytes.bigEndian(at: start + 4, 4, in: body), width < 1 << 20, height < 1 << 20
    else { return nil }
    self.width = width
    self.height = height
    depth = Int(bytes[start + 8])
    colour = Int(bytes[start + 9])
    isInterlaced = bytes[start + 12] == 1
  }

  /// Bytes of all rows before compression, about: interlacing adds a few.
  var rowBytes: Int {
    let channels = [2: 3, 4: 2, 6: 4][colour] ?? 1
    return height * (1 + (width * depth * channels + 7) / 8)
  }

  func addTraits(to traits: inout Set<ImageFacts.Trait>) {
    if colour == 0 || colour == 4 { traits.insert(.grey) }
    if colour == 3 { traits.insert(.palette) }
    if colour == 4 || colour == 6 { traits.insert(.alpha) }
    if depth == 16 { traits.insert(.deep) }
    if isInterlaced { traits.insert(.progressive) }
  }
}
