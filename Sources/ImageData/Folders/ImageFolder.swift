internal import Primitives

/// The images below any folder, whatever the folders in it mean.
package struct ImageFolder {
  /// The images, in byte order of their paths, folder by folder.
  package private(set) var paths = ImagePaths()
  package private(set) var passedOver = PassedOver()
  package private(set) var problems: [DatasetError] = []
  /// Files that are the command's own, and not passed over.
  private let own: [FileSystem.Identity]

  /// Looks through a folder and those below it.
  ///
  /// Hidden and system files are ignored; links are followed, but not back to a folder that
  /// leads here. `own` are paths that the command writes. `found` gets the count so far, after each
  /// folder.
  package init(below folder: String, own: [String] = [], found: (Int) -> Void = { _ in }) {
    self.own = own.compactMap(FileSystem.identity)
    // What is joined to a name below has no slash of its own.
    let isJoined = folder.utf8.count > 1 && folder.hasSuffix("/")
    collect(isJoined ? String(folder.dropLast()) : folder, within: [], found)
  }

  private mutating func collect(
    _ folder: String, within ancestors: Set<FileSystem.Identity>, _ found: (Int) -> Void
  ) {
    guard let identity = FileSystem.identity(folder), !ancestors.contains(identity) else {
      return
    }
    let listing: FolderListing
    do throws(DatasetError) {
      listing = try FolderListing(folder)
    } catch {
      problems.append(error)
      return
    }
    for entry in listing.entries {
      let path = joined(folder, entry.name)
      switch ImageName.role(entry, path: path) {
      case .image: paths.add(entry.name, in: folder)
      // A run's own folder is read where it is named, and not where it lies among photos.
      case .folder where SkippedEntries.contains(folder: entry.name, at: path): break
      case .folder: collect(path, within: ancestors.union([identity]), found)
      case .other where !own.isEmpty && FileSystem.identity(path).map(own.contains) == true: break
      case .other(let kind): passedOver.add(entry.name, kind)
      }
    }
    found(paths.count)
  }
}
