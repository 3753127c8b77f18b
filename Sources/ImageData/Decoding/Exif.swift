/// The orientation in EXIF data, read with every bound checked.
enum Exif {
  enum Orientation: Equatable {
    case absent
    /// The image is stored turned, 2 to 8, or upright, 1.
    case turned(Int)
    /// A value that means nothing.
    case unusable
    /// Data that break off or are no EXIF data.
    case broken
  }

  /// The types of TIFF's numbers.
  ///
  /// Orientation should be a `short`; Pillow takes the first value of any of these, and so do we.
  private enum Number: Int {
    case short = 3
    case long, rational
    case signedByte
    case signedShort = 8
    case signedLong, signedRational, float
    case directory = 13

    /// Bytes of one.
    var size: Int {
      switch self {
      case .signedByte: 1
      case .short, .signedShort: 2
      case .long, .signedLong, .float, .directory: 4
      case .rational, .signedRational: 8
      }
    }

    /// The number, if it is whole and not negative; `read` gives so many bytes from a place on.
    func whole(_ read: (_ at: Int, _ count: Int) -> Int?) -> Int? {
      switch self {
      case .signedByte, .short, .signedShort, .long, .signedLong, .directory:
        return read(0, size)
      case .rational, .signedRational:
        guard let above = read(0, 4), let below = read(4, 4), below > 0, above % below == 0
        else { return nil }
        return above / below
      case .float:
        return read(0, 4).flatMap { Int(exactly: Float(bitPattern: UInt32($0))) }
      }
    }
  }

  /// Tag 0x0112 of the first directory of the TIFF data in a range of the bytes, with or without
  /// the letters that stand before them in a JPEG.
  ///
  /// No other directory is looked at, so none can send the reader in circles.
  static func orientation(of bytes: [UInt8], in range: Range<Int>) -> Orientation {
    var block = range
    while bytes.begins(block, with: "Exif\0\0") {
      block = (block.lowerBound + 6)..<block.upperBound
    }
    let isLittle = bytes.begins(block, with: "II")
    guard isLittle || bytes.begins(block, with: "MM") else { return .broken }
    func number(_ at: Int, _ count: Int) -> Int? {
      guard let big = bytes.bigEndian(at: block.lowerBound + at, count, in: block) else {
        return nil
      }
      // Without a sign, which the lowest byte's highest bit would become.
      return isLittle ? Int(UInt64(big).byteSwapped >> (64 - 8 * count)) : big
    }
    guard number(2, 2) == 42, let directory = number(4, 4), let entries = number(directory, 2)
    else { return .broken }
    for entry in 0..<entries {
      let at = directory + 2 + 12 * entry
      guard let tag = number(at, 2), let type = number(at + 2, 2), let count = number(at + 4, 4)
      else { return .broken }
      guard tag == 0x0112 else { continue }
      guard let type = Number(rawValue: type), count > 0 else { return .unusable }
      // Values that have no room in the entry stand elsewhere, and the entry says where.
      let size = count * type.size
      guard let place = size <= 4 ? at + 8 : number(at + 8, 4), number(place + size - 1, 1) != nil
      else { return .unusable }
      let value = type.whole { number(place + $0, $1) }
      return value.flatMap { (1...8).contains($0) ? .turned($0) : nil } ?? .unusable
    }
    return .absent
  }

  /// The EXIF data that ImageMagick writes as text: a line break, a name, a length, and the bytes
  /// in hexadecimal digits, each part on lines of its own; nil if the digits are none.
  static func data(_ text: [UInt8]) -> [UInt8]? {
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    var bytes: [UInt8] = []
    var high: UInt8?
    for character in lines.dropFirst(3).joined() {
      guard let digit = Character(Unicode.Scalar(character)).hexDigitValue else {
        if high == nil, [0x09, 0x0B, 0x0C, 0x0D, 0x20].contains(character) { continue }
        return nil
      }
      if let first = high {
        bytes.append(first << 4 | UInt8(digit))
        high = nil
      } else {
        high = UInt8(digit)
      }
    }
    return high == nil ? bytes : nil
  }
}

/// The orientation in XMP data, found as Pillow finds it: by its letters, not by reading XML.
enum XMP {
  /// The prefix of XMP data in a JPEG.
  static let marker: StaticString = "http://ns.adobe.com/xap/1.0/\0"

  /// The first digit that is the value of `tiff:Orientation`, as an attribute or an element.
  static func orientation(of bytes: [UInt8], in range: Range<Int>) -> Int? {
    let name: StaticString = "tiff:Orientation"
    for start in range where bytes[start] == UInt8(ascii: "t") {
      let rest = start..<range.upperBound
      guard bytes.begins(rest, with: name) else { continue }
      var at = start + name.utf8CodeUnitCount
      let value = at..<range.upperBound
      if bytes.begins(value, with: "=\"") {
        at += 2
      } else if bytes.begins(value, with: ">") {
        at += 1
      } else {
        continue
      }
      let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
      if at < range.upperBound, digits.contains(bytes[at]) {
        return Int(bytes[at] - digits.lowerBound)
      }
    }
    return nil
  }
}
