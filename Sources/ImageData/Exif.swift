/// The orientation in EXIF data, read with every bound checked.
enum Exif {
  /// What EXIF data say of the orientation.
  enum Orientation: Equatable {
    /// Nothing.
    case absent
    /// The picture is stored turned, 2 to 8, or upright, 1.
    case turned(Int)
    /// Broken data, or a value that means nothing.
    case unusable
  }

  /// Tag 0x0112 of the first directory of the TIFF data in a range of the bytes.
  ///
  /// No other directory is looked at, so none can send the reader in circles.
  static func orientation(of bytes: [UInt8], in block: Range<Int>) -> Orientation {
    let isLittle = bytes.begins(block, with: "II")
    guard isLittle || bytes.begins(block, with: "MM") else { return .unusable }
    func number(_ at: Int, _ count: Int) -> Int? {
      guard let big = bytes.bigEndian(at: block.lowerBound + at, count, in: block) else {
        return nil
      }
      // Without a sign, which the lowest byte's highest bit would become.
      return isLittle ? Int(UInt64(big).byteSwapped >> (64 - 8 * count)) : big
    }
    guard number(2, 2) == 42, let directory = number(4, 4), let entries = number(directory, 2)
    else { return .unusable }
    for entry in 0..<entries {
      let at = directory + 2 + 12 * entry
      guard let tag = number(at, 2), let type = number(at + 2, 2), let count = number(at + 4, 4)
      else { return .unusable }
      guard tag == 0x0112 else { continue }
      let shortType = 3
      let longType = 4
      guard count == 1, type == shortType || type == longType,
        let value = number(at + 8, type == shortType ? 2 : 4), (1...8).contains(value)
      else { return .unusable }
      return .turned(value)
    }
    return .absent
  }
}
