/// A part of a dataset by use.
package enum Split: String, Codable, Sendable, CaseIterable, Comparable {
  case train
  /// Validation images, used to choose settings and epochs.
  case val
  /// Test images, evaluated once.
  case test

  /// Training before validation before test.
  package static func < (a: Split, b: Split) -> Bool { a.order < b.order }

  private var order: Int { self == .train ? 0 : self == .val ? 1 : 2 }
}

/// The images below a folder, by split and class.
package struct Dataset: Sendable {
  /// The folder, as given.
  package var root: String
  /// The classes, in byte order of the training folder's names, or as the model has them.
  package var classes: [String]
  /// The candidates of each split that has a folder, in byte order of their relative paths.
  package var splits: [Split: ImageList]
  /// Dot-files and dot-folders ignored.
  package var hiddenCount: Int
  /// Files ignored because they are no images by name or content.
  package var ignoredCount: Int
  /// The same by ending, without texts beside the class folders.
  package var passedOver: PassedOver
  /// Paths to folders whose images the same class already has, which are ignored.
  package var repeatedFolders: [String]
  /// Remarks on ignored or ambiguous parts of the layout, a sentence each that begins with a path
  /// below the dataset's folder.
  package var notes: [String]
  /// Whether the folder holds only class folders, which all belong to training.
  package var isUnsplit: Bool

  /// The images of some splits' folders, one split after the other.
  package func images(_ splits: [Split] = Split.allCases) -> ImageList {
    var all = ImageList(root: root)
    for split in splits {
      if let images = self.splits[split] { all.add(images) }
    }
    return all
  }

  /// The number of candidates a class of one split.
  package func counts(_ split: Split) -> [Int] {
    splits[split]?.counts(classes: classes.count) ?? [Int](repeating: 0, count: classes.count)
  }

  /// Finds the images below a folder, by their names and, where those do not tell, first bytes.
  ///
  /// Without `classes` they are the names of the training folder's folders, of which there must be
  /// two, none empty. With `classes` (a model's) no training folder is needed. `unsplit` is what
  /// class folders alone are taken for. Throws `.stopped` once `shouldStop`, which gets
  /// the number of entries so far, returns true.
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
    var splits: [Split: ImageList] = [:]
    // Where nothing has a label there is nothing to validate or test on.
    for folder in survey.folders where !survey.isUnlabelled(folder) {
      var images = ImageList(root: survey.root)
      for found in folder.classes {
        guard let index = indices[Array(found.name.utf8)] else { continue }
        images.add(found.files, of: folder.split, classIndex: index)
      }
      splits[folder.split] = images
    }
    return Dataset(
      root: survey.root, classes: classes, splits: splits, hiddenCount: survey.hidden.count,
      ignoredCount: survey.looseFiles + survey.others.count, passedOver: survey.passedOver,
      repeatedFolders: survey.repeated, notes: survey.layoutNotes.map { "\($0.path): \($0.fact)" },
      isUnsplit: survey.isUnsplit)
  }

  /// The names of the libraries that are opened for its files, as far as their extensions tell.
  package var codecs: Set<String> {
    CodecLibrary.names(for: splits.values.lazy.joined().map(\.relativePath))
  }

  /// Whether a file has the extension of an image.
  package static func isCandidate(_ name: String) -> Bool {
    FileKind(ending: name) != nil
  }
}
