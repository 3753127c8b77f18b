import CNN
import Classifier
import FoundationEssentials
import Primitives
import TestSupport
import Testing
import Training

/// Ways to train whose state differs: optimizers, averages, schedules, a backbone that is frozen for
/// a while or for good, images that grow and are blended.
private let ways: [(String, @Sendable (inout Settings) -> Void)] = [
  ("adam", { $0["optimizer"] = "adam" }),
  (
    "muon, average, mixup, growing",
    {
      $0["arch"] = "r10h"
      $0["size"] = 32
      $0["start-size"] = 16
      $0["optimizer"] = "muon"
      $0["ema"] = 0.9
      $0["mixup"] = 0.3
      $0["augment"] = "standard"
    }
  ),
  (
    "sgd, plateau, patience",
    {
      $0["optimizer"] = "sgd"
      $0["schedule"] = "plateau"
      $0["patience"] = 2
      $0["epochs"] = 6
    }
  ),
  (
    "adamw, no validation, clipped",
    {
      $0["optimizer"] = "adamw"
      $0["val-split"] = 0
      $0["clip-grad"] = 0.5
      $0["label-smoothing"] = 0.1
    }
  ),
]

private func resume(
  _ folder: String, dataset: String? = nil, threads: Int = 1,
  _ change: (inout Settings) -> Void = { _ in },
  stop: (Int) -> Stopped? = { _ in nil }
) throws -> (TrainingSummary, Events) {
  var options = Settings()
  change(&options)
  return try follow(
    Trainer(
      try Resumption(run: folder, dataset: dataset, settings: options),
      engine: try engine(threads: threads)), stop: stop)
}

/// Images, a way to train on them, and what is come to without a break.
private struct Rig {
  let folder: String
  let data: String
  let configuration: Configuration

  /// What the run that nobody interrupts leaves.
  func expected() throws -> [String] {
    _ = try train(configuration, out: folder + "/whole")
    return try outcome(folder + "/whole")
  }
}

private func withRig(
  _ change: (inout Settings) -> Void = { _ in }, _ body: (Rig) throws -> Void
) throws {
  try withTemporaryFolder { folder in
    let data = folder + "/data"
    try writeDataset(data, ["train": 9, "val": 3, "test": 2], classes: ["blue", "red"])
    try body(Rig(folder: folder, data: data, configuration: try configuration(data, change)))
  }
}

@Suite("Resuming")
struct ResumeTests {
  @Test(
    "A run that is stopped after any step goes on, on another count of threads, to the same bits",
    arguments: ways.indices)
  func sameBits(way: Int) throws {
    try withRig(ways[way].1) { rig in
      let (folder, configuration) = (rig.folder, rig.configuration)
      let expected = try rig.expected()
      // Within an epoch, at its end, and twice.
      for stops in [[1], [5], [7, 4], [13]] {
        let out = "\(folder)/run\(stops)"
        _ = try train(configuration, out: out, stop: { $0 == stops[0] ? Stopped(signal: 2) : nil })
        for stop in stops.dropFirst() {
          _ = try resume(out, stop: { $0 == stop ? Stopped(signal: 15) : nil })
        }
        let (summary, events) = try resume(out)
        #expect(summary.stoppedBySignal == nil && summary.testAccuracy != nil)
        #expect(try outcome(out) == expected, "\(ways[way].0), stopped after \(stops)")
        #expect(events.warnings.isEmpty)
        #expect(try RunRecord(folder: RunFolder(existing: out)).status == .done)
      }
    }
  }

  @Test("A run whose backbone is frozen goes on to the same bits", arguments: [0, 2])
  func frozen(epochs: Int) throws {
    let small: (inout Settings) -> Void = {
      $0["arch"] = "r10h"
      $0["size"] = 32
      $0["epochs"] = 1
    }
    try withRig(small) { rig in
      let folder = rig.folder
      _ = try train(rig.configuration, out: folder + "/origin")
      var options = Settings()
      options["from"] = folder + "/origin"
      if epochs == 0 { options["freeze"] = "backbone" } else { options["freeze-epochs"] = epochs }
      (options["epochs"], options["batch-size"], options["augment"]) = (4, 4, "standard")
      let configuration = try Configuration(dataset: rig.data, settings: options)
      _ = try train(configuration, out: folder + "/whole")
      for stop in [3, 8, 12] {
        let out = "\(folder)/run\(stop)"
        _ = try train(configuration, out: out, stop: { $0 == stop ? Stopped(signal: 2) : nil })
        _ = try resume(out)
        #expect(try outcome(out) == outcome(folder + "/whole"), "stopped after \(stop)")
      }
    }
  }

  @Test("A damaged checkpoint is ignored with a warning, and the one before it leads to the same")
  func damaged() throws {
    try withRig { rig in
      let (out, expected) = (rig.folder + "/run", try rig.expected())
      _ = try train(rig.configuration, out: out, stop: { $0 == 3 ? Stopped(signal: 2) : nil })
      _ = try resume(out, stop: { $0 == 4 ? Stopped(signal: 2) : nil })
      let checkpoints = try contents(of: out + "/checkpoint").filter { !$0.contains("best") }
      #expect(checkpoints.count == 2)
      let newest = try #require(checkpoints.last)
      var spoilt = try bytes(of: "\(out)/checkpoint/\(newest)")
      spoilt[spoilt.count / 2] ^= 1
      try write(spoilt, to: "\(out)/checkpoint/\(newest)")
      let (_, events) = try resume(out)
      #expect(events.warnings.contains { $0.contains(newest) && $0.contains("ignored") })
      #expect(try outcome(out) == expected)
    }
  }

  @Test("Weights that are lost or newer than the checkpoint are put back")
  func weights() throws {
    try withRig { rig in
      let (out, expected) = (rig.folder + "/run", try rig.expected())
      _ = try train(rig.configuration, out: out, stop: { $0 == 13 ? Stopped(signal: 2) : nil })
      // As another program replaces a file: the checkpoint's copy is another name of the old one.
      try FileManager.default.removeItem(atPath: out + "/weights/best.safetensors")
      try write([1, 2, 3], to: out + "/weights/best.safetensors")
      try write([1, 2, 3], to: out + "/metrics.csv")
      let (_, events) = try resume(out)
      #expect(try outcome(out) == expected && events.warnings.isEmpty)
    }
  }

  @Test("Figures that neither metrics.csv nor the events have are called lost; the weights are not")
  func figures() throws {
    try withRig { rig in
      let (out, expected) = (rig.folder + "/run", try rig.expected())
      _ = try train(rig.configuration, out: out, stop: { $0 == 13 ? Stopped(signal: 2) : nil })
      try write(Array("mine".utf8), to: out + "/metrics.csv")
      try write([], to: out + "/events.ndjson")
      let (_, events) = try resume(out)
      let lost = events.warnings.filter { $0.contains("epochs 1 to 2 are lost") }
      #expect(lost.count == 1 && lost[0].contains("metrics.damaged.csv"))
      #expect(try text(of: out + "/metrics.damaged.csv") == "mine")
      // The header, and the two epochs that were trained now.
      let rows = expected.dropLast(2)
      #expect(try outcome(out) == [rows[0]] + expected.dropFirst(3))
      #expect(MetricsRow.all(of: RunFolder(existing: out)).map(\.epoch) == [3, 4])
    }
  }

  @Test("A run none of whose checkpoints can be read is refused, and nothing of it is touched")
  func unreadable() throws {
    try withRig { rig in
      let out = rig.folder + "/run"
      _ = try train(rig.configuration, out: out, stop: { $0 == 9 ? Stopped(signal: 2) : nil })
      let before = try Dictionary(
        uniqueKeysWithValues: ["metrics.csv", "run.json", "weights/best.safetensors"].map {
          ($0, try bytes(of: out + "/" + $0))
        })
      let names = try contents(of: out + "/checkpoint").filter { !$0.contains("best") }
      for name in names {
        var spoilt = try bytes(of: "\(out)/checkpoint/\(name)")
        spoilt[spoilt.count / 2] ^= 1
        try write(spoilt, to: "\(out)/checkpoint/\(name)")
      }
      let damaged = refusal { _ = try resume(out) }
      #expect(damaged?.kind == .badData && damaged?.problem.contains("not restarted") == true)
      #expect(names.allSatisfy { damaged?.found?.contains($0) == true })
      #expect(damaged?.advice?.contains("--out NEW") == true)

      // Without any checkpoint, too, where the run has trained for long or ended.
      try FileManager.default.removeItem(atPath: out + "/checkpoint")
      let gone = refusal { _ = try resume(out) }
      #expect(gone?.kind == .badData && gone?.problem.contains("no checkpoint") == true)
      // What is there and no folder cannot be told from what was there.
      try write([], to: out + "/checkpoint")
      #expect(refusal { _ = try resume(out) }?.problem.contains("cannot list") == true)
      for (name, old) in before { #expect(try bytes(of: out + "/" + name) == old, "\(name)") }
    }
  }

  @Test("A finished run says again what it came to; with more epochs it goes on")
  func finished() throws {
    try withRig({ $0["schedule"] = "constant" }) { rig in
      let (folder, configuration) = (rig.folder, rig.configuration)
      let (summary, _) = try train(configuration, out: folder + "/run")
      #expect(try Resumption(run: folder + "/run").finished?.weightsSHA256 == summary.weightsSHA256)
      let longer = try self.longer(configuration)
      _ = try train(longer, out: folder + "/long")
      _ = try resume(folder + "/run") { $0["epochs"] = 6 }
      #expect(try outcome(folder + "/run") == outcome(folder + "/long"))
      let fewer = refusal { _ = try resume(folder + "/run") { $0["epochs"] = 2 } }
      #expect(fewer?.kind == .usage && fewer?.found == "6 epochs")
    }
  }

  private func longer(_ configuration: Configuration) throws -> Configuration {
    var longer = configuration
    longer.training.epochs = 6
    return longer
  }

  @Test("Other options, other images, no run, a run at work: each is refused with what differs")
  func refusals() throws {
    try withRig { rig in
      let (folder, configuration) = (rig.folder, rig.configuration)
      let out = folder + "/run"
      _ = try train(configuration, out: out, stop: { $0 == 3 ? Stopped(signal: 2) : nil })

      let other = refusal { _ = try resume(out) { $0["label-smoothing"] = 0.3 } }
      #expect(other?.kind == .usage)
      #expect(other?.found?.contains("--label-smoothing: ") == true)
      #expect(other?.found?.contains("0.3 given") == true)
      let recipe = refusal { _ = try resume(out) { $0["recipe"] = "best" } }
      #expect(recipe?.found?.contains("best given") == true)

      try writeDataset(
        folder + "/other", ["train": 8, "val": 3, "test": 2], classes: ["blue", "red"])
      let images = refusal { _ = try resume(out, dataset: folder + "/other") }
      #expect(images?.kind == .badData && images?.found?.contains("fingerprint") == true)

      #expect(refusal { _ = try Resumption(run: folder + "/nothing") }?.kind == .missing)
      #expect(refusal { _ = try Resumption(run: rig.data) }?.kind == .badData)
      let again = refusal { _ = try train(configuration, out: out) }
      #expect(again?.kind == .cannotCreate && again?.advice?.contains("--resume=\(out)") == true)

      // The same images elsewhere are the same images.
      try writeDataset(
        folder + "/moved", ["train": 9, "val": 3, "test": 2], classes: ["blue", "red"])
      var refused: TrainingError?
      _ = try resume(
        out, dataset: folder + "/moved",
        stop: { step in
          if step == 2 { refused = refused ?? refusal { _ = try resume(out) } }
          return nil
        })
      #expect(
        refused?.kind == .cannotCreate && refused?.problem.contains("another process") == true)
    }
  }
}
