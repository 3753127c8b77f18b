import Glibc

extension Dataset {
  /// Finds the pictures below a folder, by their names alone.
  ///
  /// Without `classes` they are the names of the training folder's folders, of which there must be
  /// two, none empty. With `classes` (a model's) no training folder is needed. `unsplit` is what
  /// class folders alone are taken for.
  package static func open(
    _ path: String, classes: [String]? = nil, unsplit: Split = .train
  ) throws(DatasetError) -> Dataset {
    var status = stat()
    guard !path.isEmpty, !path.utf8.contains(0), stat(path, &status) == 0 else {
      let reason = errno
      if reason == ENOENT || reason == ENOTDIR || path.isEmpty { throw .missing(path: path) }
      throw .unreadable(path: path, reason: FileBytes.systemMessage(reason))
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw .notAFolder(path: path) }
    let root = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    let listing = try FolderListing(root)
    var dataset = Dataset(
      root: root, classes: classes ?? [], splits: [:], hiddenCount: listing.hiddenCount,
      ignoredCount: listing.entries.count { !$0.isFolder }, isUnsplit: false)
    let folders = try splitFolders(root, listing)
    dataset.isUnsplit = folders.isEmpty
    if dataset.isUnsplit {
      dataset.hiddenCount = 0
      dataset.ignoredCount = 0
    }
    let sources =
      folders.isEmpty ? [(split: unsplit, name: "")] : folders.sorted { $0.split < $1.split }
    if classes == nil {
      guard let training = sources.first, training.split == .train else {
        throw .noTrainingFolder(path: root, found: folders.map(\.name))
      }
      try dataset.findClasses(training.name)
    }
    for (split, name) in sources {
      let samples = try dataset.scan(name)
      dataset.splits[split] = samples
      if split == .train && classes == nil { try dataset.requireEveryClass(name) }
    }
    return dataset
  }

  /// The folders of the splits, or none if there are class folders alone.
  private static func splitFolders(
    _ root: String, _ listing: FolderListing
  ) throws(DatasetError) -> [(split: Split, name: String)] {
    var found: [(split: Split, name: String)] = []
    for split in Split.allCases {
      let names = listing.entries.filter { $0.isFolder && split.folderNames.contains($0.name) }
        .map(\.name)
      if names.count > 1 { throw .severalFolders(path: root, names: names) }
      for name in names { found.append((split, name)) }
    }
    // A class may be called "train": its folder then holds pictures and stands beside others.
    let others = listing.entries.contains { entry in
      entry.isFolder && !found.contains { $0.name == entry.name }
    }
    guard others else { return found }
    var splits: [(split: Split, name: String)] = []
    for folder in found {
      let inside = try FolderListing("\(root)/\(folder.name)")
      let holdsPictures = inside.entries.contains { !$0.isFolder && isCandidate($0.name) }
      if inside.entries.contains(where: \.isFolder) || !holdsPictures { splits.append(folder) }
    }
    return splits
  }

  /// Whether a file's name ends as a picture's does.
  package static func isCandidate(_ name: String) -> Bool {
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return false }
    let ending = name[name.index(after: dot)...].lowercased()
    return ending == "jpg" || ending == "jpeg" || ending == "png"
  }

  private mutating func findClasses(_ folder: String) throws(DatasetError) {
    let path = joined(root, folder)
    let listing = try FolderListing(path)
    classes = try classFolders(path, listing)
    if classes.isEmpty { throw .noClasses(path: path, files: listing.entries.count) }
  }

  private func classFolders(
    _ path: String, _ listing: FolderListing
  ) throws(DatasetError) -> [String] {
    var names: [String] = []
    for entry in listing.entries where entry.isFolder {
      let isPlain = entry.name.unicodeScalars.allSatisfy {
        $0.properties.generalCategory != .control
      }
      guard entry.isValid, isPlain else {
        throw .className(path: joined(path, entry.name))
      }
      names.append(entry.name)
    }
    return names
  }

  /// The candidates below one split's folder, by class.
  private mutating func scan(_ folder: String) throws(DatasetError) -> [Sample] {
    let path = joined(root, folder)
    let listing = try FolderListing(path)
    hiddenCount += listing.hiddenCount
    ignoredCount += listing.entries.count { !$0.isFolder }
    let names = try classFolders(path, listing)
    // Compared by bytes: strings would take differently composed letters for equal.
    var indices: [[UInt8]: Int] = [:]
    for (index, name) in classes.enumerated() { indices[Array(name.utf8)] = index }
    let unknown = names.filter { indices[Array($0.utf8)] == nil }
    guard unknown.isEmpty else {
      throw .unknownClasses(path: path, unknown: unknown, classes: classes)
    }
    var samples: [Sample] = []
    let parents = [root, path].compactMap { FolderListing.identity($0) }
    for name in names {
      guard let index = indices[Array(name.utf8)] else { continue }
      try collect(joined(folder, name), index, parents, &samples)
    }
    return samples
  }

  /// Adds the candidates of one folder and those below it; `parents` are the folders around it.
  private mutating func collect(
    _ relative: String, _ classIndex: Int, _ parents: [FolderListing.Identity],
    _ samples: inout [Sample]
  ) throws(DatasetError) {
    let path = joined(root, relative)
    guard let identity = FolderListing.identity(path), !parents.contains(identity) else {
      throw .linkLoop(path: path)
    }
    let listing = try FolderListing(path)
    hiddenCount += listing.hiddenCount
    for entry in listing.entries {
      let name = joined(relative, entry.name)
      // A folder that is named as a picture is a bad picture.
      if Dataset.isCandidate(entry.name) {
        let failure =
          entry.isValid ? nil : ImageFailure(.unreadable, "the name is not valid UTF-8")
        samples.append(
          Sample(
            path: joined(root, name), relativePath: name, classIndex: classIndex,
            failure: failure))
      } else if entry.isFolder {
        guard entry.isValid else { throw .unreadable(path: path, reason: "a name is not UTF-8") }
        try collect(name, classIndex, parents + [identity], &samples)
      } else {
        ignoredCount += 1
      }
    }
  }

  private func requireEveryClass(_ folder: String) throws(DatasetError) {
    let path = joined(root, folder)
    let images = counts(.train)
    let empty = zip(classes, images).filter { $0.1 == 0 }.map(\.0)
    guard classes.count >= 2 else {
      throw .tooFewClasses(path: path, classes: classes, images: images)
    }
    guard empty.isEmpty else { throw .emptyClasses(path: path, classes: empty) }
  }
}

private func joined(_ folder: String, _ name: String) -> String {
  folder.isEmpty ? name : name.isEmpty ? folder : folder == "/" ? "/" + name : "\(folder)/\(name)"
}

extension Split: Comparable {
  /// Training before validation before test.
  package static func < (a: Split, b: Split) -> Bool { a.order < b.order }

  private var order: Int {
    switch self {
    case .train: 0
    case .val: 1
    case .test: 2
    }
  }
}
