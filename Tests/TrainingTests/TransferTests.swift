import CNN
import Classifier
import Glibc
import ImageData
import Primitives
import TestSupport
import Testing
import Training

/// A small network, trained a little on two colours; and a folder for what follows from it.
private func withSource(
  arch: String = "seed", _ body: (_ folder: String, _ source: String) throws -> Void
) throws {
  try withTemporaryFolder { folder in
    for (name, classes) in [
      ("two", ["blue", "red"]), ("other", ["green", "lime"]), ("three", ["blue", "lime", "red"]),
    ] {
      try writeDataset(folder + "/" + name, ["train": 12, "val": 5, "test": 4], classes: classes)
    }
    let source = folder + "/source"
    let configuration = try configuration(folder + "/two") {
      $0["arch"] = arch
      $0["size"] = 32
      $0["epochs"] = 2
    }
    _ = try train(configuration, out: source)
    try body(folder, source)
  }
}

/// A run that starts from `source`.
private func from(
  _ source: String, _ dataset: String, _ change: (inout Settings) -> Void = { _ in }
) throws -> Configuration {
  try configuration(dataset) {
    $0["arch"] = nil
    $0["size"] = nil
    $0["from"] = source
    $0["epochs"] = 3
    change(&$0)
  }
}

private func model(_ run: String) throws -> ClassifierModel {
  try ClassifierModel(path: RunFolder(existing: run).bestWeights)
}

/// The names of tensors whose bits differ.
private func changed(_ a: ClassifierModel, _ b: ClassifierModel) -> [String] {
  a.network.tensorNames.filter {
    a.network.values(of: $0)?.map(\.bitPattern) != b.network.values(of: $0)?.map(\.bitPattern)
  }
}

private func start(_ events: Events) -> RunStart? {
  events.all.lazy.compactMap { if case .start(let start) = $0 { start } else { nil } }.first
}

private func failure(_ body: () throws -> Void) -> TrainingError? {
  do {
    try body()
    return nil
  } catch {
    return error as? TrainingError
  }
}

@Test(
  "A frozen backbone comes out with the same bits, by features and by steps on images",
  arguments: ["seed-bn", "r18h"])
func frozenBackbone(arch: String) throws {
  try withSource(arch: arch) { folder, source in
    let before = try model(source)
    let head = try #require(before.network.architecture.head).denseLayer
    for (name, change) in [
      ("a", { $0["freeze"] = "backbone" }), ("b", { $0["freeze-epochs"] = 3 }),
      (
        "c",
        {
          $0["freeze"] = "backbone"
          $0["augment"] = "standard"
          $0["mixup"] = 0.4
          $0["ema"] = 0.9
        }
      ),
    ] as [(String, (inout Settings) -> Void)] {
      let run = folder + "/frozen" + name
      let (_, events) = try train(try from(source, folder + "/two", change), out: run)
      #expect(
        changed(before, try model(run)) == ["layers.\(head).weights", "layers.\(head).bias"])
      // A backbone that is frozen for as many epochs may move in a later one.
      #expect(start(events)?.from?.views == (name == "b" ? nil : name == "c" ? 3 : 1))
    }
    // The first of two epochs is frozen and kept, as a signal comes before the second's end.
    let run = folder + "/part"
    let part = try from(source, folder + "/two") { $0["freeze-epochs"] = 1 }
    let (_, events) = try train(part, out: run) { $0 == 6 ? Stopped(signal: 2) : nil }
    #expect(start(events)?.from?.frozenEpochs == 1 && start(events)?.from?.views == nil)
    #expect(
      changed(before, try model(run)) == ["layers.\(head).weights", "layers.\(head).bias"])
    let thawed = folder + "/thawed"
    _ = try train(try from(source, folder + "/two") { $0["freeze-epochs"] = 1 }, out: thawed)
    let last = try ClassifierModel(path: RunFolder(existing: thawed).lastWeights)
    #expect(changed(before, last).contains("layers.0.filters"))
  }
}

@Test("Features kept and features computed at each step train the same head", arguments: [0, 0.4])
func featuresAgree(mixup: Double) throws {
  try withSource(arch: "seed-bn") { folder, source in
    func change(_ options: inout Settings) {
      options["augment"] = "standard"
      options["mixup"] = mixup
      options["schedule"] = "constant"
      // It is keyed by the layer's place, which differs.
      options["dropout"] = 0
    }
    let kept = try train(
      try from(source, folder + "/other") {
        change(&$0)
        $0["freeze"] = "backbone"
      }, out: folder + "/kept")
    let first = try #require(start(kept.1))
    #expect(first.epochs == 3 && first.from?.views == 3)
    // As a fourth epoch is to come, the first three are computed step by step; it never comes.
    var longer = try from(source, folder + "/other") {
      change(&$0)
      $0["epochs"] = 4
      $0["freeze-epochs"] = 3
    }
    let end = 3 * first.stepsPerEpoch
    longer.training.changes = [PlanChange(step: end, epochs: 3, steps: end, reason: .time)]
    let stepped = try train(longer, out: folder + "/stepped")
    #expect(stepped.1.epochs.count == 3)
    for (one, other) in zip(kept.1.epochs, stepped.1.epochs) {
      #expect(abs(one.loss - other.loss) < 1e-5, "epoch \(one.epoch)")
    }
    let models = try ["/kept", "/stepped"].map {
      try ClassifierModel(path: RunFolder(existing: folder + $0).lastWeights)
    }
    let head = try #require(models[0].network.architecture.head).denseLayer
    let weights = try models.map { try #require($0.network.values(of: "layers.\(head).weights")) }
    for (one, other) in zip(weights[0], weights[1]) { #expect(abs(one - other) < 1e-5) }
  }
}

@Test("What validation had of the features is what the written model answers")
func validationOfFeatures() throws {
  try withSource(arch: "seed-bn") { folder, source in
    for ema in [0, 0.9] {
      let run = folder + "/kept\(ema)"
      let (summary, events) = try train(
        try from(source, folder + "/other") {
          $0["freeze"] = "backbone"
          $0["dropout"] = 0
          $0["ema"] = ema
        }, out: run)
      let evaluation = try Evaluator(model: model(run), run: run, engine: engine())
        .evaluate(request("val")).evaluation
      let best = try #require(events.epochs.last { $0.isBest })
      #expect(evaluation.accuracy == best.valAccuracy)
      // The epochs' figures are at a temperature of 1.
      let predictions = try Evaluator(model: model(run), run: run, engine: engine())
        .evaluate(request("val")).predictions
      let loss = predictions.reduce(0.0) { sum, answer in
        let logit = Double(answer.logits[0])
        return sum + log1p(exp(answer.trueIndex == 1 ? -logit : logit))
      }
      let mean = loss / Double(predictions.count)
      #expect(abs(mean - (best.valLoss ?? 0)) < 1e-9, "temperature \(summary.temperature)")
    }
  }
}

@Test("A head that is kept is taken from where the model has it, with dropout before it or without")
func headBehindDropout() throws {
  try withSource(arch: "seed-bn") { folder, source in
    let before = try model(source)
    let old = try #require(before.network.architecture.head)
    #expect(old.firstLayer == old.denseLayer - 1, "with dropout")
    let (_, events) = try train(
      try from(source, folder + "/two") {
        $0["dropout"] = 0
        $0["lr"] = 1e-12
        $0["epochs"] = 1
      }, out: folder + "/without")
    #expect(start(events)?.from?.keepsHead == true)
    let after = try model(folder + "/without")
    let new = try #require(after.network.architecture.head)
    #expect(new.denseLayer == old.denseLayer - 1 && new.firstLayer == new.denseLayer)
    for name in ["weights", "bias"] {
      let found = try #require(after.network.values(of: "layers.\(new.denseLayer).\(name)"))
      let expected = try #require(before.network.values(of: "layers.\(old.denseLayer).\(name)"))
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-6 })
    }
  }
}

private func request(_ split: String) -> Evaluator.Request {
  var request = Evaluator.Request()
  request.split = split
  return request
}

@Test("Other classes get a new head, from two to three and back; the same ones keep it")
func heads() throws {
  try withSource { folder, source in
    let (_, three) = try train(try from(source, folder + "/three"), out: folder + "/b")
    let wider = try model(folder + "/b")
    #expect(wider.network.outputs == 3 && wider.classes == ["blue", "lime", "red"])
    let taken = try #require(start(three)?.from)
    #expect(!taken.keepsHead && taken.tensors == taken.allTensors - 2)
    #expect(taken.classes == ["blue", "red"])
    let line = try #require(three.all.flatMap(\.lines).first { $0.hasPrefix("from ") })
    #expect(line == "from \(source) (blue, red): 6 of 8 tensors, new head for 3 classes")
    // The names of a thousand classes would fill the screen.
    var many = try #require(start(three))
    many.from?.classes = (0..<1000).map { "class-\($0)" }
    #expect(
      TrainingEvent.start(many).lines.contains(
        "from \(source) (1,000 classes): 6 of 8 tensors, new head for 3 classes"))
    let (_, two) = try train(try from(folder + "/b", folder + "/two"), out: folder + "/c")
    #expect(try model(folder + "/c").network.outputs == 1)
    #expect(start(two)?.from?.keepsHead == false)
    // As many classes by other names.
    let (_, other) = try train(try from(source, folder + "/other"), out: folder + "/d")
    #expect(start(other)?.from?.keepsHead == false)
    // The same classes: with a rate of almost nothing the answers are the model's.
    let (same, events) = try train(
      try from(source, folder + "/two") {
        $0["lr"] = 1e-12
        $0["epochs"] = 1
      }, out: folder + "/e")
    #expect(start(events)?.from?.keepsHead == true)
    let evaluation = try Evaluator(model: model(source), run: source, engine: engine())
      .evaluate(request("test")).evaluation
    #expect(same.testAccuracy == evaluation.accuracy)
    #expect(abs((same.testLoss ?? 0) - evaluation.loss) < 1e-6)
  }
}

@Test("The images go through what the model's went through, unless options say otherwise")
func preprocessingIsTaken() throws {
  try withSource(arch: "r18h") { folder, source in
    let before = try model(source).preprocessing
    _ = try train(try from(source, folder + "/three"), out: folder + "/a")
    #expect(try model(folder + "/a").preprocessing == before)
    let changed = try from(source, folder + "/three") {
      $0["size"] = 48
      $0["filter"] = "nearest"
      $0["exif"] = "ignore"
    }
    _ = try train(changed, out: folder + "/b")
    let after = try model(folder + "/b").preprocessing
    #expect(after.width == 48 && after.height == 48 && after.filter == .nearest)
    #expect(after.exif == .ignore && after.shrinkMargin == 0)
    #expect(after.mean == before.mean && after.deviation == before.deviation)
  }
}

@Test("The weights are the same bits on any number of threads, and by the run's config.json")
func sameBitsFromModel() throws {
  try withSource(arch: "seed-bn") { folder, source in
    let changes: [(inout Settings) -> Void] = [
      {
        $0["freeze"] = "backbone"
        $0["augment"] = "standard"
        $0["mixup"] = 0.3
      },
      {
        $0["freeze-epochs"] = 1
        $0["backbone-lr"] = 0.1
        $0["ema"] = 0.9
      },
    ]
    for (index, change) in changes.enumerated() {
      let configuration = try from(source, folder + "/three", change)
      let digests = try [1, 2, 3].map { threads in
        try train(configuration, out: folder + "/run\(index)\(threads)", threads: threads)
          .0.weightsSHA256
      }
      #expect(Set(digests).count == 1)
      let file = folder + "/run\(index)1/config.json"
      let again = try Configuration(file: file)
      #expect(again == configuration && again.transfer.sha256 != nil)
      let out = folder + "/again\(index)"
      #expect(try train(again, out: out).0.weightsSHA256 == digests[0])
    }
    // Another model under the same name repeats nothing.
    let again = try Configuration(file: folder + "/run01/config.json")
    try write(
      bytes(of: RunFolder(existing: folder + "/run01").bestWeights),
      to: RunFolder(existing: source).bestWeights)
    let error = failure { _ = try train(again, out: folder + "/changed") }
    #expect(error?.kind == .badData && error?.problem.contains("is not the model") == true)
  }
}

@Test("A model that cannot be started from is refused, with the reason")
func refusals() throws {
  try withSource { folder, source in
    let data = folder + "/two"
    func refused(_ name: String, _ change: (inout Settings) -> Void) -> TrainingError? {
      failure { _ = try train(try from(name, data, change), out: folder + "/refused") }
    }
    #expect(refused("cats-cats", { _ in })?.kind == .missing)
    #expect(refused(folder + "/nothing", { _ in })?.kind == .missing)
    #expect(refused(data, { _ in })?.kind == .badData)
    #expect(refused(source, { $0["arch"] = "seed" }) == nil)
    let other = refused(source) { $0["arch"] = "r18h" }
    #expect(other?.kind == .usage && other?.problem.contains("--arch r18h") == true)
    let size = refused(source) { $0["size"] = 48 }
    #expect(size?.kind == .usage && size?.found?.contains("--size 48") == true)
    #expect(refused(source) { $0["size"] = 8 }?.kind == .usage)
    let both = refused(source) {
      $0["freeze"] = "backbone"
      $0["freeze-epochs"] = 2
    }
    #expect(both?.kind == .usage)
    let rate = refused(source) {
      $0["freeze"] = "backbone"
      $0["backbone-lr"] = 0.5
    }
    #expect(rate?.kind == .usage && rate?.problem.contains("--backbone-lr") == true)
    for change in [
      { $0["freeze"] = "backbone" }, { $0["freeze-epochs"] = 1 }, { $0["backbone-lr"] = 0.5 },
    ] as [(inout Settings) -> Void] {
      let error = failure { _ = try configuration(data, change) }
      #expect(error?.kind == .usage && error?.expected?.contains("--from") == true)
    }
    var damaged = try bytes(of: RunFolder(existing: source).bestWeights)
    damaged[damaged.count / 2] ^= 1
    try write(damaged, to: folder + "/damaged.safetensors")
    #expect(refused(folder + "/damaged.safetensors", { _ in })?.kind == .badData)
    let open = ClassifierModel(
      network: try Network(
        input: Shape(height: 8, width: 8, channels: 3),
        layers: [Conv2D(filters: 3), GlobalAveragePool2D()]), classes: ["a", "b", "c"],
      preprocessing: Preprocessing(width: 8, height: 8), recipe: "seed", datasetFingerprint: "f",
      trainingImages: 1)
    try write(open.encoded(), to: folder + "/open.safetensors")
    let error = refused(folder + "/open.safetensors") { _ in }
    #expect(error?.kind == .badData && error?.problem.contains("no classifier") == true)
    #expect(try !contents(of: folder).contains("refused2"))
  }
}

@Test("A configuration written before there was anything to start from is read as one without")
func olderConfiguration() throws {
  try withTemporaryFolder { folder in
    let configuration = try configuration("d")
    let text = String(decoding: configuration.encoded(), as: UTF8.self)
    let start = try #require(text.utf8.firstRange(of: "\"transfer\" : {".utf8))
    let older = text[..<start.lowerBound]
    // The key is the last one of the object.
    let cut = try #require(older.lastIndex(of: ","))
    try write(Array((older[..<cut] + "\n}\n").utf8), to: folder + "/config.json")
    #expect(try Configuration(file: folder + "/config.json") == configuration)
  }
}
