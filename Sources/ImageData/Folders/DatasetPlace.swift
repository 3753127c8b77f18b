extension Dataset {
  /// Whether a path, whose last parts may not exist yet, leads into a dataset: into its folder, or
  /// into the target of a link in it.
  ///
  /// Folders are told apart by what they are on the disk, whatever their paths.
  package static func lies(_ path: String, in root: String) -> Bool {
    guard let own = FolderListing.identity(root) else { return false }
    let around = foldersAround(path)
    return around.contains(own) || linkedFolders(of: root).contains(where: around.contains)
  }

  /// The dataset in one of whose split folders a file lies, or would; nil where there is none.
  ///
  /// Such a folder is told by its name and by that of another split's folder beside it: `train` and
  /// `test`.
  package static func dataset(around file: String) -> String? {
    var place = file
    func up() {
      let slash = place.lastIndex(of: "/")
      place = slash.map { $0 == place.startIndex ? "/" : String(place[..<$0]) } ?? "."
    }
    up()
    guard let real = FolderListing.realPath(place) else { return nil }
    place = real
    func split(_ name: Substring) -> Split? {
      SplitName(String(name)).flatMap { $0.rest.isEmpty ? $0.split : nil }
    }
    // Files of a class may lie some folders below it.
    for _ in 0..<8 where place != "/" {
      let name = place.split(separator: "/").last ?? ""
      up()
      guard let own = split(name) else { continue }
      let others = FolderListing.folders(in: place)
      if others.contains(where: { split($0.name[...]).map { $0 != own } ?? false }) { return place }
    }
    return nil
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
    FolderListing.folders(in: root).flatMap { entry in
      let path = root + "/" + entry.name
      let links = FolderListing.folders(in: path).filter(\.isLink).map { path + "/" + $0.name }
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
