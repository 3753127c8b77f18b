internal import Primitives

/// How far a walk through a dataset's folder goes.
package struct WalkLimits: Sendable {
  /// Folders inside each other below a class; datasets have a few, and each is a call on the stack.
  package var depth: Int
  /// Files, folders and links: room for the largest public sets of photos, of 14 million.
  package var entries: Int

  /// The limits of all commands, unless given.
  package init(depth: Int = 64, entries: Int = 20_000_000) {
    self.depth = depth
    self.entries = entries
  }
}

/// The walk that makes a survey.
///
/// Links are followed, so that a folder may be met many times; for one class it is entered once.
/// The work is therefore that of listing the tree once for each class, whatever the links.
struct FolderWalk {
  private(set) var survey: FolderSurvey
  private let limits: WalkLimits
  private let realRoot: String?
  private var entries = 0
  /// The folders entered for the present class.
  private var entered: Set<FolderListing.Identity> = []

  /// A walk from the survey's root.
  init(_ survey: FolderSurvey, _ limits: WalkLimits) {
    self.survey = survey
    self.limits = limits
    realRoot = FolderListing.realPath(survey.root)
  }

  private var root: String { survey.root }

  /// Fills in the survey.
  ///
  /// Throws where its root cannot be listed, and what ends a walk at once.
  mutating func run(_ unsplit: Split, _ shouldStop: (_ entries: Int) -> Bool) throws(DatasetError) {
    let listing = try list(root, shouldStop)
    survey.folders = findSplits(listing)
    survey.isUnsplit = survey.folders.isEmpty
    if survey.isUnsplit {
      survey.folders = [FolderSurvey.SplitFolder(split: unsplit, name: "")]
    } else {
      survey.hidden = listing.hidden
      for entry in listing.entries {
        guard entry.isFolder else {
          survey.looseFiles += 1
          noteLoose(entry, joined(root, entry.name))
          continue
        }
        if survey.folders.contains(where: { $0.name == entry.name }) {
          noteLink(entry, entry.name)
        } else {
          survey.otherFolders.append(entry.name)
        }
      }
    }
    for index in survey.folders.indices { try scanSplit(index, shouldStop) }
  }

  /// The folders of the splits, or none if there are class folders alone.
  private mutating func findSplits(_ listing: FolderListing) -> [FolderSurvey.SplitFolder] {
    let names = listing.entries.filter(\.isFolder).map(\.name)
    var found = Split.allCases.flatMap { split in
      names.filter(split.folderNames.contains).map {
        FolderSurvey.SplitFolder(split: split, name: $0)
      }
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
      if same.count > 1 { survey.problems.append(.severalFolders(path: root, names: same)) }
    }
    return found
  }

  /// Fills in the classes of one split's folder.
  private mutating func scanSplit(
    _ index: Int, _ shouldStop: (_ entries: Int) -> Bool
  ) throws(DatasetError) {
    let folder = survey.folders[index].name
    let path = joined(root, folder)
    guard let listing = try listed(path, shouldStop) else { return }
    addHidden(listing, in: folder)
    let parents = [root, path].compactMap { FolderListing.identity($0) }
    for entry in listing.entries {
      let name = joined(folder, entry.name)
      guard entry.isFolder else {
        survey.folders[index].looseFiles += 1
        noteLoose(entry, joined(path, entry.name))
        // What lies beside class folders at the top is nobody's picture.
        if folder.isEmpty { survey.looseFiles += 1 } else { survey.others.append(name) }
        continue
      }
      noteLink(entry, name)
      // A class's name is a text, in models and in tables; files may be called by any bytes.
      let isPlain = entry.name.unicodeScalars.allSatisfy {
        $0.properties.generalCategory != .control && fileNameByte($0) == nil
      }
      if !isPlain { survey.problems.append(.className(path: joined(path, entry.name))) }
      var found = FolderSurvey.ClassFolder(name: entry.name)
      // Classes may share folders: it is their pictures that a check compares.
      entered = []
      try collect(name, parents, depth: 1, &found, shouldStop)
      survey.passedOver.add(found.passedOver)
      survey.folders[index].classes.append(found)
    }
  }

  /// Adds the pictures of one folder and those below it; `parents` are the folders around it.
  private mutating func collect(
    _ relative: String, _ parents: [FolderListing.Identity], depth: Int,
    _ found: inout FolderSurvey.ClassFolder, _ shouldStop: (_ entries: Int) -> Bool
  ) throws(DatasetError) {
    let path = joined(root, relative)
    guard let identity = FolderListing.identity(path), !parents.contains(identity) else {
      survey.problems.append(.linkLoop(path: path))
      return
    }
    guard depth <= limits.depth else {
      survey.problems.append(.tooDeep(path: path, limit: limits.depth))
      return
    }
    guard entered.insert(identity).inserted else {
      survey.repeated.append(relative)
      return
    }
    guard let listing = try listed(path, shouldStop) else { return }
    addHidden(listing, in: relative)
    for entry in listing.entries {
      let name = joined(relative, entry.name)
      noteLink(entry, name)
      switch PictureName.role(entry, path: joined(root, name)) {
      case .picture: found.files.append(FolderSurvey.File(relativePath: name))
      case .folder:
        try collect(name, parents + [identity], depth: depth + 1, &found, shouldStop)
      case .other(let kind):
        survey.others.append(name)
        found.passedOver.add(entry.name, kind)
      }
    }
  }

  /// The entries of a folder; a problem and nil if it cannot be listed.
  private mutating func listed(
    _ path: String, _ shouldStop: (_ entries: Int) -> Bool
  ) throws(DatasetError) -> FolderListing? {
    do throws(DatasetError) {
      return try list(path, shouldStop)
    } catch {
      guard case .unreadable = error else { throw error }
      survey.problems.append(error)
      return nil
    }
  }

  private mutating func list(
    _ path: String, _ shouldStop: (_ entries: Int) -> Bool
  ) throws(DatasetError) -> FolderListing {
    if shouldStop(entries) { throw .stopped }
    return try FolderListing(path) { () throws(DatasetError) in
      entries += 1
      if entries > limits.entries { throw .tooManyEntries(path: root, limit: limits.entries) }
      if entries % 4096 == 0, shouldStop(entries) { throw .stopped }
    }
  }

  /// Counts a file beside the class folders that may be meant as a picture; texts are not.
  private mutating func noteLoose(_ entry: FolderListing.Entry, _ path: String) {
    switch PictureName.role(entry, path: path) {
    case .picture: survey.passedOver.add(entry.name, nil)
    case .other(let kind?) where kind.isConvertible: survey.passedOver.add(entry.name, kind)
    case .folder, .other: break
    }
  }

  private mutating func addHidden(_ listing: FolderListing, in folder: String) {
    survey.hidden += listing.hidden.map { joined(folder, $0) }
  }

  private mutating func noteLink(_ entry: FolderListing.Entry, _ relative: String) {
    guard entry.isLink, let realRoot, let target = FolderListing.realPath(joined(root, relative))
    else { return }
    let inside = realRoot == "/" ? realRoot : realRoot + "/"
    if target != realRoot, !target.utf8.starts(with: inside.utf8) {
      survey.linksOutside.append(relative)
    }
  }
}
