import Glibc
internal import Primitives

/// The contents of a dataset's folder, by names and links only.
///
/// The one walk that every command takes. It continues where it meets something that no dataset may
/// hold: `Dataset.open` refuses what `problems` says, a check reports it.
struct FolderSurvey {
  /// The images of one class in one folder of a split.
  struct ClassFolder {
    var name: String
    /// The files that are images by their names or their first bytes, or whatever else bears such a
    /// name, below the dataset's folder.
    var files = FileNameTable()
    var folders: [String] = []
    var isFlat = false
    /// The other files among them.
    var passedOver = PassedOver()
  }

  /// A folder that means a split; its name is empty for a dataset of class folders alone.
  ///
  /// Where the split's folder holds nothing but another one of that name, it is the inner one.
  struct SplitFolder {
    var split: Split
    var name: String
    var classes: [ClassFolder] = []
    /// Files beside the class folders, dot entries omitted.
    var looseFiles = 0
    /// The names of those that are named as images.
    var looseImages: [String] = []
  }

  /// The dataset's folder, without a slash at its end.
  private(set) var root: String
  /// In the order of the splits, then in byte order of their names.
  var folders: [SplitFolder] = []
  /// Whether there are only class folders, without splits.
  var isUnsplit = false
  /// Problems that stop the walk somewhere, or make its result ambiguous.
  var problems: [DatasetError] = []
  /// Dot entries ignored, below the dataset's folder.
  var hidden: [String] = []
  /// Files inside a split's folder that are ignored, as they are no images by name or content.
  var others: [String] = []
  /// Files beside the splits' folders, which are ignored too.
  var looseFiles = 0
  /// All files ignored but texts beside the class folders, by ending.
  var passedOver = PassedOver()
  /// Folders beside the splits' folders.
  var otherFolders: [String] = []
  /// Those of them that hold images.
  var otherClasses: [String] = []
  /// Folders with names of splits that are taken for classes.
  var classesNamedAsSplits: [String] = []
  /// Runs of this program, which are ignored wherever they lie.
  var skipped: [String] = []
  /// Links that lead out of the dataset's folder.
  var linksOutside: [String] = []
  /// Paths to folders that the walk has already taken for the same class.
  var repeated: [String] = []

  /// Walks through the folder at `path`; `unsplit` is what class folders alone are taken for.
  ///
  /// Throws if there is no folder to list, if there are more entries than `limits` allows, and
  /// `.stopped` once `shouldStop`, which gets the number of entries so far, returns true.
  init(
    _ path: String, unsplit: Split = .train, limits: WalkLimits = WalkLimits(),
    shouldStop: (_ entries: Int) -> Bool = { _ in false }
  ) throws(DatasetError) {
    var status = stat()
    guard !path.isEmpty, !path.utf8.contains(0), stat(systemPath(path), &status) == 0 else {
      let reason = errno
      if reason == ENOENT || reason == ENOTDIR || path.isEmpty { throw .missing(path: path) }
      throw .unreadable(path: path, reason: FileSystem.lastError(reason))
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw .notAFolder(path: path) }
    root = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    var walk = FolderWalk(self, limits)
    try walk.run(unsplit, shouldStop)
    self = walk.survey
  }
}

extension FolderSurvey {
  /// The classes that training takes: those of the training folders, in byte order.
  var trainingClasses: [String] {
    FolderSurvey.union(folders.filter { $0.split == .train })
  }

  /// The classes of all folders, in byte order.
  var allClasses: [String] { FolderSurvey.union(folders) }

  /// Errors in a dataset's layout, in addition to `problems`.
  ///
  /// Without `classes` the training folder's are the classes, as for training; with them, a model's,
  /// no training folder is needed.
  func layoutProblems(classes known: [String]? = nil) -> [DatasetError] {
    let training = folders.filter { $0.split == .train }
    if known == nil, training.isEmpty {
      return [
        .noTrainingFolder(path: root, found: folders.map(\.name), classes: otherClasses)
      ]
    }
    if let problem = splitsInClasses { return [problem] }
    var problems: [DatasetError] = []
    let classes = known ?? trainingClasses
    for folder in folders {
      let path = joined(root, folder.name)
      if known == nil, folder.split == .train {
        problems += trainingProblems(folder, path)
      } else if folder.classes.isEmpty {
        problems += flatProblem(folder, path, classes)
      }
      // Compared by bytes: strings would take differently composed letters for equal.
      let names = Set(classes.map { Array($0.utf8) })
      let unknown = folder.classes.map(\.name).filter { !names.contains(Array($0.utf8)) }
      if unknown.isEmpty || classes.isEmpty { continue }
      if folder.classes.count == 1, let step = nested(folder) {
        problems.append(.nested(path: path, name: unknown[0], step: step))
      } else {
        problems.append(.unknownClasses(path: path, unknown: unknown, classes: classes))
      }
    }
    return problems
  }

  private func trainingProblems(_ folder: SplitFolder, _ path: String) -> [DatasetError] {
    let names = folder.classes.map(\.name)
    if names.isEmpty {
      let step =
        folder.looseFiles == 0
        ? nil
        : NextStep.flat(path, root: root)
          ?? (folder.looseImages.isEmpty || path != root ? nil : NextStep.around(root))
      return [.noClasses(path: path, files: folder.looseFiles, step: step)]
    }
    if names.count < 2, let step = nested(folder) {
      return [.nested(path: path, name: names[0], step: step)]
    }
    var problems: [DatasetError] = []
    if names.count < 2 {
      let images = folder.classes.map(\.files.count)
      problems.append(.tooFewClasses(dataset: root, path: path, classes: names, images: images))
    }
    let empty = folder.classes.filter { $0.files.count == 0 }
    if !empty.isEmpty {
      problems.append(
        .emptyClasses(
          path: path, classes: empty.map(\.name), passedOver: empty.map(\.passedOver)))
    }
    return problems
  }

  /// The folder to use instead of one that holds a single folder that is not a class.
  private func nested(_ folder: SplitFolder) -> NextStep? {
    guard let only = folder.classes.first else { return nil }
    return NextStep.below(joined(joined(root, folder.name), only.name), root: root)
  }

  /// Images without class folders where some are to be evaluated, if their names tell the classes
  /// that are known, or if there is nothing else.
  private func flatProblem(
    _ folder: SplitFolder, _ path: String, _ classes: [String]
  ) -> [DatasetError] {
    guard folder.looseFiles > 0 else { return [] }
    let labels = LabelledNames(folder.looseImages)?.classes.map(\.name) ?? []
    guard isUnsplit || !Set(labels).isDisjoint(with: classes) else { return [] }
    return [
      .noClasses(
        path: path, files: folder.looseFiles, step: NextStep.flat(path, root: root))
    ]
  }

  /// Class folders alone that hold folders of two splits.
  private var splitsInClasses: DatasetError? {
    guard isUnsplit, let all = folders.first?.classes, all.count > 0 else { return nil }
    var splits: Set<Split> = []
    var names: Set<String> = []
    for found in all {
      let inside = found.folders.compactMap { name -> Split? in
        guard let meaning = SplitName(name), meaning.rest.isEmpty else { return nil }
        return meaning.split
      }
      guard !found.isFlat, !inside.isEmpty, inside.count == found.folders.count else { return nil }
      splits.formUnion(inside)
      names.formUnion(found.folders)
    }
    guard splits.count > 1 else { return nil }
    return .splitsInClasses(
      path: root, classes: all.map(\.name),
      splits: names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
  }

  /// Ignored or ambiguous parts of a dataset's layout, which are not errors but always reported.
  var layoutNotes: [LayoutNote] {
    var notes = otherFolders.map {
      LayoutNote(
        kind: .otherFolder, path: $0, fact: "beside the folders of the splits, ignored")
    }
    notes += classesNamedAsSplits.map {
      LayoutNote(
        kind: .splitName, path: $0,
        fact: "treated as a class, as it holds images like the folders beside it")
    }
    notes += folders.filter(isUnlabelled).map {
      let path = joined(root, $0.name)
      return LayoutNote(
        kind: .unlabelled, path: $0.name,
        fact: $0.looseImages.isEmpty
          ? "holds no class folders, ignored"
          : "\(counted($0.looseImages.count, "image")) without class folders, ignored; "
            + "to predict them: cnnctl predict -r \(shellPath(path))")
    }
    if let alike = classesWithTheSameFolders {
      notes.append(
        LayoutNote(
          kind: .sameFolders, path: alike.classes.joined(separator: ", "),
          fact: "classes that all hold the same folders: \(list(alike.folders)); if those are the "
            + "classes, name one of these folders as the dataset"))
    }
    return notes
      + skipped.map {
        LayoutNote(
          kind: .skippedFolder, path: $0,
          fact: "a run of this program, ignored")
      }
  }

  /// Whether a validation or test folder holds no class folders.
  func isUnlabelled(_ folder: SplitFolder) -> Bool {
    !folder.name.isEmpty && folder.split != .train && folder.classes.isEmpty
  }

  /// Class folders whose own folders bear the same two names or more, and hold all their images:
  /// most likely they are no classes.
  private var classesWithTheSameFolders: (classes: [String], folders: [String])? {
    guard isUnsplit, let all = folders.first?.classes, all.count > 1, let first = all.first,
      first.folders.count > 1, all.allSatisfy({ !$0.isFlat && $0.folders == first.folders })
    else { return nil }
    return (all.map(\.name), first.folders)
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

/// Something of a dataset's layout that is worth a sentence.
struct LayoutNote {
  var kind: CheckFinding.Kind
  /// The folder, below the dataset's.
  var path: String
  var fact: String
}
