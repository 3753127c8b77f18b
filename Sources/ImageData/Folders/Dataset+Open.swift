extension Dataset {
  /// Finds the images below a folder, by their names and, where those do not tell, first bytes.
  ///
  /// Without `classes` they are the names of the training folder's folders, of which there must be
  /// two, none empty. With `classes` (a model's) no training folder is needed. `unsplit` is what
  /// class folders alone are taken for. Throws `.stopped` once `shouldStop`, which is told
  /// of the entries met so far, says so.
  package static func open(
    _ path: String, classes: [String]? = nil, unsplit: Split = .train,
    limits: WalkLimits = WalkLimits(), shouldStop: (_ entries: Int) -> Bool = { _ in false }
  ) throws(DatasetError) -> Dataset {
    if FolderListing.isKernels(path) {
      throw .unreadable(path: path, reason: "a kernel file system, which holds no images")
    }
    let survey = try FolderSurvey(
      path, unsplit: unsplit, limits: limits, shouldStop: shouldStop)
    if let problem = survey.problems.first { throw problem }
    if let problem = survey.layoutProblems(classes: classes).first { throw problem }
    let classes = classes ?? survey.trainingClasses
    var indices: [[UInt8]: Int] = [:]
    for (index, name) in classes.enumerated() { indices[Array(name.utf8)] = index }
    var splits: [Split: [Sample]] = [:]
    // Where nothing has a label there is nothing to validate or test on.
    for folder in survey.folders where !survey.isUnlabelled(folder) {
      splits[folder.split] = folder.classes.flatMap { found -> [Sample] in
        guard let index = indices[Array(found.name.utf8)] else { return [] }
        return found.files.map { Sample($0, root: survey.root, classIndex: index) }
      }
    }
    return Dataset(
      root: survey.root, classes: classes, splits: splits, hiddenCount: survey.hidden.count,
      ignoredCount: survey.looseFiles + survey.others.count, passedOver: survey.passedOver,
      repeatedFolders: survey.repeated, notes: survey.layoutNotes.map { "\($0.path): \($0.fact)" },
      isUnsplit: survey.isUnsplit)
  }

  /// Whether a file has the extension of an image.
  package static func isCandidate(_ name: String) -> Bool {
    FileKind(ending: name) != nil
  }
}

extension Sample {
  init(_ file: FolderSurvey.File, root: String, classIndex: Int) {
    self.init(
      path: joined(root, file.relativePath), relativePath: file.relativePath,
      classIndex: classIndex)
  }
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
