import Glibc
internal import Primitives

/// Decides which name a photo gets in its folder, and changes nothing.
struct SortPlanner {
  /// The action planned for a photo.
  enum Plan {
    case place(Placement)
    /// Nothing.
    case outcome(SortOutcome)
  }

  let target: String
  let method: SortMethod
  /// Whether files cannot be linked, or moved in one step, into the target; found out by trying.
  var isElsewhere: Bool
  private let device: UInt64?
  /// The names that were given to photos and may not be on the disk yet.
  private var given: [String: Placement] = [:]
  /// Folders that do not exist yet and that photos are meant for, in that order.
  private(set) var newFolders: [String] = []
  private var knownFolders: Set<String> = []
  /// The folders of photos with links resolved.
  private var resolved: [String: String] = [:]

  /// Numbers tried for a name that is taken.
  private static let most = 1_000_000

  init(target: String, method: SortMethod) {
    self.target = target
    self.method = method
    isElsewhere = false
    let folder = FileSystem.isFolder(target) ? target : FileSystem.parent(of: target)
    device = FileFacts.device(of: folder)
  }

  /// Forgets the names that are on the disk by now.
  mutating func beginBatch() {
    given = [:]
    newFolders = []
  }

  /// A photo's path from the root, links in its folder resolved.
  mutating func source(_ path: String) -> String {
    let folder = FileSystem.parent(of: path)
    let known = resolved[folder] ?? FileSystem.absolute(folder) ?? folder
    resolved[folder] = known
    return (known == "/" ? "" : known) + "/" + FileSystem.lastName(of: path)
  }

  /// What tells this photo, as it is now, from others; nil where it cannot be read.
  mutating func key(of path: String) -> Placement.Key? {
    let source = source(path)
    return FileFacts.followed(source).map {
      Placement.Key(source: source, size: $0.size, nanoseconds: $0.nanoseconds)
    }
  }

  /// Decides about one photo.
  ///
  /// Errors: those of the target; a photo that cannot be read is left.
  mutating func plan(_ photo: SortedPhoto) throws(TrainingError) -> Plan {
    let source = source(photo.path)
    let place = FilePlace(named: source)
    guard let facts = FileFacts.followed(source) else {
      return .outcome(.left("it is no longer there"))
    }
    let own = try FileFacts.own(place)
    guard method != .move || own != nil else {
      return .outcome(.left("it is a link, which is not moved"))
    }
    var placement = Placement(
      means: means(facts), source: source, name: "", size: facts.size,
      nanoseconds: facts.nanoseconds, node: facts.node, digest: "")
    do throws(TrainingError) {
      if placement.means.copies { placement.digest = try digest(facts, place) }
    } catch {
      return .outcome(.left(error.problem))
    }
    try prepare(photo.folder)
    for number in 1...SortPlanner.most {
      placement.name =
        photo.folder.name + "/"
        + SortPlanner.numbered(FileSystem.lastName(of: source), number)
      let found = placement.target(in: target)
      let status = try found.status()
      let other = given[placement.name]
      if status == nil, other == nil {
        given[placement.name] = placement
        return .place(placement)
      }
      // A photo that is moved leaves its folder even where another one has the same bytes.
      if method == .move { continue }
      let holder = other.map { FilePlace(named: $0.source) } ?? found
      if try isSame(&placement, facts, holder) { return .outcome(.alreadyThere(found.path)) }
    }
    throw TrainingError(.badData, "no name is left for \(photo.path) in \(target)")
  }

  private func means(_ facts: FileFacts) -> Placement.Means {
    let isNear = facts.device == device && !isElsewhere
    return switch method {
    case .copy: .copy
    case .link: isNear ? .link : .copy
    case .move: isNear ? .move : .carry
    }
  }

  private func digest(_ facts: FileFacts, _ place: FilePlace) throws(TrainingError) -> String {
    guard let digest = try facts.digest(of: place) else {
      throw TrainingError(.badData, "\(place.path) has changed since it was read")
    }
    return digest
  }

  /// Whether a file has a photo's bytes; the photo's digest is kept for the next comparison.
  private func isSame(
    _ placement: inout Placement, _ facts: FileFacts, _ other: FilePlace
  ) throws(TrainingError) -> Bool {
    guard let theirs = FileFacts.followed(other.path), theirs.size == facts.size else {
      return false
    }
    if theirs.isSameFile(as: facts) { return true }
    let own = try digest(facts, FilePlace(named: placement.source))
    // What cannot be read is some other file.
    return (try? facts.digest(of: other)) == own
  }

  /// Looks at a folder before the first photo is put there.
  private mutating func prepare(_ folder: SortFolder) throws(TrainingError) {
    guard knownFolders.insert(folder.name).inserted else { return }
    let place = FilePlace(folder.name, in: target)
    guard let status = try place.status() else { return newFolders.append(folder.name) }
    guard status.isKind(S_IFDIR) else {
      throw TrainingError(
        .cannotCreate, "\(place.path) is not a folder", found: "a file or a link of that name",
        expected: "a folder, or nothing of that name")
    }
  }

  /// A file's name with a number before its ending: `photo-2.jpg`; as it is for 1.
  ///
  /// A name that becomes too long for the system loses letters before the number.
  static func numbered(_ name: String, _ number: Int) -> String {
    if number == 1 { return name }
    let dot = name.lastIndex(of: ".").flatMap { $0 == name.startIndex ? nil : $0 } ?? name.endIndex
    var stem = name[..<dot].unicodeScalars
    let rest = "-\(number)" + name[dot...]
    while stem.count > 1, (String(stem) + rest).fileNameBytes.count > 255 { stem.removeLast() }
    return String(stem) + rest
  }
}
