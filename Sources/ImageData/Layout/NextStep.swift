internal import Primitives

/// The next step for a path that is not a dataset: a shell command, then the dataset to name.
package struct NextStep: Sendable, Hashable {
  /// The observation behind the command, for the line `found:`.
  var found: String?
  /// A command that a shell takes as it stands; nil if naming another folder is enough.
  var shell: String?
  /// The folder to name then, as a shell takes it; nil for the same as before.
  var dataset: String?

  /// The line `try:` for `command`, such as `train`.
  func text(command: String) -> String? {
    let parts = [shell, dataset.map { "cnnctl \(command) \($0)" }].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: " && ")
  }
}

extension NextStep {
  /// For a file that is given as a dataset; nil if its name tells nothing.
  static func file(_ path: String) -> NextStep? {
    if let archive = Archive(path) {
      let folder = archive.newFolder
      return NextStep(
        found: "an archive", shell: archive.unpacking(into: folder), dataset: shellWord(folder))
    }
    if LabelTable.isNamedSo(path) {
      let table = LabelTable(path)
      return NextStep(
        found: table?.summary ?? "a table; labels come from folder names only",
        shell: table?.moving, dataset: table.map { shellWord($0.folder) })
    }
    if Dataset.isCandidate(path) {
      return NextStep(found: "one image", shell: "cnnctl predict \(shellWord(path))")
    }
    return nil
  }

  /// For a path that leads nowhere; nil if it looks like any other.
  static func missing(_ path: String) -> NextStep? {
    if path == "~" || path.hasPrefix("~/") {
      let rest = String(path.dropFirst(2))
      return NextStep(
        found: "a ~, which means the home folder only outside quotes",
        dataset: rest.isEmpty ? "~" : "~/" + shellWord(rest))
    }
    guard ["http://", "https://", "ftp://"].contains(where: path.lowercased().hasPrefix) else {
      return nil
    }
    let address = path.prefix { $0 != "?" && $0 != "#" }
    // scheme:, "", host, then the names.
    let names = address.split(separator: "/", omittingEmptySubsequences: false).dropFirst(3)
    let file = names.last { !$0.isEmpty }.map(String.init) ?? "photos.zip"
    var step = NextStep(
      found: "a URL; nothing is downloaded",
      shell: "curl -fL -o \(shellWord(file)) \(shellWord(path))")
    if let archive = Archive(file), let shell = step.shell {
      let folder = archive.newFolder
      step.shell = "\(shell) && \(archive.unpacking(into: folder))"
      step.dataset = shellWord(folder)
    }
    return step
  }

  /// For a folder that holds files and no class folders; nil if nothing tells their classes.
  ///
  /// `root` is the dataset's folder, `path` the one without class folders.
  static func flat(_ path: String, root: String) -> NextStep? {
    guard let names = try? FolderListing(path).entries.filter({ !$0.isFolder }).map(\.name) else {
      return nil
    }
    let around = path == root ? [] : (try? FolderListing(root))?.entries.map(\.name) ?? []
    let tables = names.map { "\(path)/\($0)" } + around.map { "\(root)/\($0)" }
    if let table = tables.lazy.filter(LabelTable.isNamedSo).compactMap(LabelTable.init).first {
      return NextStep(found: table.summary, shell: table.moving)
    }
    if let labels = LabelledNames(names) {
      return NextStep(found: labels.summary, shell: LabelledNames.moving([path]))
    }
    let archives = names.compactMap { Archive("\(path)/\($0)") }
    if archives.count == 1, let archive = archives.first {
      return NextStep(found: "an archive", shell: archive.unpacking(into: path))
    }
    if !archives.isEmpty {
      // One for each class, most likely.
      return NextStep(
        found: "\(archives.count) archives",
        shell: archives.map { $0.unpacking(into: "\(path)/\($0.name)") }.joined(separator: " && "))
    }
    return nil
  }

  /// For a folder of images that is one class of a dataset: the folder around it, if all folders in
  /// that hold images; nil otherwise.
  ///
  /// `path` is as the command line names it.
  static func around(_ path: String) -> NextStep? {
    let path = FileSystem.withoutFinalSlashes(path)
    let (parent, own) = (FileSystem.parent(of: path), FileSystem.lastName(of: path))
    guard own != ".", own != ".." else { return nil }
    let classes = FolderListing.folders(in: parent).filter {
      $0.isText && !SkippedEntries.contains(folder: $0.name, at: "\(parent)/\($0.name)")
    }.map(\.name)
    // Each is listed: a folder around photos may hold anything.
    guard (2...100).contains(classes.count), classes.contains(own) else { return nil }
    let areClasses = classes.allSatisfy { name in
      (try? FolderListing("\(parent)/\(name)"))?.entries
        .contains { !$0.isFolder && Dataset.isCandidate($0.name) } ?? false
    }
    guard areClasses else { return nil }
    return NextStep(
      found: "the folder around it holds \(list(classes))", dataset: shellPath(parent))
  }

  /// For a folder that holds nothing but one folder: the one further down that holds class folders
  /// or splits, or whose files tell their classes; nil if there is none.
  static func below(_ path: String, root: String) -> NextStep? {
    var path = path
    for _ in 0..<8 {
      guard let listing = try? FolderListing(path) else { return nil }
      let folders = listing.entries.filter {
        $0.isFolder && $0.isText
          && !SkippedEntries.contains(folder: $0.name, at: "\(path)/\($0.name)")
      }
      if folders.count > 1 {
        return NextStep(
          found: "\(terminalSafe(path)) itself holds \(list(folders.map(\.name)))",
          dataset: shellWord(path))
      }
      guard let only = folders.first else {
        guard var step = flat(path, root: root) else { return nil }
        step.dataset = step.dataset ?? shellWord(path)
        return step
      }
      path += "/\(only.name)"
    }
    return nil
  }
}

/// Names for a message, not all of many.
func list(_ names: [String]) -> String {
  let most = 12
  let rest = names.count > most ? ", and \(names.count - most) more" : ""
  return names.isEmpty
    ? "none" : names.prefix(most).map { terminalSafe($0) }.joined(separator: ", ") + rest
}
