import CNN
import Classifier
import Foundation
import ImageData
import Primitives
import TestSupport
import Testing
import Training

/// A small network with normalizations, trained a little on two colours, and three colours to start
/// from it.
private struct Rig {
  let folder: String
  let photos: String

  func settings(
    _ recipe: String = "finetune", _ change: (inout Settings) -> Void = { _ in }
  ) -> Settings {
    var settings = Settings()
    settings["recipe"] = recipe
    settings["from"] = folder + "/source"
    if recipe == "finetune" { (settings["epochs"], settings["batch-size"]) = (3, 8) }
    change(&settings)
    return settings
  }

  func configuration(
    _ recipe: String = "finetune", _ change: (inout Settings) -> Void = { _ in }
  ) throws -> Configuration {
    try Configuration(dataset: photos, settings: settings(recipe, change))
  }

  func model(_ run: String) throws -> ClassifierModel {
    try ClassifierModel(path: RunFolder(existing: folder + "/" + run).bestWeights)
  }
}

private func withRig(
  arch: String = "seed-bn", val: Int = 3, _ body: (Rig) throws -> Void
) throws {
  try withTemporaryFolder { folder in
    try writeDataset(folder + "/two", ["train": 6, "val": 2], classes: ["blue", "red"])
    var splits = ["train": 9, "test": 3]
    if val > 0 { splits["val"] = val }
    try writeDataset(folder + "/photos", splits, classes: ["blue", "lime", "red"])
    let source = try configuration(folder + "/two") {
      $0["arch"] = arch
      $0["size"] = 32
      $0["epochs"] = 1
    }
    _ = try train(source, out: folder + "/source")
    try body(Rig(folder: folder, photos: folder + "/photos"))
  }
}

private func solved(_ events: Events) -> SolvedStart? {
  events.all.lazy.compactMap { if case .solved(let start) = $0 { start } else { nil } }.first
}

private func resume(_ folder: String) throws -> (TrainingSummary, Events) {
  try follow(Trainer(try Resumption(run: folder), engine: try engine(threads: 1)))
}

@Suite("Finetune")
struct FinetuneTests {
  @Test func `It starts with the answers of an instant run on the same images`() throws {
    try withRig { rig in
      _ = try train(
        try rig.configuration("instant") { $0["resize"] = "stretch" }, out: rig.folder + "/instant")
      let instant = try rig.model("instant")
      // Rates of almost nothing: what is kept is the start, or as good as that.
      let (_, events) = try train(
        try rig.configuration {
          $0["lr"] = 1e-12
          $0["epochs"] = 1
          $0["weight-decay"] = 0
        }, out: rig.folder + "/run")
      let tuned = try rig.model("run")
      let start = try #require(solved(events))
      #expect(start.images == 27 && start.folds == 5)
      let samples = try Dataset.open(rig.photos).images([.test])
      #expect(samples.count == 9)
      func logits(_ model: ClassifierModel) throws -> [Float] {
        try Predictor(model: model, engine: try engine(), tta: .plain).predict(samples) { _ in }
          .flatMap(\.logits)
      }
      let (own, theirs) = (try logits(tuned), try logits(instant))
      #expect(own.count == 27 && zip(own, theirs).allSatisfy { abs($0 - $1) < 1e-5 })
      // Its figures are those that the run reports of its start.
      let figures = try Evaluator(
        model: instant, run: rig.folder + "/instant", engine: try engine()
      ).evaluate(
        {
          var request = Evaluator.Request()
          (request.split, request.tta) = ("val", .plain)
          return request
        }()
      ).evaluation
      #expect(start.valAccuracy == figures.accuracy)
    }
  }

  @Test func `Every layer is trained, and statistics stay unless they are let go`() throws {
    try withRig { rig in
      let before = try rig.model("source")
      let head = try #require(before.network.architecture.head)
      for (name, stays) in [("frozen", true), ("free", false)] {
        let configuration = try rig.configuration {
          $0["freeze-bn"] = stays
          $0["val-split"] = 0
        }
        let run = rig.folder + "/" + name
        let (_, events) = try train(configuration, out: run)
        let last = try ClassifierModel(path: RunFolder(existing: run).lastWeights)
        for tensor in before.network.tensorNames where !head.owns(tensor: tensor) {
          let isSame = last.network.values(of: tensor) == before.network.values(of: tensor)
          #expect(isSame == (stays && tensor.contains("running")), "\(name) \(tensor)")
        }
        let lines = events.all.flatMap(\.lines)
        #expect(lines.contains { $0.contains("head solved for 3 classes") })
        #expect(lines.contains { $0.contains("keeps the model's statistics") } == stays)
        #expect(lines.contains { $0.hasPrefix("last layer solved, penalty ") })
      }
    }
  }

  @Test func `A run that is stopped anywhere goes on to the same bits, on any count of threads`()
    throws
  {
    try withRig { rig in
      let configuration = try rig.configuration()
      let whole = rig.folder + "/whole"
      _ = try train(configuration, out: whole, threads: 3)
      let expected = try outcome(whole)
      // While features are computed, between the layer and the first step, in epochs, and when they
      // are over.
      for (name, isTime) in [
        ("features", { if case .features(let done, _) = $0 { done > 0 } else { false } }),
        ("solved", { if case .solved = $0 { true } else { false } }),
        ("step", { if case .batch(let step) = $0 { step.step == 2 } else { false } }),
        ("epoch", { if case .epoch(let epoch) = $0 { epoch.epoch == 2 } else { false } }),
        ("distances", { if case .features(9, 9) = $0 { true } else { false } }),
      ] as [(String, (TrainingEvent) -> Bool)] {
        let out = rig.folder + "/" + name
        var isStopped = false
        let trainer = Trainer(
          configuration: configuration, out: out, engine: try engine(threads: 1))
        do {
          let summary = try trainer.run(
            events: { if isTime($0) { isStopped = true } },
            shouldStop: { isStopped ? Stopped(signal: 2) : nil })
          #expect(summary.stoppedBySignal == 2, "\(name)")
        } catch is Stopped {}
        #expect(try RunRecord(folder: RunFolder(existing: out)).status == .stopped)
        let (summary, events) = try resume(out)
        #expect(summary.stoppedBySignal == nil)
        #expect((solved(events) != nil) == (name == "features"), "\(name)")
        #expect(try outcome(out) == expected, "\(name)")
      }
      // A process that dies before its first step leaves the layer, which is not solved again.
      let out = rig.folder + "/died"
      struct Death: Error {}
      #expect(throws: Death.self) {
        try Trainer(configuration: configuration, out: out, engine: try engine()).run(events: {
          if case .batch = $0 { throw Death() }
        })
      }
      #expect(try contents(of: out + "/checkpoint").contains("step-000000000.safetensors"))
      #expect(try solved(resume(out).1) == nil)
      #expect(try outcome(out) == expected)

      let comparisons = try Verification(run: whole, steps: 4).run(
        in: rig.folder, cache: ImageCache(), engine: try engine(), events: { _ in })
      #expect(comparisons.count > 1 && comparisons.allSatisfy(\.isSame))
      let again = try Configuration(file: whole + "/config.json")
      #expect(again == configuration)
    }
  }

  @Test func `It can tell photos of no class, by the distances of the validation images`() throws {
    try withRig { rig in
      _ = try train(try rig.configuration(), out: rig.folder + "/run")
      let model = try rig.model("run")
      let detector = try #require(model.novelty)
      // As every command measures them.
      let predictor = try Predictor(model: model, measuring: detector, engine: try engine())
      let held = try #require(Dataset.open(rig.photos).splits[.val])
      let found = try predictor.predict(held) { _ in }.compactMap { $0.novelty?.distance }.sorted()
      let known = detector.arrays.distances
      #expect(found.count == 9 && known.count == 9)
      #expect(zip(found, known).allSatisfy { abs($0 - Double($1)) < 1e-3 * (1 + $0) })
    }
  }

  @Test func `What is worse than the solved layer is not kept, and that is said`() throws {
    try withRig { rig in
      let run = rig.folder + "/run"
      // Steps that destroy all features.
      let (summary, events) = try train(
        try rig.configuration {
          $0["optimizer"] = "sgd"
          $0["lr"] = 30
          $0["clip-grad"] = 1
          $0["schedule"] = "constant"
          // Wild weights are right by chance every now and then: one epoch, of which it is known.
          $0["epochs"] = 1
        }, out: run)
      let start = try #require(solved(events))
      #expect(events.epochs.allSatisfy { ($0.valLoss ?? 0) > start.valLoss ?? .infinity })
      #expect(summary.bestEpoch == 0 && summary.valAccuracy == start.valAccuracy)
      #expect(events.warnings.contains { $0.contains("no epoch did better") })
      #expect(try RunRecord(folder: RunFolder(existing: run)).bestEpoch == 0)
      let model = try rig.model("run")
      let source = try rig.model("source")
      #expect(
        model.network.values(of: "layers.0.filters")
          == source.network.values(of: "layers.0.filters"))
    }
  }

  @Test func `Without validation images the last epoch is kept, and that is said`() throws {
    try withRig(val: 0) { rig in
      let (summary, events) = try train(
        try rig.configuration { $0["val-split"] = 0 }, out: rig.folder + "/run")
      #expect(summary.bestEpoch == 3 && solved(events)?.valAccuracy == nil)
      #expect(try rig.model("run").novelty == nil)
      #expect(events.all.flatMap(\.lines).contains { $0.contains("and the last is kept") })
    }
  }

  @Test func `What it cannot be made of is refused with what to do`() throws {
    try withRig { rig in
      var alone = Settings()
      alone["recipe"] = "finetune"
      let configuration = try Configuration(dataset: rig.photos, settings: alone)
      let missing = refusal { _ = try train(configuration, out: rig.folder + "/alone") }
      #expect(missing?.kind == .usage && missing?.expected?.contains("--from MODEL") == true)
      #expect(missing?.problem.contains("--recipe finetune") == true)
      #expect(!FileManager.default.fileExists(atPath: rig.folder + "/alone"))
      for (name, value) in [("freeze", "backbone"), ("freeze-epochs", "2")] {
        let error = refusal { _ = try rig.configuration { $0[name] = value } }
        #expect(error?.kind == .usage && error?.problem.hasPrefix("--\(name)") == true)
        #expect(error?.expected?.contains("--recipe instant") == true)
      }
      let above = refusal {
        _ = try rig.configuration {
          $0["backbone-lr"] = 0.1
          $0["stem-lr"] = 0.2
        }
      }
      #expect(above?.kind == .usage && above?.problem == "--stem-lr is above --backbone-lr")
      // The recipe's own first rate follows the one that is given.
      #expect(try rig.configuration { $0["backbone-lr"] = 0.05 }.transfer.stemRate == 0.05)
      for (name, value) in [("stem-lr", "0.5" as any CustomStringConvertible), ("freeze-bn", true)]
      {
        let error = refusal {
          var settings = Settings()
          settings[name] = value
          _ = try Configuration(dataset: rig.photos, settings: settings)
        }
        #expect(error?.kind == .usage && error?.problem.hasPrefix("--\(name) has no") == true)
      }
    }
  }

  @Test func `A last layer without a bias is refused before anything is written`() throws {
    try withRig { rig in
      let network = try Network(
        input: Shape(height: 16, width: 16, channels: 3),
        layers: [Conv2D(filters: 4), GlobalAveragePool2D(), Dense(units: 3, useBias: false)])
      let model = ClassifierModel(
        network: network, classes: ["a", "b", "c"],
        preprocessing: Preprocessing(width: 16, height: 16), recipe: "seed",
        datasetFingerprint: "f", trainingImages: 1)
      let path = rig.folder + "/open.safetensors"
      try write(model.encoded(), to: path)
      for recipe in ["instant", "finetune"] {
        let configuration = try rig.configuration(recipe) { $0["from"] = path }
        let error = refusal { _ = try train(configuration, out: rig.folder + "/refused") }
        #expect(error?.kind == .badData && error?.found?.contains("no bias") == true)
      }
      #expect(!FileManager.default.fileExists(atPath: rig.folder + "/refused"))
    }
  }

  @Test func `A limit of time ends it with weights that are kept`() throws {
    try withRig { rig in
      let (summary, _) = try train(
        try rig.configuration {
          $0["epochs"] = 5000
          $0["max-time"] = "3s"
        }, out: rig.folder + "/run")
      #expect(summary.endedBy == .time && summary.epochs < 5000)
      #expect(try rig.model("run").classes.count == 3)
      let again = try Configuration(file: rig.folder + "/run/config.json")
      #expect(try train(again, out: rig.folder + "/again").0.weightsSHA256 == summary.weightsSHA256)
    }
  }
}
