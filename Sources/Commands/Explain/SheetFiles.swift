internal import Primitives
internal import Training

/// The files that sheets of images are written to, one after the other.
///
/// The first has the name itself, the others `-002`, `-003` and so on before the ending. A name that
/// the user gave is written over, with those that follow from it. Where the name is this program's
/// own, a file that is there is left alone and the next free number taken.
struct SheetFiles {
  private let stem: String
  private let isNamed: Bool
  /// The number of the file written last.
  private var last = 0

  /// Files of the name that `-o` gave, else of this one's.
  ///
  /// Errors: a name of `-o` that no PNG file has.
  init(named: String?, otherwise stem: String) throws(Failure) {
    isNamed = named != nil
    guard let named else {
      self.stem = stem
      return
    }
    guard named.count > 4, named.lowercased().hasSuffix(".png") else {
      throw ExplainCommand.description.usageError(
        "only PNG files can be written", found: "-o \(named)", expected: "-o FILE.png")
    }
    self.stem = String(named.dropLast(4))
    ending = String(named.suffix(4))
  }

  private var ending = ".png"

  /// The file that comes next, or so many after it.
  func path(_ ahead: Int = 0) -> String {
    var number = last
    for _ in 0...ahead { number = next(after: number) }
    return name(number)
  }

  private func next(after number: Int) -> Int {
    var number = number + 1
    while !isNamed, FileSystem.exists(name(number)) { number += 1 }
    return number
  }

  private func name(_ number: Int) -> String {
    stem + (number == 1 ? "" : "-" + zeroPadded(number, 3)) + ending
  }

  /// Refuses to begin where one of the next files could not be written for what is there already.
  ///
  /// `images` are those that go into them: none of them is ever written over.
  func check(next count: Int, images: [String], beside inputs: OutputGuard) throws {
    guard isNamed else { return }
    let taken = (0..<count).map(path).filter(FileSystem.exists)
    let places = Set(taken.compactMap(FileSystem.identity))
    if let image = images.first(where: { FileSystem.identity($0).map(places.contains) ?? false }) {
      throw OutputGuard.isInput(image)
    }
    for path in taken { try inputs.check(path, as: .picture) }
    if let folder = taken.first(where: FileSystem.isFolder) {
      throw Failure(
        .cannotCreate, "\(folder) is a folder", expected: "-o with the name of a file")
    }
  }

  /// Writes the next file and gives its path.
  mutating func write(_ bytes: [UInt8]) throws -> String {
    let number = next(after: last)
    let path = name(number)
    try ExportedFile.store(bytes, at: path, replaces: isNamed)
    last = number
    return path
  }
}
