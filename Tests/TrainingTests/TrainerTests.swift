import CNN
import Classifier
import Foundation
import ImageData
import Primitives
import TestSupport
import Testing
import Training

@Test("A run learns colours, and leaves the folder that it promises")
func wholeRun() throws {
  try withTemporaryFolder { folder in
    let data = folder + "/data"
    try writeDataset(data, ["train": 10, "val": 4, "test": 3], classes: ["blue", "red"])
    let (summary, events) = try train(try configuration(data), out: folder + "/run")
    #expect(summary.testAccuracy == 1 && summary.epochs == 4)
    let run = RunFolder(existing: folder + "/run")
    #expect(
      try contents(of: run.path) == [
        ".lock", "checkpoint", "classes.txt", "config.json", "events.ndjson", "log.txt",
        "metrics.csv", "run.json", "test", "weights",
      ])
    #expect(try text(of: run.file("classes.txt")) == "blue\nred\n")
    let rows = try text(of: run.file("metrics.csv")).split(separator: "\n")
    #expect(rows.count == 5)
    #expect(
      rows[0] == "epoch,loss,accuracy,val_loss,val_accuracy,lr,seconds,images_per_second")
    let record = try RunRecord(folder: run)
    #expect(record.status == .done && record.epochs == 4)
    #expect(record.weightsSHA256 == SHA256.hex(of: try bytes(of: run.bestWeights)))
    #expect(record.weightsSHA256 == summary.weightsSHA256)
    let names = try text(of: run.file("events.ndjson")).split(separator: "\n").map { line in
      guard case .object(let members) = try JSON.parse(Array(line.utf8)[...], depth: 9),
        case .string(let name)? = members.first(where: { $0.key == "event" })?.value
      else { throw TestFailure("no event: \(line)") }
      return name
    }
    #expect(names.prefix(2) == ["start", "dataset"] && names.last == "done")
    #expect(names.count { $0 == "epoch" } == 4)
    #expect(try Configuration(file: run.file("config.json")) == configuration(data))
    #expect(events.test?.heading.contains("test") == true)
  }
}

@Test("The weights are the same bits on one thread and on two, and twice in a row")
func sameBits() throws {
  try withTemporaryFolder { folder in
    let data = folder + "/data"
    try writeDataset(data, ["train": 12, "test": 3], classes: ["blue", "red", "teal"])
    let configuration = try configuration(data) {
      $0["augment"] = "standard"
      $0["ema"] = 0.9
      $0["epochs"] = 1
      $0["arch"] = "r18h"
      $0["size"] = 32
      $0["class-weights"] = "balanced"
      $0["clip-grad"] = 1
    }
    let digests = try [1, 2, 2].enumerated().map { index, threads in
      try train(configuration, out: folder + "/run\(index)", threads: threads).0.weightsSHA256
    }
    #expect(Set(digests).count == 1)
    var other = configuration
    other.seed = 1
    #expect(try train(other, out: folder + "/other").0.weightsSHA256 != digests[0])
  }
}

@Test("With mixup the weights are the same bits on any number of threads, and others than without")
func sameBitsMixed() throws {
  try withTemporaryFolder { folder in
    let data = folder + "/data"
    try writeDataset(data, ["train": 12, "test": 3], classes: ["blue", "red", "teal"])
    let mixed = try configuration(data) {
      $0["augment"] = "standard"
      $0["mixup"] = 0.4
      $0["epochs"] = 2
      $0["label-smoothing"] = 0.1
      $0["class-weights"] = "balanced"
    }
    let digests = try [1, 2, 3].map { threads in
      try train(mixed, out: folder + "/run\(threads)", threads: threads).0.weightsSHA256
    }
    #expect(Set(digests).count == 1)
    var plain = mixed
    plain.augmentation.mixup = 0
    #expect(try train(plain, out: folder + "/plain").0.weightsSHA256 != digests[0])
  }
}

@Test("Evaluating, predicting and the end of training agree image by image")
func onePath() throws {
  try withTemporaryFolder { folder in
    let data = folder + "/data"
    try writeDataset(data, ["train": 10, "test": 7], classes: ["blue", "red"])
    try write(Array("text".utf8), to: data + "/test/red/broken.png")
    let (summary, events) = try train(
      try configuration(data) { $0["epochs"] = 1 }, out: folder + "/run")
    let test = try #require(events.test)
    let model = try ClassifierModel(path: summary.weights)
    let evaluator = Evaluator(model: model, run: folder + "/run", engine: try engine(threads: 1))
    let result = try evaluator.evaluate(Evaluator.Request())
    #expect(result.evaluation == test.evaluation)
    #expect(result.evaluation.images == 14 && result.evaluation.skipped.count == 1)
    for (batchSize, threads) in [(1, 1), (3, 2), (64, 2)] {
      let predictor = Predictor(
        model: model, engine: try engine(threads: threads), batchSize: batchSize)
      var answers: [Prediction] = []
      try predictor.predict(result.predictions.map(\.path).reversed()) { answers.append($0) }
      #expect(answers.map(\.logits) == result.predictions.map(\.logits).reversed())
      #expect(answers.map(\.failure) == result.predictions.map(\.failure).reversed())
    }
  }
}

@Test("Without a validation folder some images are held out, and evaluate finds the same ones")
func heldOut() throws {
  try withTemporaryFolder { folder in
    let data = folder + "/data"
    try writeDataset(data, ["": 30], classes: ["blue", "red"])
    let (summary, events) = try train(
      try configuration(data) {
        $0["epochs"] = 1
        $0["val-split"] = 0.3
      }, out: folder + "/run")
    let splits = try #require(events.summaries.first).splits
    #expect(splits.map(\.split) == ["train", "val"])
    #expect(splits.reduce(0) { $0 + $1.images } == 60)
    #expect(splits[1].images > 5 && splits[1].images < 35)
    let test = try #require(events.test)
    #expect(test.heading.contains("validation"))
    let evaluator = Evaluator(
      model: try ClassifierModel(path: summary.weights), run: summary.run, engine: try engine())
    let result = try evaluator.evaluate(Evaluator.Request())
    #expect(result.evaluation == test.evaluation)
    // Its own folder by name, or by another: the images that it has learnt from do not count.
    try FileManager.default.createSymbolicLink(
      atPath: folder + "/link", withDestinationPath: data)
    var request = Evaluator.Request()
    for name in [data, data + "/", folder + "/link"] {
      request.dataset = name
      #expect(try evaluator.evaluate(request).evaluation == test.evaluation)
    }
    // Of another folder every image is to be answered.
    try FileManager.default.copyItem(atPath: data, toPath: folder + "/other")
    request.dataset = folder + "/other"
    #expect(try evaluator.evaluate(request).evaluation.images == 60)
  }
}

@Test("Without validation there are no such columns and the last weights are kept")
func noValidation() throws {
  try withTemporaryFolder { folder in
    let data = folder + "/data"
    try writeDataset(data, ["train": 5], classes: ["blue", "red"])
    let (summary, events) = try train(
      try configuration(data) {
        $0["val-split"] = 0
        $0["epochs"] = 2
      }, out: folder + "/run")
    #expect(summary.bestEpoch == 2 && summary.testAccuracy == nil && summary.valAccuracy == nil)
    #expect(events.epochs.allSatisfy { $0.valLoss == nil })
    let header = try text(of: folder + "/run/metrics.csv").split(separator: "\n")[0]
    #expect(header == "epoch,loss,accuracy,lr,seconds,images_per_second")
    let weights = try bytes(of: folder + "/run/weights/best.safetensors")
    #expect(try bytes(of: folder + "/run/weights/last.safetensors") == weights)
  }
}

@Test("The seed recipe validates on the test images and says so")
func seedValidation() throws {
  try withTemporaryFolder { folder in
    let data = folder + "/data"
    try writeDataset(data, ["training_set": 6, "test_set": 3], classes: ["blue", "red"])
    let (summary, events) = try train(
      try configuration(data) {
        $0["recipe"] = "seed"
        $0["epochs"] = 2
      }, out: folder + "/run")
    #expect(events.warnings.contains { $0.contains("test images") })
    #expect(events.summaries.first?.splits.map(\.images) == [12, 6, 6])
    #expect(summary.bestEpoch == 2 && summary.valAccuracy == summary.testAccuracy)
    #expect(events.epochs.last?.valLoss == events.test?.evaluation.loss)
  }
}

@Test("A signal ends the run after its step, with weights and a record")
func stopping() throws {
  try withTemporaryFolder { folder in
    let data = folder + "/data"
    try writeDataset(data, ["train": 8, "test": 2], classes: ["blue", "red"])
    for steps in [1, 6] {
      let out = folder + "/run\(steps)"
      let (summary, events) = try train(
        try configuration(data) { $0["val-split"] = 0 }, out: out,
        stop: { $0 == steps ? Stopped(signal: 15) : nil })
      #expect(summary.stoppedBySignal == 15 && events.test == nil)
      #expect(summary.epochs == (steps == 1 ? 0 : 1))
      let run = RunFolder(existing: out)
      #expect(try RunRecord(folder: run).status == .stopped)
      _ = try ClassifierModel(path: run.bestWeights)
      _ = try ClassifierModel(path: run.lastWeights)
    }
  }
}

@Test("A loss that is not finite ends the run with the step and the rate, and keeps weights")
func divergence() throws {
  try withTemporaryFolder { folder in
    let data = folder + "/data"
    try writeDataset(data, ["train": 8, "val": 2], classes: ["blue", "red"])
    let configuration = try configuration(data) {
      $0["optimizer"] = "sgd"
      $0["lr"] = 100
      $0["schedule"] = "constant"
      $0["epochs"] = 50
    }
    do {
      _ = try train(configuration, out: folder + "/run")
      Issue.record("no error")
    } catch let error as TrainingError {
      #expect(error.kind == .diverged)
      #expect(error.problem.contains("step") && error.found?.contains("100") == true)
    }
    let record = try RunRecord(folder: RunFolder(existing: folder + "/run"))
    #expect(record.status == .failed && record.error?.contains("diverged") == true)
  }
}

@Test("Patience ends a run that stands still")
func patience() throws {
  try withTemporaryFolder { folder in
    let data = folder + "/data"
    try writeDataset(data, ["train": 8, "val": 2], classes: ["blue", "red"])
    let (summary, _) = try train(
      try configuration(data) {
        $0["lr"] = 1e-12
        $0["optimizer"] = "sgd"
        $0["schedule"] = "constant"
        $0["epochs"] = 50
        $0["patience"] = 2
        $0["monitor"] = "val_accuracy"
      }, out: folder + "/run")
    #expect(summary.epochs < 50 && summary.stoppedBySignal == nil)
    #expect(summary.testAccuracy != nil)
  }
}

@Test("Too many unreadable images stop a run before its first step; few are left out and named")
func badImages() throws {
  try withTemporaryFolder { folder in
    let data = folder + "/data"
    try writeDataset(data, ["train": 6], classes: ["blue", "red"])
    for number in 0..<6 {
      try write(Array("text".utf8), to: data + "/train/red/bad\(number).jpg")
    }
    do {
      _ = try train(try configuration(data), out: folder + "/run")
      Issue.record("no error")
    } catch let error as TrainingError {
      #expect(error.kind == .badData && error.problem.contains("6 of 18 images"))
    }
    let (_, events) = try train(
      try configuration(data) {
        $0["max-bad"] = 50
        $0["epochs"] = 1
      }, out: folder + "/run2")
    #expect(events.summaries.first?.skipped.count == 6)
    #expect(events.summaries.first?.skipped.first?.code == "notAnImage")
    let strict = try configuration(data) {
      $0["max-bad"] = 50
      $0["on-bad-image"] = "fail"
    }
    #expect(throws: TrainingError.self) { try train(strict, out: folder + "/run3") }
  }
}

@Test("The best epoch is the monitor's, ties by lower loss, then the earlier")
func bestEpoch() throws {
  func evaluation(_ accuracy: Double, _ loss: Double) -> EpochFigures {
    EpochFigures(images: 10, accuracy: accuracy, loss: loss, f1: 0)
  }
  var best = BestEpoch(monitor: .accuracy)
  let figures = [(0.5, 1.0), (0.5, 1.0), (0.5, 0.9), (0.4, 0.1), (0.6, 2.0)]
  let better = figures.enumerated().map { index, figure in
    best.isBetter(evaluation(figure.0, figure.1), epoch: index + 1)
  }
  #expect(better == [true, false, true, false, true])
  #expect(best.epoch == 5 && best.accuracy == 0.6 && best.standstill == 0)
}

@Test("A last epoch is kept unless the start is better by more than chance explains")
func keptEpoch() throws {
  /// Whether the first epoch is kept that has `wrong` of 60 images wrong, after a start with so many.
  func keeps(_ wrong: Int, after start: Int, _ keep: Keep) -> Bool {
    func figures(_ wrong: Int) -> EpochFigures {
      EpochFigures(images: 60, accuracy: 1 - Double(wrong) / 60, loss: 1, f1: 0)
    }
    var best = BestEpoch(monitor: .accuracy)
    best.begin(with: figures(start))
    let (isKept, isBest) = best.keeps(figures(wrong), epoch: 1, keep)
    #expect(isBest == (wrong < start))
    #expect(best.keptAccuracy == 1 - Double(isKept ? wrong : start) / 60)
    return isKept
  }
  // By scipy's binomtest, two-sided: 0.0625 and 0.0312; 0.0636 and 0.0414.
  #expect(keeps(5, after: 0, .last) && !keeps(6, after: 0, .last))
  #expect(keeps(14, after: 5, .last) && !keeps(15, after: 5, .last))
  #expect(keeps(3, after: 5, .last) && keeps(3, after: 5, .best))
  #expect(!keeps(5, after: 5, .best) && keeps(5, after: 5, .last))
  var without = BestEpoch(monitor: .accuracy)
  let bad = EpochFigures(images: 60, accuracy: 0, loss: 9, f1: 0)
  #expect(without.keeps(bad, epoch: 1, .last).isKept)
}
