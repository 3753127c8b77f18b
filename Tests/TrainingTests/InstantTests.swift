import CNN
import Classifier
import Foundation
import ImageData
import Primitives
import TestSupport
import Testing
import Training

/// A small network, trained a little on two colours; and three colours to start from it.
private func withSource(
  test: Int = 4, _ body: (_ folder: String, _ configuration: Configuration) throws -> Void
) throws {
  try withTemporaryFolder { folder in
    try writeDataset(folder + "/two", ["train": 6, "val": 2], classes: ["blue", "red"])
    try writeDataset(
      folder + "/photos", test == 0 ? ["train": 9] : ["train": 9, "test": test],
      classes: ["blue", "lime", "red"])
    let source = try configuration(folder + "/two") {
      $0["size"] = 32
      $0["epochs"] = 1
    }
    _ = try train(source, out: folder + "/source")
    try body(folder, instant(folder))
  }
}

private func instant(
  _ folder: String, _ change: (inout Settings) -> Void = { _ in }
) throws -> Configuration {
  var settings = Settings()
  settings["recipe"] = "instant"
  settings["from"] = folder + "/source"
  change(&settings)
  return try Configuration(dataset: folder + "/photos", settings: settings)
}

private func outOfFold(_ events: Events) -> (figures: OutOfFold, result: EvaluationResult)? {
  events.all.lazy.compactMap {
    if case .outOfFold(let figures, let result, _) = $0 { (figures, result) } else { nil }
  }.first
}

@Test("An instant run predicts every training image once, tests, and keeps the backbone's bits")
func instantRun() throws {
  try withSource { folder, configuration in
    let run = folder + "/run"
    let (summary, events) = try train(configuration, out: run)
    let (figures, result) = try #require(outOfFold(events))
    #expect(figures.images == 27 && figures.groups == 27 && figures.folds == 5)
    #expect(Set(result.predictions.map(\.path)).count == 27)
    #expect(result.evaluation.accuracy == figures.accuracy)
    #expect(events.test?.evaluation.images == 12)
    #expect(summary.testAccuracy == events.test?.evaluation.accuracy)
    #expect(summary.epochs == 1 && summary.endedBy == .epochs)

    let record = try RunRecord(folder: RunFolder(existing: run))
    #expect(record.status == .done && record.outOfFold == figures)
    #expect(record.test?.split == "test")
    let model = try ClassifierModel(path: RunFolder(existing: run).bestWeights)
    #expect(model.recipe == "instant" && model.temperature == figures.temperature)
    #expect(model.trainingImages == 27 && model.tta == .flip)
    let before = try ClassifierModel(path: RunFolder(existing: folder + "/source").bestWeights)
    let head = try #require(model.network.architecture.head)
    for name in model.network.tensorNames where !head.owns(tensor: name) {
      #expect(model.network.values(of: name) == before.network.values(of: name), "\(name)")
    }
  }
}

@Test("Without test images the last evaluation is out of fold, and says so")
func instantWithoutTest() throws {
  try withSource(test: 0) { folder, configuration in
    let run = folder + "/run"
    let (summary, events) = try train(configuration, out: run)
    #expect(summary.testAccuracy == nil)
    let result = try #require(events.test)
    #expect(result.heading.hasPrefix("out-of-fold predictions: 27 training images"))
    #expect(result.predictions == outOfFold(events)?.result.predictions)
    #expect(try RunRecord(folder: RunFolder(existing: run)).test?.split == "out-of-fold")
  }
}

@Test("An instant run gives the same bits on any number of threads, by verify, and resumed")
func instantAgain() throws {
  try withSource { folder, configuration in
    var digests: Set<String> = []
    for threads in TestEngine.threadCounts {
      digests.insert(
        try train(configuration, out: folder + "/run\(threads)", threads: threads).0
          .weightsSHA256)
    }
    #expect(digests.count == 1)
    let comparisons = try Verification(run: folder + "/run1", steps: 1).run(
      in: folder, cache: ImageCache(), engine: try engine(), events: { _ in })
    #expect(comparisons.count == 1 && comparisons.allSatisfy(\.isSame))

    // Stopped before there were weights, it begins anew.
    let run = folder + "/stopped"
    #expect(throws: Stopped.self) {
      _ = try Trainer(configuration: configuration, out: run, engine: try engine()).run(
        events: { _ in },
        shouldStop: {
          FileManager.default.fileExists(atPath: run + "/run.json") ? Stopped(signal: 2) : nil
        })
    }
    #expect(try RunRecord(folder: RunFolder(existing: run)).status == .stopped)
    let resumption = try Resumption(run: run)
    #expect(resumption.finished == nil)
    let summary = try Trainer(resumption, engine: try engine()).run(events: { _ in })
    #expect(digests == [summary.weightsSHA256])
    #expect(try Resumption(run: run).finished?.weightsSHA256 == summary.weightsSHA256)
  }
}

@Test("A run that lost its end is solved again over its own weights")
func instantWithoutRecord() throws {
  try withSource { folder, configuration in
    let run = folder + "/run"
    let first = try train(configuration, out: run).0
    try FileManager.default.removeItem(atPath: run + "/run.json")
    let again = try Trainer(try Resumption(run: run), engine: try engine()).run(events: { _ in })
    #expect(again.weightsSHA256 == first.weightsSHA256)
  }
}

@Test("What an instant run cannot be made of is refused before anything is written")
func instantRefusals() throws {
  try withSource { folder, _ in
    var settings = Settings()
    settings["recipe"] = "instant"
    let alone = try Configuration(dataset: folder + "/photos", settings: settings)
    let missing = refusal { _ = try train(alone, out: folder + "/alone") }
    #expect(missing?.kind == .usage && missing?.expected?.contains("--from MODEL") == true)
    #expect(!FileManager.default.fileExists(atPath: folder + "/alone"))
    for (name, value) in [
      ("epochs", "3"), ("lr", "0.1"), ("optimizer", "adam"), ("max-time", "10s"),
      ("rotation", "5"), ("augment", "light"), ("val-split", "0.1"), ("freeze", "backbone"),
      ("class-weights", "balanced"), ("dropout", "0.1"),
    ] {
      let error = refusal { _ = try instant(folder) { $0[name] = value } }
      #expect(error?.kind == .usage, "\(name)")
      #expect(error?.problem.hasPrefix("--\(name) has no meaning") == true, "\(name)")
    }
    #expect(try instant(folder) { $0["flip"] = "none" }.tta == .plain)
    let bad = refusal { _ = try instant(folder) { $0["group-by"] = "(" } }
    #expect(bad?.kind == .usage && bad?.expected?.hasPrefix("a regular expression") == true)
  }
}

@Test("A class of one image, or of copies of one, is refused by name")
func instantSmallClasses() throws {
  try withSource(test: 0) { folder, configuration in
    let lime = folder + "/photos/train/lime"
    for number in 1..<9 { try FileManager.default.removeItem(atPath: "\(lime)/\(number).png") }
    let one = refusal { _ = try train(configuration, out: folder + "/one") }
    #expect(one?.kind == .badData && one?.found == "lime: 1 image")
    #expect(!FileManager.default.fileExists(atPath: folder + "/one"))
    for number in 1..<4 {
      try FileManager.default.copyItem(atPath: lime + "/0.png", toPath: "\(lime)/\(number).png")
    }
    let copies = refusal { _ = try train(configuration, out: folder + "/copies") }
    #expect(copies?.found == "lime: 4 images, all the same picture")
    try FileManager.default.copyItem(
      atPath: folder + "/two/train/red/0.png", toPath: lime + "/other.png")
    _ = try train(configuration, out: folder + "/enough")
    let grouped = try instant(folder) { $0["group-by"] = "(lime)|([a-z0-9]+)[.]png" }
    let whole = refusal { _ = try train(grouped, out: folder + "/whole") }
    #expect(whole?.found == "lime: 5 images, all of one group")
  }
}

@Test("Whole photos are taken where their edges tell the classes, unless --resize is given")
func instantFraming() throws {
  try withTemporaryFolder { folder in
    try writeDataset(folder + "/two", ["train": 6, "val": 2], classes: ["blue", "red"])
    let source = try configuration(folder + "/two") {
      $0["size"] = 32
      $0["epochs"] = 1
      $0["resize"] = "crop"
    }
    _ = try train(source, out: folder + "/source")
    func addPhotos(_ numbers: Range<Int>) throws {
      for (label, edges) in [[200, 60, 60], [60, 60, 200]].enumerated() {
        for number in numbers {
          let bytes = png(
            width: 60, height: 20, color: [120, 120, 120], seed: UInt32(2_000 * label + number),
            edges: edges.map { UInt8($0) })
          let place = folder + "/photos/\(label)"
          try FileManager.default.createDirectory(
            atPath: place, withIntermediateDirectories: true)
          try Data(bytes).write(to: URL(filePath: "\(place)/\(number).png"))
        }
      }
    }
    try addPhotos(0..<10)
    func run(_ name: String, _ configuration: Configuration) throws -> (OutOfFold, ClassifierModel)
    {
      let (_, events) = try train(configuration, out: folder + "/" + name)
      return (
        try #require(outOfFold(events)?.figures),
        try ClassifierModel(path: RunFolder(existing: folder + "/" + name).bestWeights)
      )
    }
    // Pictures of two parts are alike to the comparison of photos.
    func instantly(_ resize: String? = nil) throws -> Configuration {
      try instant(folder) {
        $0["near-duplicates"] = "ignore"
        if let resize { $0["resize"] = resize }
      }
    }
    let open = try instantly()
    let (figures, model) = try run("open", open)
    let framings = try #require(figures.framings)
    #expect(framings.map(\.resize) == [.stretch, .crop])
    #expect(framings[0].loss < framings[1].loss && framings[0].accuracy == figures.accuracy)
    #expect(model.preprocessing.resize == .stretch)
    #expect(figures.line.contains("photos are stretched (accuracy and loss without temperature: "))

    let (stretched, same) = try run("stretched", instantly("stretch"))
    #expect(stretched.framings == nil && same.novelty == model.novelty)
    for name in same.network.tensorNames {
      #expect(same.network.values(of: name) == model.network.values(of: name), "\(name)")
    }
    let (cropped, other) = try run("cropped", instantly("crop"))
    #expect(cropped.framings == nil && other.preprocessing.resize == .crop)
    #expect(cropped.accuracy == framings[1].accuracy)

    let file = try Configuration(file: folder + "/open/config.json")
    let (again, _) = try run("again", file)
    #expect(file == open && again == figures)

    try addPhotos(10..<1_001)
    let (many, last) = try run("many", open)
    let compared = try #require(many.framings)
    #expect(
      compared.map(\.resize) == [.stretch, .crop] && compared.map(\.images) == [1_000, 1_000])
    #expect(many.images == 2_002 && last.preprocessing.resize == .stretch)
    #expect(many.line.contains("temperature on 1,000 images: stretched "), "\(many.line)")

    // Photo 0 of each class is one group and all others are the other: the sample has none of the first.
    let grouped = try instant(folder) {
      $0["near-duplicates"] = "ignore"
      $0["group-by"] = "([01])/[1-9]"
    }
    let (_, events) = try train(grouped, out: folder + "/grouped")
    #expect(outOfFold(events)?.figures.framings == nil)
    #expect(events.warnings.contains { $0.contains("photos are cropped as the model's were") })
  }
}

@Test("A sample has each class's share, at least five, evenly spaced")
func samples() {
  let classes =
    [Int32](repeating: 0, count: 600) + Array(repeating: 1, count: 8) + [2, 2, 2]
    + Array(repeating: 3, count: 389)
  let sample = Array.sample(of: classes, most: 100)
  #expect((0..<4).map { label in sample.count { classes[$0] == label } } == [60, 5, 3, 38])
  #expect(sample == sample.sorted() && Set(sample).count == sample.count)
  let steps = zip(sample, sample.dropFirst()).prefix(59).map { $1 - $0 }
  #expect(steps.allSatisfy { $0 == 10 })
  #expect(Array.sample(of: classes, most: 1_000) == Array(classes.indices))
}
