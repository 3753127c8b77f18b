import CImageCodecs

/// How a picture is stored.
enum FileFormat {
  case jpeg(quality: Int)
  case png

  /// The end of the file's name.
  var suffix: String {
    switch self {
    case .jpeg: "jpg"
    case .png: "png"
    }
  }
}

/// A picture that could not be encoded, in the library's words.
struct EncodingError: Error, CustomStringConvertible {
  let description: String
}

extension Canvas {
  /// The bytes of a picture file.
  func encoded(as format: FileFormat) throws(EncodingError) -> [UInt8] {
    let (columns, rows) = (CInt(width), CInt(height))
    let rgb = bytes
    var file = [UInt8](repeating: 0, count: cimage_encode_bound(columns, rows, 3))
    var count = 0
    var message = [CChar](repeating: 0, count: 200)
    let status =
      switch format {
      case .jpeg(let quality):
        cimage_encode_jpeg(
          rgb, columns, rows, 3, CInt(quality), &file, file.count, &count, &message, message.count)
      case .png:
        cimage_encode_png(
          rgb, columns, rows, 3, 9, &file, file.count, &count, &message, message.count)
      }
    guard status == CIMAGE_ENCODE_OK else {
      let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw EncodingError(description: String(decoding: text, as: UTF8.self))
    }
    return Array(file.prefix(count))
  }
}
