import Commands
import Compute
import Foundation
import TestSupport
import Testing

/// The model inside the program, whatever it is at the moment.
@Suite struct BoxedModelTests {
  private static let realData = ProcessInfo.processInfo.environment["CNNCTL_DATA"]

  @Test func `The program alone answers in an empty folder and says which model it used`() throws {
    let folder = try TemporaryFolder()
    let program = folder.file("cnnctl")
    try FileManager.default.copyItem(atPath: builtProgram, toPath: program)
    try write(tinyPicture(red: 90, green: 80, blue: 70, number: 1), to: folder.file("photo.png"))
    let outcome = try run(["predict", "photo.png"], in: folder.path, program: program)
    #expect(outcome.code == 0, "\(outcome.diagnostics)")
    #expect(outcome.output.wholeMatch(of: /photo\.png: (cats|dogs) \d+\.\d %\n/) != nil)
    #expect(outcome.diagnostics.split(separator: "\n").count == 1)
    for part in [
      "model: cats-dogs (built in), cats|dogs, ", " % on 1,000 photos", "; --model selects another",
    ] {
      #expect(outcome.diagnostics.contains(part))
    }
    #expect(outcome.diagnostics.count <= 101)
    let quiet = try run(["predict", "photo.png", "-q"], in: folder.path, program: program)
    #expect(quiet.output == outcome.output && quiet.diagnostics == "")
    let named = try run(
      ["predict", "photo.png", "--model", "cats-dogs", "--json"], in: folder.path,
      program: program)
    #expect(try object(named.output)["model"] as? String == "cats-dogs")
    #expect(!named.diagnostics.contains("names another"))
    let missing = try run(["predict", "none.png"], in: folder.path, program: program)
    #expect(missing.code == 66)
    let evaluation = try run(["evaluate"], in: folder.path, program: program)
    #expect(evaluation.code == 64 && evaluation.diagnostics.contains("DATASET is missing"))
  }

  @Test func `A path of its name wins over it, and so does the newest run where none is named`()
    throws
  {
    let data = try TinyDataset()
    let trained = try data.trained()
    let photo = data.path + "/test_set/cats/1000.png"
    try FileManager.default.copyItem(
      atPath: trained + "/weights/best.safetensors", toPath: data.folder.file("cats-dogs"))
    let named = try run(["predict", photo, "--model", "cats-dogs"], in: data.folder.path)
    #expect(
      named.diagnostics.hasPrefix("model: cats-dogs, cats|dogs, trained on "),
      "\(named.diagnostics)")
    let inspected = try run(["inspect", "cats-dogs"], in: data.folder.path)
    #expect(inspected.output.contains("model: cats-dogs\n"))
    #expect(inspected.output.contains("network: tiny"))
    let inside = try run(["predict", photo], in: data.folder.path)
    #expect(inside.diagnostics.hasPrefix("model: cats-dogs (built in), "))
    try FileManager.default.createDirectory(
      atPath: data.folder.file("runs"), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: data.folder.file("runs/latest"), withDestinationPath: trained)
    let newest = try run(["predict", photo], in: data.folder.path)
    #expect(newest.diagnostics.hasPrefix("model: runs/"))
    #expect(newest.diagnostics.contains(" % on 12 test images; --model selects another\n"))
  }

  @Test func `inspect shows its card, its size, its digest and how it holds its weights`() throws {
    let outcome = cnnctl("inspect", "cats-dogs")
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(
      outcome.output.hasPrefix("model: cats-dogs, built in\nclasses: cats, dogs\n"))
    let facts = try object(cnnctl("inspect", "cats-dogs", "--json").output)
    let folder = try TemporaryFolder()
    let file = folder.file("copy.safetensors")
    let dtype = try #require(facts["dtype"] as? String)
    #expect(cnnctl("export", "cats-dogs", "--dtype", dtype, "-o", file).code == .done)
    let copy = try object(cnnctl("inspect", file, "--json").output)
    for key in ["card", "classes", "parameters", "preprocessing", "file_bytes", "tta"] {
      #expect(facts[key] as? NSObject == copy[key] as? NSObject, "\(key)")
    }
    let card = try #require(facts["card"] as? [String: Any])
    for key in ["description", "data", "test_data", "limits", "licence"] {
      #expect(card[key] as? String != nil, "\(key)")
    }
    let accuracy = try #require(card["accuracy"] as? Double)
    let low = try #require(card["accuracy_low"] as? Double)
    let high = try #require(card["accuracy_high"] as? Double)
    #expect(low < accuracy && accuracy < high)
    #expect((facts["file_bytes"] as? Int ?? .max) <= 7_000_000)
    #expect(outcome.output.contains("weights sha256: \(facts["weights_sha256"] as? String ?? "")"))
  }

  @Test func `evaluate and predict agree on every image, and which is not there is named`() throws {
    let data = try TinyDataset()
    let out = data.folder.file("answers")
    let evaluation = cnnctl("evaluate", data.path, "--model", "cats-dogs", "--out", out)
    #expect(evaluation.code == .done, "\(evaluation.diagnostics)")
    try samePredictions(out, data.path + "/test_set")
    let none = cnnctl("predict", "photo.jpg", "--model", "cats-cats")
    #expect(none.code == .noInput)
    #expect(none.diagnostics.contains("one of these names: cats-dogs\n"))
    #expect(cnnctl("inspect", "cat-dogs").diagnostics.contains("try: cnnctl inspect cats-dogs\n"))
  }

  private func samePredictions(_ out: String, _ folder: String) throws {
    let prediction = cnnctl(
      "predict", "-r", folder, "--model", "cats-dogs", "--format", "csv", "--threads", "1")
    let rows = try text(of: out + "/predictions.csv").split(separator: "\n").dropFirst()
    let answers = prediction.lines.dropFirst()
    #expect(rows.count == answers.count && !rows.isEmpty)
    for (row, answer) in zip(rows, answers) {
      let evaluated = row.split(separator: ",", omittingEmptySubsequences: false)
      let predicted = answer.split(separator: ",", omittingEmptySubsequences: false)
      #expect(predicted[0].hasSuffix(evaluated[0]) || evaluated[0].hasSuffix(predicted[0]))
      #expect(evaluated[2...] == predicted[1...4])
    }
  }

  @Test func `A run starts from it, and repeats only with the same one`() throws {
    let data = try TinyDataset()
    let first = data.folder.file("first")
    let outcome = cnnctl(
      "train", data.path, "--epochs", "1", "-b", "8", "--val-split", "0.25", "--from", "cats-dogs",
      "--freeze", "backbone", "--out", first)
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("from cats-dogs (cats, dogs): "))
    let config = try text(of: first + "/config.json")
    let transfer = try #require(object(config)["transfer"] as? [String: Any])
    #expect(transfer["from"] as? String == "cats-dogs")
    let digest = try #require(transfer["weights_sha256"] as? String)
    let facts = try object(cnnctl("inspect", "cats-dogs", "--json").output)
    #expect(facts["weights_sha256"] as? String == digest)
    let again = data.folder.file("again")
    #expect(cnnctl("train", "--config", first + "/config.json", "--out", again).code == .done)
    let weights = "/weights/best.safetensors"
    #expect(try bytes(of: first + weights) == bytes(of: again + weights))
    let other = data.folder.file("other.json")
    try write(
      Array(config.replacing(digest, with: String(repeating: "0", count: 64)).utf8), to: other)
    let refused = cnnctl("train", "--config", other, "--out", data.folder.file("refused"))
    #expect(refused.code == .badData)
    #expect(refused.diagnostics.contains("cats-dogs is not the model that the run started from"))
  }

  @Test(.enabled(if: realData != nil, "CNNCTL_DATA is not set: no real pictures to try"))
  func `It knows the photos that it was trained on, and no others`() throws {
    let data = (Self.realData ?? "") + "/cats-dogs"
    let folder = try TemporaryFolder()
    for (split, target) in [("training_set", "seen"), ("test_set", "new")] {
      for name in ["cats", "dogs"] {
        let source = "\(data)/\(split)/\(name)"
        for file in try FileManager.default.contentsOfDirectory(atPath: source).sorted().prefix(4) {
          try write(
            try bytes(of: "\(source)/\(file)"), to: folder.file("\(target)/\(name)/\(file)"))
        }
      }
    }
    let seen = cnnctl("evaluate", folder.file("seen"), "--model", "cats-dogs", "--json")
    #expect(
      seen.diagnostics.contains(
        "warning: 8 of 8 test images were in cats-dogs' training set: the accuracy says nothing about "
          + "new photos"), "\(seen.diagnostics)")
    let told = try object(seen.output)["seen_in_training"] as? [String: Any]
    #expect(told?["images"] as? Int == 8 && told?["model"] as? String == "cats-dogs")
    let new = cnnctl("evaluate", folder.file("new"), "--model", "cats-dogs", "--json")
    #expect(!new.diagnostics.contains("training set"))
    let none = try object(new.output)["seen_in_training"] as? [String: Any]
    #expect(none?["images"] as? Int == 0)
    let training = cnnctl(
      "train", folder.file("seen"), "--from", "cats-dogs", "--freeze", "backbone", "--epochs", "1",
      "--val-split", "0.4", "--out", folder.file("run"), "--no-plots")
    #expect(training.code == .done, "\(training.diagnostics)")
    #expect(training.diagnostics.contains("were in cats-dogs' training set: the best epoch"))
    #expect(try text(of: folder.file("run/test/report.txt")).contains("in cats-dogs' training set"))
    // What it was made from goes along: the run's own model knows them, too.
    let later = cnnctl(
      "evaluate", folder.file("seen"), "--model", folder.file("run/weights/last.safetensors"))
    #expect(later.diagnostics.contains("in cats-dogs' training set"), "\(later.diagnostics)")
  }

  @Test(.enabled(if: realData != nil, "CNNCTL_DATA is not set: no real pictures to try"))
  func `On the photos that its card names it is as accurate as its card says`() throws {
    let data = (Self.realData ?? "") + "/cats-dogs"
    let folder = try TemporaryFolder()
    let outcome = cnnctl(
      "evaluate", data, "--model", "cats-dogs", "--out", folder.path, "--json")
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    let found = try object(outcome.output)
    let facts = try object(cnnctl("inspect", "cats-dogs", "--json").output)
    let card = try #require(facts["card"] as? [String: Any])
    // The card was measured with AVX-512; another one rounds otherwise, which may tip an
    // image.
    let tolerance = TestEngine.instructionSet == .avx512 ? 0 : 0.001001
    for key in ["accuracy", "accuracy_low", "accuracy_high", "accuracy_plain"] {
      let measured = try #require(found[key] as? Double)
      let said = try #require(card[key] as? Double)
      #expect(abs(measured - said) <= tolerance, "\(key)")
    }
    #expect(found["images"] as? Int == card["test_images"] as? Int)
    let subset = folder.file("subset/test_set")
    for name in ["cats", "dogs"] {
      let files = try FileManager.default.contentsOfDirectory(atPath: "\(data)/test_set/\(name)")
      for file in files.sorted().prefix(20) {
        try write(
          try bytes(of: "\(data)/test_set/\(name)/\(file)"), to: "\(subset)/\(name)/\(file)")
      }
    }
    let out = folder.file("answers")
    #expect(
      cnnctl(
        "evaluate", folder.file("subset"), "--model", "cats-dogs", "--out", out
      ).code == .done)
    try samePredictions(out, subset)
  }
}
