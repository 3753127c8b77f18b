/// One thing that a check of a dataset has to say.
package struct CheckFinding: Sendable, Equatable {
  package var kind: Kind
  /// One sentence, lower case, that names no path of `paths`.
  package var message: String
  /// The files or folders concerned, below the dataset's folder; `.` is that folder.
  package var paths: [String]
  /// The reason why a file cannot be decoded, for that kind.
  package var code: ImageFailure.Code?

  init(_ kind: Kind, _ message: String, _ paths: [String], code: ImageFailure.Code? = nil) {
    (self.kind, self.message, self.paths, self.code) = (kind, message, paths, code)
  }

  /// The kinds in the order of a report; the raw values stand in its JSON form.
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    /// A folder of the dataset that cannot be listed.
    case unreadableFolder = "unreadable-folder"
    case noClasses = "no-classes"
    /// Fewer classes than two.
    case oneClass = "one-class"
    /// A folder around the class folders instead of them.
    case nestedFolder = "nested-folder"
    case splitsInClasses = "splits-in-classes"
    /// A folder that may be a split or a class.
    case unclearFolder = "unclear-folder"
    /// A class folder without an image that can be decoded.
    case emptyClass = "empty-class"
    /// A class that the training folder does not have.
    case unknownClass = "unknown-class"
    case severalFolders = "several-folders"
    /// Split folders, but none to train on.
    case noTraining = "no-training-folder"
    /// A link to a folder around it.
    case linkLoop = "link-loop"
    /// More folders inside each other than are followed.
    case tooDeep = "too-deep"
    /// A class folder's name that is not UTF-8 or has control characters.
    case className = "class-name"
    /// A file that gives no image.
    case undecodable
    /// The same image in two classes.
    case twoClasses = "two-classes"
    /// The same image in two splits.
    case leak
    /// Similar images in two splits.
    case nearLeak = "near-leak"
    /// Similar images in two classes of a split.
    case nearTwoClasses = "near-two-classes"
    /// The same image again in its class and split.
    case duplicate
    /// Similar images in a class and split.
    case nearDuplicate = "near-duplicate"
    /// A JPEG named as a PNG, or the other way round.
    case wrongExtension = "wrong-extension"
    /// An image that is ignored, as its name is that of a text or another known kind.
    case unnamedImage = "unnamed-picture"
    /// Another file among the images, which is ignored.
    case otherFile = "other-file"
    /// A folder beside those of the splits, which is ignored.
    case otherFolder = "other-folder"
    /// An image beside the class folders, in none of them.
    case looseImage = "loose-image"
    /// A folder to validate or test on without class folders.
    case unlabelled
    /// A folder with the name of a split that is taken for a class.
    case splitName = "split-name"
    /// Classes that hold the same folders.
    case sameFolders = "same-folders"
    /// A folder of the system's, or one of this program's runs.
    case skippedFolder = "skipped-folder"
    /// An image with a side of a few pixels.
    case tiny
    /// An image many times as long as it is wide.
    case extremeShape = "extreme-shape"
    /// A class whose images hold less detail than their size lets expect.
    case enlarged
    /// Classes of very different sizes.
    case imbalance
    /// A class of the training folder that another split lacks.
    case missingClass = "missing-class"
    /// A dot-file or dot-folder, or what a system or a program leaves beside photos.
    case hidden = "hidden-file"
    /// A folder that its class already has, met again by a link.
    case repeatedFolder = "repeated-folder"
    /// A link that leads out of the dataset.
    case linkOutside = "link-outside"

    /// Whether it is an error and not just a note.
    package var isError: Bool { self < .nearLeak }
  }
}

extension CheckFinding.Kind: Comparable {
  /// The order of a report: errors first.
  package static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
