internal import CNN
internal import Glibc
package import Primitives

/// The folder of models that go by a name, as `--model` and `--from` take it.
///
/// A model is a file `NAME.safetensors`, as every command writes and reads it. Beside it
/// `NAME.json` says which file it was imported from.
package struct ModelShelf: Sendable, Hashable {
  /// The folder, which need not exist.
  package let folder: String

  /// The ending of a model's file.
  private static let ending = ".safetensors"
  /// Bytes that a name may have: with the ending and what a temporary file's name adds to it, it
  /// stays within the 255 bytes of a file name.
  private static let longestName = 200
  private static let noteLimit = 1 << 16

  package init(folder: String) { self.folder = folder }

  /// The file of a name's model.
  package func path(of name: String) -> String { folder + "/" + name + ModelShelf.ending }

  private func notePath(of name: String) -> String { folder + "/" + name + ".json" }

  /// The reason why no model can have that name; nil if it can.
  package static func problem(inName name: String) -> String? {
    if name.isEmpty { return "it is empty" }
    if name.contains("/") { return "it contains a slash, as a path does" }
    if name.hasPrefix(".") { return "it begins with a dot" }
    if name.hasPrefix("-") { return "it begins with a minus, as an option does" }
    if let problem = ForeignText.problem(inName: name) { return "it has " + problem }
    if name.first?.isWhitespace == true || name.last?.isWhitespace == true {
      return "it begins or ends with a space"
    }
    guard name.utf8.count <= longestName else {
      return "it has \(name.utf8.count) bytes, at most \(longestName) are allowed"
    }
    if let ending = [ending, ".json"].first(where: name.hasSuffix) {
      return "it ends in \(ending), as a file does"
    }
    if BoxedModel.named(name) != nil { return "it is that of the model inside this program" }
    if Architecture.presetNames.contains(name) { return "it is that of a network without weights" }
    return nil
  }

  /// The names of the models, in byte order.
  package var names: [String] {
    FileSystem.names(in: folder).filter { $0.hasSuffix(ModelShelf.ending) }
      .map { String($0.dropLast(ModelShelf.ending.count)) }
      .filter { ModelShelf.problem(inName: $0) == nil }
  }

  /// Refuses a shelf that is there and cannot be listed, such as a file in its place.
  package func requireListable() throws(TrainingError) {
    guard OpenFolder(folder) == nil, errno != ENOENT else { return }
    throw TrainingError(
      .inputOutput, "cannot list the models in \(folder): \(FileSystem.lastError())",
      expected: "a folder of models, or nothing yet",
      advice: "XDG_DATA_HOME set to another folder")
  }

  /// The model of a name, be it a link to nothing; nil if there is none.
  package func model(named name: String) -> ModelLocation? {
    holds(name) ? ModelLocation(name, on: self) : nil
  }

  private func holds(_ name: String) -> Bool {
    ModelShelf.problem(inName: name) == nil && FilePlace(named: path(of: name)).isThere
  }

  /// The file that a model of that digest was imported from; nil if nothing says so.
  package func source(of name: String, sha256: String) -> String? {
    guard let bytes = try? FileSystem.read(notePath(of: name), limit: ModelShelf.noteLimit),
      let note = try? JSON.parse(bytes[...], depth: 1),
      // Another model may have taken the name since.
      note["weights_sha256"]?.text == sha256, let source = note["source"]?.text,
      ForeignText.problem(inName: source) == nil
    else { return nil }
    return source
  }

  /// Refuses a name that no model can have, and one that a model has unless it `replaces` it.
  package func check(_ name: String, replaces: Bool) throws(TrainingError) {
    if let problem = ModelShelf.problem(inName: name) {
      throw TrainingError(
        .usage, "'\(name)' cannot be a model's name: \(problem)",
        expected: "a word such as imagenet")
    }
    guard replaces || !holds(name) else { throw isThere(name) }
  }

  private func isThere(_ name: String) -> TrainingError {
    TrainingError(
      .cannotCreate, "there is already a model \(name) in \(folder)",
      expected: "another name, or --replace",
      advice: "cnnctl models, which lists them")
  }

  /// Writes a model in one step under a name, and gives its SHA-256.
  ///
  /// - source: the name of the file that it comes from.
  ///
  /// Errors: those of `check`, and a folder that cannot be created or written.
  package func put(
    _ bytes: [UInt8], as name: String, from source: String, replaces: Bool
  ) throws(TrainingError) -> String {
    try check(name, replaces: replaces)
    do throws(TrainingError) {
      try FileSystem.createFolders(folder)
    } catch {
      throw TrainingError(
        .cannotCreate, error.problem, expected: "a folder for models that can be written",
        advice: ModelShelf.otherPlace)
    }
    do throws(TrainingError) {
      try ExportedFile.store(bytes, at: path(of: name), replaces: replaces)
    } catch {
      if !replaces, holds(name) { throw isThere(name) }
      var error = error
      error.advice = ModelShelf.otherPlace
      throw error
    }
    let sha256 = SHA256.hex(of: bytes)
    // A crash before this leaves a model of unknown origin: the digest tells an old note apart.
    let note: JSON = ["source": .string(source), "weights_sha256": .string(sha256)]
    try FileSystem.replace(FilePlace(named: notePath(of: name)), with: Array(note.indented.utf8))
    return sha256
  }

  private static let otherPlace =
    "XDG_DATA_HOME set to another folder, or -o FILE instead of --name"

  /// Removes a model; a damaged one, too.
  ///
  /// Errors: no model of that name, and a file that cannot be removed.
  package func remove(_ name: String) throws(TrainingError) {
    try requireListable()
    guard holds(name) else { throw unknown(name) }
    try FileSystem.delete(path(of: name))
    FileSystem.remove(notePath(of: name))
  }

  /// The refusal of a name that no model has.
  private func unknown(_ name: String) -> TrainingError {
    let names = self.names
    return TrainingError(
      .missing, "there is no model \(name) in \(folder)",
      expected: names.isEmpty ? "a name, but there are no models yet" : listed(names),
      advice: nearest(to: name, among: names))
  }
}
