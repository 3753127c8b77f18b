import Commands
import Foundation
import Testing

/// Hardly any images of a class, or of all: a run, or an answer that names cause and fix.
@Suite struct SmallDataTests {
  /// Class folders alone, so many images a class.
  private func folders(_ counts: [String: Int]) throws -> TinyDataset {
    let data = try TinyDataset(
      classes: counts.keys.sorted(), training: counts.values.max() ?? 0, test: 0)
    for (name, count) in counts {
      for number in count..<max(count, counts.values.max() ?? 0) {
        try FileManager.default.removeItem(atPath: "\(data.path)/\(name)/\(number).png")
      }
    }
    return data
  }

  private func train(_ data: TinyDataset, _ words: String...) -> Outcome {
    cnnctl(
      [
        "train", data.path, "--arch", data.network, "--epochs", "1", "--threads", "2", "--out",
        data.folder.file("run"),
      ] + words)
  }

  /// The lines from the error on: the problem, with what was found, what is expected, what to try.
  private func expectError(
    _ outcome: Outcome, _ code: ExitCode, _ parts: String...,
    location: SourceLocation = #_sourceLocation
  ) {
    #expect(outcome.code == code, "\(outcome.diagnostics)", sourceLocation: location)
    for part in parts {
      #expect(
        outcome.diagnostics.contains(part), "\(part) in: \(outcome.diagnostics)",
        sourceLocation: location)
    }
  }

  @Test func `Three photos a class train; that they are few, and what is not known, is said`()
    throws
  {
    let data = try folders(["cats": 3, "dogs": 3])
    let outcome = train(data)
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(
      outcome.diagnostics.contains("warning: very few training images of cats (")
        && outcome.diagnostics.contains(": the model can only guess"))
    #expect(
      outcome.diagnostics.contains(
        "try: cnnctl train \(data.path) --from cats-dogs --recipe best"))
    // A tenth of six, of the class whose image comes first.
    #expect(outcome.diagnostics.contains("there are no validation images of "))
    #expect(
      try text(of: data.folder.file("run") + "/metrics.csv").split(separator: "\n").count == 2)
    let photo = data.path + "/cats/0.png"
    #expect(cnnctl("predict", photo, "--model", data.folder.file("run")).code == .done)
  }

  @Test func `A class with three photos among larger ones`() throws {
    let data = try folders(["cats": 20, "dogs": 3])
    let outcome = train(data)
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("very few training images of dogs (3)"))
    #expect(!outcome.diagnostics.contains("very few training images of cats"))
    #expect(
      outcome.diagnostics.contains(
        "there are no validation images of dogs, so the validation metrics"))
    let report = try object(text(of: data.folder.file("run") + "/test/report.json"))
    let classes = try #require(report["classes"] as? [String: [String: Any]])
    #expect(classes["dogs"]?["support"] as? Int == 0)
  }

  @Test func `Enough images of each class go without these warnings`() throws {
    let data = try TinyDataset()
    let outcome = cnnctl(data.training())
    #expect(outcome.code == .done && !outcome.diagnostics.contains("very few"))
    #expect(!outcome.diagnostics.contains("no validation images of"))
    #expect(!outcome.diagnostics.contains("a batch of"))
  }

  @Test func `One photo per class is trained on, never held out, and called too few`() throws {
    let data = try folders(["cats": 1, "dogs": 1])
    #expect(train(data, "--val-split", "0").code == .done)
    #expect(
      FileManager.default.fileExists(atPath: data.folder.file("run/weights/best.safetensors")))
    try FileManager.default.removeItem(atPath: data.folder.file("run"))
    // However much is to be held out, what there is to train on stays.
    let outcome = train(data, "--val-split", "0.899")
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("no image was assigned to the validation split"))
    #expect(outcome.diagnostics.contains("and nothing will be evaluated"))
    #expect(outcome.diagnostics.contains("cats (1), dogs (1): the model can only guess"))
  }

  @Test func `A class of broken files alone is not said to be held out`() throws {
    let data = try folders(["cats": 10, "dogs": 10])
    for number in 0..<10 {
      try write([0xFF, 0xD8, 1], to: "\(data.path)/dogs/\(number).png")
    }
    expectError(
      train(data, "--max-bad", "100"), .badData, "no image is left to train on for dogs",
      "found: dogs: 10 unreadable, the first is \(data.path)/dogs/0.png: ",
      "try: cnnctl check \(data.path)")
    try FileManager.default.removeItem(atPath: data.folder.file("run"))
    expectError(
      train(data), .badData, "10 of 20 images cannot be read", "\(data.path)/dogs/0.png",
      "cnnctl check \(data.path)")
    for number in 0..<10 {
      try FileManager.default.removeItem(atPath: "\(data.path)/dogs/\(number).png")
    }
    expectError(
      train(data, "--out", data.folder.file("other")), .badData, "a class without images: dogs",
      "remove the folder")
  }

  @Test func `A batch larger than the data becomes the data`() throws {
    let data = try folders(["cats": 10, "dogs": 10])
    let outcome = train(data, "--batch-size", "4096", "--json")
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    let start = try object(try #require(outcome.lines.first))
    let images = try #require(start["batch_size"] as? Int)
    #expect((1...20).contains(images))
    let warning = try #require(
      outcome.lines.first { $0.contains("\"warning\"") && $0.contains("--batch-size 4096") })
    #expect(warning.contains("is reduced to \(images), the number of training images"))
  }

  @Test func `No validation images, no test, one epoch`() throws {
    let data = try folders(["cats": 10, "dogs": 10])
    let outcome = train(data, "--val-split", "0")
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(
      outcome.diagnostics.contains(
        "there are no test or validation images; nothing will be evaluated"))
    let run = data.folder.file("run")
    #expect(!FileManager.default.fileExists(atPath: run + "/test/report.json"))
    #expect(
      try text(of: run + "/metrics.csv").hasPrefix(
        "epoch,loss,accuracy,lr,seconds,images_per_second\n"))
    expectError(
      cnnctl("evaluate", "--model", run, "--split", "val"), .badData, "holds no val images",
      "try: cnnctl evaluate with a folder of photos that the model has not seen; --split train")
    #expect(
      try bytes(of: run + "/weights/best.safetensors")
        == bytes(of: run + "/weights/last.safetensors"))
  }

  @Test func `Numbers out of range are usage errors that name the range`() throws {
    let data = try folders(["cats": 5, "dogs": 5])
    for (option, value, range) in [
      ("--epochs", "0", "from 1"), ("--batch-size", "0", "from 1 to 4096"),
      ("--batch-size", "4097", "from 1 to 4096"), ("--val-split", "1", "below 0.9"),
      ("--val-split", "-0.1", "from 0"), ("--backbone-lr", "-1", "expected"),
      ("--freeze-epochs", "-1", "expected"), ("--freeze", "head", "none, backbone"),
    ] {
      expectError(train(data, option, value), .usage, option, value, range)
    }
  }
}
