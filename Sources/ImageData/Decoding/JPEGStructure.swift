/// The parts of a JPEG's frame header that determine the work of decoding.
private struct Frame {
  var marker: UInt8
  /// Blocks of 8 x 8 of each component, by its name.
  var blocks: [UInt8: Int] = [:]
  var components: Int

  /// Blocks of the largest component there can be.
  var allBlocks: Int
  var width: Int
  var height: Int

  /// Whether its scans refine each other.
  var isProgressive: Bool { [0xC2, 0xC6, 0xCA, 0xCE].contains(marker) }

  /// Whether the decoder refuses the image because of its size.
  func isRefused(maxPixels: Int) -> Bool {
    width == 0 || height == 0 || width * height > maxPixels
  }

  init?(_ bytes: [UInt8], _ segment: JPEGMarkers.Segment) {
    let body = segment.body
    guard let height = bytes.bigEndian(at: body.lowerBound + 1, 2, in: body),
      let width = bytes.bigEndian(at: body.lowerBound + 3, 2, in: body),
      let count = bytes.bigEndian(at: body.lowerBound + 5, 1, in: body),
      body.count >= 6 + 3 * count
    else { return nil }
    marker = segment.marker
    self.width = width
    self.height = height
    components = count
    let fields = (0..<count).map { index in
      let at = body.lowerBound + 6 + 3 * index
      return (name: bytes[at], across: Int(bytes[at + 1] >> 4), down: Int(bytes[at + 1] & 15))
    }
    let most = (
      across: max(1, fields.map(\.across).max() ?? 1), down: max(1, fields.map(\.down).max() ?? 1)
    )
    func blocksAlong(_ side: Int, _ part: Int, of whole: Int) -> Int {
      let samples = (side * part + whole - 1) / whole
      return (samples + 7) / 8
    }
    for field in fields {
      blocks[field.name] =
        blocksAlong(width, field.across, of: most.across)
        * blocksAlong(height, field.down, of: most.down)
    }
    allBlocks = blocksAlong(width, 1, of: 1) * blocksAlong(height, 1, of: 1)
  }
}

/// The coefficients and bits in a scan, from its header.
private struct ScanHeader {
  var first: Int
  var last: Int
  /// The bits known before, and those that are still to come.
  var bits: Int

  init?(_ bytes: [UInt8], _ body: Range<Int>, components: Int) {
    let start = body.lowerBound + 1 + 2 * components
    guard let first = bytes.bigEndian(at: start, 1, in: body),
      let last = bytes.bigEndian(at: start + 1, 1, in: body),
      let bits = bytes.bigEndian(at: start + 2, 1, in: body)
    else { return nil }
    (self.first, self.last, self.bits) = (first, last, bits)
  }

  /// Whether the header is that of a sequential image's scan.
  var isOfWholeBlocks: Bool { first == 0 && last == 63 && bits == 0 }
}

/// The bits of each coefficient decoded by the scans of a progressive image so far.
private struct Precision {
  /// For each component the lowest bit known of each coefficient; none above 13.
  private var lowest: [UInt8: [Int]] = [:]

  mutating func take(_ header: ScanHeader, _ components: [UInt8]) {
    guard header.first <= header.last, header.last < 64 else { return }
    for name in components {
      for index in header.first...header.last {
        lowest[name, default: [Int](repeating: 14, count: 64)][index] = header.bits & 15
      }
    }
  }

  /// Whether these components are complete.
  func isFull(_ components: some Sequence<UInt8>) -> Bool {
    components.allSatisfy { lowest[$0]?.allSatisfy { $0 == 0 } ?? false }
  }
}

extension FileStructure {
  /// Reads the first image from its first marker to its end, and looks at what comes after.
  mutating func readJPEG(_ bytes: [UInt8], maxPixels: Int) throws(ImageFailure) {
    var markers = JPEGMarkers(bytes)
    var frame: Frame?
    var seen: Set<UInt8> = []
    var (segments, scans, visits, tableBytes) = (0, 0, 0, 0)
    var hasSeveral = false
    var precision = Precision()
    while let segment = try markers.next() {
      segments += 1
      try refuse(
        segments > StructureLimits.segments, "more than \(StructureLimits.segments) segments")
      switch segment.marker {
      case 0xC4, 0xCC, 0xDB:
        tableBytes += segment.body.count
        try refuse(
          tableBytes > StructureLimits.tableBytes,
          "more than \(StructureLimits.tableBytes) bytes of tables")
      case 0xC0...0xCF where frame == nil:
        frame = Frame(bytes, segment)
      case 0xDA:
        if let frame, frame.isRefused(maxPixels: maxPixels) { return }
        scans += 1
        try refuse(scans > StructureLimits.scans, "more than \(StructureLimits.scans) scans")
        let start = markers.position
        let restarts = try markers.skipScan()
        guard let frame else { continue }
        let names = scanComponents(bytes, segment.body)
        seen.formUnion(names)
        let header = ScanHeader(bytes, segment.body, components: names.count)
        if frame.isProgressive, let header {
          precision.take(header, names)
        } else if let header, !header.isOfWholeBlocks {
          traits.insert(.oddScan)
        }
        let blocks = names.reduce(0) { $0 + (frame.blocks[$1] ?? 0) }
        visits += blocks
        try refuse(
          visits > max(StructureLimits.blockVisits, maxPixels / 2),
          "the scans take too long to decode")
        try refuse(restarts > frame.allBlocks, "more restart markers than blocks")
        try refuse(
          markers.position - start
            > StructureLimits.fillBytes + blocks * StructureLimits.scanBytesPerBlock,
          "more compressed data than the blocks can need")
      case 0xE1 where scans == 0 && exif == nil && bytes.begins(segment.body, with: "Exif\0\0"):
        exif = Exif.orientation(of: bytes, in: segment.body)
      case 0xE1 where scans == 0 && xmp == nil && bytes.begins(segment.body, with: XMP.marker):
        xmp = XMP.orientation(of: bytes, in: segment.body)
      case 0xE2 where bytes.begins(segment.body, with: "ICC_PROFILE\0"):
        traits.insert(.colourProfile)
      case 0xE2 where bytes.begins(segment.body, with: "MPF\0"):
        hasSeveral = true
      default: break
      }
    }
    if let frame {
      if frame.components == 1 { traits.insert(.grey) }
      if frame.components == 4 { traits.insert(.cmyk) }
      if frame.isProgressive {
        traits.insert(.progressive)
        if !precision.isFull(frame.blocks.keys) { traits.insert(.coarse) }
      }
      if markers.strayBytes > 0 { traits.insert(.strayBytes) }
      if markers.end == .cut { traits.insert(.noEnd) }
      if markers.end == .image, !seen.isSuperset(of: frame.blocks.keys) {
        throw ImageFailure(.damaged, "a colour component is in no scan")
      }
    }
    guard markers.end == .image else { return }
    if hasSeveral || bytes[markers.position...].starts(with: [0xFF, 0xD8, 0xFF]) {
      traits.insert(.severalImages)
    } else if markers.position < bytes.count {
      traits.insert(.trailingBytes)
    }
  }

  /// The names of the components that a scan's header lists.
  private func scanComponents(_ bytes: [UInt8], _ body: Range<Int>) -> [UInt8] {
    guard let count = bytes.bigEndian(at: body.lowerBound, 1, in: body),
      body.count >= 1 + 2 * count
    else { return [] }
    return (0..<count).map { bytes[body.lowerBound + 1 + 2 * $0] }
  }

  /// Refuses a file that has more of something than any honest one.
  func refuse(
    _ isTooMuch: Bool, _ message: @autoclosure () -> String
  ) throws(ImageFailure) {
    if isTooMuch { throw ImageFailure(.tooLarge, message()) }
  }
}
