package import Primitives

/// Where a model lies: a file, a run, a name, or the program itself.
package struct ModelLocation: Sendable {
  /// The weights file, or the name of the model inside the program.
  package var weights: String
  /// The run folder that holds it, where there is one.
  package var run: String?
  /// The model inside the program, where it is one.
  package var boxed: BoxedModel?
  /// The name that it goes by, where it is on the shelf.
  package private(set) var shelved: String?
  /// The newest run, where it has no weights and this is an older one.
  package fileprivate(set) var passedOver: String?
  /// The file's bytes, where another process has read them.
  package var bytes: [UInt8]?

  /// The place of the file; no link below a run folder is followed.
  package var place: FilePlace {
    guard let run else { return FilePlace(named: weights) }
    let folder = FileSystem.lastName(of: FileSystem.parent(of: weights))
    return RunFolder(existing: run).place(folder + "/" + FileSystem.lastName(of: weights))
  }

  /// A weights file, in a run folder or not.
  package init(weights: String, run: String? = nil) {
    self.weights = weights
    self.run = run
  }

  /// A model inside the program.
  package init(_ boxed: BoxedModel) {
    weights = boxed.name
    self.boxed = boxed
  }

  init(_ name: String, on shelf: ModelShelf) {
    weights = shelf.path(of: name)
    shelved = name
  }

  /// The name in messages and results: what finds it again.
  package var title: String { shelved ?? run ?? weights }

  /// Bytes that a model's file may have at most.
  package static let sizeLimit = 1 << 31

  /// Opens what is there; nothing is read yet.
  func open() throws(TrainingError) -> ByteSource {
    if let boxed { return .memory(boxed.bytes) }
    if let bytes { return .array(bytes) }
    return .file(try InputFile(place, limit: ModelLocation.sizeLimit))
  }

  /// The model file's size in bytes and its SHA-256.
  package func fileFacts() throws(TrainingError) -> (bytes: Int, sha256: String) {
    let source = try open()
    return (source.count, SHA256.hex(of: try source.bytes(0..<source.count)))
  }
}

extension ClassifierModel {
  /// Finds the model that `--model` names: a run folder's best weights, a file, a built-in model, or
  /// one of the shelf.
  ///
  /// An existing path wins over a name. Without a name it is `latest` where there is one, or the
  /// newest run beside it that has weights; else the program's own.
  ///
  /// - shelf: nil if there is none.
  package static func locate(
    _ name: String?, latest: String = RunFolder.latest, shelf: ModelShelf?
  ) throws(TrainingError) -> ModelLocation {
    guard let name else {
      guard FileSystem.isFolder(latest) else { return ModelLocation(.catsDogs) }
      guard !RunFolder(existing: latest).place(RunFolder.bestName).isThere,
        let older = RunFolder.newestWithWeights(beside: latest)
      else { return try locate(latest, shelf: nil) }
      var location = try locate(older, shelf: nil)
      location.passedOver = RunFolder.lasting(latest)
      return location
    }
    guard FileSystem.exists(name) else {
      if let boxed = BoxedModel.named(name) { return ModelLocation(boxed) }
      if let model = shelf?.model(named: name) { return model }
      if ModelShelf.problem(inName: name) == nil { try shelf?.requireListable() }
      let names = BoxedModel.all.map(\.name) + (shelf?.names ?? [])
      throw TrainingError(
        .missing, "the model \(name) does not exist",
        expected: "a run folder, a model file, or one of these names: \(listed(names))",
        advice: nearest(to: name, among: names))
    }
    guard FileSystem.isFolder(name) else {
      let run = FileSystem.parent(of: FileSystem.parent(of: name))
      guard RunFolder.holdsRun(run) else { return ModelLocation(weights: name) }
      try RunFolder(existing: run).requireNoLinks()
      return ModelLocation(weights: name, run: run)
    }
    let run = RunFolder(existing: name)
    try run.requireNoLinks()
    guard FileSystem.exists(run.bestWeights) else {
      let isRun = RunFolder.holdsRun(run.path)
      throw TrainingError(
        .badData,
        isRun
          ? "the run \(name) has no weights yet"
          : "the folder \(name) is not a run: it has no weights",
        expected: run.bestWeights,
        advice: isRun
          ? "cnnctl train --resume=\(shellWord(RunFolder.lasting(name))), which continues it"
          : RunFolder.adviceToChoose(in: name))
    }
    return run.model
  }
}
