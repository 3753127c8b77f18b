/// The role of a file by its name and, where that is ambiguous, its first bytes.
enum ImageName {
  /// The role of an entry of a folder.
  enum Role {
    case image
    /// A folder to enter.
    case folder
    /// Passed over; the kind is what name or contents tell.
    case other(ForeignKind?)
  }

  /// The role of an entry.
  ///
  /// A name that ends as an image's does is an image's, and nothing is opened: most folders hold
  /// nothing else. One that ends as text, an archive, a film or a copy under way does is none.
  /// All others (no ending, another image format's, an unknown one) are recognised by their first bytes.
  static func role(_ entry: FolderListing.Entry, path: String) -> Role {
    // A folder that is named as an image is a bad image.
    if FileKind(ending: entry.name) != nil { return .image }
    if entry.isFolder { return .folder }
    let ending = ending(of: entry.name).map { String($0).lowercased() }
    if let ending, unopened.contains(ending) || ending.hasSuffix("~") {
      return .other(ForeignKind(ending: ending))
    }
    let named = ending.flatMap { ForeignKind(ending: $0) }
    guard let head = try? FileBytes.read(path, first: ForeignKind.headLength) else {
      return .other(named)
    }
    return FileKind(head) != nil ? .image : .other(ForeignKind(head) ?? named)
  }

  /// The part of a name behind its last dot, if it reads as an ending: up to 12 letters, digits,
  /// `_`, `-` and `~`, not digits alone, as in "photo.2019-05-03 12.30".
  static func ending(of name: String) -> Substring? {
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")), dot > name.startIndex else {
      return nil
    }
    let ending = name[name.index(after: dot)...]
    let isWord = ending.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
        UInt8(ascii: "~"):
        true
      default: false
      }
    }
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard isWord, (1...12).contains(ending.utf8.count),
      !ending.utf8.allSatisfy({ digits.contains($0) })
    else { return nil }
    return ending
  }

  /// Endings of files that are never opened: no photo of its own is in them.
  private static let unopened: Set<String> = {
    let kinds: [ForeignKind] = [.text, .archive, .film, .array, .webPage, .pdf]
    // Copies of files, files under way, small images beside films, sound, programs.
    let others =
      "bak orig old tmp temp part partial crdownload download swp lock thm db sqlite sql xls xlsx "
      + "doc docx ppt pptx odt ods lnk webloc nfo mp3 wav m4a ogg flac aac py sh js css c h cpp ipynb "
      + "onnx safetensors exe dll so"
    return Set(kinds.flatMap(\.endings) + others.split(separator: " ").map(String.init))
  }()

  /// Names of files and folders that systems and programs leave beside photos, in lower case.
  ///
  /// Small copies, waste baskets, what fsck found. All that begins with a dot (`.git`,
  /// `.ipynb_checkpoints`, `._photo.jpg`) is ignored, too.
  private static let systemNames: Set<String> = [
    "@eadir", "@tmp", "@recycle", "@recently-snapshot", "#recycle", "#snapshot", "__macosx",
    "$recycle.bin", "recycler", "system volume information", "lost+found", "network trash folder",
    "temporary items", "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r",
    "picasa.ini", "zbthumbnail.info", "__pycache__",
  ]

  /// The lengths of these names: a name of another length needs no comparison.
  private static let systemLengths = Set(systemNames.map(\.utf8.count))

  /// Whether an entry belongs to a system or a program and not to a photo collection.
  static func isOfSystem(_ name: String) -> Bool {
    systemLengths.contains(name.utf8.count) && FileKind(ending: name) == nil
      && systemNames.contains(name.lowercased())
  }
}
