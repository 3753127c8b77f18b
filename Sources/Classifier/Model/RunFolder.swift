import Glibc
package import Primitives

/// A run's folder: the one place that knows the names in it.
package struct RunFolder: Sendable, Hashable {
  package let path: String
  /// Whether this process writes into the folder; of several processes only the first does.
  package private(set) var isWritten = true

  /// The folder of runs without `--out`.
  package static let home = "runs"
  /// The link to the newest run.
  package static let latest = home + "/latest"

  /// The configuration, which repeats the run.
  package static let configurationName = "config.json"
  package static let recordName = "run.json"
  package static let classesName = "classes.txt"
  package static let metricsName = "metrics.csv"
  package static let eventsName = "events.ndjson"
  package static let logName = "log.txt"
  /// The kept weights, below the folder.
  package static let bestName = "weights/best.safetensors"
  /// The sheet of augmented training images.
  package static let samplesName = "plots/samples.png"
  package static let lastName = "weights/last.safetensors"
  package static let reportName = "test/report.json"
  package static let predictionsName = "test/predictions.csv"
  package static let reportTextName = "test/report.txt"
  package static let lockName = ".lock"
  package static let checkpointName = "checkpoint"
  /// The folder of the last evaluation's files.
  package static let testName = "test"
  /// The folder of an instant run's predictions out of fold.
  package static let foldsName = "folds"
  package static let pageName = "report.html"

  /// The files that grow.
  private static let appendedNames = [eventsName, logName, metricsName, lockName]
  /// The other files at the top.
  private static let fileNames = [configurationName, recordName, classesName, pageName]
  /// The folders, in which only this program's files lie.
  package static let folderNames = [
    checkpointName, "weights", "plots", "test", "val", "train", foldsName,
  ]

  /// The kept weights.
  package var bestWeights: String { file(RunFolder.bestName) }
  /// The last epoch's weights.
  package var lastWeights: String { file(RunFolder.lastName) }

  /// The path of a file of the folder, as messages name it.
  package func file(_ name: String) -> String { path + "/" + name }

  /// The place of a file of the folder, which no link leads to.
  package func place(_ name: String) -> FilePlace { FilePlace(name, in: path) }

  /// When the configuration was written, which a new run does first, in seconds since 1970; nil if
  /// there is none.
  package var created: Int? {
    (try? place(RunFolder.configurationName).status()).map { Platform.modified($0).tv_sec }
  }

  package var model: ModelLocation { ModelLocation(weights: bestWeights, run: path) }

  /// A run folder that is there already; nothing is checked.
  package init(existing path: String) {
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  /// The same folder for a process that leaves writing to another: what it writes goes nowhere.
  package var unwritten: RunFolder {
    var folder = self
    folder.isWritten = false
    return folder
  }

  /// The name of a run that stays its name: that of the run that `runs/latest` leads to.
  package static func lasting(_ name: String) -> String {
    guard name == latest else { return name }
    return FileSystem.absolute(name).map { home + "/" + FileSystem.lastName(of: $0) } ?? name
  }

  package static func holdsRun(_ path: String) -> Bool {
    FileSystem.exists(path + "/" + configurationName)
  }

  /// The runs in a folder, by name; a link to one of them, such as that to the newest, is not listed.
  package static func runs(in home: String) -> [RunFolder] {
    guard let folder = OpenFolder(home) else { return [] }
    let absolute = FileSystem.absolute(home)
    let prefix = home.hasSuffix("/") ? home : home + "/"
    return folder.names.sorted().filter { name in
      guard holdsRun(prefix + name) else { return false }
      guard folder.isLink(name) else { return true }
      return FileSystem.absolute(prefix + name).map(FileSystem.parent) != absolute
    }.map { RunFolder(existing: prefix + $0) }
  }

  /// The advice for a folder that is not a run; nil if it holds none either.
  package static func adviceToChoose(in path: String) -> String? {
    runs(in: path).isEmpty ? nil : "cnnctl runs \(shellPath(path)), which lists the runs in it"
  }

  /// Whether a folder holds what a run has written while it ran: no folder of photos does.
  package static func hasRun(_ path: String) -> Bool {
    holdsRun(path) && FileSystem.exists(path + "/" + eventsName)
  }

  /// The advice for restarting a run without losing the contents of this folder.
  package var adviceToBeginAnew: String {
    "restore a copy of \(file("checkpoint")) if there is one; to start over in another folder: cnnctl train "
      + "--config \(file(RunFolder.configurationName)) --out NEW"
  }

  /// Creates `out`, or the next free `runs/train-NNN`, with `config.json` in it, and links
  /// `runs/latest` to a run in `runs`; `home` is another folder than `runs`, for tests.
  ///
  /// Errors: a folder that cannot be created, or one that holds a run. Of several processes that
  /// want the same folder one gets it.
  package static func create(
    out: String?, configuration: [UInt8], home: String = RunFolder.home
  ) throws(TrainingError) -> RunFolder {
    let folder: RunFolder
    if let out {
      folder = RunFolder(existing: out)
      try FileSystem.createFolders(folder.path)
      try folder.refuseRemains()
    } else {
      folder = RunFolder(existing: try createNext(home))
    }
    try folder.requireNoLinks()
    try folder.createFolders()
    do throws(TrainingError) {
      try FileSystem.replace(
        folder.place(configurationName), with: configuration, exclusive: true)
    } catch {
      guard holdsRun(folder.path) else {
        throw TrainingError(.cannotCreate, error.problem)
      }
      throw TrainingError(
        .cannotCreate, "\(folder.path) already holds a run",
        expected: "a new folder, or one without \(configurationName)",
        advice: "cnnctl train --resume=\(folder.path) continues it; --out names another folder")
    }
    if FileSystem.parent(of: folder.path) == home { try link(folder, home) }
    return folder
  }

  /// Refuses a folder that has lost its configuration and still holds what a run has made.
  private func refuseRemains() throws(TrainingError) {
    guard !RunFolder.holdsRun(path) else { return }
    let names = [
      RunFolder.bestName, RunFolder.lastName, RunFolder.recordName, RunFolder.metricsName,
      RunFolder.eventsName,
    ].filter { FileSystem.exists(file($0)) }
    guard !names.isEmpty else { return }
    throw TrainingError(
      .cannotCreate, "\(path) holds files of an earlier run, which are not overwritten",
      found: names.joined(separator: ", ") + ", without \(RunFolder.configurationName)",
      expected: "a new or empty folder", advice: "--out with another folder")
  }

  /// The run with the highest number, of those in the folder of `latest`, that has weights.
  static func newestWithWeights(beside latest: String) -> String? {
    let home = FileSystem.parent(of: latest)
    let runs = FileSystem.names(in: home).compactMap { name -> (number: Int, path: String)? in
      guard name.hasPrefix("train-"), let number = Int(name.dropFirst(6)) else { return nil }
      let run = RunFolder(existing: home + "/" + name)
      return holdsRun(run.path) && run.place(bestName).isThere ? (number, run.path) : nil
    }
    return runs.max { $0.number < $1.number }?.path
  }

  private static func createNext(_ home: String) throws(TrainingError) -> String {
    try FileSystem.createFolders(home)
    let taken = FileSystem.names(in: home).compactMap { name in
      name.hasPrefix("train-") ? Int(name.dropFirst(6)) : nil
    }
    var number = max(0, taken.max() ?? 0) + 1
    while true {
      let path = "\(home)/train-\(zeroPadded(number, 3))"
      if mkdir(systemPath(path), 0o777) == 0 { return path }
      // Another process may have taken the number since the folder was listed.
      guard errno == EEXIST else {
        throw TrainingError(
          .cannotCreate, "cannot create the folder \(path): \(FileSystem.lastError())",
          advice: "--out with a folder that can be created")
      }
      number += 1
    }
  }

  private static func link(_ folder: RunFolder, _ home: String) throws(TrainingError) {
    let latest = home + "/latest"
    let name = FileSystem.lastName(of: folder.path)
    // The run's own name: no other thread, process or machine makes a link of this one.
    let temporary = "\(home)/.latest.\(name)"
    unlink(systemPath(temporary))
    guard symlink(systemPath(name), systemPath(temporary)) == 0,
      rename(systemPath(temporary), systemPath(latest)) == 0
    else {
      let cause = FileSystem.lastError()
      unlink(systemPath(temporary))
      throw TrainingError(.cannotCreate, "cannot link \(latest) to \(folder.path): \(cause)")
    }
  }

  /// Writes a file below the folder in one step: a reader meets the old bytes or the new ones.
  package func write(_ text: String, to name: String) throws(TrainingError) {
    try write(Array(text.utf8), to: name)
  }

  /// Writes rows as `write(_:to:)` writes a text, never holding more than some of them.
  package func write(rows: some Sequence<String>, to name: String) throws(TrainingError) {
    guard isWritten else { return }
    try FileSystem.replace(place(name), withPieces: RowPieces(rows: rows))
  }

  /// Writes bytes as `write(_:to:)` writes text.
  package func write(_ bytes: [UInt8], to name: String) throws(TrainingError) {
    guard isWritten else { return }
    try FileSystem.replace(place(name), with: bytes)
  }

  /// Makes the folder and those above it, where they are not there yet.
  package func create() throws(TrainingError) {
    guard isWritten else { return }
    try FileSystem.createFolders(path)
  }

  /// The run that a folder is, or lies in directly; nil where there is none.
  package static func run(around path: String) -> String? {
    [path, FileSystem.parent(of: path)].first(where: holdsRun)
  }

  /// Whether a path is one of the files that a run has, or lies in one of its folders.
  package static func owns(_ path: String) -> Bool {
    let folder = FileSystem.parent(of: path)
    if holdsRun(folder) {
      return (fileNames + appendedNames).contains(FileSystem.lastName(of: path))
    }
    return folderNames.contains(FileSystem.lastName(of: folder))
      && holdsRun(FileSystem.parent(of: folder))
  }

  /// Makes the folders that a run always has, where they are missing.
  package func createFolders() throws(TrainingError) {
    for name in ["weights", "test"] { try createFolder(name) }
  }

  /// Makes a folder below the run's, where there is none yet.
  package func createFolder(_ name: String) throws(TrainingError) {
    guard isWritten else { return }
    try FileSystem.createFolder(place(name))
  }

  /// Adds text to a file's end.
  package func append(_ text: String, to name: String) throws(TrainingError) {
    guard isWritten else { return }
    try FileSystem.append(text, to: place(name))
  }

  /// Removes a file; one that is not there, or that stays, is no error.
  package func remove(_ name: String) { FileSystem.remove(place(name)) }

  /// The names in a folder below this one; none where it is not there.
  ///
  /// Error: one that cannot be listed.
  package func names(in name: String) throws(TrainingError) -> [String] {
    if let folder = try FilePlace(name + "/.", in: path).holder() { return folder.names }
    if errno == ENOENT { return [] }
    throw TrainingError(.inputOutput, "cannot list \(file(name)): \(FileSystem.lastError())")
  }

  /// Removes what a process that died has left of files that it was writing.
  package func removeTemporaries() {
    for folder in [""] + RunFolder.folderNames {
      for name in (try? names(in: folder)) ?? [] where name.hasPrefix(".") && name.hasSuffix(".tmp")
      {
        remove(folder + "/" + name)
      }
    }
  }

  /// Refuses a folder that has a link, a pipe or a device where this program has a file or folder.
  ///
  /// A run's folder may come from a stranger, and what is read or written through a link is not the
  /// run's. Every opening looks for itself; this says it before anything is done. With `grows` a
  /// file that will be added to may have no other name.
  package func requireNoLinks(grows: Bool = false) throws(TrainingError) {
    guard let folder = OpenFolder(path) else { return }
    func check(_ holder: OpenFolder, _ name: String, _ path: String) throws(TrainingError) {
      guard let status = holder.status(name) else { return }
      if status.isKind(S_IFLNK) { throw .link(path) }
      guard status.isKind(S_IFREG) || status.isKind(S_IFDIR) else { throw .noFile(path) }
    }
    for name in RunFolder.fileNames + RunFolder.appendedNames + RunFolder.folderNames {
      try check(folder, name, file(name))
    }
    for name in RunFolder.folderNames {
      guard let inner = try FilePlace(name + "/.", in: path).holder() else { continue }
      for entry in inner.names { try check(inner, entry, file(name) + "/" + entry) }
    }
    guard grows else { return }
    for name in RunFolder.appendedNames {
      guard let status = folder.status(name), status.isKind(S_IFREG) else { continue }
      if status.st_nlink > 1 { throw .secondName(file(name)) }
    }
  }
}
