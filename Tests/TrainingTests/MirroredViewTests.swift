import CNN
import Classifier
import FoundationEssentials
import Glibc
import ImageData
import Primitives
import TestSupport
import Testing
import Training

/// A model of untrained weights that tells left from right.
private func model(
  classes: Int, temperature: Double = 1, tta: TestTimeAugmentation = .flip
) throws -> ClassifierModel {
  let architecture = Architecture(
    name: "sided", input: Shape(height: 9, width: 7, channels: 3),
    layers: [
      Conv2D(filters: 5), ReLU(), Flatten(),
      Dense(units: ClassifierModel.outputs(classes: classes)),
    ])
  return ClassifierModel(
    network: try Network(architecture, seed: 5), classes: (0..<classes).map { "c\($0)" },
    preprocessing: Preprocessing(
      width: 7, height: 9, filter: .bicubic, mean: [90, 100, 110], deviation: [60, 61, 62]),
    recipe: "default", datasetFingerprint: "", trainingImages: 0, temperature: temperature, tta: tta
  )
}

/// Pictures of noise, and one that cannot be read in their midst.
private func writePictures(_ folder: String, count: Int) throws -> [String] {
  try (0..<count).map { number in
    let path = "\(folder)/\(number).png"
    let bytes = png(width: 20, height: 17, color: [90, 100, 110], seed: UInt32(number))
    try write(number == 3 ? Array(bytes.prefix(50)) : bytes, to: path)
    return path
  }
}

private func answers(
  _ paths: [String], _ model: ClassifierModel, tta: TestTimeAugmentation? = nil,
  batchSize: Int = 32, threads: Int = 2
) throws -> [Prediction] {
  let predictor = Predictor(
    model: model, engine: try engine(threads: threads), tta: tta, batchSize: batchSize)
  var answers: [Prediction] = []
  try predictor.predict(paths) { answers.append($0) }
  return answers
}

@Test("Mirroring changes left and right, keeps channels, and twice gives the same")
func mirroring() {
  var tensor: [Float] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19]
  let original = tensor
  appendMirrored(&tensor, width: 3)
  #expect(Array(tensor.prefix(18)) == original)
  #expect(
    Array(tensor.suffix(18))
      == [7, 8, 9, 4, 5, 6, 1, 2, 3, 17, 18, 19, 14, 15, 16, 11, 12, 13])
  var again = Array(tensor.suffix(18))
  appendMirrored(&again, width: 3)
  #expect(Array(again.suffix(18)) == original)
}

@Test("Mirrored views give the mean of two single passes", arguments: [2, 3])
func meanOfTwoPasses(classes: Int) throws {
  try withTemporaryFolder { folder in
    let paths = try writePictures(folder, count: 7)
    let model = try model(classes: classes, temperature: 1.7)
    let engine = try engine()
    let reader = ImageReader(model.preprocessing, kernels: engine.kernels)
    let session = try InferenceSession(network: model.network, batchSize: 1, engine: engine)
    let found = try answers(paths, model)
    let plain = try answers(paths, model, tta: .plain)
    #expect(found[3].failure != nil && found[3].logits.isEmpty)
    var differing = 0
    for (index, path) in paths.enumerated() where index != 3 {
      let image = reader.tensor(try reader.read(path: path))
      // Mirrored by the definition: pixel x of a row comes from pixel 6 - x.
      let mirror = image.indices.map { image[$0 / 21 * 21 + (6 - $0 % 21 / 3) * 3 + $0 % 3] }
      let one = try session.logits(for: image)
      let other = try session.logits(for: mirror)
      #expect(found[index].logits == zip(one, other).map { ($0 + $1) / 2 })
      #expect(found[index].plainLogits == one)
      #expect(plain[index].logits == one && plain[index].plainLogits == nil)
      #expect(found[index].plainIndex == plain[index].index)
      let scaled = found[index].logits.map { Double($0) / 1.7 }
      let powers = (classes == 2 ? [0] + scaled : scaled).map { exp($0) }
      for (share, power) in zip(found[index].probabilities, powers) {
        #expect(abs(share - power / powers.reduce(0, +)) < 1e-12)
      }
      if one != other { differing += 1 }
    }
    #expect(differing == 6, "the network tells left from right")
  }
}

@Test("With mirrored views no answer depends on its batch or on threads")
func mirroredViewsIndependent() throws {
  try withTemporaryFolder { folder in
    let paths = try writePictures(folder, count: 11)
    let model = try model(classes: 3)
    let all = try answers(paths, model)
    for (batchSize, threads) in [(1, 1), (1, 2), (2, 3), (4, 2), (64, 1)] {
      #expect(try answers(paths, model, batchSize: batchSize, threads: threads) == all)
    }
    #expect(try answers(paths.reversed(), model, batchSize: 3) == all.reversed())
    #expect(try paths.flatMap { try answers([$0], model) } == all)
  }
}

@Test("A recipe's model answers with mirrored views where training mirrors, the tutorial's never")
func recipesViews() throws {
  func tta(_ change: (inout Settings) -> Void) throws -> TestTimeAugmentation {
    var options = Settings()
    change(&options)
    return try Configuration(dataset: "d", settings: options).tta
  }
  for recipe in ["quick", "default", "best"] {
    #expect(try tta { $0["recipe"] = recipe } == .flip)
  }
  for recipe in ["seed", "seed-bn"] { #expect(try tta { $0["recipe"] = recipe } == .plain) }
  for flip in ["none", "v"] { #expect(try tta { $0["flip"] = flip } == .plain) }
  #expect(try tta { $0["flip"] = "hv" } == .flip)
  #expect(try tta { $0["augment"] = "none" } == .plain)
}

/// A run on colours of which a few carry the other class's name, so that some answer is wrong.
private func calibratedRun(
  _ folder: String, threads: Int = 2, out: String = "run",
  _ change: (inout Settings) -> Void = { _ in }
) throws -> (TrainingSummary, Events) {
  let data = folder + "/data"
  if !contentsExist(data) {
    try writeDataset(data, ["train": 10, "val": 8, "test": 7], classes: ["blue", "red"])
    for (from, to) in [("red", "blue"), ("blue", "red")] {
      let wrong = try bytes(of: "\(data)/val/\(from)/0.png")
      try write(wrong, to: "\(data)/val/\(to)/wrong.png")
    }
  }
  return try train(
    try configuration(data) {
      $0["augment"] = "standard"
      $0["epochs"] = 2
      change(&$0)
    }, out: folder + "/" + out, threads: threads)
}

private func contentsExist(_ path: String) -> Bool { (try? contents(of: path)) != nil }

@Test("A run fits the temperature on its validation images, and every command answers with it")
func temperatureOfARun() throws {
  try withTemporaryFolder { folder in
    let (summary, events) = try calibratedRun(folder)
    let model = try ClassifierModel(path: summary.weights)
    #expect(model.tta == .flip && model.temperature != 1)
    #expect(summary.temperature == model.temperature)
    let record = try RunRecord(folder: RunFolder(existing: folder + "/run"))
    #expect(record.weightsSHA256 == SHA256.hex(of: try bytes(of: summary.weights)))
    #expect(summary.weightsSHA256 == record.weightsSHA256)

    // The temperature is the best one for the answers that the model gives to the validation images.
    var request = Evaluator.Request()
    request.split = "val"
    let evaluator = Evaluator(model: model, run: summary.run, engine: try engine(threads: 1))
    let validation = try evaluator.evaluate(request)
    let best = try #require(
      Temperature.fitted(
        validation.predictions.map(\.logits),
        truths: validation.predictions.compactMap(\.trueIndex)))
    #expect(abs(best - model.temperature) <= 5.1e-5)
    let told = try #require(
      events.all.lazy.compactMap { if case .calibrated(let fit) = $0 { fit } else { nil } }.first)
    #expect(told.images == 18 && told.temperature == model.temperature)
    #expect(told.after.loss == validation.evaluation.loss)
    #expect(told.after.ece == validation.evaluation.ece)
    #expect(told.after.loss < told.before.loss)
    #expect(told.before.ece == validation.evaluation.eceUncalibrated)

    // The run's test, evaluate and predict agree; the plain figure is that of plain answers.
    let test = try #require(events.test)
    let result = try evaluator.evaluate(Evaluator.Request())
    #expect(result.evaluation == test.evaluation && result.predictions == test.predictions)
    let predicted = try answers(result.predictions.map(\.path), model, batchSize: 3)
    for (one, other) in zip(predicted, result.predictions) {
      #expect(one.probabilities == other.probabilities && one.logits == other.logits)
    }
    request = Evaluator.Request()
    request.tta = .plain
    let plain = try evaluator.evaluate(request).evaluation
    #expect(plain.tta == .plain && plain.accuracy == test.evaluation.accuracyPlain)
    #expect(plain.accuracyPlain == plain.accuracy)
    #expect(summary.testAccuracyPlain == plain.accuracy)
    #expect(summary.testLoss == test.evaluation.loss && plain.loss != test.evaluation.loss)
    // Any number of threads writes the same file.
    let again = try calibratedRun(folder, threads: 1, out: "again").0
    #expect(again.weightsSHA256 == summary.weightsSHA256)
  }
}

@Test("A validation image that is gone when the temperature is fitted is named")
func validationImageThatVanishes() throws {
  try withTemporaryFolder { folder in
    _ = try calibratedRun(folder)
    let gone = folder + "/data/val/red/0.png"
    let configuration = try configuration(folder + "/data") { $0["augment"] = "standard" }
    var warnings: [String] = []
    var fitted: Calibration?
    _ = try Trainer(
      configuration: configuration, out: folder + "/gone", cache: ImageCache(),
      engine: try engine(threads: 2)
    ).run(
      events: { event in
        switch event {
        case .epoch: unlink(gone)
        case .warning(let text) where text.contains("no longer"): warnings.append(text)
        case .calibrated(let calibration): fitted = calibration
        default: break
        }
      }, shouldStop: { nil })
    #expect(fitted?.images == 17)
    #expect(warnings.count == 1)
    #expect(warnings.first?.hasPrefix("1 of 18 validation images can no longer be read") == true)
    #expect(warnings.first?.contains(gone) == true)
  }
}

@Test("Without validation images of its own, and under the tutorial's recipes, nothing is fitted")
func uncalibratedRuns() throws {
  try withTemporaryFolder { folder in
    let (seed, events) = try calibratedRun(folder, out: "seed") { $0["recipe"] = "seed" }
    let tutorial = try ClassifierModel(path: seed.weights)
    #expect(tutorial.temperature == 1 && tutorial.tta == .plain && seed.temperature == 1)
    #expect(events.test?.evaluation.tta == .plain)
    try FileManager.default.removeItem(atPath: folder + "/data/val")
    let (bare, more) = try calibratedRun(folder, out: "bare") { $0["val-split"] = 0 }
    let model = try ClassifierModel(path: bare.weights)
    #expect(model.temperature == 1 && model.tta == .flip)
    for event in events.all + more.all {
      if case .calibrated = event { Issue.record("fitted") }
    }
  }
}
