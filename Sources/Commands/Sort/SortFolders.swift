internal import Classifier
internal import ImageData
internal import Primitives
internal import Sorting
internal import Training

/// The folder that is sorted and the one that its photos go into, both from the root, and what is
/// refused before anything is touched.
struct SortFolders {
  let source: String
  let target: String

  /// Errors: folders that are one, or lie in each other; a target that cannot be, or that holds
  /// other things than sorted photos.
  init(sorting named: String, into target: String, classes: [String]) throws {
    guard FileSystem.exists(named) else {
      throw TrainingError(.missing, "\(named) does not exist", expected: "a folder of photos")
    }
    guard FileSystem.isFolder(named), let source = FileSystem.absolute(named) else {
      throw SortCommand.description.usageError(
        "\(named) is not a folder", expected: SortCommand.description.usage)
    }
    self.source = source
    self.target = try SortFolders.resolved(target)
    try requireApart(named, target)
    try requireFree(target, classes: classes)
  }

  /// A target's path from the root; its last part need not exist.
  static func resolved(_ path: String) throws(TrainingError) -> String {
    if FileSystem.exists(path) {
      guard FileSystem.isFolder(path), let found = FileSystem.absolute(path) else {
        throw TrainingError(
          .cannotCreate, "\(path) is not a folder", expected: "a folder, or a name for a new one")
      }
      return found
    }
    let parts = path.split(separator: "/")
    let trimmed = (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    let parent = FileSystem.parent(of: trimmed)
    guard let name = parts.last, name != ".", name != "..", let home = FileSystem.absolute(parent),
      FileSystem.isFolder(home)
    else {
      throw TrainingError(
        .cannotCreate, "cannot create the folder \(path): \(parent) is not a folder",
        expected: "a folder, or a new one in a folder that exists")
    }
    return (home == "/" ? "" : home) + "/" + name
  }

  /// Whether a path from the root, without links, is a folder or lies in it.
  private static func lies(_ path: String, in folder: String) -> Bool {
    let inside = folder == "/" ? folder : folder + "/"
    return path == folder || path.utf8.starts(with: inside.utf8)
  }

  private func requireApart(_ source: String, _ target: String) throws(Failure) {
    let problem: String
    if self.source == self.target {
      problem = "\(target) is the folder that is to be sorted"
    } else if SortFolders.lies(self.target, in: self.source) {
      problem = "\(target) lies in \(source), which is to be sorted"
    } else if SortFolders.lies(self.source, in: self.target) {
      problem = "\(source), which is to be sorted, lies in \(target)"
    } else {
      return
    }
    throw SortCommand.description.usageError(
      problem, expected: "--into with a folder beside it")
  }

  /// The photos without those that links lead to a second time.
  ///
  /// Error: photos whose folder, as a link below the sorted one, lies in the target.
  func ownPaths(_ photos: [String]) throws(Failure) -> [String] {
    var firstNames: [String: String] = [:]
    var own: [String] = []
    var known: [String: Bool] = [:]
    for path in photos {
      let folder = FileSystem.parent(of: path)
      if known[folder] == nil {
        let found = FileSystem.absolute(folder) ?? folder
        if SortFolders.lies(found, in: target) {
          throw SortCommand.description.usageError(
            "\(folder) is a link that leads into \(target)",
            expected: "a folder of photos apart from the one that they go into")
        }
        known[folder] = firstNames[found] == nil
        firstNames[found] = folder
      }
      if known[folder] == true { own.append(path) }
    }
    return own
  }

  /// Refuses what belongs to a run or to a dataset's splits.
  private func requireFree(_ named: String, classes: [String]) throws {
    let names = FileSystem.names(in: target)
    let runs = [target] + names.map { target + "/" + $0 }
    if let run = RunFolder.run(around: target) ?? runs.first(where: RunFolder.holdsRun) {
      throw Failure(
        .cannotCreate, "\(named) belongs to a run, or holds one", found: run,
        expected: "--into with a folder without runs")
    }
    // A class may be called `train`, as the vehicle is.
    let split = names.first { name in
      !classes.contains(name) && FileSystem.isFolder(target + "/" + name)
        && SplitName(name).map { $0.split != nil && $0.rest.isEmpty } ?? false
    }
    if let split {
      throw Failure(
        .cannotCreate, "\(named) holds a dataset's split", found: "\(named)/\(split)",
        expected: "--into with a folder that is no dataset")
    }
    if let dataset = Dataset.dataset(around: target + "/photo") {
      throw Failure(
        .cannotCreate, "\(named) lies in the dataset \(dataset)",
        expected: "--into with a folder outside of it")
    }
  }

  /// Refuses classes whose names can name no folder, or one that has another meaning.
  static func require(
    classes: [String], withUnsure: Bool, withRejected: Bool = false
  ) throws(TrainingError) {
    func refusal(_ name: String, _ problem: String) -> TrainingError {
      TrainingError(
        .badData, "the class \(name) cannot name a folder: \(problem)",
        expected: "a model whose classes are named as folders can be")
    }
    for name in classes {
      if name.isEmpty || name.utf8.contains(UInt8(ascii: "/")) {
        throw refusal(name, name.isEmpty ? "it is empty" : "it has a slash")
      }
      if name.hasPrefix(".") { throw refusal(name, "such a folder is hidden") }
      if name.fileNameBytes.count > 255 { throw refusal(name, "it has more than 255 bytes") }
      if let problem = ForeignText.problem(inName: name) { throw refusal(name, problem) }
      if withUnsure, name == SortFolder.unsureName {
        throw refusal(name, "photos below --abstain-below go into the folder of that name")
      }
      if withRejected, name == SortFolder.rejectedName {
        throw refusal(name, "photos above --reject-above go into the folder of that name")
      }
    }
  }
}
