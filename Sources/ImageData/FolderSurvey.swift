import Glibc
internal import Primitives

/// What lies below a dataset's folder, as far as names and links tell.
///
/// The one walk that every command takes. It goes on where it meets something that no dataset may
/// hold: `Dataset.open` refuses what `problems` says, a check reports it.
struct FolderSurvey {
  /// A file that is a picture by its name or its first bytes, or whatever else bears such a name.
  struct File {
    /// The path below the dataset's folder.
    var relativePath: String
  }

  /// The pictures of one class in one folder of a split.
  struct ClassFolder {
    var name: String
    var files: [File] = []
    /// What lies among them and is no picture.
    var passedOver = PassedOver()
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
  private(set) var root: String
  /// In the order of the splits, then in byte order of their names.
  var folders: [SplitFolder] = []
  /// Whether class folders stand alone.
  var isUnsplit = false
  /// What keeps the walk from going on somewhere, or makes its result ambiguous.
  var problems: [DatasetError] = []
  /// Dot entries passed over, below the dataset's folder.
  var hidden: [String] = []
  /// Files inside a split's folder that are passed over, as they are no pictures by name or content.
  var others: [String] = []
  /// Files beside the splits' folders, which are passed over too.
  var looseFiles = 0
  /// All files passed over but texts beside the class folders, by ending.
  var passedOver = PassedOver()
  /// Folders beside the splits' folders.
  var otherFolders: [String] = []
  /// Links that lead out of the dataset's folder.
  var linksOutside: [String] = []
  /// Paths to folders that the walk has already taken for the same class.
  var repeated: [String] = []

  /// Walks through the folder at `path`; `unsplit` is what class folders alone are taken for.
  ///
  /// Throws where there is no folder to list, where there are more entries than `limits` allows,
  /// and `.stopped` once `shouldStop`, which is told of the entries met so far, says so.
  init(
    _ path: String, unsplit: Split = .train, limits: WalkLimits = WalkLimits(),
    shouldStop: (_ entries: Int) -> Bool = { _ in false }
  ) throws(DatasetError) {
    var status = stat()
    guard !path.isEmpty, !path.utf8.contains(0), stat(systemPath(path), &status) == 0 else {
      let reason = errno
      if reason == ENOENT || reason == ENOTDIR || path.isEmpty { throw .missing(path: path) }
      throw .unreadable(path: path, reason: FileBytes.systemMessage(reason))
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
    let empty = folder.classes.filter(\.files.isEmpty)
    if !empty.isEmpty {
      problems.append(
        .emptyClasses(
          path: path, classes: empty.map(\.name), passedOver: empty.map(\.passedOver)))
    }
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
