import CNN
import Classifier
import Foundation
import ImageData
import Primitives
import TestSupport
import Testing
import Training

/// A run of a few images whose files are looked at.
private func withRun(
  epochs: Int, _ body: (_ out: String, _ configuration: Configuration) throws -> Void
) throws {
  try withTemporaryFolder { folder in
    try writeDataset(folder + "/data", ["train": 4], classes: ["blue", "red"])
    let configuration = try configuration(folder + "/data") {
      $0["epochs"] = epochs
      $0["val-split"] = 0
      $0["schedule"] = "constant"
    }
    try body(folder + "/run", configuration)
  }
}

/// The newest checkpoint's path.
private func newest(_ out: String) throws -> String {
  let names = try contents(of: out + "/checkpoint").filter { !$0.contains("best") }
  return out + "/checkpoint/" + (try #require(names.last))
}

private func rows(_ out: String) throws -> [Substring] {
  try text(of: out + "/metrics.csv").split(separator: "\n")
}

@Suite("Long runs")
struct LongRunTests {
  @Test("A checkpoint of many epochs is no larger than one of few")
  func size() throws {
    var sizes: [Int] = []
    for epochs in [2, 20] {
      try withRun(epochs: epochs) { out, configuration in
        _ = try train(configuration, out: out)
        sizes.append(try bytes(of: newest(out)).count)
      }
    }
    // The digits of the counters.
    #expect(abs(sizes[1] - sizes[0]) < 64, "\(sizes)")
  }

  @Test("A row of metrics.csv is appended: what an epoch writes does not grow with the epochs")
  func appended() throws {
    try withRun(epochs: 12) { out, configuration in
      var places: Set<UInt64> = []
      _ = try train(
        configuration, out: out,
        stop: { _ in
          let status = try? FileManager.default.attributesOfItem(atPath: out + "/metrics.csv")
          if let place = status?[.systemFileNumber] as? UInt64 { places.insert(place) }
          return nil
        })
      #expect(places.count == 1, "one file from the first epoch to the last")
      #expect(try rows(out).count == 13)
    }
  }

  @Test("Rows after the last checkpoint are cut off by a resume and made again")
  func cut() throws {
    try withRun(epochs: 6) { out, configuration in
      _ = try train(configuration, out: out, stop: { $0 == 5 ? Stopped(signal: 2) : nil })
      let whole = try text(of: out + "/metrics.csv")
      // As a process leaves it that dies between a row and the next checkpoint.
      try write(Array((whole + "99,0.1,0.5,0.001,1,1\n3,0.").utf8), to: out + "/metrics.csv")
      _ = try follow(Trainer(try Resumption(run: out), engine: try engine()))
      let after = try text(of: out + "/metrics.csv")
      #expect(after.hasPrefix(whole))
      #expect(
        try rows(out).dropFirst().map { $0.prefix { $0 != "," } } == ["1", "2", "3", "4", "5", "6"])
    }
  }

  @Test("A signal while the first epoch is validated keeps weights that answer, and the bits")
  func firstValidation() throws {
    try withTemporaryFolder { folder in
      try writeDataset(folder + "/data", ["train": 6, "val": 3], classes: ["blue", "red"])
      let configuration = try configuration(folder + "/data") { $0["epochs"] = 2 }
      _ = try train(configuration, out: folder + "/whole")
      let run = RunFolder(existing: folder + "/run")
      let events = Events()
      let trainer = Trainer(configuration: configuration, out: run.path, engine: try engine())
      let summary = try trainer.run(
        events: { events.all.append($0) },
        shouldStop: {
          events.all.contains { if case .validating = $0 { true } else { false } }
            ? Stopped(signal: 2) : nil
        })
      #expect(summary.stoppedBySignal == 2 && summary.epochs == 0)
      #expect(try ClassifierModel(path: run.bestWeights).classes == ["blue", "red"])
      #expect(try RunRecord(folder: run).weightsSHA256 == summary.weightsSHA256)
      _ = try follow(Trainer(try Resumption(run: run.path), engine: try engine()))
      #expect(
        try bytes(of: run.bestWeights) == bytes(of: folder + "/whole/weights/best.safetensors"))
    }
  }

  @Test("A model whose header nobody could read is refused before anything is trained")
  func header() throws {
    try withTemporaryFolder { folder in
      let long = String(repeating: "n", count: 236)
      for index in 0..<4600 {
        let place = "\(folder)/data/\(10000 + index)\(long)"
        try FileManager.default.createDirectory(
          atPath: place, withIntermediateDirectories: true)
        #expect(FileManager.default.createFile(atPath: place + "/1.png", contents: nil))
      }
      let error = refusal {
        _ = try train(try configuration(folder + "/data"), out: folder + "/run")
      }
      #expect(error?.kind == .badData && error?.problem.contains("not read back") == true)
      #expect(error?.found?.contains("4600 classes") == true)
      #expect(error?.expected?.contains("\(TensorFile.headerLimit) bytes") == true)
      #expect(!FileManager.default.fileExists(atPath: folder + "/run"))
    }
  }

  @Test("A model with a card or names that nobody could read is not exported")
  func export() throws {
    let architecture = try Architecture.preset("seed", size: 16, outputs: 4600, dropout: 0)
    let model = ClassifierModel(
      network: try Network(architecture, seed: 0),
      classes: (0..<4600).map { "\($0)" + String(repeating: "n", count: 236) },
      preprocessing: Preprocessing(width: 16, height: 16), recipe: "seed", datasetFingerprint: "0",
      trainingImages: 1)
    let error = refusal { _ = try model.encoded(.half, card: nil) }
    #expect(error?.kind == .badData && error?.found?.contains("expected a header") == true)
  }

  @Test("A damaged run.json is not replaced: it is named, and without it the run continues")
  func record() throws {
    try withRun(epochs: 3) { out, configuration in
      _ = try train(configuration, out: out, stop: { $0 == 3 ? Stopped(signal: 2) : nil })
      try write(Array("{".utf8), to: out + "/run.json")
      let error = refusal { _ = try Resumption(run: out) }
      #expect(error?.kind == .badData && error?.problem.contains("run.json") == true)
      #expect(error?.advice?.contains("move it away") == true)
      #expect(try text(of: out + "/run.json") == "{")
      try FileManager.default.removeItem(atPath: out + "/run.json")
      let (summary, _) = try follow(Trainer(try Resumption(run: out), engine: try engine()))
      #expect(summary.epochs == 3)
    }
  }

  @Test("A folder that lost its config.json and has a run's weights is not begun in")
  func remains() throws {
    try withRun(epochs: 1) { out, configuration in
      _ = try train(configuration, out: out)
      let weights = try bytes(of: out + "/weights/best.safetensors")
      try FileManager.default.removeItem(atPath: out + "/config.json")
      let error = refusal { _ = try train(configuration, out: out) }
      #expect(error?.kind == .cannotCreate)
      #expect(error?.found?.contains("weights/best.safetensors") == true)
      #expect(try bytes(of: out + "/weights/best.safetensors") == weights)
      #expect(try !contents(of: out).contains("config.json"))
    }
  }

  @Test("After a step back run.json and metrics.csv tell of the time line that goes on")
  func stepBack() throws {
    try withTemporaryFolder { folder in
      try writeDataset(folder + "/data", ["train": 4], classes: ["blue", "red"])
      let run = RunFolder(existing: folder + "/run")
      let configuration = try configuration(folder + "/data") {
        ($0["epochs"], $0["val-split"], $0["on-nan"]) = (200, 0, "rollback")
        ($0["optimizer"], $0["lr"], $0["weight-decay"]) = ("sgd", 1, 10)
        $0["schedule"] = "constant"
      }
      var told: (epochs: Int, record: RunRecord, rows: Int)?
      let trainer = Trainer(configuration: configuration, out: run.path, engine: try engine())
      var before = 0
      _ = try trainer.run(
        events: { event in
          if case .epoch = event { before += 1 }
          guard case .warning(let text) = event, told == nil,
            let place = text.range(of: "back to the checkpoint after ")
          else { return }
          let epochs = Int(text[place.upperBound...].prefix { $0.isNumber }) ?? -1
          told = (epochs, try RunRecord(folder: run), MetricsRow.all(of: run).count)
        }, shouldStop: { told == nil ? nil : Stopped(signal: 2) })
      let (epochs, record, rows) = try #require(told)
      #expect(before >= epochs)
      #expect(record.epochs == epochs && rows == epochs)
      #expect((record.bestEpoch ?? 0) <= epochs)
      #expect((record.weightsSHA256 == nil) == (record.bestEpoch == nil))
    }
  }

  @Test("Events of any length are read a line at a time, and the last one from the end")
  func events() throws {
    try withRun(epochs: 1) { out, configuration in
      let (summary, _) = try train(configuration, out: out)
      let path = out + "/events.ndjson"
      let events = try text(of: path)
      // Longer than any part that is read at a time, and with a long line in it.
      let warning =
        "{\"event\":\"warning\",\"message\":\"\(String(repeating: "x", count: 300_000))\","
        + "\"schema\":1}\n"
      try write(Array((String(repeating: warning, count: 4) + events).utf8), to: path)
      #expect(try Resumption(run: out).finished?.weightsSHA256 == summary.weightsSHA256)
      let contents = try RunContents(reading: out)
      #expect(contents.events?.warnings.filter { $0.count == 300_000 }.count == 4)
      #expect(contents.events?.epochs.count == 1)
    }
  }

  /// Replaces the newest checkpoint by one as version 0.1.0 wrote it, of `epochs` epochs.
  private func makeOld(_ out: String, epochs: Int) throws {
    let path = try newest(out)
    var file = try TensorFile(decoding: bytes(of: path))
    #expect(file.metadata["format"] == "cnnctl checkpoint 2")
    file.metadata["format"] = "cnnctl checkpoint 1"
    let text = try #require(file.metadata["progress"])
    var progress = try #require(
      JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(progress.removeValue(forKey: "metrics") != nil)
    progress["history"] = (1...epochs).map { epoch -> [String: Any] in
      [
        "epoch": epoch, "epochs": epochs + 1, "loss": 0.5 / Double(epoch), "accuracy": 0.75,
        "lr": 0.001, "seconds": 0.015625, "images_per_second": 1234.5, "best": false,
        "decode": 0.001, "augment": 0.001, "forward": 0.0078125, "backward": 0.00390625,
        "optimizer": 0.0009765625, "wait": 0.000244140625,
      ]
    }
    progress["epochs"] = epochs
    let data = try JSONSerialization.data(withJSONObject: progress)
    file.metadata["progress"] = String(decoding: data, as: UTF8.self)
    for name in try contents(of: out + "/checkpoint") {
      try FileManager.default.removeItem(atPath: out + "/checkpoint/" + name)
    }
    try write(file.encoded(), to: path)
    try FileManager.default.removeItem(atPath: out + "/metrics.csv")
    try FileManager.default.removeItem(atPath: out + "/events.ndjson")
  }

  @Test(
    "A checkpoint of version 0.1.0 is read, also one that version 0.1.0 could not read",
    arguments: [3, 4000])
  func old(epochs: Int) throws {
    try withRun(epochs: epochs + 1) { out, configuration in
      _ = try train(configuration, out: out, stop: { $0 == 6 ? Stopped(signal: 2) : nil })
      try makeOld(out, epochs: epochs)
      let size = try bytes(of: newest(out)).count
      #expect(epochs < 1000 || size > TensorFile.headerLimit)
      let (summary, events) = try follow(
        Trainer(try Resumption(run: out), engine: try engine()))
      #expect(events.warnings.allSatisfy { !$0.contains("checkpoint") }, "\(events.warnings)")
      #expect(summary.epochs == epochs + 1 && events.epochs.map(\.epoch) == [epochs + 1])
      let rows = try rows(out)
      #expect(rows.count == epochs + 2)
      #expect(rows[2] == "2,0.25,0.75,0.001,0.015625,1234.5")
    }
  }
}
