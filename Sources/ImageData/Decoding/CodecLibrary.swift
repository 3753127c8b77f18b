internal import CImageCodecs

/// A library of the system that decodes some kinds of files, opened when the first of them is met.
///
/// The raw value is its name, as in `--version` and in the records of runs.
package enum CodecLibrary: String, Sendable, Hashable, CaseIterable {
  /// Decodes WebP.
  case webp = "libwebp"
  /// Decodes HEIC and AVIF, with the help of others.
  case heif = "libheif"

  /// The library that decodes a kind; nil for those that the program reads itself or is linked to a
  /// library for.
  init?(_ kind: FileKind) {
    switch kind {
    case .webp: self = .webp
    case .heic, .avif: self = .heif
    case .jpeg, .png, .bmp, .gif: return nil
    }
  }

  /// The file that the dynamic linker looks for.
  var file: String {
    switch self {
    case .webp: "libwebp.so.7"
    case .heif: "libheif.so.1"
    }
  }

  /// Debian's and Ubuntu's package.
  var package: String {
    switch self {
    case .webp: "libwebp7"
    case .heif: "libheif1"
    }
  }

  /// The version of it, such as "1.15.1"; nil where it is missing or, unless `opens`, not open.
  package func version(opens: Bool) -> String? {
    let number =
      switch self {
      case .webp: cimage_webp_version(file, opens)
      case .heif: cimage_heif_version(file, opens)
      }
    return number > 0 ? "\(number >> 16).\(number >> 8 & 255).\(number & 255)" : nil
  }

  /// The names of those that decode files with such endings.
  static func names(for files: some Sequence<String>) -> Set<String> {
    var names: Set<String> = []
    for file in files {
      guard let library = FileKind(ending: file).flatMap(CodecLibrary.init) else { continue }
      names.insert(library.rawValue)
      if names.count == allCases.count { break }
    }
    return names
  }
}

/// The files that the libraries are opened by.
package struct CodecFiles: Sendable {
  private var others: [CodecLibrary: String] = [:]

  /// The system's own.
  package static let system = CodecFiles()

  private init() {}

  /// Another file for one of them.
  package init(_ library: CodecLibrary, at file: String) { others[library] = file }

  subscript(library: CodecLibrary) -> String { others[library] ?? library.file }
}

extension ImageReader {
  /// Keeps the decoders of opened libraries from writing to standard error.
  ///
  /// For a process of which nothing else uses C's own stream, at its start: a test's runner does.
  package static func quietLibraries() { cimage_quiet() }

  /// The versions of the libraries that decode, such as "libjpeg-turbo 2.1.5".
  ///
  /// Those that are opened when they are wanted are among them where they are open, and where
  /// `opening` has their names and they are installed.
  package static func libraryVersions(opening: Set<String> = []) -> [String] {
    let linked = [cimage_jpeg_version(), cimage_png_version()].compactMap {
      $0.map { String(cString: $0) }
    }
    return linked
      + CodecLibrary.allCases.compactMap { library in
        library.version(opens: opening.contains(library.rawValue)).map {
          "\(library.rawValue) \($0)"
        }
      }
  }
}

extension ImageFailure {
  /// The failure for a kind whose library is not there.
  static func missing(_ library: CodecLibrary, for kind: FileKind, file: String) -> ImageFailure {
    ImageFailure(
      .missingLibrary,
      "\(kind.name) needs \(library.rawValue) (\(file)), which is not installed or too old: "
        + "apt install \(library.package)")
  }

  /// The failure for a kind for whose coding libheif has no decoder.
  static func missingDecoder(for kind: FileKind) -> ImageFailure {
    let (codec, plugin) = kind == .avif ? ("AV1", "dav1d") : ("HEVC", "libde265")
    return ImageFailure(
      .missingLibrary,
      "\(kind.name) needs a decoder for \(codec) in libheif: apt install libheif-plugin-\(plugin)")
  }
}
