internal import Classifier
internal import Primitives

/// A run's checkpoints: the newest two, each with the weights that were the best then.
///
/// A checkpoint is written under another name, synchronized, read back by the rules of its reader and
/// renamed, and only then an older one goes: whenever the process or the machine dies, a whole one is
/// there.
struct CheckpointFolder {
  private let run: RunFolder
  static let generations = 2
  private static let (prefix, suffix) = ("step-", ".safetensors")
  private static let bestSuffix = "-best.safetensors"

  init(_ run: RunFolder) { self.run = run }

  private func place(_ name: String) -> FilePlace {
    run.place(RunFolder.checkpointName + "/" + name)
  }

  /// Keeps a checkpoint, and the best weights as they are on the disk where there are some.
  ///
  /// The checkpoint of the step `boundary` stays, however many are newer.
  func write(
    _ bytes: [UInt8], step: Int, hasBest: Bool, boundary: Int? = nil
  ) throws(TrainingError) {
    guard run.isWritten else { return }
    try run.createFolder(RunFolder.checkpointName)
    let stem = CheckpointFolder.stem(step)
    if hasBest {
      try FileSystem.addName(
        run.place(RunFolder.bestName), as: place(stem + CheckpointFolder.bestSuffix))
    }
    try FileSystem.replace(
      place(stem + CheckpointFolder.suffix), with: bytes, proof: Checkpoint.checkReadable)
    prune(keeping: step, boundary)
  }

  /// Removes all but the newest; what cannot be removed stays, and does no harm.
  private func prune(keeping step: Int, _ boundary: Int?) {
    // After a step back the newest is not the one of the most steps.
    let others = ((try? steps()) ?? []).filter { $0 != step }
    for old in others.filter({ $0 > step }) + others.filter({ $0 < step }).dropFirst()
    where old != boundary {
      let stem = CheckpointFolder.stem(old)
      FileSystem.remove(place(stem + CheckpointFolder.suffix))
      FileSystem.remove(place(stem + CheckpointFolder.bestSuffix))
    }
  }

  /// The steps of the checkpoints, the most first; none where there is no folder.
  ///
  /// Error: a folder that cannot be listed.
  private func steps() throws(TrainingError) -> [Int] {
    try run.names(in: RunFolder.checkpointName).compactMap { name in
      guard name.hasPrefix(CheckpointFolder.prefix), name.hasSuffix(CheckpointFolder.suffix),
        !name.hasSuffix(CheckpointFolder.bestSuffix)
      else { return nil }
      return Int(
        name.dropFirst(CheckpointFolder.prefix.count).dropLast(CheckpointFolder.suffix.count))
    }.sorted(by: >)
  }

  private static func stem(_ step: Int) -> String { prefix + zeroPadded(step, 9) }

  /// The newest checkpoint that is whole, its best weights put back in their place; nil if no
  /// checkpoint was written.
  ///
  /// `skipped` gets each that is not whole, with the reason; the one of the step `first` is tried
  /// before the others. Errors: checkpoints of which none can be read, a folder that cannot be
  /// listed, weights that cannot be written.
  func newest(
    first: Int? = nil, skipped: (String) -> Void
  ) throws(TrainingError) -> Checkpoint? {
    var causes: [String] = []
    let steps = try steps()
    for step in steps.filter({ $0 == first }) + steps.filter({ $0 != first }) {
      let stem = CheckpointFolder.stem(step)
      let file = place(stem + CheckpointFolder.suffix)
      let checkpoint: Checkpoint
      let best: [UInt8]?
      do throws(TrainingError) {
        checkpoint = try Checkpoint(file)
        best = try bestWeights(of: checkpoint, at: place(stem + CheckpointFolder.bestSuffix))
      } catch {
        skipped("ignored the checkpoint \(file.path): \(error.problem)")
        causes.append("\(file.path): \(error.problem)")
        continue
      }
      if let best { try FileSystem.replace(run.place(RunFolder.bestName), with: best) }
      return checkpoint
    }
    guard causes.isEmpty else {
      throw TrainingError(
        .badData,
        "no checkpoint of \(run.path) can be read, and the run is not restarted over them",
        found: causes.joined(separator: "; "),
        expected: "an undamaged checkpoint in \(run.file(RunFolder.checkpointName))",
        advice: run.adviceToBeginAnew)
    }
    return nil
  }

  /// The bytes of the weights that were the best at a checkpoint; nil if they are in place.
  private func bestWeights(
    of checkpoint: Checkpoint, at copy: FilePlace
  ) throws(TrainingError) -> [UInt8]? {
    guard checkpoint.progress.hasBest else { return nil }
    let expected = checkpoint.progress.weightsSHA256
    let kept = run.place(RunFolder.bestName)
    if let bytes = try? FileSystem.read(kept, limit: ModelLocation.sizeLimit),
      SHA256.hex(of: bytes) == expected
    {
      return nil
    }
    let bytes = try FileSystem.read(copy, limit: ModelLocation.sizeLimit)
    guard SHA256.hex(of: bytes) == expected else {
      throw TrainingError(.badData, "\(copy.path) has changed")
    }
    return bytes
  }
}
