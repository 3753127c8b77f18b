/// The kinds of files that are read.
package enum FileKind: String, Sendable, Hashable, CaseIterable {
  /// JPEG, baseline or progressive.
  case jpeg
  /// PNG of any colour type and depth.
  case png

  /// The kind that a file's first bytes tell.
  package init?(_ bytes: [UInt8]) {
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else {
      return nil
    }
  }

  /// The kind that the ending of a name promises.
  init?(ending name: String) {
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return nil }
    switch name[name.index(after: dot)...].lowercased() {
    case "jpg", "jpeg", "jpe", "jfif", "jif", "jfi", "pjpeg", "pjp": self = .jpeg
    case "png": self = .png
    default: return nil
    }
  }

  /// The endings that most images have, for messages.
  package static let usualEndings = ".jpg, .jpeg or .png"
}
