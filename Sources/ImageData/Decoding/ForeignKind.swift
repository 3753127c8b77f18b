/// A kind of file that people have among their photos and that is not read here.
package struct ForeignKind: Sendable, Hashable {
  /// The kind with its article, such as "a TIFF".
  package let name: String
  /// The endings that its files bear, lower case.
  let endings: [String]
  private let remedy: Remedy

  private enum Remedy: Hashable {
    /// A command that makes JPEGs or PNGs; `{}` is the file's name without its ending and `{e}` the
    /// ending.
    case convert(String)
    /// Another next step.
    case step(String)
  }

  private init(_ name: String, _ endings: String, _ remedy: Remedy) {
    self.name = name
    self.endings = endings.split(separator: " ").map(String.init)
    self.remedy = remedy
  }

  /// Whether another program can convert such files.
  var isConvertible: Bool { if case .convert = remedy { true } else { false } }

  /// The command that makes images of such files; nil if there is none.
  func command(ending: String? = nil, stem: String = "x") -> String? {
    guard case .convert(let template) = remedy else { return nil }
    return template.replacing("{e}", with: ending ?? endings.first ?? "")
      .replacing("{}", with: stem)
  }

  /// The message for a file whose first bytes are of this kind: one sentence with the next step.
  var message: String {
    switch remedy {
    case .convert: "\(name), which is not supported; to convert: \(command(stem: "FILE") ?? "")"
    case .step(let step): "\(name), not an image; \(step)"
    }
  }
}

extension ForeignKind {
  static let jpegXL = ForeignKind("a JPEG XL", "jxl", .convert("djxl {}.{e} {}.png"))
  static let jpeg2000 = ForeignKind(
    "a JPEG 2000", "jp2 j2k jpf jpx j2c jpc jpm", .convert("opj_decompress -i {}.{e} -o {}.png"))
  static let tiff = ForeignKind(
    "a TIFF, or a RAW photo such as NEF or DNG", "tif tiff",
    .convert("mogrify -format png {}.{e}"))
  static let raw = ForeignKind(
    "a RAW photo",
    "cr2 cr3 crw nef nrw arw sr2 srf dng orf rw2 raf pef srw raw rwl x3f 3fr iiq erf mrw kdc dcr",
    .convert("darktable-cli {}.{e} {}.jpg"))
  static let photoshop = ForeignKind(
    "a Photoshop file", "psd psb", .convert("mogrify -flatten -format png {}.{e}"))
  static let svg = ForeignKind(
    "an SVG drawing", "svg svgz", .convert("rsvg-convert {}.{e} -o {}.png"))
  static let pdf = ForeignKind("a PDF", "pdf", .convert("pdftoppm -png {}.{e} {}"))
  static let icon = ForeignKind("an icon", "ico cur icns", .convert("mogrify -format png {}.{e}"))
  static let otherImage = ForeignKind(
    "an image in another format",
    "tga pcx ppm pgm pbm pnm pam xcf exr hdr dds qoi mng jng jxr wdp sgi eps ai wmf emf",
    .convert("mogrify -format png {}.{e}"))
  static let film = ForeignKind(
    "a video", "mp4 mov m4v avi mkv webm mpg mpeg 3gp wmv flv mts m2ts",
    .convert("ffmpeg -i {}.{e} -vf fps=1 {}-%04d.jpg"))
  static let archive = ForeignKind(
    "an archive", "zip tar gz tgz bz2 xz zst 7z rar", .step("unpack it first"))
  static let zip = ForeignKind("a ZIP archive", "", .step("unzip it first: unzip FILE"))
  static let webPage = ForeignKind(
    "a web page", "html htm mhtml", .step("a failed download? download the photo itself"))
  static let pointer = ForeignKind(
    "a Git LFS pointer", "", .step("download the file itself: git lfs pull"))
  static let text = ForeignKind(
    "text",
    "txt text md rst csv tsv json jsonl ndjson xml xmp yaml yml toml ini cfg log url aae srt vtt",
    .step("if it lists paths of images: cnnctl predict - < FILE"))
  static let appleDouble = ForeignKind(
    "a macOS metadata file (AppleDouble)", "", .step("use the file without the prefix ._"))
  static let brokenPNG = ForeignKind(
    "a PNG with converted line endings", "", .step("transfer it again as binary"))
  static let array = ForeignKind(
    "an array of numbers", "npy npz h5 hdf5 pkl pt pth parquet tfrecord",
    .step("save its images as PNG files first"))
  static let medicalImage = ForeignKind(
    "a DICOM", "dcm dicom", .convert("dcmj2pnm +on {}.{e} {}.png"))

  /// The kinds that endings tell.
  private static let all = [
    jpegXL, jpeg2000, tiff, raw, photoshop, svg, pdf, icon, otherImage, film, archive, webPage,
    text,
    array, medicalImage,
  ]

  private static let byEnding: [String: ForeignKind] = Dictionary(
    all.flatMap { kind in kind.endings.map { ($0, kind) } }, uniquingKeysWith: { first, _ in first }
  )

  /// The kind that an ending promises, whatever its case.
  init?(ending: String) {
    guard let kind = ForeignKind.byEnding[ending.lowercased()] else { return nil }
    self = kind
  }

  /// So many first bytes tell the kind.
  static let headLength = 512

  private static let signatures: [(at: Int, magic: [UInt8], kind: ForeignKind)] = [
    (8, Array("CR".utf8), raw),
    (0, [0x49, 0x49, 0x2A, 0x00], tiff), (0, [0x4D, 0x4D, 0x00, 0x2A], tiff),
    (0, [0x49, 0x49, 0x2B, 0x00], tiff), (0, [0x4D, 0x4D, 0x00, 0x2B], tiff),
    (0, Array("FUJIFILMCCD-RAW".utf8), raw), (0, Array("IIRO".utf8), raw),
    (0, Array("IIRS".utf8), raw), (0, Array("MMOR".utf8), raw), (0, [0x49, 0x49, 0x55, 0x00], raw),
    (0, [0x49, 0x49, 0xBC, 0x01], otherImage),
    (0, [0xFF, 0x0A], jpegXL), (4, Array("JXL ".utf8) + [0x0D, 0x0A, 0x87, 0x0A], jpegXL),
    (4, Array("jP  ".utf8) + [0x0D, 0x0A, 0x87, 0x0A], jpeg2000),
    (0, [0xFF, 0x4F, 0xFF, 0x51], jpeg2000),
    (0, Array("8BPS".utf8), photoshop), (0, Array("%PDF".utf8), pdf),
    (0, Array("%!PS".utf8), otherImage),
    (0, [0x00, 0x00, 0x01, 0x00], icon), (0, [0x00, 0x00, 0x02, 0x00], icon),
    (0, Array("icns".utf8), icon),
    (0, Array("qoif".utf8), otherImage), (0, Array("#?RADIANCE".utf8), otherImage),
    (0, [0x76, 0x2F, 0x31, 0x01], otherImage), (0, Array("gimp xcf".utf8), otherImage),
    (0, Array("DDS ".utf8), otherImage), (1, Array("MNG\r\n".utf8), otherImage),
    (1, Array("JNG\r\n".utf8), otherImage),
    (8, Array("AVI ".utf8), film), (0, [0x1A, 0x45, 0xDF, 0xA3], film),
    (0, [0x00, 0x00, 0x01, 0xBA], film), (0, Array("FLV".utf8), film),
    (0, [0x30, 0x26, 0xB2, 0x75], film), (4, Array("moov".utf8), film),
    (4, Array("mdat".utf8), film), (4, Array("wide".utf8), film),
    (0, [0x50, 0x4B, 0x03, 0x04], zip), (0, [0x50, 0x4B, 0x05, 0x06], zip),
    (0, [0x1F, 0x8B], archive), (0, Array("BZh".utf8), archive),
    (0, [0xFD, 0x37, 0x7A, 0x58, 0x5A], archive), (0, [0x28, 0xB5, 0x2F, 0xFD], archive),
    (0, [0x37, 0x7A, 0xBC, 0xAF], archive), (0, Array("Rar!".utf8), archive),
    (257, Array("ustar".utf8), archive),
    (0, [0x00, 0x05, 0x16, 0x07], appleDouble), (0, [0x00, 0x05, 0x16, 0x00], appleDouble),
    (0, [0x89, 0x50, 0x4E, 0x47, 0x0A], brokenPNG),
    (0, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0D], brokenPNG),
    (0, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x0A], brokenPNG),
    (0, [0x93] + Array("NUMPY".utf8), array), (0, [0x89] + Array("HDF\r\n".utf8), array),
    (0, Array("PAR1".utf8), array), (0, [0x80, 0x02], array), (0, [0x80, 0x04, 0x95], array),
    (128, Array("DICM".utf8), medicalImage),
  ]

  /// The kind that a file's first bytes tell.
  init?(_ head: [UInt8]) {
    func stands(_ magic: [UInt8], at place: Int) -> Bool {
      head.count >= place + magic.count && head[place...].starts(with: magic)
    }
    if let kind = ForeignKind.box(head) {
      self = kind
    } else if let hit = ForeignKind.signatures.first(where: { stands($0.magic, at: $0.at) }),
      hit.kind != .raw || hit.at == 0 || head.starts(with: [0x49, 0x49, 0x2A, 0x00])
    {
      self = hit.kind
    } else if let kind = ForeignKind.bitmap(head) ?? ForeignKind.written(head) {
      self = kind
    } else {
      return nil
    }
  }

  /// Files made of boxes, which name their brands: RAW photos and films.
  private static func box(_ head: [UInt8]) -> ForeignKind? {
    guard let first = FileBrands(head).all.first else { return nil }
    return first == "crx " ? raw : film
  }

  /// Formats whose first letters alone could begin a text, with what must stand behind them.
  private static func bitmap(_ head: [UInt8]) -> ForeignKind? {
    guard head.count >= 3, head[0] == UInt8(ascii: "P") else { return nil }
    let isSpace = [0x20, 0x0A, 0x0D, 0x09].contains(head[2])
    return (UInt8(ascii: "1")...UInt8(ascii: "7")).contains(head[1]) && isSpace ? otherImage : nil
  }

  private static func written(_ head: [UInt8]) -> ForeignKind? {
    if head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) { return text }
    let isControl: (UInt8) -> Bool = { $0 < 0x20 && ![0x09, 0x0A, 0x0C, 0x0D].contains($0) }
    guard !head.isEmpty, !head.contains(where: isControl) else { return nil }
    // The end may lie within a letter.
    let isUTF8 = (0..<min(4, head.count)).contains {
      String(validating: head.dropLast($0), as: UTF8.self) != nil
    }
    guard isUTF8 else { return nil }
    let words = String(decoding: head, as: UTF8.self).lowercased()
    if words.contains("<svg") { return svg }
    if ["<!doctype html", "<html", "<head", "<body", "<error>"].contains(where: words.contains) {
      return webPage
    }
    return words.hasPrefix("version https://git-lfs") ? pointer : text
  }
}

extension ImageFailure {
  /// The failure for bytes that begin as no kind of image that is read.
  static func notAnImage(_ bytes: [UInt8]) -> ImageFailure {
    let kind = ForeignKind(Array(bytes.prefix(ForeignKind.headLength)))
    return ImageFailure(
      .notAnImage, kind?.message ?? "no image by its first bytes")
  }
}
