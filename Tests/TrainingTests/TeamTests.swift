import CNN
import Classifier
import Foundation
import Primitives
import Ranks
import TestSupport
import Testing
import Training

/// What every process of a run came to.
private struct Ended: Sendable {
  var summary: TrainingSummary
  var warnings: [String]
  /// Of each epoch.
  var losses: [Double]
  var validation: [Double]
}

extension Result {
  fileprivate var hasFailed: Bool {
    if case .failure = self { true } else { false }
  }
}

/// Trains on threads that stand for processes.
///
/// `stop` is asked after every step, with the process's number and how many steps it has made.
private func trainTogether(
  _ count: Int, _ configuration: Configuration, out: String,
  dataset: (@Sendable (_ rank: Int) -> String)? = nil,
  stop: @escaping @Sendable (_ rank: Int, _ step: Int) -> Stopped? = { _, _ in nil },
  resuming: Bool = false
) -> [Result<Ended, any Error>] {
  onRanks(count) { communicator in
    let rank = communicator.rank
    var own = configuration
    if let dataset { own.dataset = dataset(rank) }
    let trainer =
      resuming && rank == 0
      ? Trainer(
        try Resumption(run: out), engine: try engine(threads: 1), group: Group(communicator))
      : Trainer(
        configuration: own, out: out, engine: try engine(threads: 1), group: Group(communicator))
    var (warnings, losses, validation): ([String], [Double], [Double]) = ([], [], [])
    var steps = 0
    let summary: TrainingSummary
    do {
      summary = try trainer.run(
        events: { event in
          switch event {
          case .batch: steps += 1
          case .epoch(let metrics):
            losses.append(metrics.loss)
            validation.append(metrics.valLoss ?? 0)
          case .warning(let text): warnings.append(text)
          default: break
          }
        }, shouldStop: { stop(rank, steps) })
    } catch {
      // As a command does it: the first one ends all, the others tell it why they cannot go on.
      if rank > 0 { communicator.giveUp(code: 65, "\(error)", patience: 0.1) }
      throw error
    }
    try communicator.leave()
    return Ended(summary: summary, warnings: warnings, losses: losses, validation: validation)
  }
}

private func withData(
  _ change: (inout Settings) -> Void = { _ in },
  _ body: (_ folder: String, _ configuration: Configuration) throws -> Void
) throws {
  try withTemporaryFolder { folder in
    let data = folder + "/data"
    // Batches of 6 images, which four processes cannot share evenly.
    try writeDataset(data, ["train": 9, "val": 3, "test": 2], classes: ["blue", "red"])
    let configuration = try configuration(data) {
      ($0["arch"], $0["size"], $0["epochs"], $0["batch-size"]) = ("r10h", 32, 3, 8)
      ($0["augment"], $0["mixup"], $0["ema"], $0["optimizer"]) = ("standard", 0.3, 0.9, "adamw")
      change(&$0)
    }
    try body(folder, configuration)
  }
}

@Suite("Processes that train together")
struct TeamTests {
  /// The weights that a run ended with, or those that one process began with.
  private func weights(_ run: String) throws -> [String: [Float]] {
    let path = RunFolder(existing: run).file("weights/last.safetensors")
    let network = try ClassifierModel(path: path).network
    return Dictionary(
      uniqueKeysWithValues: network.tensorNames.map { ($0, network.values(of: $0) ?? []) })
  }

  /// Steps of plain SGD at a small rate move each tensor by its gradients, which is all that
  /// processes can promise: Adam divides each gradient by its own size in its first steps, so that
  /// one that is zero but for rounding moves its weight by a whole rate in either direction.
  @Test("The gradients of an epoch's steps are those of one process, and so is its loss")
  func sameGradients() throws {
    try withData({
      ($0["optimizer"], $0["lr"], $0["schedule"]) = ("sgd", 1e-3, "constant")
      ($0["epochs"], $0["ema"], $0["batch-size"]) = (2, 0, 18)
    }) { folder, configuration in
      var still = configuration
      still.training.learningRate = 1e-20
      _ = try trainTogether(1, still, out: folder + "/start")[0].get()
      let start = try weights(folder + "/start")
      let alone = try trainTogether(1, configuration, out: folder + "/1")[0].get()
      let expected = try weights(folder + "/1")
      for count in [2, 3, 4] {
        let out = "\(folder)/\(count)"
        let found = try trainTogether(count, configuration, out: out)[0].get()
        #expect(abs(found.losses[0] - alone.losses[0]) < 1e-5 * alone.losses[0])
        var moved = 0
        for (name, numbers) in try weights(out) {
          let one = try #require(expected[name])
          let before = try #require(start[name])
          func length(_ a: [Float], _ b: [Float]) -> Double {
            zip(a, b).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }.squareRoot()
          }
          let whole = length(before, one)
          moved += whole > 0 ? 1 : 0
          // No step moves a block's last scale where the way to it is cut from the start.
          #expect(length(numbers, one) <= 1e-3 * whole, "\(name), \(count) processes")
        }
        #expect(moved > expected.count / 2)
      }
    }
  }

  @Test("The same number of processes comes to the same bits each time", arguments: [2, 3, 4])
  func sameBits(count: Int) throws {
    try withData({ $0["epochs"] = 1 }) { folder, configuration in
      let out = folder + "/run"
      let all = try trainTogether(count, configuration, out: out).map { try $0.get() }
      #expect(all.count == count)
      let record = try RunRecord(folder: RunFolder(existing: out))
      #expect(record.ranks == count)
      #expect(record.status == .done)
      #expect(all[0].summary.testAccuracy != nil)
      let again = try trainTogether(count, configuration, out: out + "-again")[0].get()
      #expect(again.losses == all[0].losses && again.validation == all[0].validation)
      #expect(again.summary.weightsSHA256 == all[0].summary.weightsSHA256)
      #expect(!again.summary.weightsSHA256.isEmpty)
    }
  }

  @Test(
    "A run that is left goes on to the same bits, and on another number of processes to the end")
  func resumed() throws {
    try withData { folder, configuration in
      let whole = try trainTogether(2, configuration, out: folder + "/whole")[0].get()
      for (out, count) in [("same", 2), ("more", 3), ("one", 1)] {
        let path = folder + "/" + out
        // Told to one of the two alone, who is not the first.
        let left = try trainTogether(
          2, configuration, out: path,
          stop: { rank, step in rank == 1 && step == 4 ? Stopped(signal: 15) : nil }
        ).map { try $0.get() }
        #expect(left.allSatisfy { $0.summary.stoppedBySignal == 15 })
        let ended = try trainTogether(count, configuration, out: path, resuming: true)[0].get()
        #expect(ended.summary.stoppedBySignal == nil)
        let isSame = ended.summary.weightsSHA256 == whole.summary.weightsSHA256
        #expect(isSame == (count == 2))
        #expect(ended.warnings.contains { $0.contains("processes") } == (count != 2))
      }
    }
  }

  @Test("Features of a frozen backbone are computed by parts, and are those of one process")
  func frozen() throws {
    try withData { folder, configuration in
      _ = try train(configuration, out: folder + "/origin")
      var options = Settings()
      (options["from"], options["freeze"]) = (folder + "/origin", "backbone")
      (options["epochs"], options["batch-size"], options["augment"], options["mixup"]) = (
        3, 4, "standard", 0.4
      )
      let transfer = try Configuration(dataset: configuration.dataset, settings: options)
      let alone = try trainTogether(1, transfer, out: folder + "/1")[0].get()
      let three = try trainTogether(3, transfer, out: folder + "/3")[0].get()
      for (a, b) in zip(three.losses, alone.losses) { #expect(abs(a - b) < 1e-4 * b) }
      #expect(three.losses.count == 3)
    }
  }

  @Test("Statistics of each one's part lead elsewhere, and all the same have the same weights")
  func ownStatistics() throws {
    try withData({ $0["sync-bn"] = false }) { folder, configuration in
      let all = try trainTogether(2, configuration, out: folder + "/2").map { try $0.get() }
      var shared = configuration
      shared.training.syncBN = nil
      let other = try trainTogether(2, shared, out: folder + "/shared")[0].get()
      #expect(all[0].summary.testAccuracy != nil)
      #expect(all[0].losses != other.losses)
    }
  }

  @Test("A process that sees other images is named, and nothing is trained")
  func otherImages() throws {
    try withData { folder, configuration in
      let copy = folder + "/copy"
      try FileManager.default.copyItem(atPath: configuration.dataset, toPath: copy)
      let file = try #require(
        FileManager.default.enumerator(atPath: copy)?.allObjects.compactMap { $0 as? String }
          .filter { $0.hasSuffix(".png") }.sorted().first)
      try FileManager.default.removeItem(atPath: copy + "/" + file)
      let results = trainTogether(
        2, configuration, out: folder + "/run", dataset: { $0 == 1 ? copy : configuration.dataset })
      #expect(results.allSatisfy { $0.hasFailed })
      let text = try #require(
        results.compactMap { result -> String? in
          if case .failure(let error) = result { "\(error)" } else { nil }
        }.first)
      #expect(text.contains("1"), "\(text)")
      #expect(!FileManager.default.fileExists(atPath: folder + "/run/checkpoint"))
    }
  }

  @Test("A number that is not finite ends all in the same step, with the images of the whole batch")
  func diverging() throws {
    try withData({
      ($0["arch"], $0["size"], $0["optimizer"], $0["lr"]) = ("seed", 16, "sgd", 100)
      $0["weight-decay"] = 0.05
    }) { folder, configuration in
      let results = trainTogether(3, configuration, out: folder + "/run")
      #expect(results.allSatisfy { $0.hasFailed })
      guard case .failure(let error as TrainingError) = results[0] else {
        Issue.record("the first process did not fail: \(results[0])")
        return
      }
      #expect(error.kind == .diverged)
      let record = try RunRecord(folder: RunFolder(existing: folder + "/run"))
      #expect(record.status == .failed)
    }
  }
}
