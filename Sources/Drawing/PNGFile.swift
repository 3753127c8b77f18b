internal import CImageCodecs
package import Primitives

/// An image that could not be made a file of, in the library's words.
package struct PNGError: Error, Sendable, Hashable, CustomStringConvertible {
  /// One sentence.
  package let description: String
}

extension RGBImage {
  /// The bytes of a PNG file; the same pixels give the same bytes.
  package func png() throws(PNGError) -> [UInt8] {
    guard let columns = CInt(exactly: width), let rows = CInt(exactly: height) else {
      throw PNGError(description: "an image of \(width) x \(height) pixels is too large")
    }
    var file = [UInt8](repeating: 0, count: cimage_encode_bound(columns, rows, 3))
    var count = 0
    var message = [CChar](repeating: 0, count: 200)
    let status = cimage_encode_png(
      pixels, columns, rows, 3, 6, &file, file.count, &count, &message, message.count)
    guard status == CIMAGE_ENCODE_OK else {
      let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw PNGError(description: String(decoding: text, as: UTF8.self))
    }
    // Behind the signature and the header, which every PNG begins with.
    let start = RGBImage.startBytes
    return Array(file[..<start]) + RGBImage.mark + Array(file[start..<count])
  }

  /// Bytes of the signature and the header.
  private static let startBytes = 8 + 25

  /// A chunk of text that says which program drew the image.
  private static let mark: [UInt8] = {
    let body = Array("tEXtSoftware\0cnnctl".utf8)
    var sum = ~UInt32(0)
    for byte in body {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    return UInt32(body.count - 4).bigEndianBytes + body + (~sum).bigEndianBytes
  }()

  /// Whether a file that begins with these bytes is an image made by this program.
  package static func isOwn(_ bytes: [UInt8]) -> Bool {
    bytes.count >= startBytes + mark.count && bytes[startBytes...].starts(with: mark)
  }
}
