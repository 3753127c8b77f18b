/// A part of a dataset by use.
package enum Split: String, Codable, Sendable, CaseIterable {
  /// Training images.
  case train
  /// Validation images, used to choose settings and epochs.
  case val
  /// Test images, evaluated once.
  case test
}

/// One candidate image of a dataset.
///
/// Nothing but its name has been looked at.
package struct Sample: Sendable, Hashable {
  /// The path to open.
  package var path: String
  /// The path below the dataset's folder, with `/` between the parts.
  package var relativePath: String
  /// The index of its folder's name in the classes.
  package var classIndex: Int
}

/// The images below a folder, by split and class.
package struct Dataset: Sendable {
  /// The folder, as given.
  package var root: String
  /// The classes, in byte order of the training folder's names, or as the model has them.
  package var classes: [String]
  /// The candidates of each split that has a folder, in byte order of their relative paths.
  package var splits: [Split: [Sample]]
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

  /// The number of candidates a class of one split.
  package func counts(_ split: Split) -> [Int] {
    var counts = [Int](repeating: 0, count: classes.count)
    for sample in splits[split] ?? [] { counts[sample.classIndex] += 1 }
    return counts
  }
}
