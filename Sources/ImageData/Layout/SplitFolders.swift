/// The folders at the top of a dataset that are splits, classes, or ambiguous.
///
/// A name alone does not decide, as classes may be called `train` (the vehicle) or `valid`. A folder
/// whose name is that of a split is one
/// - if another folder is named in the same way after another split (`train` and `Test`,
///   `seg_train` and `seg_test`), or
/// - if class folders lie in it and its name says nothing else, or
/// - if no folder beside it holds images.
/// One that holds images itself beside folders that do so too is a class.
struct SplitFolders {
  /// The folders of the splits, in the order of the splits, then of the names.
  private(set) var splits: [(split: Split, name: String)] = []
  /// Folders named after a split that are taken for classes.
  private(set) var classes: [String] = []
  /// Folders that may be meant for one split or the other, or for a class.
  private(set) var unclear: [String] = []

  struct Content {
    var holdsFolders = false
    var holdsImages = false
    /// Whether images lie in it or in its folders.
    var holdsImagesBelow = false
  }

  private struct Folder {
    var name: String
    var meaning: SplitName
    var isAlone: Bool { meaning.rest.isEmpty }
  }

  /// Sorts the folders of these names; `look` is asked only where names do not decide.
  init(_ names: [String], look: (_ name: String) -> Content) {
    let named = names.compactMap { name in SplitName(name).map { Folder(name: name, meaning: $0) } }
    for folder in named {
      let others = named.filter { $0.name != folder.name && $0.meaning.rest == folder.meaning.rest }
      let hasCounterpart =
        folder.isAlone ? !others.isEmpty : others.contains { $0.meaning != folder.meaning }
      if hasCounterpart {
        add(folder)
        continue
      }
      let content = look(folder.name)
      let isBesideImages = names.contains { $0 != folder.name && look($0).holdsImagesBelow }
      switch (folder.isAlone, content.holdsFolders, content.holdsImages) {
      // Nested and flat at once, or classes inside a folder that says more than its split.
      case (true, true, true) where isBesideImages: unclear.append(folder.name)
      case (false, true, _) where isBesideImages: unclear.append(folder.name)
      case (_, false, true) where isBesideImages: classes.append(folder.name)
      case (true, _, _), (false, true, _), (false, false, true): add(folder)
      // An empty folder of another name is an empty class.
      case (false, false, false): break
      }
    }
    let found = splits
    splits = Split.allCases.flatMap { split in found.filter { $0.split == split } }
    if !splits.isEmpty { classes = [] }
  }

  private mutating func add(_ folder: Folder) {
    if let split = folder.meaning.split {
      splits.append((split, folder.name))
    } else {
      unclear.append(folder.name)
    }
  }
}
