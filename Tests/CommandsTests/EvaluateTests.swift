import Commands
import Foundation
import Testing

@Suite struct EvaluateTests {
  @Test func `The text is headline, report, matrix and where the files went`() throws {
    let data = try TinyDataset()
    let run = try data.trained()
    let outcome = cnnctl("evaluate", "--model", run)
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    let headline = try #require(outcome.lines.first)
    let form = /accuracy [01]\.\d{4} \([01]\.\d{4}-[01]\.\d{4}\), loss \d+\.\d{4}, 12 images/
    #expect(headline.wholeMatch(of: form) != nil, "\(headline)")
    for part in ["precision", "macro avg", "weighted avg", "cats", "dogs"] {
      #expect(outcome.output.contains(part))
    }
    #expect(outcome.lines.last == "files in \(run)/test")
    // A long path is shortened at its start.
    let model = try #require(outcome.diagnostics.split(separator: "\n").first)
    #expect(model.hasPrefix("model: ") && model.contains("/run, cats|dogs, "), "\(model)")
  }

  @Test func `--json is one line with every key and equals the file`() throws {
    let data = try TinyDataset()
    let run = try data.trained()
    let outcome = cnnctl("evaluate", data.path, "--model", run, "--json")
    #expect(outcome.lines.count == 1)
    let result = try object(outcome.output)
    for key in [
      "images", "accuracy", "accuracy_low", "accuracy_high", "loss", "classes", "macro",
      "weighted", "auc", "confusion", "skipped", "accuracy_plain", "tta", "temperature", "ece",
      "ece_uncalibrated", "selective",
    ] {
      #expect(result[key] != nil, "\(key)")
    }
    let file = try object(text(of: run + "/test/report.json"))
    #expect(NSDictionary(dictionary: result) == NSDictionary(dictionary: file))
  }

  @Test func `Predicting the test folder gives what evaluate gives, image by image`() throws {
    let data = try TinyDataset(training: 10, test: 9)
    try samePredictions(data, run: data.trained())
  }

  @Test func `So it does with mirrored views and a temperature, both by default and asked for`()
    throws
  {
    let data = try TinyDataset(training: 10, test: 9)
    // The recipe's first steps; one misnamed picture, so that there is a temperature.
    for (label, number) in [("cats", 1), ("cats", 2), ("dogs", 1), ("dogs", 2)] {
      let image = try bytes(of: "\(data.path)/training_set/\(label)/\(number).png")
      try write(image, to: "\(data.path)/val/\(label)/\(number).png")
    }
    let name = data.path + "/training_set/cats/0.png"
    try write(try bytes(of: name), to: data.path + "/val/dogs/a.png")
    try write(try bytes(of: name), to: data.path + "/val/cats/b.png")
    let run = try data.trained("--recipe", "default")
    let facts = try object(cnnctl("inspect", run, "--json").output)
    #expect(facts["tta"] as? String == "flip")
    let temperature = try #require(facts["temperature"] as? Double)
    #expect(temperature != 1)
    let evaluations = try [[], ["--tta", "flip"], ["--tta", "none"]].map { words in
      try samePredictions(data, run: run, words)
    }
    #expect(evaluations.map { $0["tta"] as? String } == ["flip", "flip", "none"])
    #expect(evaluations.allSatisfy { $0["temperature"] as? Double == temperature })
    #expect(NSDictionary(dictionary: evaluations[0]) == NSDictionary(dictionary: evaluations[1]))
    #expect(evaluations[0]["accuracy_plain"] as? Double == evaluations[2]["accuracy"] as? Double)
    #expect(evaluations[0]["loss"] as? Double != evaluations[2]["loss"] as? Double)
    let text = cnnctl("evaluate", "--model", run)
    #expect(text.lines[1].hasPrefix("mirrored views averaged; on the plain images accuracy "))
    #expect(text.lines[2].hasPrefix("expected calibration error "))
    #expect(text.lines[2].hasSuffix(" without the temperature of \(temperature))"))
    let plain = cnnctl("evaluate", "--model", run, "--tta", "none")
    #expect(plain.lines[1].hasPrefix("expected calibration error "))
    #expect(text.output.contains("predictions and accuracy with --abstain-below\n"))
    #expect(cnnctl("evaluate", "--model", run, "--tta", "mirror").code == .usage)
  }

  @discardableResult
  private func samePredictions(
    _ data: TinyDataset, run: String, _ words: [String] = []
  ) throws -> [String: Any] {
    let out = data.folder.file("answers")
    let evaluation = cnnctl(
      ["evaluate", data.path, "--model", run, "--out", out, "--json"] + words)
    #expect(evaluation.code == .done, "\(evaluation.diagnostics)")
    let rows = try text(of: out + "/predictions.csv").split(separator: "\n").dropFirst()
    let prediction = cnnctl(
      [
        "predict", "-r", data.path + "/test_set", "--model", run, "--format", "csv", "--threads",
        "1",
      ] + words)
    let answers = prediction.lines.dropFirst()
    #expect(rows.count == 18 && answers.count == 18)
    // path,true,pred,probability,p_cats,p_dogs against path,label,probability,p_cats,p_dogs,…
    for (row, answer) in zip(rows, answers) {
      let evaluated = row.split(separator: ",", omittingEmptySubsequences: false)
      let predicted = answer.split(separator: ",", omittingEmptySubsequences: false)
      #expect(predicted[0].hasSuffix(evaluated[0]) || evaluated[0].hasSuffix(predicted[0]))
      #expect(evaluated[2...] == predicted[1...4][...])
    }
    let right = zip(rows, answers).count { row, answer in
      row.split(separator: ",")[1] == answer.split(separator: ",")[1]
    }
    let accuracy = try #require(object(evaluation.output)["accuracy"] as? Double)
    #expect(abs(accuracy - Double(right) / 18) < 1e-12)
    return try object(evaluation.output)
  }

  @Test func `Below --min-accuracy the exit code is 1 and the numbers are still told`() throws {
    let data = try TinyDataset()
    let run = try data.trained()
    let good = cnnctl("evaluate", "--model", run, "--min-accuracy", "0")
    #expect(good.code == .done)
    // Class folders of swapped names: a model that is right on the others is wrong here.
    let swapped = data.folder.file("swapped/test_set")
    for (name, other) in [("cats", "dogs"), ("dogs", "cats")] {
      try FileManager.default.createDirectory(
        atPath: swapped, withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        atPath: "\(data.path)/test_set/\(name)", toPath: "\(swapped)/\(other)")
    }
    let accuracies = try [data.path, data.folder.file("swapped")].map { path in
      try object(cnnctl("evaluate", path, "--model", run, "--json").output)["accuracy"] as? Double
    }
    #expect((accuracies[0] ?? 0) + (accuracies[1] ?? 0) == 1)
    let path = (accuracies[0] ?? 0) < 1 ? data.path : data.folder.file("swapped")
    let bad = cnnctl("evaluate", path, "--model", run, "--min-accuracy", "1")
    #expect(bad.code == .conditionFailed)
    #expect(bad.lines.first?.hasPrefix("accuracy ") == true)
    #expect(bad.diagnostics.contains("is below --min-accuracy 1"))
  }

  @Test func `Class folders alone are the images to evaluate`() throws {
    let data = try TinyDataset()
    let run = try data.trained()
    let outcome = cnnctl("evaluate", data.path + "/test_set", "--model", run, "--json")
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(try object(outcome.output)["images"] as? Int == 12)
  }

  @Test func `The train and val splits are those of the run`() throws {
    let data = try TinyDataset()
    let run = try data.trained()
    let counts = try ["train", "val"].map { split in
      try object(
        cnnctl("evaluate", "--model", run, "--split", split, "--json").output)["images"] as? Int
    }
    #expect((counts[0] ?? 0) + (counts[1] ?? 0) == 20)
    #expect((counts[1] ?? 0) > 0)
  }

  @Test func `The report's text is in the file too`() throws {
    let data = try TinyDataset()
    let run = try data.trained()
    let outcome = cnnctl("evaluate", "--model", run, "--split", "train")
    let report = try text(of: run + "/train/report.txt")
    let body = outcome.lines.dropLast(2).joined(separator: "\n")
    #expect(report.hasSuffix(body + "\n"))
  }

  @Test func `What is stopped or refused before its first file leaves no folder for it`() throws {
    let data = try TinyDataset()
    let run = try data.trained()
    let (above, out) = (data.folder.file("new"), data.folder.file("new/folder"))
    let stopped = cnnctl("evaluate", "--model", run, "--out", out, stopAfter: 0)
    #expect(stopped.code == .interrupted && !FileManager.default.fileExists(atPath: above))
    let single = data.folder.file("single")
    for (name, count) in [("cats", 3), ("dogs", 1)] {
      for number in 0..<count {
        try write(
          tinyPicture(red: 90, green: 90, blue: 9, number: number),
          to: "\(single)/\(name)/\(number).png")
      }
    }
    let refused = cnnctl("audit", single, "--from", run, "--out", out)
    #expect(refused.code == .badData && !FileManager.default.fileExists(atPath: above))
    // That it cannot be made is said at once, all the same.
    let file = data.folder.file("file")
    try write([1], to: file)
    let early = cnnctl("evaluate", "--model", run, "--out", file + "/new", stopAfter: 0)
    #expect(early.code == .cannotCreate)
    #expect(cnnctl("evaluate", "--model", run, "--out", out).code == .done)
    #expect(FileManager.default.fileExists(atPath: out + "/report.txt"))
  }

  @Test func `Classes that the model does not know are answered with what would`() throws {
    let data = try TinyDataset()
    let run = try data.trained()
    try FileManager.default.moveItem(
      atPath: data.path + "/test_set/cats", toPath: data.path + "/test_set/eels")
    let outcome = cnnctl("evaluate", data.path, "--model", run)
    #expect(outcome.code == .badData)
    #expect(
      outcome.diagnostics.contains("try: --model with a model of these classes"),
      "\(outcome.diagnostics)")
    #expect(!cnnctl("check", data.path).output.contains("--model"))
  }
}
