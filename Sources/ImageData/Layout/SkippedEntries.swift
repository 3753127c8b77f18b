internal import Primitives

/// This program's own runs, which lie in folders of photos and are never part of a dataset.
///
/// What systems leave there is not even listed: `ImageName.isOfSystem`.
enum SkippedEntries {
  /// Whether the folder at `path`, which ends in `name`, is ignored anywhere in a dataset.
  static func contains(folder name: String, at path: String) -> Bool {
    isRun(path) || holdsRuns(path, name)
  }

  /// Whether a folder is a run, recognized by the files that a run starts with.
  private static func isRun(_ path: String) -> Bool {
    guard FileSystem.exists("\(path)/config.json"), FileSystem.isFolder("\(path)/weights") else {
      return false
    }
    return FileSystem.isFolder("\(path)/test") || FileSystem.exists("\(path)/run.json")
  }

  /// Whether a folder holds only runs, as `runs` does.
  private static func holdsRuns(_ path: String, _ name: String) -> Bool {
    guard name == "runs" || FileSystem.exists("\(path)/latest"),
      let listing = try? FolderListing(path)
    else {
      return false
    }
    let runs = listing.entries.filter { $0.isFolder && isRun("\(path)/\($0.name)") }
    return !runs.isEmpty
      && listing.entries.allSatisfy { entry in
        runs.contains { $0.name == entry.name } || isEmpty("\(path)/\(entry.name)")
      }
  }

  /// Whether a path leads to an empty folder, or nowhere.
  private static func isEmpty(_ path: String) -> Bool {
    FileSystem.exists(path) ? (try? FolderListing(path))?.entries.isEmpty ?? false : true
  }
}
