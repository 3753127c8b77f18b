internal import Primitives

/// The reason why a folder is not a usable dataset.
///
/// The description has one to four lines: what is wrong, then what was found, what is expected
/// and what to try, each where there is something to say.
package enum DatasetError: Error, Sendable, Hashable, CustomStringConvertible {
  /// There is nothing at the path.
  case missing(path: String)
  /// A file where a folder is needed.
  case notAFolder(path: String)
  /// The folder cannot be listed.
  case unreadable(path: String, reason: String)
  /// No class folders below the path, but some files, with what is to be done about it.
  case noClasses(path: String, files: Int, step: NextStep?)
  /// Fewer classes than two, with the number of candidates in each.
  ///
  /// `path` is the training folder of `dataset`, or the dataset itself.
  case tooFewClasses(dataset: String, path: String, classes: [String], images: [Int])
  /// One folder that is no class, but around the class folders.
  case nested(path: String, name: String, step: NextStep)
  /// Class folders that hold folders of splits.
  case splitsInClasses(path: String, classes: [String], splits: [String])
  /// Class folders of the training set without a single candidate, and what else is in each.
  case emptyClasses(path: String, classes: [String], passedOver: [PassedOver])
  /// Class folders that the training set, or the model, does not know.
  case unknownClasses(path: String, unknown: [String], classes: [String])
  /// Several folders for the same split; `others` are those of the other splits.
  case severalFolders(path: String, split: Split, names: [String], others: [String])
  /// Folders that may be meant for one split or the other, or for a class, and the splits that have
  /// folders.
  case unclearFolders(path: String, names: [String], splits: [Split])
  /// Split folders, but none to train on; `classes` are the folders beside them that hold images.
  case noTrainingFolder(path: String, found: [String], classes: [String])
  /// A link that leads to a folder around it.
  case linkLoop(path: String)
  /// More folders inside each other than are followed.
  case tooDeep(path: String, limit: Int)
  /// More files, folders and links than are listed.
  case tooManyEntries(path: String, limit: Int)
  case stopped
  /// A class folder's name that is not UTF-8, or has characters that steer a terminal or the
  /// direction of text.
  case className(path: String)
  /// Two class folders whose names have the same letters, composed in two ways.
  case sameName(path: String, other: String)

  /// The kind of failure, for the exit code.
  package enum Kind: Sendable {
    /// A named path does not exist.
    case missing
    /// It cannot be read.
    case unreadable
    /// It is not what is expected.
    case badData
  }

  package var kind: Kind {
    switch self {
    case .missing: .missing
    case .unreadable: .unreadable
    default: .badData
    }
  }

  package var summary: String {
    switch self {
    case .stopped: fact
    case .missing, .notAFolder: "dataset \(terminalSafe(path)) \(fact)"
    default: "\(terminalSafe(path)) \(fact)"
    }
  }

  /// The file or folder that is wrong.
  package var path: String {
    switch self {
    case .missing(let path), .notAFolder(let path), .unreadable(let path, _),
      .noClasses(let path, _, _), .tooFewClasses(_, let path, _, _), .nested(let path, _, _),
      .splitsInClasses(let path, _, _), .emptyClasses(let path, _, _),
      .unknownClasses(let path, _, _), .severalFolders(let path, _, _, _),
      .unclearFolders(let path, _, _), .noTrainingFolder(let path, _, _), .linkLoop(let path),
      .tooDeep(let path, _), .tooManyEntries(let path, _), .className(let path),
      .sameName(let path, _):
      path
    case .stopped: ""
    }
  }

  /// The problem: the rest of the sentence that begins with `path`.
  package var fact: String {
    switch self {
    case .missing: "does not exist"
    case .notAFolder: "is not a folder"
    case .unreadable(_, let reason): "cannot be read: \(reason)"
    case .noClasses(_, let files, _): files == 0 ? "is empty" : "holds no class folders"
    case .tooFewClasses(_, _, let classes, _):
      "holds \(counted(classes.count, "class folder")), at least 2 are needed: " + list(classes)
    case .nested(_, let name, _): "holds one folder, which is not a class: \(list([name]))"
    case .splitsInClasses(_, let classes, let splits):
      "holds the splits \(list(splits)) in its class folders, not around them: \(list(classes))"
    case .emptyClasses(_, let classes, _):
      "holds "
        + (classes.count == 1 ? "a class without images: " : "classes without images: ")
        + list(classes)
    case .unknownClasses(_, let unknown, _):
      "holds "
        + (unknown.count == 1 ? "a class" : "classes")
        + " that the model was not trained on: \(list(unknown))"
    case .severalFolders(_, let split, let names, _):
      "holds several \(split.title) folders: \(list(names))"
    case .unclearFolders(_, let names, _):
      "holds \(names.count == 1 ? "a folder" : "folders") that may be a split or a class: "
        + list(names)
    case .noTrainingFolder: "holds no training folder"
    case .linkLoop: "is a link to one of its parent folders"
    case .tooDeep(_, let limit): "lies more than \(limit) folders below its class"
    case .tooManyEntries(_, let limit):
      "holds more than \(limit) files and folders, counted once per class"
    case .stopped: "stopped while the dataset's folders were listed"
    case .className:
      "cannot name a class: names are UTF-8, without control characters and without characters that "
        + "change the direction of text"
    case .sameName(_, let other):
      "has the same name as \(other): their letters are the same, composed of other code points"
    }
  }

  /// Details of the problem, if there are any.
  package var found: String? {
    switch self {
    case .missing(let path): NextStep.missing(path)?.found
    case .notAFolder(let path): NextStep.file(path)?.found
    case .noClasses(_, let files, let step) where files > 0:
      counted(files, "file") + " and no folder" + (step?.found.map { "; \($0)" } ?? "")
    case .tooFewClasses(_, let path, let classes, let images):
      zip(classes, images).map {
        "\(terminalSafe(path))/\(terminalSafe($0)) (\(counted($1, "image")))"
      }.joined(separator: ", ")
    case .nested(_, _, let step): step.found
    case .emptyClasses(let path, let classes, let others) where !others.allSatisfy(\.isEmpty):
      list(
        zip(classes, others).map {
          "\(terminalSafe(path))/\(terminalSafe($0)) (\($1.isEmpty ? "nothing" : $1.list))"
        })
    case .unknownClasses(_, let unknown, _): list(unknown)
    case .noTrainingFolder(_, let found, let classes):
      list(found) + (classes.isEmpty ? "" : "; beside them \(list(classes))")
    default: nil
    }
  }

  package var expected: String? {
    switch self {
    case .missing, .unreadable, .linkLoop, .tooDeep, .tooManyEntries, .stopped, .className,
      .sameName:
      nil
    case .unknownClasses(_, _, let classes): "only these, some may be missing: \(list(classes))"
    case .severalFolders: "one of them"
    case .unclearFolders:
      "train, val and test, or classes whose names contain none of these words"
    default: "DATASET/{train,val,test}/<class>/*.jpg|png, or DATASET/<class>/*.jpg|png"
    }
  }

  package var suggestion: String? { suggestion(command: "train") }

  /// The next step for the user of `command`: if possible, one line that a shell accepts as it
  /// stands.
  package func suggestion(command: String) -> String? {
    switch self {
    case .missing(let path):
      NextStep.missing(path)?.text(command: command)
        ?? "check the path; relative paths start at the current folder"
    case .notAFolder(let path):
      NextStep.file(path)?.text(command: command)
        ?? "name a folder of images, such as the one that holds the file"
    case .noClasses(_, _, let step): step?.text(command: command)
    case .nested(_, _, let step): step.text(command: command)
    case .tooFewClasses(let dataset, _, _, _): "cnnctl check \(shellWord(dataset))"
    case .emptyClasses(_, _, let others):
      PassedOver(others).conversion.map { "convert them: \($0)" }
        ?? "add images, or remove the folder; \(FileKind.names) are read"
    case .splitsInClasses(let path, let classes, let splits):
      Renaming.turnedInside(path, classes, splits)
    case .unknownClasses(let path, let unknown, let classes):
      Renaming.spelling(path, unknown, classes)
        ?? (command == "train" || command == "check"
          ? "" : "--model with a model of these classes ('cnnctl runs' lists runs), or ")
        + "rename or remove the folder; names must match exactly"
    case .severalFolders(let path, _, let names, let others):
      Renaming.oneOfSeveral(path, names, others)
    case .unclearFolders(let path, let names, let splits):
      Renaming.unclear(path, names, splits)
    case .noTrainingFolder(let path, let found, let classes):
      classes.isEmpty
        ? found.count == 1 ? "cnnctl \(command) \(shellPath(joined(path, found[0])))" : nil
        : Renaming.intoTraining(path, classes)
    case .linkLoop: "remove the link"
    case .tooDeep: "move the images up, or remove the links to the folder"
    case .tooManyEntries: "a folder that holds only the dataset"
    case .className(let path), .sameName(let path, _):
      "mv \(terminalSafe(shellPath(path))) NEW-NAME"
    case .unreadable, .stopped: nil
    }
  }

  /// All of it, a line each.
  package var description: String {
    var lines = [summary]
    if let found { lines.append("found: \(found)") }
    if let expected { lines.append("expected: \(expected)") }
    if let suggestion { lines.append("try: \(suggestion)") }
    return lines.joined(separator: "\n")
  }
}

func counted(_ count: Int, _ noun: String) -> String {
  "\(count) \(noun)\(count == 1 ? "" : noun.hasSuffix("s") ? "es" : "s")"
}

extension Split {
  package var title: String {
    switch self {
    case .train: "training"
    case .val: "validation"
    case .test: "test"
    }
  }
}
