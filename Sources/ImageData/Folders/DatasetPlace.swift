extension Dataset {
  /// Whether a path, of which the last parts may not be there yet, leads into a dataset: into its
  /// folder, or into one that a link in it or in its folders leads to.
  ///
  /// Folders are told apart by what they are on the disk, whatever their paths.
  package static func lies(_ path: String, in root: String) -> Bool {
    guard let own = FolderListing.identity(root) else { return false }
    let around = foldersAround(path)
    return around.contains(own) || linkedFolders(of: root).contains(where: around.contains)
  }

  /// The folder that a path leads to, or the last one that is there, and all above it.
  private static func foldersAround(_ path: String) -> Set<FolderListing.Identity> {
    var existing = path
    while FolderListing.realPath(existing) == nil, let slash = existing.lastIndex(of: "/") {
      existing = slash == existing.startIndex ? "/" : String(existing[..<slash])
    }
    var place = FolderListing.realPath(existing) ?? FolderListing.realPath(".") ?? "/"
    var found: Set<FolderListing.Identity> = []
    while true {
      if let identity = FolderListing.identity(place) { found.insert(identity) }
      guard place != "/", let slash = place.lastIndex(of: "/") else { return found }
      place = slash == place.startIndex ? "/" : String(place[..<slash])
    }
  }

  /// The folders of splits and classes that are links.
  private static func linkedFolders(of root: String) -> [FolderListing.Identity] {
    func folders(in path: String) -> [FolderListing.Entry] {
      ((try? FolderListing(path))?.entries ?? []).filter(\.isFolder)
    }
    return folders(in: root).flatMap { entry in
      let path = root + "/" + entry.name
      let links = folders(in: path).filter(\.isLink).map { path + "/" + $0.name }
      return (links + (entry.isLink ? [path] : [])).compactMap(FolderListing.identity)
    }
  }

  /// The folder beside a dataset's, and a dataset's own name, as the disk has them.
  package static func surroundings(of root: String) -> (parent: String, name: String)? {
    guard let place = FolderListing.realPath(root), place != "/",
      let slash = place.lastIndex(of: "/")
    else { return nil }
    let parent = slash == place.startIndex ? "/" : String(place[..<slash])
    return (parent, String(place[place.index(after: slash)...]))
  }
}
