import Glibc

/// What lies below a dataset's folder, as far as names and links tell.
///
/// The one walk that every command takes. It goes on where it meets something that no dataset may
/// hold: `Dataset.open` refuses what `problems` says, a check reports it.
struct FolderSurvey {
  /// A file whose name ends as a picture's does, or whatever else bears such a name.
  struct File {
    /// The path below the dataset's folder.
    var relativePath: String
    /// Why it cannot be opened at all, where its name alone tells.
    var failure: ImageFailure?
  }

  /// The pictures of one class in one folder of a split.
  struct ClassFolder {
    var name: String
    var files: [File] = []
  }

  /// A folder that means a split; its name is empty for a dataset of class folders alone.
  struct SplitFolder {
    var split: Split
    var name: String
    var classes: [ClassFolder] = []
    /// Entries beside the class folders, dot entries left out.
    var looseFiles = 0
  }

  /// The dataset's folder, without a slash at its end.
  let root: String
  /// In the order of the splits, then in byte order of their names.
  private(set) var folders: [SplitFolder] = []
  /// Whether class folders stand alone.
  private(set) var isUnsplit = false
  /// What keeps the walk from going on somewhere, or makes its result ambiguous.
  private(set) var problems: [DatasetError] = []
  /// Dot entries passed over, below the dataset's folder.
  private(set) var hidden: [String] = []
  /// Files inside a split's folder that are passed over, as their names are no pictures'.
  private(set) var others: [String] = []
  /// Files beside the splits' folders, which are passed over too.
  private(set) var looseFiles = 0
  /// Folders beside the splits' folders.
  private(set) var otherFolders: [String] = []
  /// Links that lead out of the dataset's folder.
  private(set) var linksOutside: [String] = []

  private let realRoot: String?

  /// Walks through the folder at `path`; `unsplit` is what class folders alone are taken for.
  ///
  /// Throws only where there is no folder to list.
  init(_ path: String, unsplit: Split = .train) throws(DatasetError) {
    var status = stat()
    guard !path.isEmpty, !path.utf8.contains(0), stat(path, &status) == 0 else {
      let reason = errno
      if reason == ENOENT || reason == ENOTDIR || path.isEmpty { throw .missing(path: path) }
      throw .unreadable(path: path, reason: FileBytes.systemMessage(reason))
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw .notAFolder(path: path) }
    root = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    realRoot = FolderListing.realPath(root)
    let listing = try FolderListing(root)
    folders = findSplits(listing)
    isUnsplit = folders.isEmpty
    if isUnsplit {
      folders = [SplitFolder(split: unsplit, name: "")]
    } else {
      hidden = listing.hidden
      for entry in listing.entries {
        guard entry.isFolder else {
          looseFiles += 1
          continue
        }
        if folders.contains(where: { $0.name == entry.name }) {
          noteLink(entry, entry.name)
        } else {
          otherFolders.append(entry.name)
        }
      }
    }
    for index in folders.indices { scanSplit(index) }
  }

  /// The folders of the splits, or none if there are class folders alone.
  private mutating func findSplits(_ listing: FolderListing) -> [SplitFolder] {
    let names = listing.entries.filter(\.isFolder).map(\.name)
    var found = Split.allCases.flatMap { split in
      names.filter(split.folderNames.contains).map { SplitFolder(split: split, name: $0) }
    }
    // A class may be called "train": its folder then holds pictures and stands beside others.
    if names.count > found.count {
      found = found.filter { folder in
        guard let inside = try? FolderListing("\(root)/\(folder.name)") else { return true }
        return inside.entries.contains(where: \.isFolder)
          || !inside.entries.contains { Dataset.isCandidate($0.name) }
      }
    }
    for split in Split.allCases {
      let same = found.filter { $0.split == split }.map(\.name)
      if same.count > 1 { problems.append(.severalFolders(path: root, names: same)) }
    }
    return found
  }

  /// Fills in the classes of one split's folder.
  private mutating func scanSplit(_ index: Int) {
    let folder = folders[index].name
    let path = joined(root, folder)
    guard let listing = listed(path) else { return }
    addHidden(listing, in: folder)
    let parents = [root, path].compactMap { FolderListing.identity($0) }
    for entry in listing.entries {
      let name = joined(folder, entry.name)
      guard entry.isFolder else {
        folders[index].looseFiles += 1
        // What lies beside class folders at the top is nobody's picture.
        if folder.isEmpty { looseFiles += 1 } else { others.append(name) }
        continue
      }
      noteLink(entry, name)
      let isPlain = entry.name.unicodeScalars.allSatisfy {
        $0.properties.generalCategory != .control
      }
      if !entry.isValid || !isPlain {
        problems.append(.className(path: joined(path, entry.name)))
      }
      // A path made of a repaired name leads nowhere.
      guard entry.isValid else { continue }
      var found = ClassFolder(name: entry.name)
      collect(name, parents, &found.files)
      folders[index].classes.append(found)
    }
  }

  /// Adds the candidates of one folder and those below it; `parents` are the folders around it.
  private mutating func collect(
    _ relative: String, _ parents: [FolderListing.Identity], _ files: inout [File]
  ) {
    let path = joined(root, relative)
    guard let identity = FolderListing.identity(path), !parents.contains(identity) else {
      problems.append(.linkLoop(path: path))
      return
    }
    guard let listing = listed(path) else { return }
    addHidden(listing, in: relative)
    for entry in listing.entries {
      let name = joined(relative, entry.name)
      if entry.isValid { noteLink(entry, name) }
      // A folder that is named as a picture is a bad picture.
      if Dataset.isCandidate(entry.name) {
        let failure =
          entry.isValid ? nil : ImageFailure(.unreadable, "the name is not valid UTF-8")
        files.append(File(relativePath: name, failure: failure))
      } else if !entry.isFolder {
        others.append(name)
      } else if entry.isValid {
        collect(name, parents + [identity], &files)
      } else {
        problems.append(.unreadable(path: joined(root, name), reason: "the name is not UTF-8"))
      }
    }
  }

  private mutating func listed(_ path: String) -> FolderListing? {
    do throws(DatasetError) {
      return try FolderListing(path)
    } catch {
      problems.append(error)
      return nil
    }
  }

  private mutating func addHidden(_ listing: FolderListing, in folder: String) {
    hidden += listing.hidden.map { joined(folder, $0) }
  }

  private mutating func noteLink(_ entry: FolderListing.Entry, _ relative: String) {
    guard entry.isLink, let realRoot, let target = FolderListing.realPath(joined(root, relative))
    else { return }
    let inside = realRoot == "/" ? realRoot : realRoot + "/"
    if target != realRoot, !target.utf8.starts(with: inside.utf8) { linksOutside.append(relative) }
  }
}

extension FolderSurvey {
  /// The classes that training takes: those of the training folders, in byte order.
  var trainingClasses: [String] {
    FolderSurvey.union(folders.filter { $0.split == .train })
  }

  /// The classes of all folders, in byte order.
  var allClasses: [String] { FolderSurvey.union(folders) }

  /// What a dataset's layout must not be, beside `problems`.
  ///
  /// Without `classes` the training folder's are the classes, as for training; with them, a model's,
  /// no training folder is needed.
  func layoutProblems(classes known: [String]? = nil) -> [DatasetError] {
    var problems: [DatasetError] = []
    let training = folders.filter { $0.split == .train }
    if known == nil, training.isEmpty {
      return [.noTrainingFolder(path: root, found: folders.map(\.name))]
    }
    let classes = known ?? trainingClasses
    for folder in folders {
      let path = joined(root, folder.name)
      if known == nil, folder.split == .train {
        problems += trainingProblems(folder, path)
      }
      // Compared by bytes: strings would take differently composed letters for equal.
      let names = Set(classes.map { Array($0.utf8) })
      let unknown = folder.classes.map(\.name).filter { !names.contains(Array($0.utf8)) }
      if !unknown.isEmpty, !classes.isEmpty {
        problems.append(.unknownClasses(path: path, unknown: unknown, classes: classes))
      }
    }
    return problems
  }

  private func trainingProblems(_ folder: SplitFolder, _ path: String) -> [DatasetError] {
    let names = folder.classes.map(\.name)
    if names.isEmpty { return [.noClasses(path: path, files: folder.looseFiles)] }
    var problems: [DatasetError] = []
    if names.count < 2 {
      let images = folder.classes.map(\.files.count)
      problems.append(.tooFewClasses(dataset: root, path: path, classes: names, images: images))
    }
    let empty = folder.classes.filter(\.files.isEmpty).map(\.name)
    if !empty.isEmpty { problems.append(.emptyClasses(path: path, classes: empty)) }
    return problems
  }

  private static func union(_ folders: [SplitFolder]) -> [String] {
    var seen: Set<[UInt8]> = []
    return folders.flatMap(\.classes).map(\.name).filter { seen.insert(Array($0.utf8)).inserted }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}

/// A path of two parts, either of which may be empty.
func joined(_ folder: String, _ name: String) -> String {
  folder.isEmpty ? name : name.isEmpty ? folder : folder == "/" ? "/" + name : "\(folder)/\(name)"
}
