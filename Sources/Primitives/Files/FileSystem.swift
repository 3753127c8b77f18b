import Glibc

/// The calls to the file system, with errors as values.
package enum FileSystem {
  /// What the system says of the last call's failure, as it stands within a sentence: `no space left
  /// on device`.
  package static func lastError(_ number: CInt = errno) -> String {
    String(cString: strerror(number)).lowercased()
  }

  /// Whether anything has that name; a link to nothing has not.
  package static func exists(_ path: String) -> Bool { access(systemPath(path), F_OK) == 0 }

  /// Whether that is a folder or a link to one.
  package static func isFolder(_ path: String) -> Bool {
    status(path).map { $0.isKind(S_IFDIR) } ?? false
  }

  private static func status(_ path: String) -> stat? {
    var status = stat()
    return stat(systemPath(path), &status) == 0 ? status : nil
  }

  /// What tells two files apart, whatever their names.
  package struct Identity: Hashable {
    private var device: UInt
    private var number: UInt

    fileprivate init(_ status: stat) {
      device = UInt(status.st_dev)
      number = UInt(status.st_ino)
    }
  }

  /// Which file a path leads to; nil where nothing is there.
  package static func identity(_ path: String) -> Identity? { status(path).map(Identity.init) }

  /// Which file is open; nil where the descriptor is none.
  package static func identity(of descriptor: CInt) -> Identity? {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? Identity(status) : nil
  }

  /// The path from the root, without links; nil if it does not exist.
  package static func absolute(_ path: String) -> String? {
    guard let resolved = realpath(systemPath(path), nil) else { return nil }
    defer { free(resolved) }
    return String(systemPath: resolved)
  }

  /// The names in a folder, in byte order; none where it cannot be read.
  package static func names(in path: String) -> [String] { OpenFolder(path)?.names ?? [] }

  /// Creates a folder and those above it; one that is there is no error.
  ///
  /// `option` is what names another folder in its place. Returns those that were not there, the
  /// uppermost first.
  @discardableResult
  package static func createFolders(
    _ path: String, option: String = "--out"
  ) throws(TrainingError) -> [String] {
    var made: [String] = []
    var prefix = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      prefix += (prefix.isEmpty || prefix.hasSuffix("/") ? "" : "/") + part
      guard mkdir(systemPath(prefix), 0o777) != 0 else {
        made.append(prefix)
        continue
      }
      // Looking whether the folder is there has an error of its own.
      let number = errno
      if isFolder(prefix) { continue }
      let cause = number == EEXIST ? "a file of that name exists" : lastError(number)
      throw TrainingError(
        .cannotCreate,
        "cannot create the folder \(path): \(prefix == path ? "" : prefix + ": ")\(cause)",
        advice: "\(option) with a folder that can be created")
    }
    return made
  }

  /// Refuses a folder that cannot be created, and leaves none behind.
  package static func requireCreatable(_ path: String) throws(TrainingError) {
    for folder in try createFolders(path).reversed() { rmdir(systemPath(folder)) }
  }

  /// Creates a folder in one that is there; one of that name is no error, and a link is.
  package static func createFolder(_ place: FilePlace) throws(TrainingError) {
    func failed() -> TrainingError {
      TrainingError(.cannotCreate, "cannot create the folder \(place.path): \(lastError())")
    }
    guard let holder = try place.holder() else { throw failed() }
    guard mkdirat(holder.descriptor, systemPath(place.lastName), 0o777) != 0 else { return }
    let error = failed()
    guard let status = holder.status(place.lastName) else { throw error }
    if status.isKind(S_IFLNK) { throw .link(place.path) }
    guard status.isKind(S_IFDIR) else { throw error }
  }

  /// Reads a regular file of at most `limit` bytes.
  package static func read(_ path: String, limit: Int) throws(TrainingError) -> [UInt8] {
    try read(FilePlace(named: path), limit: limit)
  }

  /// Reads a regular file of at most `limit` bytes.
  package static func read(_ place: FilePlace, limit: Int) throws(TrainingError) -> [UInt8] {
    let file = try InputFile(place, limit: limit)
    return try file.bytes(0..<file.size)
  }

  /// The last byte of a regular file; nil if it is empty.
  package static func lastByte(of place: FilePlace) throws(TrainingError) -> UInt8? {
    let file = try InputFile(place, limit: .max)
    return file.size == 0 ? nil : try file.bytes(file.size - 1..<file.size).first
  }

  /// Whether a file has these bytes; reads it in parts.
  private static func holds(_ place: FilePlace, _ bytes: [UInt8]) throws(TrainingError) -> Bool {
    let file = try InputFile(place, limit: bytes.count)
    guard file.size == bytes.count else { return false }
    for part in bytes.indices.parts(of: 1 << 20) {
      guard try file.bytes(part)[...] == bytes[part] else { return false }
    }
    return true
  }

  /// Writes a file in one step: readers meet the old bytes or the new ones, and after a crash one
  /// of the two is there.
  ///
  /// The bytes reach the disk under another name before they get this one; the folder's entry
  /// follows. With `exclusive` a file that is there already is an error. With `proof` they are
  /// compared with what the file system gives back, and the file must pass the proof, which is given
  /// its path, before they get their name.
  package static func replace(
    _ place: FilePlace, with bytes: [UInt8], exclusive: Bool = false,
    proof: ((FilePlace) throws(TrainingError) -> Void)? = nil
  ) throws(TrainingError) {
    guard let proof else {
      return try replace(place, withPieces: CollectionOfOne(bytes), exclusive: exclusive)
    }
    try replace(place, withPieces: CollectionOfOne(bytes), exclusive: exclusive) {
      temporary throws(TrainingError) in
      guard try holds(temporary, bytes) else {
        throw TrainingError(.inputOutput, "the bytes read back differ from those written")
      }
      try proof(temporary)
    }
  }

  /// The same of bytes that come in pieces, one after the other; `proof` looks at what was written.
  package static func replace(
    _ place: FilePlace, withPieces pieces: some Sequence<[UInt8]>, exclusive: Bool = false,
    proof: ((FilePlace) throws(TrainingError) -> Void)? = nil
  ) throws(TrainingError) {
    let temporary = place.sibling(".\(place.lastName).\(getpid()).tmp")
    func failed() -> TrainingError {
      TrainingError(.inputOutput, "cannot write \(place.path): \(lastError())")
    }
    guard let holder = try place.holder() else { throw failed() }
    let folder = holder.descriptor
    func removeTemporary() { unlinkat(folder, systemPath(temporary.lastName), 0) }
    removeTemporary()
    do throws(TrainingError) {
      let descriptor = try holder.open(
        temporary.lastName, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, temporary.path)
      guard descriptor >= 0 else { throw TrainingError(.inputOutput, lastError()) }
      try OutputFile(descriptor).write(pieces: pieces, sync: true)
      try proof?(temporary)
    } catch {
      removeTemporary()
      throw TrainingError(error.kind, "cannot write \(place.path): \(error.problem)")
    }
    if exclusive {
      // link refuses where rename would replace.
      let status = linkat(
        folder, systemPath(temporary.lastName), folder, systemPath(place.lastName), 0)
      let error = failed()
      removeTemporary()
      guard status == 0 else { throw error }
    } else if renameat(folder, systemPath(temporary.lastName), folder, systemPath(place.lastName))
      != 0
    {
      let error = failed()
      removeTemporary()
      throw error
    }
    // Some file systems cannot sync a folder and say EINVAL.
    guard fsync(folder) == 0 || errno == EINVAL else { throw failed() }
  }

  /// Gives a file another name in its folder; one of that name is lost.
  package static func rename(_ place: FilePlace, to name: String) throws(TrainingError) {
    guard let holder = try place.holder(),
      renameat(holder.descriptor, systemPath(place.lastName), holder.descriptor, systemPath(name))
        == 0
    else {
      throw TrainingError(
        .inputOutput, "cannot rename \(place.path) to \(name): \(lastError())")
    }
  }

  /// Waits until what was written to a file is on the disk.
  package static func synchronize(_ place: FilePlace) throws(TrainingError) {
    let descriptor = try place.open(O_RDONLY)
    guard descriptor >= 0 else {
      throw TrainingError(.inputOutput, "cannot open \(place.path): \(lastError())")
    }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else {
      throw TrainingError(.inputOutput, "cannot write \(place.path): \(lastError())")
    }
  }

  /// Gives a file a second name, which loses what it named before; where the file system has one
  /// name a file, the other names a copy.
  package static func addName(_ place: FilePlace, as other: FilePlace) throws(TrainingError) {
    remove(other)
    if let old = try place.holder(), let new = try other.holder(),
      linkat(
        old.descriptor, systemPath(place.lastName), new.descriptor, systemPath(other.lastName), 0)
        == 0
    {
      return
    }
    try replace(other, with: read(place, limit: .max))
  }

  /// Makes a folder in `home` that nobody else has; `name` is how its name begins.
  package static func createTemporaryFolder(
    _ name: String, in home: String
  ) throws(TrainingError) -> String {
    var path = systemPath("\(home)/\(name).XXXXXX")
    guard mkdtemp(&path) != nil else {
      throw TrainingError(
        .cannotCreate, "cannot create a temporary folder in \(home): \(lastError())",
        advice: "set TMPDIR to a writable folder")
    }
    return String(fileName: path.dropLast().map(UInt8.init(bitPattern:)))
  }

  /// Removes a folder and what is in it; what stays is no error.
  package static func removeFolder(_ path: String) {
    for name in names(in: path) {
      let inner = path + "/" + name
      // A link to a folder is removed itself; a folder is not.
      if unlink(systemPath(inner)) != 0 { removeFolder(inner) }
    }
    rmdir(systemPath(path))
  }

  /// Removes a file that somebody named; one that is not there, or that stays, is no error.
  package static func remove(_ path: String) { unlink(systemPath(path)) }

  /// Removes a file that somebody named; that it is not there, or stays, is an error.
  package static func delete(_ path: String) throws(TrainingError) {
    guard unlink(systemPath(path)) == 0 else {
      throw TrainingError(.inputOutput, "cannot remove \(path): \(lastError())")
    }
  }

  /// Removes a file; one that is not there, or that stays, is no error.
  package static func remove(_ place: FilePlace) {
    guard let holder = try? place.holder() else { return }
    unlinkat(holder.descriptor, systemPath(place.lastName), 0)
  }

  /// Bytes that the file system still takes where a path is, or where it would be; nil if it does not
  /// say.
  package static func freeBytes(_ path: String) -> Int? {
    if !exists(path), parent(of: path) != path { return freeBytes(parent(of: path)) }
    var status = statvfs()
    // Those of the kernel, such as /proc, have no blocks.
    guard statvfs(systemPath(path), &status) == 0, status.f_blocks > 0 else { return nil }
    let (bytes, overflow) = Int(clamping: status.f_bavail)
      .multipliedReportingOverflow(by: Int(clamping: status.f_frsize))
    return overflow ? nil : bytes
  }

  /// Adds text to the end of a file, creating it where needed; all of it, or nothing.
  ///
  /// Errors: a link, a pipe, a device, and a file that has another name somewhere: that one would
  /// change with it.
  package static func append(_ text: String, to place: FilePlace) throws(TrainingError) {
    let descriptor = try place.open(O_WRONLY | O_CREAT | O_APPEND)
    guard descriptor >= 0 else {
      if errno == ENXIO { throw .noFile(place.path) }
      throw TrainingError(.inputOutput, "cannot write \(place.path): \(lastError())")
    }
    let file = OutputFile(descriptor)
    try file.requireOnly(place.path)
    do throws(TrainingError) {
      try file.write(Array(text.utf8), sync: false)
    } catch {
      throw TrainingError(.inputOutput, "cannot write \(place.path): \(error.problem)")
    }
  }

  /// The folder that holds a path.
  package static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The path without the slashes at its end; the root stays.
  package static func withoutFinalSlashes(_ path: String) -> String {
    var path = path[...]
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return String(path)
  }

  /// The part after the last slash.
  package static func lastName(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}
