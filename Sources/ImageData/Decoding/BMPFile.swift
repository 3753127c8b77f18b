/// A Windows or OS/2 bitmap: its header, checked, and from there its pixels.
///
/// Reads what Pillow reads, to the same bytes: 1, 4, 8, 16, 24 and 32 bits, from below or from above,
/// with bit fields, and packed by RLE4 and RLE8. Alpha is dropped.
struct BMPFile {
  let width: Int
  let height: Int
  private let bytes: [UInt8]
  private let isFromAbove: Bool
  private let bits: Int
  private let coding: Coding
  /// The first byte of the pixels.
  private let start: Int
  /// Nil where the pixels are colours themselves.
  private let palette: Palette?

  private enum Coding {
    /// Indices of 1, 4 or 8 bits.
    case indices
    /// Indices in runs.
    case runs
    /// Colours of 16, 24 or 32 bits.
    case fields(red: Field, green: Field, blue: Field)
  }

  /// The numbers of the header's field "compression".
  private enum Compression: Int {
    case none = 0
    case rle8, rle4, bitFields
  }

  /// The header of a file; throws what is known before the pixels are read.
  init(_ bytes: [UInt8], maxPixels: Int) throws(ImageFailure) {
    let header = try BMPHeader(bytes)
    (width, height) = (header.width, abs(header.height))
    try ImageFailure.check(width: width, height: height, maxPixels: maxPixels)
    self.bytes = bytes
    isFromAbove = header.height < 0
    bits = header.bits
    guard let compression = Compression(rawValue: header.compression) else {
      throw ImageFailure(.unsupported, "a BMP with compression \(header.compression)")
    }
    let isIndexed = [1, 4, 8].contains(bits)
    switch (compression, bits) {
    case (.none, 1), (.none, 4), (.none, 8): coding = .indices
    case (.rle8, 8), (.rle4, 4): coding = .runs
    case (.none, 16):
      coding = try BMPFile.fields(0x7C00, 0x3E0, 0x1F, bits: bits)
    case (.none, 24), (.none, 32):
      coding = try BMPFile.fields(0xFF0000, 0xFF00, 0xFF, bits: bits)
    case (.bitFields, 16), (.bitFields, 24), (.bitFields, 32):
      let masks = try header.masks(bytes)
      coding =
        masks == [0, 0, 0] && bits == 32
        ? try BMPFile.fields(0xFF0000, 0xFF00, 0xFF, bits: bits)
        : try BMPFile.fields(masks[0], masks[1], masks[2], bits: bits)
    default:
      throw ImageFailure(
        .unsupported, "a BMP of \(bits) bits with compression \(header.compression)")
    }
    palette = isIndexed ? try BMPFile.palette(bytes, header) : nil
    start = header.pixelStart(paletteCount: isIndexed ? header.colours : 0)
    guard start <= bytes.count else { throw BMPFile.cut }
    // The last row may lack the bytes that fill it up.
    if case .runs = coding { return }
    guard (height - 1) * stride + (width * bits + 7) / 8 <= bytes.count - start else {
      throw BMPFile.cut
    }
  }

  private static let cut = ImageFailure(.truncated, "the file ends before the image is complete")

  /// Bytes from one row to the next.
  private var stride: Int { (width * bits + 31) / 32 * 4 }

  /// Peculiarities of the file.
  var traits: Set<ImageFacts.Trait> { palette == nil ? [] : [.palette] }

  /// Three bytes per pixel, row after row from above.
  func pixels() throws(ImageFailure) -> [UInt8] {
    switch coding {
    case .indices: return indexed { column, row in index(column, row) }
    case .runs:
      let indices = try unpacked()
      return indexed { column, row in indices[row * width + column] }
    case .fields(let red, let green, let blue): return coloured(red, green, blue)
    }
  }

  /// The row of the file for a row of the image.
  private func stored(_ row: Int) -> Int { isFromAbove ? row : height - 1 - row }

  private func index(_ column: Int, _ row: Int) -> UInt8 {
    let at = start + row * stride
    switch bits {
    case 1: return bytes[at + column / 8] >> UInt8(7 - column % 8) & 1
    case 4: return bytes[at + column / 2] >> UInt8(column % 2 == 0 ? 4 : 0) & 15
    default: return bytes[at + column]
    }
  }

  /// The colours of indices, which `index` gives by column and row of the file.
  private func indexed(_ index: (Int, Int) -> UInt8) -> [UInt8] {
    var pixels = [UInt8](repeating: 0, count: 3 * width * height)
    guard let palette else { return pixels }
    for row in 0..<height {
      let from = stored(row)
      for column in 0..<width {
        pixels.write(palette[index(column, from)], at: 3 * (row * width + column))
      }
    }
    return pixels
  }

  private func coloured(_ red: Field, _ green: Field, _ blue: Field) -> [UInt8] {
    var pixels = [UInt8](repeating: 0, count: 3 * width * height)
    let size = bits / 8
    var at = 0
    for row in 0..<height {
      var from = start + stored(row) * stride
      for _ in 0..<width {
        var number = UInt32(bytes[from]) | UInt32(bytes[from + 1]) << 8
        if size > 2 { number |= UInt32(bytes[from + 2]) << 16 }
        if size > 3 { number |= UInt32(bytes[from + 3]) << 24 }
        let colour = Palette.Colour(
          red: red.level(number), green: green.level(number), blue: blue.level(number))
        pixels.write(colour, at: at)
        from += size
        at += 3
      }
    }
    return pixels
  }

  /// The indices of a file in runs, row after row as they stand in it.
  ///
  /// As in Pillow an image that ends before its last pixel is refused, pixels that are stepped over
  /// have the index 0, and a run ends with its row.
  private func unpacked() throws(ImageFailure) -> [UInt8] {
    let total = width * height
    var indices: [UInt8] = []
    indices.reserveCapacity(total)
    // Where the row is; pixels that stand in the file one by one may go on in the next.
    var column = 0
    var at = start
    func byte(_ offset: Int = 0) throws(ImageFailure) -> UInt8 {
      guard at + offset < bytes.count else { throw BMPFile.cut }
      return bytes[at + offset]
    }
    while indices.count < total {
      let (first, second) = (Int(try byte()), try byte(1))
      at += 2
      if first > 0 {
        let count = min(max(0, width - column), first, total - indices.count)
        let pair = bits == 4 ? (second >> 4, second & 15) : (second, second)
        for index in 0..<count { indices.append(index % 2 == 0 ? pair.0 : pair.1) }
        column += count
      } else if second == 0 {
        let rest = (width - indices.count % width) % width
        indices.append(contentsOf: repeatElement(0, count: rest))
        column = 0
      } else if second == 1 {
        throw ImageFailure(.damaged, "the image ends before its last row")
      } else if second == 2 {
        let step = Int(try byte()) + Int(try byte(1)) * width
        at += 2
        indices.append(contentsOf: repeatElement(0, count: min(step, total - indices.count)))
        column = indices.count % width
      } else {
        let count = min(Int(second), total - indices.count)
        for index in 0..<count {
          let value = try byte(bits == 4 ? index / 2 : index)
          indices.append(bits == 8 ? value : index % 2 == 0 ? value >> 4 : value & 15)
        }
        at += bits == 4 ? (count + 1) / 2 : count
        // Of two bytes each, counted from the beginning of the file.
        at += at % 2
        column += Int(second)
      }
    }
    return indices
  }
}

extension BMPFile {
  /// The bits of one channel.
  private struct Field {
    private let mask: UInt32
    private let shift: UInt32
    private let most: UInt32

    /// Nil for bits that do not stand side by side, or are none or too many.
    init?(mask: Int) {
      guard let mask = UInt32(exactly: mask), mask > 0 else { return nil }
      let shift = UInt32(mask.trailingZeroBitCount)
      let most = mask >> shift
      guard most & (most &+ 1) == 0, most <= 0xFFFF else { return nil }
      (self.mask, self.shift, self.most) = (mask, shift, most)
    }

    /// The channel of a pixel, scaled to 8 bits as Pillow does: the remainder falls away.
    func level(_ pixel: UInt32) -> UInt8 {
      UInt8(truncatingIfNeeded: (pixel & mask) >> shift * 255 / most)
    }
  }

  private static func fields(
    _ red: Int, _ green: Int, _ blue: Int, bits: Int
  ) throws(ImageFailure) -> Coding {
    guard red & green == 0, (red | green) & blue == 0, (red | green | blue) >> bits == 0,
      let red = Field(mask: red), let green = Field(mask: green), let blue = Field(mask: blue)
    else { throw ImageFailure(.unsupported, "a BMP whose bit fields are no colours") }
    return .fields(red: red, green: green, blue: blue)
  }

  private static func palette(
    _ bytes: [UInt8], _ header: BMPHeader
  ) throws(ImageFailure) -> Palette {
    let size = header.colourSize
    guard bytes.count - header.end >= size * header.colours else { throw cut }
    return Palette(
      (0..<min(header.colours, 256)).map { index in
        let at = header.end + size * index
        return Palette.Colour(red: bytes[at + 2], green: bytes[at + 1], blue: bytes[at])
      })
  }
}

/// The header of a bitmap, as it stands in the file.
private struct BMPHeader {
  var width: Int
  /// Below zero where the rows come from above.
  var height: Int
  var bits: Int
  var compression: Int
  /// The colours of a palette.
  var colours: Int
  /// Bytes of one of them.
  var colourSize: Int
  /// The first byte behind the header.
  var end: Int
  private var length: Int
  private var offset: Int

  /// Bytes in front of the header.
  private static let before = 14
  private static let os2Length = 12
  /// The most colours that a file may name; more than 256 are never used.
  private static let mostColours = 1 << 16

  init(_ bytes: [UInt8]) throws(ImageFailure) {
    let all = 0..<bytes.count
    let cut = ImageFailure(.truncated, "the file ends within its header")
    func number(_ at: Int, _ count: Int) throws(ImageFailure) -> Int {
      guard let number = bytes.littleEndian(at: at, count, in: all) else { throw cut }
      return number
    }
    func signed(_ at: Int) throws(ImageFailure) -> Int {
      Int(Int32(truncatingIfNeeded: try number(at, 4)))
    }
    offset = try number(10, 4)
    length = try number(14, 4)
    end = BMPHeader.before + length
    guard [12, 40, 52, 56, 64, 108, 124].contains(length) else {
      throw ImageFailure(.unsupported, "a BMP with a header of \(length) bytes")
    }
    guard bytes.count >= end else { throw cut }
    if length == BMPHeader.os2Length {
      (width, height) = (try number(18, 2), try number(20, 2))
      bits = try number(24, 2)
      (compression, colours, colourSize) = (0, 0, 3)
    } else {
      (width, height) = (try signed(18), try signed(22))
      bits = try number(28, 2)
      compression = try number(30, 4)
      colours = try number(46, 4)
      colourSize = 4
    }
    guard width > 0, height != 0 else { throw ImageFailure(.damaged, "a side has no pixels") }
    guard [1, 4, 8, 16, 24, 32].contains(bits) else {
      throw ImageFailure(.unsupported, "a BMP of \(bits) bits per pixel")
    }
    if colours == 0, bits <= 8 { colours = 1 << bits }
    guard bits > 8 || colours <= BMPHeader.mostColours else {
      throw ImageFailure(.damaged, "a palette of \(colours) colours")
    }
  }

  /// The bits of red, green and blue, which stand behind the shortest header and in all longer ones.
  func masks(_ bytes: [UInt8]) throws(ImageFailure) -> [Int] {
    var masks: [Int] = []
    for index in 0..<3 {
      guard let mask = bytes.littleEndian(at: 54 + 4 * index, 4, in: 0..<bytes.count) else {
        throw ImageFailure(.truncated, "the file ends within its header")
      }
      masks.append(mask)
    }
    return masks
  }

  /// The first byte of the pixels, where a palette of so many colours is behind the header.
  ///
  /// Some writers name the palette's place; without a place the pixels follow the rest.
  func pixelStart(paletteCount: Int) -> Int {
    let hasMasks = compression == 3 && length == 40
    let behind = end + (hasMasks ? 12 : 0) + colourSize * paletteCount
    return offset == 0 || offset == end && paletteCount > 0 ? behind : offset
  }
}
