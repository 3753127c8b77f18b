internal import Primitives

/// A table of images and their classes, as in `labels.csv`.
///
/// Only what a message needs: where its columns are, and the command that moves the images into
/// class folders.
struct LabelTable {
  /// The folder that the images lie in, and class folders are made in.
  let folder: String
  private let path: String
  private let separator: Character
  private let hasHeader: Bool
  /// The columns of the file's name and of the class, from 0, and how many there are.
  private let columns: (file: Int, label: Int, count: Int)
  /// The extension that the names in the table lack, such as `.jpg`.
  private let ending: String
  private let labels: [String]
  private let rows: Int

  /// Whether a file has the name of a label table.
  static func isNamedSo(_ name: String) -> Bool {
    [".csv", ".tsv"].contains { name.lowercased().hasSuffix($0) }
  }

  /// The table at a path; nil if no column names images that lie beside it, or none can be told
  /// to hold classes.
  init?(_ path: String) {
    guard LabelTable.isNamedSo(path),
      let bytes = try? FileBytes.read(path, first: 1 << 22)
    else { return nil }
    let text = String(decoding: bytes, as: UTF8.self).filter { $0 != "\"" }
    let lines = text.split(whereSeparator: \.isNewline).prefix(10_000)
    guard let first = lines.first else { return nil }
    let separator: Character =
      first.contains("\t") ? "\t" : first.contains(",") ? "," : first.contains(";") ? ";" : "\t"
    let table = lines.map { $0.split(separator: separator, omittingEmptySubsequences: false) }
    let count = table[0].count
    let whole = table.filter { $0.count == count }
    guard count > 1, whole.count > 1 else { return nil }
    let parent = FileSystem.parent(of: path)
    let places = LabelTable.places(in: parent)
    for file in 0..<count {
      guard let (place, ending) = LabelTable.find(whole[whole.count - 1][file], in: places),
        LabelTable.find(whole[1][file], in: [place])?.ending == ending
      else { continue }
      let hasHeader = LabelTable.find(whole[0][file], in: [place]) == nil
      let body = whole.dropFirst(hasHeader ? 1 : 0)
      guard let label = LabelTable.label(body, header: hasHeader ? whole[0] : [], besides: file)
      else { continue }
      (self.path, self.separator) = (path, separator)
      (self.hasHeader, self.ending) = (hasHeader, ending)
      folder = place
      columns = (file, label, count)
      labels = Set(body.map { String($0[label]) })
        .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      rows = body.count
      return
    }
    return nil
  }

  /// The column of the classes: by its heading, else the first one with few values that are not
  /// splits, and no numbers where there is another.
  private static func label(
    _ body: ArraySlice<[Substring]>, header: [Substring], besides file: Int
  ) -> Int? {
    let candidates = (body.first ?? []).indices.filter { column in
      let values = Set(body.map { $0[column] })
      return column != file && values.count > 1 && 2 * values.count <= max(4, body.count)
        && values.allSatisfy { !$0.isEmpty && !$0.contains("/") && !$0.hasPrefix(".") }
        && !values.allSatisfy { SplitName(String($0))?.rest.isEmpty ?? false }
    }
    let headings = ["label", "labels", "class", "category", "species", "breed", "target"]
    return candidates.first { column in
      header.indices.contains(column) && headings.contains(header[column].lowercased())
    }
      ?? candidates.first { column in !body.allSatisfy { Double($0[column]) != nil } }
      ?? candidates.first
  }

  /// A description in one line.
  var summary: String {
    "a table of images and classes: \(list(labels)); labels come from folder names only"
  }

  /// The command that moves the images into class folders.
  var moving: String {
    let names = (0..<columns.count).map {
      $0 == columns.file ? "f" : $0 == columns.label ? "c" : "x"
    }
    // The rest of a line goes to the last name.
    let last = max(columns.file, columns.label)
    let read = names[...last].joined(separator: " ") + (last + 1 < columns.count ? " x" : "")
    let target = shellPath(folder)
    let sign = separator == "\t" ? "\"$(printf '\\t')\"" : "'\(separator)'"
    return "tr -d '\"\\r' < \(shellWord(path)) | "
      + (hasHeader ? "tail -n +2 | " : "")
      + "while IFS=\(sign) read -r \(read); do "
      + "mkdir -p \(target)/\"$c\" && mv \(target)/\"$f\"\(ending) \(target)/\"$c\"/; done"
  }

  /// The table's folder and those in it.
  private static func places(in folder: String) -> [String] {
    let inside = FolderListing.folders(in: folder).filter(\.isText)
    return [folder] + inside.prefix(50).map { joined(folder, $0.name) }
  }

  /// The folder that holds the image of a name, and the ending that the name lacks.
  private static func find(
    _ name: Substring, in places: [String]
  ) -> (place: String, ending: String)? {
    guard !name.isEmpty, !name.hasPrefix("/"), !name.contains("..") else { return nil }
    for place in places {
      for ending in [
        "", ".jpg", ".jpeg", ".png", ".JPG", ".webp", ".heic", ".HEIC", ".avif", ".bmp", ".gif",
      ]
      where Dataset.isCandidate(name + ending) && FolderListing.isFile("\(place)/\(name)\(ending)")
      {
        return (place, ending)
      }
    }
    return nil
  }
}
