/// A GIF: its first picture's header, checked, and from there its pixels.
///
/// The same bytes as Pillow's for the first picture: where it is smaller than the screen, the rest has
/// the colour of the transparent index, or of the first one.
struct GIFFile {
  let width: Int
  let height: Int
  /// Peculiarities of the file.
  private(set) var traits: Set<ImageFacts.Trait> = [.palette]
  private let bytes: [UInt8]
  private let frame: Frame
  private let palette: Palette
  private let transparent: UInt8?

  /// The place of a picture on the screen, and of its data in the file.
  private struct Frame {
    var left: Int
    var top: Int
    var width: Int
    var height: Int
    var isInterlaced: Bool
    /// Bits of an index, from which the codes grow.
    var bits: Int
    /// The first block of the compressed data.
    var start: Int
  }

  /// The headers of a file up to its first picture's data; throws what is known before these.
  init(_ bytes: [UInt8], maxPixels: Int) throws(ImageFailure) {
    self.bytes = bytes
    var reader = GIFBlocks(bytes)
    let screen = (try reader.number(), try reader.number())
    let flags = Int(try reader.byte())
    // The colour of the background, and the shape of a pixel.
    try reader.skip(2)
    var colours = flags & 128 > 0 ? try reader.take(3 << ((flags & 7) + 1)) : []
    var transparent: UInt8?
    while true {
      switch try reader.byte() {
      case GIFBlocks.extensionMark:
        let label = try reader.byte()
        let body = reader.position
        let isWhole = try reader.skipBlocks()
        guard isWhole else { throw GIFBlocks.cut }
        if label == GIFBlocks.graphicControl, bytes[body] >= 4, bytes[body + 1] & 1 == 1 {
          transparent = bytes[body + 4]
        }
        continue
      case GIFBlocks.pictureMark: break
      case GIFBlocks.end: throw ImageFailure(.damaged, "the file holds no picture")
      case 0: continue
      case let other: throw ImageFailure(.damaged, "a block of the unknown kind \(other)")
      }
      break
    }
    let (left, top) = (try reader.number(), try reader.number())
    let (across, down) = (try reader.number(), try reader.number())
    let own = Int(try reader.byte())
    if own & 128 > 0 { colours = try reader.take(3 << ((own & 7) + 1)) }
    let bits = Int(try reader.byte())
    frame = Frame(
      left: left, top: top, width: across, height: down, isInterlaced: own & 64 > 0, bits: bits,
      start: reader.position)
    guard across > 0, down > 0 else { throw ImageFailure(.damaged, "a side has no pixels") }
    guard (1...8).contains(bits) else {
      throw ImageFailure(.damaged, "indices of \(bits) bits")
    }
    width = max(screen.0, left + across)
    height = max(screen.1, top + down)
    try ImageFailure.check(width: width, height: height, maxPixels: maxPixels)
    // A code has two bits at least, and stands for 4096 pixels at most.
    guard across * down / (4 * LZW.mostEntries) <= bytes.count else {
      throw ImageFailure(.truncated, "so few bytes cannot hold so large a picture")
    }
    let named = colours
    palette = Palette(
      (0..<(named.count / 3)).map { index in
        let at = named.startIndex + 3 * index
        return Palette.Colour(red: named[at], green: named[at + 1], blue: named[at + 2])
      })
    self.transparent = transparent
    if transparent != nil { traits.insert(.alpha) }
    if frame.isInterlaced { traits.insert(.progressive) }
    reader.lookBehind(&traits)
  }

  /// Three bytes per pixel of the screen, row after row.
  func pixels() throws(ImageFailure) -> [UInt8] {
    let indices = try LZW(bits: frame.bits).unpack(
      bytes, at: frame.start, count: frame.width * frame.height)
    let background = palette[transparent ?? 0]
    var pixels = [UInt8](repeating: 0, count: 3 * width * height)
    if frame.width < width || frame.height < height {
      for pixel in 0..<(width * height) { pixels.write(background, at: 3 * pixel) }
    }
    var from = 0
    for row in rows {
      let at = (frame.top + row) * width + frame.left
      for column in 0..<frame.width {
        pixels.write(palette[indices[from]], at: 3 * (at + column))
        from += 1
      }
    }
    return pixels
  }

  /// The picture's rows in the order in which they stand in the file.
  private var rows: [Int] {
    guard frame.isInterlaced else { return Array(0..<frame.height) }
    return [(0, 8), (4, 8), (2, 4), (1, 2)].flatMap { first, step in
      Array(stride(from: first, to: frame.height, by: step))
    }
  }
}

/// The parts of a GIF, one behind the other.
private struct GIFBlocks {
  static let extensionMark: UInt8 = 0x21
  static let pictureMark: UInt8 = 0x2C
  static let end: UInt8 = 0x3B
  static let graphicControl: UInt8 = 0xF9
  static let cut = ImageFailure(.truncated, "the file ends before the image is complete")

  private let bytes: [UInt8]
  /// The first byte not yet looked at.
  private(set) var position = 6

  /// The parts behind the six letters.
  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func byte() throws(ImageFailure) -> UInt8 {
    guard position < bytes.count else { throw GIFBlocks.cut }
    defer { position += 1 }
    return bytes[position]
  }

  /// A number of two bytes.
  mutating func number() throws(ImageFailure) -> Int {
    let low = Int(try byte())
    return low | Int(try byte()) << 8
  }

  mutating func skip(_ count: Int) throws(ImageFailure) { _ = try take(count) }

  mutating func take(_ count: Int) throws(ImageFailure) -> ArraySlice<UInt8> {
    guard count <= bytes.count - position else { throw GIFBlocks.cut }
    defer { position += count }
    return bytes[position..<(position + count)]
  }

  /// Steps over blocks with their lengths in front, up to the empty one; false where they end first.
  mutating func skipBlocks() throws(ImageFailure) -> Bool {
    while position < bytes.count {
      let length = Int(try byte())
      if length == 0 { return true }
      guard length <= bytes.count - position else { break }
      position += length
    }
    position = bytes.count
    return false
  }

  /// Looks at what is behind the first picture, from its data on: nothing there hurts a pixel.
  mutating func lookBehind(_ traits: inout Set<ImageFacts.Trait>) {
    do throws(ImageFailure) {
      while try skipBlocks() {
        var mark = try byte()
        while mark == 0 { mark = try byte() }
        if mark == GIFBlocks.end {
          if position < bytes.count { traits.insert(.trailingBytes) }
          return
        }
        if mark == GIFBlocks.pictureMark {
          traits.insert(.severalImages)
          try skip(8)
          let flags = Int(try byte())
          if flags & 128 > 0 { try skip(3 << ((flags & 7) + 1)) }
        } else if mark != GIFBlocks.extensionMark {
          break
        }
        // The bits of an index, or the kind of an extension.
        try skip(1)
      }
      traits.insert(.noEnd)
    } catch {
      traits.insert(.noEnd)
    }
  }
}

/// Welch's variant of Lempel's and Ziv's compression with codes of growing length, as GIF has it
/// (GIF89a specification, appendix F).
private struct LZW {
  /// The most entries of the table: codes have 12 bits at most.
  static let mostEntries = 4096

  private let clear: Int
  /// Of each entry the entry that it continues, its last index, and its length.
  private var before = [UInt16](repeating: 0, count: mostEntries)
  private var last = [UInt8](repeating: 0, count: mostEntries)
  private var lengths = [Int](repeating: 0, count: mostEntries)

  init(bits: Int) {
    clear = 1 << bits
    for index in 0..<clear {
      last[index] = UInt8(index)
      lengths[index] = 1
    }
  }

  private static let broken = ImageFailure(.damaged, "a code that stands for nothing")

  /// So many indices from the blocks that begin at a place.
  consuming func unpack(
    _ bytes: [UInt8], at start: Int, count: Int
  ) throws(ImageFailure) -> [UInt8] {
    var indices = [UInt8](repeating: 0, count: count)
    var codes = GIFCodes(bytes, at: start)
    let shortest = clear.trailingZeroBitCount + 1
    var (next, length) = (clear + 2, shortest)
    var previous: Int?
    var at = 0
    while at < count {
      let code = try codes.next(length)
      if code == clear {
        (next, length, previous) = (clear + 2, shortest, nil)
        continue
      }
      if code == clear + 1 {
        throw ImageFailure(.damaged, "the compressed data end before the last row")
      }
      guard let earlier = previous else {
        guard code < clear else { throw LZW.broken }
        indices[at] = UInt8(code)
        at += 1
        previous = code
        continue
      }
      // The entry that is made by this very code repeats the first index of the one before it.
      guard code < next || code == next && next < LZW.mostEntries else { throw LZW.broken }
      let known = code < next ? code : earlier
      let size = lengths[known]
      var entry = known
      // From its last index to its first; what is beyond the picture falls away.
      for offset in stride(from: size - 1, through: 0, by: -1) {
        if at + offset < count { indices[at + offset] = last[entry] }
        if offset > 0 { entry = Int(before[entry]) }
      }
      let first = last[entry]
      at += size
      if code == next, at < count {
        indices[at] = first
        at += 1
      }
      if next < LZW.mostEntries {
        before[next] = UInt16(earlier)
        last[next] = first
        lengths[next] = lengths[earlier] + 1
        next += 1
        if next == 1 << length, length < 12 { length += 1 }
      }
      previous = code
    }
    return indices
  }
}

/// The codes in the blocks of a GIF's compressed data, lowest bit first.
private struct GIFCodes {
  private let bytes: [UInt8]
  private var position: Int
  /// Bytes left of the block.
  private var left = 0
  private var buffer = 0
  private var buffered = 0

  init(_ bytes: [UInt8], at start: Int) {
    self.bytes = bytes
    position = start
  }

  mutating func next(_ length: Int) throws(ImageFailure) -> Int {
    while buffered < length {
      while left == 0 {
        left = Int(try byte())
        // The empty block ends the data.
        if left == 0 {
          throw ImageFailure(.damaged, "the compressed data end before the last row")
        }
      }
      buffer |= Int(try byte()) << buffered
      buffered += 8
      left -= 1
    }
    defer {
      buffer >>= length
      buffered -= length
    }
    return buffer & (1 << length - 1)
  }

  private mutating func byte() throws(ImageFailure) -> UInt8 {
    guard position < bytes.count else { throw GIFBlocks.cut }
    defer { position += 1 }
    return bytes[position]
  }
}
