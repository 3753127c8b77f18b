import Glibc
internal import Primitives

/// The calls to the file system, with errors as values.
enum FileSystem {
  /// What the system says of the last call's failure.
  static func lastError() -> String { String(cString: strerror(errno)).lowercased() }

  /// Whether anything has that name; a link to nothing has not.
  static func exists(_ path: String) -> Bool { access(systemPath(path), F_OK) == 0 }

  /// Whether that is a folder or a link to one.
  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(systemPath(path), &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The path from the root, without links; nil where it does not exist.
  static func absolute(_ path: String) -> String? {
    guard let resolved = realpath(systemPath(path), nil) else { return nil }
    defer { free(resolved) }
    return String(systemPath: resolved)
  }

  /// The names in a folder, in byte order; none where it cannot be read.
  static func names(in path: String) -> [String] { (try? listing(of: path)) ?? [] }

  /// The names in a folder, in byte order.
  static func listing(of path: String) throws(TrainingError) -> [String] {
    guard let folder = opendir(systemPath(path)) else {
      throw TrainingError(
        errno == ENOENT ? .missing : .inputOutput, "cannot list \(path): \(lastError())")
    }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(fileName: Array(bytes.prefix { $0 != 0 }))
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Creates a folder and those above it; one that is there is no error.
  static func createFolders(_ path: String) throws(TrainingError) {
    var prefix = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      prefix += (prefix.isEmpty || prefix.hasSuffix("/") ? "" : "/") + part
      guard mkdir(systemPath(prefix), 0o777) != 0, !isFolder(prefix) else { continue }
      let cause = errno == EEXIST ? "a file of that name is there" : lastError()
      throw TrainingError(
        .cannotCreate, "cannot create the folder \(path): \(prefix): \(cause)",
        advice: "--out with a folder that can be created")
    }
  }

  /// Reads a regular file of at most `limit` bytes.
  static func read(_ path: String, limit: Int) throws(TrainingError) -> [UInt8] {
    let file = try InputFile(path, limit: limit)
    return try file.bytes(0..<file.size)
  }

  /// The last byte of a regular file; nil where it is empty.
  static func lastByte(of path: String) throws(TrainingError) -> UInt8? {
    let file = try InputFile(path, limit: .max)
    return file.size == 0 ? nil : try file.bytes(file.size - 1..<file.size).first
  }

  /// Whether a file's bytes are these; never takes memory for more than a part of it.
  private static func holds(_ path: String, _ bytes: [UInt8]) throws(TrainingError) -> Bool {
    let file = try InputFile(path, limit: bytes.count)
    guard file.size == bytes.count else { return false }
    let part = 1 << 20
    for start in stride(from: 0, to: bytes.count, by: part) {
      let range = start..<min(start + part, bytes.count)
      guard try file.bytes(range)[...] == bytes[range] else { return false }
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
  static func replace(
    _ path: String, with bytes: [UInt8], exclusive: Bool = false,
    proof: ((String) throws(TrainingError) -> Void)? = nil
  ) throws(TrainingError) {
    let folder = parent(of: path)
    let temporary = folder + "/." + lastName(of: path) + ".\(getpid()).tmp"
    func failed() -> TrainingError {
      TrainingError(.inputOutput, "cannot write \(path): \(lastError())")
    }
    unlink(systemPath(temporary))
    do throws(TrainingError) {
      try store(bytes, at: temporary, flags: O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, sync: true)
      if let proof {
        guard try holds(temporary, bytes) else {
          throw TrainingError(.inputOutput, "what was written is not what is read")
        }
        try proof(temporary)
      }
    } catch {
      unlink(systemPath(temporary))
      throw TrainingError(.inputOutput, "cannot write \(path): \(error.problem)")
    }
    if exclusive {
      // link refuses where rename would replace.
      let status = link(systemPath(temporary), systemPath(path))
      let error = failed()
      unlink(systemPath(temporary))
      guard status == 0 else { throw error }
    } else if Glibc.rename(systemPath(temporary), systemPath(path)) != 0 {
      let error = failed()
      unlink(systemPath(temporary))
      throw error
    }
    let entry = open(systemPath(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard entry >= 0 else { throw failed() }
    defer { close(entry) }
    // Some file systems cannot sync a folder and say EINVAL.
    guard fsync(entry) == 0 || errno == EINVAL else { throw failed() }
  }

  /// Gives a file another name; one of that name is lost.
  static func rename(_ path: String, to other: String) throws(TrainingError) {
    guard Glibc.rename(systemPath(path), systemPath(other)) == 0 else {
      throw TrainingError(.inputOutput, "cannot rename \(path) to \(other): \(lastError())")
    }
  }

  /// Waits until what was written to a file is on the disk.
  static func synchronize(_ path: String) throws(TrainingError) {
    let descriptor = open(systemPath(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw TrainingError(.inputOutput, "cannot open \(path): \(lastError())")
    }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else {
      throw TrainingError(.inputOutput, "cannot write \(path): \(lastError())")
    }
  }

  /// Gives a file a second name, which loses what it named before; where the file system has one
  /// name a file, the other names a copy.
  static func addName(_ path: String, as other: String) throws(TrainingError) {
    unlink(systemPath(other))
    if link(systemPath(path), systemPath(other)) == 0 { return }
    try replace(other, with: read(path, limit: .max))
  }

  /// Makes a folder in `home` that nobody else has; `name` is how its name begins.
  static func createTemporaryFolder(
    _ name: String, in home: String
  ) throws(TrainingError) -> String {
    var path = systemPath("\(home)/\(name).XXXXXX")
    guard mkdtemp(&path) != nil else {
      throw TrainingError(
        .cannotCreate, "no temporary folder can be made in \(home): \(lastError())",
        advice: "TMPDIR, set to a folder that can be written to")
    }
    return String(fileName: path.dropLast().map(UInt8.init(bitPattern:)))
  }

  /// Removes a folder and what is in it; what stays is no error.
  static func removeFolder(_ path: String) {
    for name in names(in: path) {
      let inner = path + "/" + name
      // A link to a folder is removed itself; a folder is not.
      if unlink(systemPath(inner)) != 0 { removeFolder(inner) }
    }
    rmdir(systemPath(path))
  }

  /// Removes a file; one that is not there, or that stays, is no error.
  static func remove(_ path: String) { unlink(systemPath(path)) }

  /// Removes what a process that died has left of files that it was writing.
  static func removeTemporaries(in path: String) {
    for name in names(in: path) where name.hasPrefix(".") && name.hasSuffix(".tmp") {
      remove(path + "/" + name)
    }
  }

  /// Bytes that a file system still takes; nil where it does not say.
  static func freeBytes(_ path: String) -> Int? {
    var status = statvfs()
    guard statvfs(systemPath(path), &status) == 0 else { return nil }
    let (bytes, overflow) = Int(clamping: status.f_bavail)
      .multipliedReportingOverflow(by: Int(clamping: status.f_frsize))
    return overflow ? nil : bytes
  }

  /// Adds text to the end of a file, creating it where needed; all of it, or nothing.
  static func append(_ text: String, to path: String) throws(TrainingError) {
    do throws(TrainingError) {
      try store(
        Array(text.utf8), at: path, flags: O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, sync: false)
    } catch {
      throw TrainingError(.inputOutput, "cannot write \(path): \(error.problem)")
    }
  }

  private static func store(
    _ bytes: [UInt8], at path: String, flags: CInt, sync: Bool
  ) throws(TrainingError) {
    let descriptor = open(systemPath(path), flags, 0o666)
    guard descriptor >= 0 else { throw TrainingError(.inputOutput, lastError()) }
    let before = lseek(descriptor, 0, SEEK_END)
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        let error = TrainingError(.inputOutput, lastError())
        // Half a line would spoil what follows it.
        if before >= 0 { ftruncate(descriptor, before) }
        close(descriptor)
        throw error
      }
      done += count
    }
    if sync, fsync(descriptor) != 0 {
      let error = TrainingError(.inputOutput, lastError())
      close(descriptor)
      throw error
    }
    guard close(descriptor) == 0 else { throw TrainingError(.inputOutput, lastError()) }
  }

  /// The folder that holds a path.
  static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The part after the last slash.
  static func lastName(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}
