internal import Primitives

/// Why a folder is no dataset.
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
  /// No class folders below the path, but some files.
  case noClasses(path: String, files: Int)
  /// Fewer classes than two, with the number of candidates in each.
  ///
  /// `path` is the training folder of `dataset`, or the dataset itself.
  case tooFewClasses(dataset: String, path: String, classes: [String], images: [Int])
  /// Class folders of the training set without a single candidate, and what else is in each.
  case emptyClasses(path: String, classes: [String], passedOver: [PassedOver])
  /// Class folders that the training set, or the model, does not know.
  case unknownClasses(path: String, unknown: [String], classes: [String])
  /// Several folders for the same split.
  case severalFolders(path: String, names: [String])
  /// Split folders, but none to train on.
  case noTrainingFolder(path: String, found: [String])
  /// A link that leads to a folder around it.
  case linkLoop(path: String)
  /// More folders inside each other than are followed.
  case tooDeep(path: String, limit: Int)
  /// More files, folders and links than are listed.
  case tooManyEntries(path: String, limit: Int)
  /// Who asked for the dataset no longer wants it.
  case stopped
  /// A class folder's name that is not UTF-8 or has control characters.
  case className(path: String)

  /// What kind of failure it is, for the exit code.
  package enum Kind: Sendable {
    /// A named path does not exist.
    case missing
    /// It cannot be read.
    case unreadable
    /// It is not what is expected.
    case badData
  }

  /// What kind of failure it is.
  package var kind: Kind {
    switch self {
    case .missing: .missing
    case .unreadable: .unreadable
    default: .badData
    }
  }

  /// What is wrong, in one line.
  package var summary: String {
    switch self {
    case .missing(let path): "dataset \(shown(path)) does not exist"
    case .notAFolder(let path): "dataset \(shown(path)) is not a folder"
    case .unreadable(let path, let reason): "\(shown(path)) cannot be read: \(reason)"
    case .noClasses(let path, let files):
      files == 0 ? "\(shown(path)) is empty" : "\(shown(path)) holds no class folders"
    case .tooFewClasses(_, let path, let classes, _):
      "\(shown(path)) holds \(counted(classes.count, "class folder")), at least 2 are needed: "
        + list(classes)
    case .emptyClasses(let path, let classes, _):
      "\(shown(path)) holds "
        + (classes.count == 1 ? "a class without images: " : "classes without images: ")
        + list(classes)
    case .unknownClasses(let path, let unknown, _):
      "\(shown(path)) holds "
        + (unknown.count == 1 ? "a class that is" : "classes that are")
        + " not among those trained on: \(list(unknown))"
    case .severalFolders(let path, let names):
      "\(shown(path)) holds several folders of the same use: \(list(names))"
    case .noTrainingFolder(let path, _): "\(shown(path)) holds no training folder"
    case .linkLoop(let path): "\(shown(path)) is a link to a folder around it"
    case .tooDeep(let path, let limit):
      "\(shown(path)) lies more than \(limit) folders below its class"
    case .tooManyEntries(let path, let limit):
      "\(shown(path)) holds more than \(limit) files and folders, counted once a class"
    case .stopped: "stopped while the dataset's folders were listed"
    case .className(let path):
      "\(shown(path)) cannot name a class: names are UTF-8 without control characters"
    }
  }

  /// What was found, if there is more to say.
  package var found: String? {
    switch self {
    case .noClasses(_, let files) where files > 0: counted(files, "file") + " and no folder"
    case .tooFewClasses(_, let path, let classes, let images):
      zip(classes, images).map {
        "\(shown(path))/\(shown($0)) (\(counted($1, "image")))"
      }.joined(separator: ", ")
    case .emptyClasses(let path, let classes, let others) where !others.allSatisfy(\.isEmpty):
      list(
        zip(classes, others).map { "\(path)/\($0) (\($1.isEmpty ? "nothing" : $1.list))" })
    case .unknownClasses(_, let unknown, _): list(unknown)
    case .noTrainingFolder(_, let found): list(found)
    default: nil
    }
  }

  /// What is expected instead.
  package var expected: String? {
    switch self {
    case .missing, .unreadable, .linkLoop, .tooDeep, .tooManyEntries, .stopped, .className: nil
    case .unknownClasses(_, _, let classes): "only these, each may be missing: \(list(classes))"
    case .severalFolders: "one of them"
    default: "DATASET/{training_set,test_set}/<class>/*.jpg|png, or DATASET/<class>/*.jpg|png"
    }
  }

  /// What to do about it.
  package var suggestion: String? {
    switch self {
    case .missing(let path):
      FileBytes.hint(path).isEmpty
        ? "check the path; folders are named from the current one"
        : String(FileBytes.hint(path).dropFirst(2))
    case .notAFolder: "cnnctl predict, which takes single images"
    case .tooFewClasses(let dataset, _, _, _): "cnnctl check \(shown(dataset))"
    case .emptyClasses(_, _, let others):
      PassedOver(others).conversion.map { "convert them: \($0)" }
        ?? "add \(FileKind.usualEndings) files, or remove the folder"
    case .unknownClasses: "rename or remove the folder; names must match exactly"
    case .severalFolders: "remove or rename all but one"
    case .linkLoop: "remove the link"
    case .tooDeep: "move the images up, or remove the links to the folder"
    case .tooManyEntries: "a folder that holds the dataset alone"
    case .className(let path): "mv \(shellWord(path)) NEW-NAME"
    default: nil
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

private func counted(_ count: Int, _ noun: String) -> String {
  "\(count) \(noun)\(count == 1 ? "" : noun.hasSuffix("s") ? "es" : "s")"
}

private func list(_ names: [String]) -> String {
  let most = 12
  let rest = names.count > most ? ", and \(names.count - most) more" : ""
  return names.isEmpty
    ? "none" : names.prefix(most).map { shown($0) }.joined(separator: ", ") + rest
}

private func shown(_ name: String) -> String { terminalSafe(name) }
