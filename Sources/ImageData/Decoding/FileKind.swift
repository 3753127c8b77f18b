/// The kinds of files that are read.
package enum FileKind: String, Sendable, Hashable, CaseIterable {
  /// JPEG, baseline or progressive.
  case jpeg
  /// PNG of any colour type and depth.
  case png
  /// WebP, lossy or lossless.
  case webp
  /// HEIC: pictures coded as the frames of films by HEVC.
  case heic
  /// AVIF: the same by AV1.
  case avif
  /// A Windows or OS/2 bitmap.
  case bmp
  case gif

  /// The kind that a file's first bytes tell.
  package init?(_ bytes: [UInt8]) {
    func stands(_ text: StaticString, at place: Int = 0) -> Bool {
      place <= bytes.count && bytes.begins(place..<bytes.count, with: text)
    }
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if stands("RIFF"), stands("WEBP", at: 8) {
      self = .webp
    } else if stands("GIF87a") || stands("GIF89a") {
      self = .gif
    } else if stands("BM"), bytes.count >= 18, bytes[15...17].allSatisfy({ $0 == 0 }) {
      // A text may begin with these letters; the length of the header is a small number.
      self = .bmp
    } else if let kind = FileKind(brands: FileBrands(bytes)) {
      self = kind
    } else {
      return nil
    }
  }

  /// The kind of a file of boxes by the brands that it names.
  private init?(brands: FileBrands) {
    if brands.all.contains(where: ["avif", "avis"].contains) {
      self = .avif
    } else if brands.all.contains(where: FileBrands.ofHEIC.contains) {
      self = .heic
    } else {
      return nil
    }
  }

  /// The kind that the ending of a name promises.
  package init?(ending name: String) {
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return nil }
    switch name[name.index(after: dot)...].lowercased() {
    case "jpg", "jpeg", "jpe", "jfif", "jif", "jfi", "pjpeg", "pjp": self = .jpeg
    case "png": self = .png
    case "webp": self = .webp
    case "heic", "heif", "hif", "heics": self = .heic
    case "avif", "avifs": self = .avif
    case "bmp", "dib": self = .bmp
    case "gif": self = .gif
    default: return nil
    }
  }

  /// Whether the ending of a name, where it promises a kind, promises this one.
  func fits(ending name: String) -> Bool {
    guard let promised = FileKind(ending: name), promised != self else { return true }
    // These endings stand for the container, whatever codes the picture.
    return self == .avif && [".heif", ".hif"].contains { name.lowercased().hasSuffix($0) }
  }

  /// The name that people use.
  package var name: String {
    switch self {
    case .jpeg: "JPEG"
    case .png: "PNG"
    case .webp: "WebP"
    case .heic: "HEIC"
    case .avif: "AVIF"
    case .bmp: "BMP"
    case .gif: "GIF"
    }
  }

  /// All names, for messages.
  package static let names: String = {
    let names = allCases.map(\.name)
    return names.dropLast().joined(separator: ", ") + " and " + names[names.count - 1]
  }()
}

/// The brands at the beginning of a file made of boxes (ISO/IEC 14496-12, 4.3), the first the major
/// one; none where the file is no such file.
struct FileBrands {
  var all: [String] = []

  /// Those of HEIC, still or moving, and those that only say that a file holds pictures.
  static let ofHEIC: Set = ["heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1"]

  init(_ head: [UInt8]) {
    guard head.count >= 12, head.begins(4..<8, with: "ftyp") else { return }
    let length = head.bigEndian(at: 0, 4, in: 0..<head.count) ?? 0
    // More than these are never looked at, so that the head of a file tells what the whole does.
    let end = max(12, min(head.count, length, ForeignKind.headLength))
    all = stride(from: 8, through: end - 4, by: 4).map {
      String(decoding: head[$0..<($0 + 4)], as: UTF8.self)
    }
  }
}
