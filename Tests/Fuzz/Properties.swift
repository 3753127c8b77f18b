import CImageCodecs
import Primitives

// What must hold of any bytes, for the fuzzer; `run.sh` compiles this file together with the parsers
// and decoders of Sources/ImageData. A property that does not hold ends the process.

/// Small enough that an input takes milliseconds.
private let maxPixels = 1_000_000

/// Ends the process if something does not hold.
private func check(_ holds: Bool, _ property: StaticString) {
  if !holds { fatalError("\(property)") }
}

private func decode(_ bytes: [UInt8], shrink: Int) -> Result<DecodedImage, ImageFailure> {
  Result { () throws(ImageFailure) in
    try ImageReader.decodeImage(bytes: bytes, maxPixels: maxPixels) { _, _ in shrink }
  }
}

private func facts(_ bytes: [UInt8]) -> Result<ImageFacts, ImageFailure> {
  Result { () throws(ImageFailure) in
    try ImageReader.facts(bytes: bytes, maxPixels: maxPixels)
  }
}

private func checkMessage(_ failure: ImageFailure) {
  check(!failure.message.isEmpty, "a failure has a message")
  check(failure.message.utf8.count < 200, "messages are short")
  check(failure.message.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "messages are printable")
  check(failure.code != .tooSlow, "other limits come before the clock's")
}

/// One verdict and one set of pixels, whatever a picture is decoded for.
///
/// - hasSteadyPixels: false for a library that takes what is missing of a damaged picture from
///   memory that it has not written.
private func checkPicture(_ bytes: [UInt8], hasSteadyPixels: Bool = true) {
  let whole = decode(bytes, shrink: 1)
  if hasSteadyPixels {
    check(decode(bytes, shrink: 1) == whole, "decoding again gives the same")
  }
  for shrink in [2, 4, 8] {
    switch (whole, decode(bytes, shrink: shrink)) {
    case (.success(let picture), .success(let small)):
      check(small.fullWidth == picture.fullWidth, "one width")
      check(small.fullHeight == picture.fullHeight, "one height")
      check(small.orientation == picture.orientation, "one orientation")
      let (across, down) = (picture.image.width, picture.image.height)
      check(small.image.width == (across + small.shrink - 1) / small.shrink, "shrunk width")
      check(small.image.height == (down + small.shrink - 1) / small.shrink, "shrunk height")
    case (.failure(let failure), .failure(let other)):
      check(failure == other, "one failure at every size")
    default:
      check(false, "one verdict at every size")
    }
  }
  switch (whole, facts(bytes)) {
  case (.success(let picture), .success(let facts)):
    check(picture.image.width * picture.image.height <= maxPixels, "the limit of pixels")
    check(facts.width == picture.fullWidth, "the facts have the width")
    check(facts.height == picture.fullHeight, "the facts have the height")
    check(facts.orientation == picture.orientation, "the facts have the orientation")
    check(picture.upright.pixels.count == picture.image.pixels.count, "turned is as large")
  case (.failure(let failure), .failure(let early)):
    check(failure == early, "what the header says is the verdict")
    checkMessage(failure)
  case (.failure(let failure), .success): checkMessage(failure)
  case (.success, .failure): check(false, "no facts of a picture that is decoded")
  }
}

/// A copy of the bytes, those that tell its kind set right.
private func copy(_ start: UnsafePointer<UInt8>?, _ count: Int, _ kind: FileKind) -> [UInt8] {
  var bytes = Array(UnsafeBufferPointer(start: start, count: count))
  for (at, signature) in kind.signature where bytes.count >= at + signature.count {
    bytes.replaceSubrange(at..<(at + signature.count), with: signature)
  }
  return bytes
}

extension FileKind {
  /// The first bytes that tell a kind, and their places.
  fileprivate var signature: [(at: Int, bytes: [UInt8])] {
    switch self {
    case .jpeg: [(0, [0xFF, 0xD8, 0xFF])]
    case .png: [(0, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])]
    case .webp: [(0, Array("RIFF".utf8)), (8, Array("WEBP".utf8))]
    case .heic: [(4, Array("ftypheic".utf8))]
    case .avif: [(4, Array("ftypavif".utf8))]
    case .bmp: [(0, Array("BM".utf8)), (15, [0, 0, 0])]
    case .gif: [(0, Array("GIF89a".utf8))]
    }
  }
}

/// The JPEG decoder.
@_cdecl("fuzz_jpeg")
public func fuzzJPEG(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  checkPicture(copy(start, count, .jpeg))
  return 0
}

/// The PNG decoder.
@_cdecl("fuzz_png")
public func fuzzPNG(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  checkPicture(copy(start, count, .png))
  return 0
}

/// The reader of BMP files.
@_cdecl("fuzz_bmp")
public func fuzzBMP(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  checkPicture(copy(start, count, .bmp))
  return 0
}

/// The reader of GIF files.
@_cdecl("fuzz_gif")
public func fuzzGIF(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  checkPicture(copy(start, count, .gif))
  return 0
}

/// The chunks of WebP files, and libwebp.
@_cdecl("fuzz_webp")
public func fuzzWebP(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  checkPicture(copy(start, count, .webp))
  return 0
}

/// libheif, by the brand that the file names.
@_cdecl("fuzz_heif")
public func fuzzHEIF(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  checkPicture(
    FileKind(bytes) == .avif ? bytes : copy(start, count, .heic), hasSteadyPixels: false)
  return 0
}

/// Markers, chunks and EXIF data, without the pixels.
@_cdecl("fuzz_facts")
public func fuzzFacts(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  if case .turned(let value) = Exif.orientation(of: bytes, in: 0..<bytes.count) {
    check((1...8).contains(value), "orientations are 1 to 8")
  }
  for kind in FileKind.allCases {
    let bytes = copy(start, count, kind)
    guard FileKind(bytes) == kind else { continue }
    let found = facts(bytes)
    check(facts(bytes) == found, "reading again gives the same")
    switch found {
    case .success(let facts):
      check(facts.kind == kind, "the kind is told by the first bytes")
      check((1...8).contains(facts.orientation), "orientations are 1 to 8")
      check(facts.width > 0 && facts.height > 0, "sides have pixels")
      check(facts.width * facts.height <= maxPixels, "the limit of pixels")
    case .failure(let failure): checkMessage(failure)
    }
  }
  walkJPEG(bytes)
  walkPNG(bytes)
  return 0
}

/// The parts of a file stand in it, one behind the other.
private func walkJPEG(_ bytes: [UInt8]) {
  guard bytes.count >= 2 else { return }
  var markers = JPEGMarkers(bytes)
  var position = markers.position
  while let segment = try? markers.next() {
    check(segment.body.upperBound <= bytes.count, "a segment stands in the file")
    check(segment.body.lowerBound > position, "segments go forward")
    position = segment.body.lowerBound
    if segment.marker == 0xDA { _ = try? markers.skipScan() }
    check(markers.position <= bytes.count, "the position stands in the file")
  }
}

private func walkPNG(_ bytes: [UInt8]) {
  var chunks = PNGChunks(bytes)
  var position = chunks.position
  while let chunk = chunks.next() {
    check(chunk.body.upperBound + 4 <= bytes.count, "a chunk stands in the file")
    check(chunk.body.lowerBound == position + 8, "chunks go forward")
    position = chunks.position
  }
}
