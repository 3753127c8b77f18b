internal import Primitives

extension Dataset {
  /// Whether a path, whose last parts may not exist yet, leads into a dataset: into its folder, or
  /// into the target of a link in it.
  ///
  /// Folders are compared by their identity on the disk, whatever their paths.
  package static func lies(_ path: String, in root: String) -> Bool {
    guard let own = FileSystem.identity(root) else { return false }
    let around = foldersAround(path)
    return around.contains(own) || linkedFolders(of: root).contains(where: around.contains)
  }

  /// The dataset in one of whose split folders a file lies, or would; nil where there is none.
  ///
  /// Such a folder is recognised by its name and by that of another split's folder beside it: `train`
  /// and `test`.
  package static func dataset(around file: String) -> String? {
    var place = file
    func up() { place = FileSystem.parent(of: place) }
    up()
    guard let real = FileSystem.absolute(place) else { return nil }
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
  private static func foldersAround(_ path: String) -> Set<FileSystem.Identity> {
    var existing = path
    while FileSystem.absolute(existing) == nil, existing.contains("/") {
      existing = FileSystem.parent(of: existing)
    }
    var place = FileSystem.absolute(existing) ?? FileSystem.absolute(".") ?? "/"
    var found: Set<FileSystem.Identity> = []
    while true {
      if let identity = FileSystem.identity(place) { found.insert(identity) }
      if place == "/" { return found }
      place = FileSystem.parent(of: place)
    }
  }

  /// The folders of splits and classes that are links.
  private static func linkedFolders(of root: String) -> [FileSystem.Identity] {
    FolderListing.folders(in: root).flatMap { entry in
      let path = root + "/" + entry.name
      let links = FolderListing.folders(in: path).filter(\.isLink).map { path + "/" + $0.name }
      return (links + (entry.isLink ? [path] : [])).compactMap(FileSystem.identity)
    }
  }

  /// The folder beside a dataset's, and a dataset's own name, as the disk has them.
  package static func surroundings(of root: String) -> (parent: String, name: String)? {
    guard let place = FileSystem.absolute(root), place != "/" else { return nil }
    return (FileSystem.parent(of: place), FileSystem.lastName(of: place))
  }
}
