import Classifier
import ImageData
import Primitives
import TestSupport
import Testing
import Training

private func resumed(
  _ folder: String, _ change: (inout Settings) -> Void = { _ in }
) throws -> (TrainingSummary, Events) {
  var options = Settings()
  change(&options)
  return try follow(Trainer(try Resumption(run: folder, settings: options), engine: engine()))
}

private func changes(_ folder: String) throws -> [PlanChange] {
  try Configuration(file: folder + "/config.json").training.changes ?? []
}

/// The run that a run's config.json repeats has its bits; `verify` finds the same.
private func expectRepeated(_ run: String) throws {
  _ = try train(try Configuration(file: run + "/config.json"), out: run + "-again")
  #expect(try outcome(run + "-again") == outcome(run))
  let compared = try Verification(run: run, steps: 1 << 20).run(
    in: "/tmp", cache: .init(), engine: engine(), events: { _ in })
  #expect(compared.count > 2 && compared.allSatisfy(\.isSame))
}

private func withImages(
  _ change: (inout Settings) -> Void = { _ in },
  _ body: (_ folder: String, _ configuration: Configuration) throws -> Void
) throws {
  try withTemporaryFolder { folder in
    // Five steps an epoch.
    try writeDataset(
      folder + "/data", ["train": 10, "val": 3, "test": 2], classes: ["blue", "red"])
    try body(folder, try configuration(folder + "/data", change))
  }
}

/// A clock that goes on by what each step is said to take, and by nothing else.
private final class StepClock {
  private(set) var now = 0.0
  private var steps = 0
  private let duration: (Int) -> Double
  private let pause: (Int) -> Double

  /// `pause`: seconds after an epoch's figures, by its number.
  init(_ duration: @escaping (Int) -> Double, pause: @escaping (Int) -> Double = { _ in 0 }) {
    (self.duration, self.pause) = (duration, pause)
  }

  /// Lets a step's time pass.
  func pass() {
    steps += 1
    now += duration(steps)
  }

  func run(_ trainer: (@escaping () -> Double) throws -> Trainer) throws -> (
    TrainingSummary, [PlanUpdate], [EpochMetrics]
  ) {
    var updates: [PlanUpdate] = []
    var epochs: [EpochMetrics] = []
    // The step's time passes before its end is noted, so in the event before it: the last batch's.
    now += duration(0)
    let summary = try trainer({ self.now }).run(events: { event in
      switch event {
      case .plan(let update): updates.append(update)
      case .epoch(let metrics):
        epochs.append(metrics)
        self.now += self.pause(epochs.count)
      case .batch: self.pass()
      default: break
      }
    })
    return (summary, updates, epochs)
  }
}

@Suite("How long a run is")
struct PlanTests {
  @Test("A run that got more epochs is repeated by its config.json and verified, bit for bit")
  func extended() throws {
    try withImages({ ($0["epochs"], $0["schedule"]) = (2, "one-cycle") }) { folder, configuration in
      let run = folder + "/run"
      _ = try train(configuration, out: run)
      _ = try resumed(run) { $0["epochs"] = 4 }
      #expect(try changes(run) == [PlanChange(step: 10, epochs: 4, reason: .request)])
      #expect(try Configuration(file: run + "/config.json").training.epochs == 2)
      try expectRepeated(run)
      // Asked for again, nothing is left to do and nothing is noted.
      #expect(try Resumption(run: run).finished != nil)
      #expect(try changes(run).count == 1)
    }
  }

  @Test("A backbone that moves from an epoch on does so after a pause between the two as well")
  func thawed() throws {
    try withImages({ ($0["arch"], $0["size"], $0["epochs"]) = ("r10h", 32, 1) }) {
      folder, configuration in
      _ = try train(configuration, out: folder + "/origin")
      var options = Settings()
      (options["from"], options["freeze-epochs"]) = (folder + "/origin", 1)
      (options["epochs"], options["batch-size"], options["optimizer"]) = (3, 4, "adam")
      let frozen = try Configuration(dataset: folder + "/data", settings: options)
      _ = try train(frozen, out: folder + "/whole")
      let run = folder + "/run"
      var isEpochOver = false
      _ = try Trainer(configuration: frozen, out: run, engine: engine()).run(
        events: { if case .epoch = $0 { isEpochOver = true } },
        shouldStop: { isEpochOver ? Stopped(signal: 15) : nil })
      #expect(try RunRecord(folder: RunFolder(existing: run)).epochs == 1)
      _ = try resumed(run)
      #expect(try outcome(run) == outcome(folder + "/whole"))
    }
  }

  @Test("With more epochs than were frozen a run goes on to the bits of one begun with all of them")
  func thawedLater() throws {
    try withImages({ ($0["arch"], $0["size"], $0["epochs"]) = ("r10h", 32, 1) }) {
      folder, configuration in
      _ = try train(configuration, out: folder + "/origin")
      var options = Settings()
      (options["from"], options["freeze-epochs"], options["schedule"]) = (
        folder + "/origin", 2, "constant"
      )
      (options["epochs"], options["batch-size"]) = (4, 4)
      // Images that grow would have another size in the second of four epochs than in that of two.
      (options["start-size"], options["train-size"]) = (32, 32)
      _ = try train(
        try Configuration(dataset: folder + "/data", settings: options), out: folder + "/whole")
      options["epochs"] = 2
      _ = try train(
        try Configuration(dataset: folder + "/data", settings: options), out: folder + "/run")
      _ = try resumed(folder + "/run") { $0["epochs"] = 4 }
      #expect(try outcome(folder + "/run") == outcome(folder + "/whole"))
    }
  }

  @Test("A time limit chooses the epochs that fit, ends the schedule at zero, and is repeated")
  func limited() throws {
    try withImages({
      ($0["epochs"], $0["schedule"], $0["max-time"]) = (20, "one-cycle", 45)
    }) { folder, configuration in
      let run = folder + "/run"
      let clock = StepClock { _ in 1 }
      let (summary, updates, epochs) = try clock.run {
        Trainer(configuration: configuration, out: run, engine: try engine(), clock: $0)
      }
      #expect(summary.endedBy == .time && summary.askedEpochs == 20)
      // What was too careful at first may be put right while the rate is high.
      #expect(updates.count < 3 && updates.allSatisfy { $0.maxSeconds == 45 })
      #expect(updates.map(\.epochs) == updates.map(\.epochs).sorted())
      let planned = try #require(updates.last?.epochs)
      // 45 steps are nine epochs, less what is left free for what cannot be foreseen.
      #expect((7...8).contains(planned) && epochs.count == planned)
      #expect(clock.now <= 46)
      for update in updates {
        #expect(update.line == "--max-time 45s: \(update.epochs) of 20 epochs fit")
      }
      let peak = epochs.map(\.learningRate).max() ?? 0
      #expect((epochs.last?.learningRate ?? 1) < 0.02 * peak)
      let record = try RunRecord(folder: RunFolder(existing: run))
      #expect(record.status == .done && record.reason == .time && record.maxSeconds == 45)
      #expect(try Configuration(file: run + "/config.json").training.maxSeconds == 0)
      try expectRepeated(run)
      // Out of time is not done for good: without a limit the rest of what was asked for follows.
      let (rest, _) = try resumed(run)
      #expect(rest.epochs == 20 && rest.endedBy == .epochs)
    }
  }

  @Test("Where the machine becomes slower fewer epochs are made, and the limit holds")
  func slower() throws {
    try withImages({ ($0["epochs"], $0["max-time"]) = (20, 45) }) { folder, configuration in
      let clock = StepClock { $0 < 15 ? 1 : 2 }
      let (summary, updates, epochs) = try clock.run {
        Trainer(configuration: configuration, out: folder + "/run", engine: try engine(), clock: $0)
      }
      #expect(updates.count > 1 && summary.endedBy == .time)
      #expect(epochs.count == updates.last?.epochs && epochs.count < updates.first?.epochs ?? 0)
      #expect(clock.now <= 47)
      try expectRepeated(folder + "/run")
    }
  }

  @Test(
    "Slow first steps of an epoch do not cut it short where there is time for all of it",
    arguments: [(60.0, 1), (0.0, 10)])
  func slowStart(before: Double, slowSteps: Int) throws {
    try withTemporaryFolder { folder in
      // 120 steps.
      try writeDataset(folder + "/data", ["train": 60, "val": 3], classes: ["blue", "red"])
      let configuration = try configuration(folder + "/data") {
        ($0["epochs"], $0["batch-size"], $0["max-time"]) = (1, 1, 100)
      }
      let clock = StepClock { $0 == 0 ? before : $0 <= slowSteps ? 2 : 0.1 }
      let (summary, updates, _) = try clock.run {
        Trainer(configuration: configuration, out: folder + "/run", engine: try engine(), clock: $0)
      }
      #expect(summary.endedBy == .epochs && summary.epochs == 1)
      #expect(clock.now <= 100 && clock.now > before + 10)
      #expect((try changes(folder + "/run").last?.steps) == nil)
      // Ten slow steps look like a slow machine, until faster ones follow.
      #expect(updates.isEmpty == (slowSteps == 1))
      try expectRepeated(folder + "/run")
    }
  }

  @Test("Where nothing fits one step is made, and that is said")
  func nothingFits() throws {
    try withImages({ ($0["epochs"], $0["max-time"]) = (20, 1) }) { folder, configuration in
      let clock = StepClock { $0 == 0 ? 0 : 3 }
      let (summary, updates, _) = try clock.run {
        Trainer(configuration: configuration, out: folder + "/run", engine: try engine(), clock: $0)
      }
      #expect(updates.map(\.line) == ["--max-time 1s: training ends after 1 step"])
      #expect(summary.endedBy == .time && summary.testAccuracy != nil)
      #expect(
        try changes(folder + "/run") == [PlanChange(step: 1, epochs: 1, steps: 1, reason: .time)])
      // The next process has time enough.
      let (rest, _) = try resumed(folder + "/run") { ($0["max-time"], $0["epochs"]) = (0, 3) }
      #expect(rest.epochs == 3 && rest.endedBy == .epochs)
      // The epoch that time cut ends there again, though more was asked for after it.
      try expectRepeated(folder + "/run")
    }
  }

  @Test("Time that is over while the images are listed ends the run, saying so")
  func overBeforeReading() throws {
    try withImages({ ($0["epochs"], $0["max-time"]) = (20, 1) }) { folder, configuration in
      let clock = StepClock { _ in 3 }
      let error = #expect(throws: TrainingError.self) {
        _ = try clock.run {
          Trainer(
            configuration: configuration, out: folder + "/run", engine: try engine(), clock: $0)
        }
      }
      #expect(error?.problem == "--max-time 1s is over before the first step")
      #expect(error?.found == "after listing \(folder)/data")
      #expect(!FileSystem.exists(folder + "/run"))
    }
  }

  @Test("An epoch that is cut within, and a run that went on from there, are repeated")
  func cutWithin() throws {
    try withImages({ ($0["epochs"], $0["max-time"]) = (20, 6) }) { folder, configuration in
      let clock = StepClock { $0 < 2 ? 1 : 2 }
      let (summary, _, _) = try clock.run {
        Trainer(configuration: configuration, out: folder + "/run", engine: try engine(), clock: $0)
      }
      let cut = try #require(try changes(folder + "/run").last)
      #expect(summary.endedBy == .time && cut.steps.map { (1..<5).contains($0) } == true)
      let (rest, _) = try resumed(folder + "/run") { ($0["max-time"], $0["epochs"]) = (0, 4) }
      #expect(rest.epochs == 4)
      try expectRepeated(folder + "/run")
    }
  }

  @Test("A run whose time is over after an epoch has a checkpoint to go on from")
  func overBetween() throws {
    try withImages({ ($0["epochs"], $0["max-time"]) = (20, 45) }) { folder, configuration in
      let run = folder + "/run"
      let clock = StepClock({ _ in 1 }, pause: { $0 == 2 ? 100 : 0 })
      let (summary, _, epochs) = try clock.run {
        Trainer(configuration: configuration, out: run, engine: try engine(), clock: $0)
      }
      #expect(summary.endedBy == .time && epochs.count == 2)
      let (rest, _) = try resumed(run) { $0["epochs"] = 4 }
      #expect(rest.epochs == 4)
      try expectRepeated(run)
    }
  }

  @Test("A signal while features of a later epoch are computed keeps the steps made so far")
  func stoppedAtFeatures() throws {
    try withImages({ ($0["arch"], $0["size"], $0["epochs"]) = ("r10h", 32, 1) }) {
      folder, configuration in
      _ = try train(configuration, out: folder + "/origin")
      var options = Settings()
      (options["from"], options["freeze"], options["epochs"]) = (folder + "/origin", "backbone", 12)
      options["batch-size"] = 4
      let frozen = try Configuration(dataset: folder + "/data", settings: options)
      _ = try train(frozen, out: folder + "/whole")
      let run = folder + "/run"
      var epochs = 0
      var isStopped = false
      let summary = try Trainer(configuration: frozen, out: run, engine: engine()).run(
        events: { event in
          switch event {
          case .epoch: epochs += 1
          case .features where epochs > 0: isStopped = true
          default: break
          }
        }, shouldStop: { isStopped ? Stopped(signal: 15) : nil })
      #expect(isStopped && summary.stoppedBySignal == 15 && summary.epochs == epochs)
      _ = try resumed(run)
      #expect(try outcome(run) == outcome(folder + "/whole"))
    }
  }

  @Test("A run that is stopped in its test comes to the end that time chose when it is resumed")
  func stoppedAfterTime() throws {
    try withImages({ ($0["epochs"], $0["max-time"]) = (20, 45) }) { folder, configuration in
      let run = folder + "/run"
      let clock = StepClock { _ in 1 }
      var epochs = 0
      var planned = 20
      _ = try Trainer(
        configuration: configuration, out: run, engine: try engine(), clock: { clock.now }
      ).run(
        events: { event in
          switch event {
          case .plan(let update): planned = update.epochs
          case .epoch: epochs += 1
          case .batch: clock.pass()
          default: break
          }
        }, shouldStop: { epochs >= planned ? Stopped(signal: 15) : nil })
      let (rest, _) = try resumed(run)
      #expect(rest.epochs == planned && planned < 20 && rest.endedBy == .time)
      let (more, _) = try resumed(run)
      #expect(more.epochs == 20)
    }
  }

  @Test("A run that patience ended says so, and goes on where more is asked for")
  func patience() throws {
    try withImages({
      ($0["epochs"], $0["patience"], $0["optimizer"], $0["lr"]) = (20, 2, "sgd", 1e-12)
      $0["schedule"] = "constant"
    }) { folder, configuration in
      let run = folder + "/run"
      let (first, _) = try train(configuration, out: run)
      #expect(first.endedBy == .patience && first.epochs < 20)
      #expect(try Resumption(run: run).finished?.endedBy == .patience)
      #expect(try RunRecord(folder: RunFolder(existing: run)).reason == .patience)
      let (second, _) = try resumed(run) { $0["epochs"] = 30 }
      #expect(second.epochs == first.epochs + 2 && second.endedBy == .patience)
      try expectRepeated(run)
      let (third, _) = try resumed(run) { ($0["epochs"], $0["patience"]) = (second.epochs + 3, 0) }
      #expect(third.epochs == second.epochs + 3 && third.endedBy == .epochs)
    }
  }

  @Test("What looks at validation figures is refused where there are none")
  func withoutValidation() throws {
    try withTemporaryFolder { folder in
      try writeDataset(folder + "/data", ["train": 5], classes: ["blue", "red"])
      for (option, change) in [
        ("--patience 1", { $0["patience"] = 1 }),
        ("--schedule plateau", { $0["schedule"] = "plateau" }),
        ("--monitor val_loss", { $0["monitor"] = "val_loss" }),
      ] as [(String, (inout Settings) -> Void)] {
        let error = refusal {
          _ = try train(
            try configuration(folder + "/data") {
              $0["val-split"] = 0
              change(&$0)
            }, out: folder + "/run")
        }
        #expect(error?.kind == .usage && error?.problem.hasPrefix(option) == true)
      }
    }
  }
}
