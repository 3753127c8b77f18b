internal import Training

/// The files that sheets of pictures are written to, one after the other.
///
/// A name that the user gave is written over, with those that follow from it; a name of this
/// program's own is not.
struct SheetFiles {
  private let stem: String
  private let isNamed: Bool
  private let isSingle: Bool
  private var written = 0

  /// Files of the name that `-o` gave, else of this one's; a single file has no number.
  ///
  /// Errors: a name of `-o` that no PNG file has.
  init(named: String?, otherwise stem: String, isSingle: Bool) throws(Failure) {
    self.isSingle = isSingle
    isNamed = named != nil
    guard let named else {
      self.stem = stem
      return
    }
    guard named.count > 4, named.lowercased().hasSuffix(".png") else {
      throw Failure(
        .usage, "the picture is a PNG file", found: "-o \(named)", expected: "-o FILE.png",
        helpPage: CommandDescription.explain.helpPage)
    }
    self.stem = String(named.dropLast(4))
    ending = String(named.suffix(4))
  }

  private var ending = ".png"

  /// The file that comes next, or so many after it.
  func path(_ ahead: Int = 0) -> String {
    let number = written + ahead + 1
    if isSingle || (isNamed && number == 1) { return stem + ending }
    let digits = String(number)
    return stem + "-" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits + ending
  }

  /// Refuses to begin where one of the next files could not be written for what is there already.
  ///
  /// `images` are those that go into them: none of them is ever written over.
  func check(next count: Int, images: [String]) throws {
    let taken = (0..<count).map(path).filter(FileSystem.exists)
    guard let first = taken.first else { return }
    guard isNamed else { throw ExportedFile.isThere(first) }
    let places = Set(taken.compactMap(FileSystem.identity))
    if let image = images.first(where: { FileSystem.identity($0).map(places.contains) ?? false }) {
      throw Failure(
        .cannotCreate, "\(image) is one of the images to explain, and is not written over",
        expected: "-o with another name")
    }
    if let folder = taken.first(where: FileSystem.isFolder) {
      throw Failure(
        .cannotCreate, "\(folder) is a folder", expected: "-o with the name of a file")
    }
  }

  /// Writes the next file and gives its path.
  mutating func write(_ bytes: [UInt8]) throws -> String {
    let path = path()
    try ExportedFile.store(bytes, at: path, replaces: isNamed)
    written += 1
    return path
  }
}
