internal import Primitives

/// The limits of a walk through a dataset's folder.
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
  private var entered: Set<FileSystem.Identity> = []

  init(_ survey: FolderSurvey, _ limits: WalkLimits) {
    self.survey = survey
    self.limits = limits
    realRoot = FileSystem.absolute(survey.root)
  }

  private var root: String { survey.root }

  /// Fills in the survey.
  ///
  /// Throws where its root cannot be listed, and what ends a walk at once.
  mutating func run(_ unsplit: Split, _ shouldStop: (_ entries: Int) -> Bool) throws(DatasetError) {
    let listing = try list(root, shouldStop)
    var looks: [String: SplitFolders.Content] = [:]
    let names = listing.entries.filter { $0.isFolder && !isSkipped($0, "") }.map(\.name)
    let found = SplitFolders(names) { name in
      if let known = looks[name] { return known }
      let content = FolderWalk.look(joined(root, name))
      looks[name] = content
      return content
    }
    survey.classesNamedAsSplits = found.classes
    if !found.unclear.isEmpty {
      survey.problems.append(
        .unclearFolders(path: root, names: found.unclear, splits: found.splits.map(\.split)))
    }
    for split in Split.allCases {
      let same = found.splits.filter { $0.split == split }.map(\.name)
      if same.count > 1 {
        let others = found.splits.filter { $0.split != split }.map(\.name)
        survey.problems.append(
          .severalFolders(path: root, split: split, names: same, others: others))
      }
    }
    survey.isUnsplit = found.splits.isEmpty
    if survey.isUnsplit {
      survey.folders = [FolderSurvey.SplitFolder(split: unsplit, name: "")]
    } else {
      survey.hidden = listing.hidden
      survey.folders = found.splits.map { FolderSurvey.SplitFolder(split: $0.split, name: $0.name) }
      for entry in listing.entries {
        guard entry.isFolder else {
          survey.looseFiles += 1
          noteLoose(entry, joined(root, entry.name))
          continue
        }
        if isSkipped(entry, "") {
          survey.skipped.append(entry.name)
        } else if survey.folders.contains(where: { $0.name == entry.name }) {
          noteLink(entry, entry.name)
        } else if names.contains(entry.name) {
          let content = looks[entry.name] ?? FolderWalk.look(joined(root, entry.name))
          if content.holdsImagesBelow { survey.otherClasses.append(entry.name) }
          survey.otherFolders.append(entry.name)
        }
      }
    }
    for index in survey.folders.indices { try scanSplit(index, shouldStop) }
  }

  /// The contents of a folder, determined from its own listing and those of its folders.
  private static func look(_ path: String, depth: Int = 3) -> SplitFolders.Content {
    guard let listing = try? FolderListing(path) else { return SplitFolders.Content() }
    let folders = listing.entries.filter {
      $0.isFolder && !SkippedEntries.contains(folder: $0.name, at: "\(path)/\($0.name)")
    }
    var content = SplitFolders.Content()
    content.holdsFolders = !folders.isEmpty
    content.holdsImages = listing.entries.contains {
      !$0.isFolder && Dataset.isCandidate($0.name)
    }
    content.holdsImagesBelow =
      content.holdsImages
      || depth > 1
        && folders.contains { look("\(path)/\($0.name)", depth: depth - 1).holdsImagesBelow }
    return content
  }

  /// Whether an entry belongs to the system or to a run of this program, and is ignored.
  private func isSkipped(_ entry: FolderListing.Entry, _ folder: String) -> Bool {
    entry.isFolder
      && SkippedEntries.contains(
        folder: entry.name, at: joined(joined(root, folder), entry.name))
  }

  /// Fills in the classes of one split's folder.
  private mutating func scanSplit(
    _ index: Int, _ shouldStop: (_ entries: Int) -> Bool
  ) throws(DatasetError) {
    var folder = survey.folders[index].name
    var path = joined(root, folder)
    guard var listing = try listed(path, shouldStop) else { return }
    var parents = [root, path].compactMap { FileSystem.identity($0) }
    if !folder.isEmpty, let inner = wrapped(listing, in: folder) {
      addLoose(listing, index, folder)
      (folder, path) = (joined(folder, inner), joined(path, inner))
      guard let identity = FileSystem.identity(path), !parents.contains(identity) else {
        survey.problems.append(.linkLoop(path: path))
        return
      }
      parents.append(identity)
      survey.folders[index].name = folder
      guard let inside = try listed(path, shouldStop) else { return }
      listing = inside
    }
    addLoose(listing, index, folder)
    for entry in listing.entries where entry.isFolder {
      let name = joined(folder, entry.name)
      if isSkipped(entry, folder) {
        survey.skipped.append(name)
        continue
      }
      noteLink(entry, name)
      // A class's name is a text, in models and in tables; files may be called by any bytes.
      if !entry.isText || ForeignText.problem(inName: entry.name) != nil {
        survey.problems.append(.className(path: joined(path, entry.name)))
      }
      // Strings are equal where their letters are, however these are composed.
      if let other = survey.folders[index].classes.first(where: { $0.name == entry.name }) {
        survey.problems.append(
          .sameName(path: joined(path, entry.name), other: joined(path, other.name)))
      }
      var found = FolderSurvey.ClassFolder(name: entry.name)
      // Classes may share folders: it is their images that a check compares.
      entered = []
      try collect(name, parents, depth: 1, &found, shouldStop)
      found.files.trim()
      survey.passedOver.add(found.passedOver)
      survey.folders[index].classes.append(found)
    }
  }

  /// Counts what lies in a split's folder beside class folders.
  private mutating func addLoose(_ listing: FolderListing, _ index: Int, _ folder: String) {
    addHidden(listing, in: folder)
    for entry in listing.entries where !entry.isFolder {
      survey.folders[index].looseFiles += 1
      noteLoose(entry, joined(joined(root, folder), entry.name))
      if Dataset.isCandidate(entry.name) {
        survey.folders[index].looseImages.append(entry.name)
      }
      // What lies beside class folders at the top is nobody's image.
      if folder.isEmpty {
        survey.looseFiles += 1
      } else {
        survey.others.append(joined(folder, entry.name))
      }
    }
  }

  /// The only folder in a split's folder, where it is no class but says the same again, as
  /// `seg_train/seg_train` and `train/images` do.
  private func wrapped(_ listing: FolderListing, in folder: String) -> String? {
    let folders = listing.entries.filter { $0.isFolder && !isSkipped($0, folder) }
    guard folders.count == 1, let inner = folders.first, inner.isText else { return nil }
    if inner.name.lowercased() == folder.lowercased() { return inner.name }
    let content = FolderWalk.look(joined(joined(root, folder), inner.name))
    guard content.holdsFolders, !content.holdsImages else { return nil }
    let isSame = SplitName(inner.name).map { $0.split == SplitName(folder)?.split } ?? false
    return isSame || SplitName.saysNothing(inner.name) ? inner.name : nil
  }

  /// Adds the images of one folder and those below it; `parents` are the folders around it.
  private mutating func collect(
    _ relative: String, _ parents: [FileSystem.Identity], depth: Int,
    _ found: inout FolderSurvey.ClassFolder, _ shouldStop: (_ entries: Int) -> Bool
  ) throws(DatasetError) {
    let path = joined(root, relative)
    guard let identity = FileSystem.identity(path), !parents.contains(identity) else {
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
      if isSkipped(entry, relative) {
        survey.skipped.append(name)
        continue
      }
      switch ImageName.role(entry, path: joined(root, name)) {
      case .image:
        found.files.add(entry.name, in: relative)
        if depth == 1 { found.isFlat = true }
      case .folder:
        if depth == 1 { found.folders.append(entry.name) }
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

  /// Counts a file beside the class folders that may be meant as an image; texts are not.
  private mutating func noteLoose(_ entry: FolderListing.Entry, _ path: String) {
    switch ImageName.role(entry, path: path) {
    case .image: survey.passedOver.add(entry.name, nil, isLoose: true)
    case .other(let kind?) where kind.isConvertible: survey.passedOver.add(entry.name, kind)
    case .folder, .other: break
    }
  }

  private mutating func addHidden(_ listing: FolderListing, in folder: String) {
    survey.hidden += listing.hidden.map { joined(folder, $0) }
  }

  private mutating func noteLink(_ entry: FolderListing.Entry, _ relative: String) {
    guard entry.isLink, let realRoot, let target = FileSystem.absolute(joined(root, relative))
    else { return }
    let inside = realRoot == "/" ? realRoot : realRoot + "/"
    if target != realRoot, !target.utf8.starts(with: inside.utf8) {
      survey.linksOutside.append(relative)
    }
  }
}
