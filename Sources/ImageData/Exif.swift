/// The orientation in EXIF data, read with every bound checked.
///
/// Whatever is wrong means 1.
enum Exif {
  /// The orientation, 1 to 8, that a file asks for.
  static func orientation(of bytes: [UInt8], kind: FileKind) -> Int {
    let block =
      switch kind {
      case .jpeg: jpegBlock(bytes)
      case .png: pngBlock(bytes)
      }
    return block.flatMap { orientation(inTIFF: $0) } ?? 1
  }

  /// The TIFF data of a JPEG's first EXIF segment, which stands before the first scan.
  private static func jpegBlock(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
    let name = Array("Exif\0\0".utf8)
    var at = 2
    while at + 4 <= bytes.count, bytes[at] == 0xFF {
      let marker = bytes[at + 1]
      if marker == 0xFF {
        at += 1
        continue
      }
      let standsAlone = marker == 0x01 || (0xD0...0xD7).contains(marker)
      if standsAlone {
        at += 2
        continue
      }
      if marker == 0xDA || marker == 0xD9 { return nil }
      let length = Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
      let end = at + 2 + length
      guard length >= 2, end <= bytes.count else { return nil }
      let body = bytes[(at + 4)..<end]
      if marker == 0xE1, body.starts(with: name) { return body.dropFirst(name.count) }
      at = end
    }
    return nil
  }

  /// The body of a PNG's eXIf chunk.
  private static func pngBlock(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
    var at = 8
    while at + 12 <= bytes.count {
      let length = bytes[at..<(at + 4)].reduce(0) { $0 << 8 | Int($1) }
      let name = bytes[(at + 4)..<(at + 8)]
      guard length <= bytes.count - at - 12 else { return nil }
      if name.elementsEqual("eXIf".utf8) { return bytes[(at + 8)..<(at + 8 + length)] }
      if name.elementsEqual("IEND".utf8) { return nil }
      at += 12 + length
    }
    return nil
  }

  /// Tag 0x0112 of the first directory of TIFF data.
  static func orientation(inTIFF block: ArraySlice<UInt8>) -> Int? {
    let data = Array(block)
    guard data.count >= 8 else { return nil }
    let isLittle = data.starts(with: Array("II".utf8))
    guard isLittle || data.starts(with: Array("MM".utf8)) else { return nil }
    func number(_ at: Int, _ bytes: Int) -> Int? {
      guard at >= 0, at <= data.count - bytes else { return nil }
      let field = data[at..<(at + bytes)]
      return isLittle
        ? field.reversed().reduce(0) { $0 << 8 | Int($1) } : field.reduce(0) { $0 << 8 | Int($1) }
    }
    guard number(2, 2) == 42, let directory = number(4, 4), let entries = number(directory, 2)
    else { return nil }
    for entry in 0..<entries {
      let at = directory + 2 + 12 * entry
      guard let tag = number(at, 2), let type = number(at + 2, 2), let count = number(at + 4, 4)
      else { return nil }
      guard tag == 0x0112 else { continue }
      let shortType = 3
      let longType = 4
      guard count == 1, type == shortType || type == longType,
        let value = number(at + 8, type == shortType ? 2 : 4), (1...8).contains(value)
      else { return nil }
      return value
    }
    return nil
  }
}

extension RGBImage {
  /// The picture turned upright, given the orientation it is stored in (1 to 8, EXIF 2.3).
  func upright(from orientation: Int) -> RGBImage {
    guard (2...8).contains(orientation) else { return self }
    let isTransposed = orientation >= 5
    let newWidth = isTransposed ? height : width
    let newHeight = isTransposed ? width : height
    // The stored pixel of the new corner, and the steps along a new row and a new column.
    let right = width - 1
    let bottom = height - 1
    let (x, y, across, down) =
      switch orientation {
      case 2: (right, 0, -3, 3 * width)
      case 3: (right, bottom, -3, -3 * width)
      case 4: (0, bottom, 3, -3 * width)
      case 5: (0, 0, 3 * width, 3)
      case 6: (0, bottom, -3 * width, 3)
      case 7: (right, bottom, -3 * width, -3)
      default: (right, 0, 3 * width, -3)
      }
    var turned = [UInt8](repeating: 0, count: pixels.count)
    var target = 0
    for row in 0..<newHeight {
      var source = 3 * (y * width + x) + row * down
      for _ in 0..<newWidth {
        turned[target] = pixels[source]
        turned[target + 1] = pixels[source + 1]
        turned[target + 2] = pixels[source + 2]
        target += 3
        source += across
      }
    }
    return RGBImage(width: newWidth, height: newHeight, pixels: turned)
  }
}
