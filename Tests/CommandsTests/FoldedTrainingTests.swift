import Commands
import Foundation
import Testing

/// `train --folds`, and what a report says of predictions out of fold.
@Suite struct FoldedTrainingTests {
  private let data: TinyDataset

  init() throws { data = try TinyDataset() }

  private func paths(_ file: String) throws -> [String] {
    try text(of: file).split(separator: "\n").dropFirst().map {
      String($0.split(separator: ",")[0])
    }
  }

  @Test func `Every training photo is predicted once, by a run that was not trained on it`() throws
  {
    let run = try data.trained("--folds", "3")
    let pooled = try paths(run + "/folds/predictions.csv")
    let training = data.path + "/training_set"
    let photos = try ["cats", "dogs"].flatMap { name in
      try FileManager.default.contentsOfDirectory(atPath: training + "/" + name).map {
        "\(training)/\(name)/\($0)"
      }
    }
    #expect(Set(pooled) == Set(photos) && pooled.count == photos.count)
    var held: [String] = []
    for fold in 1...3 {
      let own = try paths("\(run)/folds/\(fold)/test/predictions.csv")
      #expect(abs(own.count - photos.count / 3) <= 2)
      held += own
      // What a later command takes for its test, and for what it was trained on.
      let out = data.folder.file("answers-\(fold)")
      let again = cnnctl(
        "evaluate", "--model", "\(run)/folds/\(fold)", "-o", out, "--no-plots", "-q")
      #expect(again.code == .done, "\(again.diagnostics)")
      #expect(try Set(paths(out + "/predictions.csv")) == Set(own))
    }
    #expect(held.sorted() == pooled.sorted())
    let record = try object(try text(of: run + "/run.json"))
    let figures = try #require(record["out_of_fold"] as? [String: Any])
    #expect(figures["folds"] as? Int == 3 && figures["images"] as? Int == photos.count)
    let report = cnnctl("report", run, "-q")
    #expect(report.code == .done, "\(report.diagnostics)")
    let page = try text(of: run + "/report.html")
    #expect(page.contains("Out of fold") && page.contains("a model that was trained"))
  }

  @Test func `A run that lost its last fold and its end is resumed to the same bytes`() throws {
    let run = try data.trained("--folds", "3")
    let weights = "/weights/best.safetensors"
    let before = try (
      bytes(of: run + weights), bytes(of: run + "/folds/predictions.csv"),
      bytes(of: run + "/folds/3" + weights)
    )
    func changed(_ path: String) throws -> Date? {
      try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
    }
    let first = try changed(run + "/folds/1" + weights)
    for name in ["folds/3", "weights", "checkpoint", "run.json", "folds/predictions.csv"] {
      try FileManager.default.removeItem(atPath: run + "/" + name)
    }
    let outcome = cnnctl("train", "--resume=" + run, "--json", "-q", "--no-plots")
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(outcome.output.contains("\"event\":\"fold_done\""))
    #expect(try bytes(of: run + weights) == before.0)
    #expect(try bytes(of: run + "/folds/predictions.csv") == before.1)
    #expect(try bytes(of: run + "/folds/3" + weights) == before.2)
    #expect(try changed(run + "/folds/1" + weights) == first)
    let other = cnnctl("train", "--resume=" + run, "--folds", "4")
    #expect(other.code == .usage && other.diagnostics.contains("--folds: 3 in the run, 4 given"))
  }

  /// Resumes a run and stops it at one question after another, until it says `text`.
  ///
  /// On one thread: with more, how often a run asks while it loads images is a matter of chance, and
  /// the one question that this looks for can be passed over.
  private func stopped(_ run: String, saying text: String) throws -> Outcome {
    for checks in 1..<80 {
      let outcome = cnnctl(
        "train", "--resume=" + run, "--no-plots", "--threads", "1", stopAfter: checks)
      if outcome.diagnostics.contains(text) { return outcome }
      try #require(outcome.code == .interrupted, "\(outcome.diagnostics)")
    }
    throw CancellationError()
  }

  @Test func `A stop in or after the folds names those that are done and how to go on`() throws {
    let run = try data.trained("--folds", "3")
    let before = try bytes(of: run + "/weights/best.safetensors")
    for name in ["folds/3", "weights", "checkpoint", "run.json"] {
      try FileManager.default.removeItem(atPath: run + "/" + name)
    }
    let inside = try stopped(
      run, saying: "in fold 3 of 3, after 2 whole folds; all steps are saved")
    let after = try stopped(run, saying: "after all 3 folds, before the first step")
    for outcome in [inside, after] {
      #expect(outcome.code == .interrupted)
      #expect(outcome.diagnostics.contains("To continue: cnnctl train --resume=\(run)"))
      #expect(outcome.output.isEmpty)
    }
    #expect(!FileManager.default.fileExists(atPath: run + "/weights/best.safetensors"))
    #expect(cnnctl("train", "--resume=" + run, "--no-plots", "-q").code == .done)
    #expect(try bytes(of: run + "/weights/best.safetensors") == before)
  }

  @Test func `The page of an instant run shows doubtful labels and how far classes lie apart`()
    throws
  {
    let source = try data.trained()
    let training = data.path + "/training_set"
    let name = try #require(
      try FileManager.default.contentsOfDirectory(atPath: training + "/cats").sorted().first)
    try FileManager.default.moveItem(
      atPath: "\(training)/cats/\(name)", toPath: "\(training)/dogs/moved-\(name)")
    let run = data.folder.file("instant")
    let outcome = cnnctl(
      "train", data.path, "--recipe", "instant", "--from", source, "--folds", "4", "--out", run,
      "-q")
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    let page = try text(of: run + "/report.html")
    #expect(page.contains("Out of fold") && page.contains("a last layer that was fitted"))
    #expect(page.contains("on the other 3 of 4 parts"))
    #expect(page.contains("Most doubtful labels") && page.contains("moved-\(name)"))
    #expect(page.contains("Distances of the classes"))
    let rows = try text(of: run + "/folds/distances.csv").split(separator: "\n").map {
      $0.split(separator: ",").map(String.init)
    }
    #expect(rows[0] == ["class", "cats", "dogs"] && rows.count == 3)
    // Each class is nearer to itself.
    let numbers = rows.dropFirst().map { $0.dropFirst().compactMap(Double.init) }
    #expect(numbers[0][0] < numbers[0][1] && numbers[1][1] < numbers[1][0])
    // Made again from the folder it is the same.
    #expect(cnnctl("report", run, "-q").code == .done)
    #expect(try text(of: run + "/report.html") == page)
  }

  @Test func `Folds that there are not photos for are refused before anything is trained`() throws {
    let outcome = cnnctl(data.training("--folds", "90"))
    #expect(outcome.code == .badData, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("--folds"))
  }

  @Test func `Folds that leave too little for a last layer are refused with a number that works`()
    throws
  {
    let source = try data.trained()
    let few = try TinyDataset(training: 3)
    func tuned(_ folds: String, in photos: TinyDataset) -> Outcome {
      cnnctl(
        "train", photos.path, "--recipe", "finetune", "--from", source, "--folds", folds,
        "--epochs", "1", "--no-plots", "-q", "--out", photos.folder.file("folds-" + folds))
    }
    for folds in ["2", "9"] {
      let outcome = tuned(folds, in: few)
      #expect(outcome.code == .badData && outcome.diagnostics.contains("--folds \(folds)"))
      #expect(outcome.diagnostics.contains("try: --folds 3\n"), "\(outcome.diagnostics)")
      #expect(
        !FileManager.default.fileExists(atPath: few.folder.file("folds-\(folds)/folds/1")))
    }
    let outcome = tuned("3", in: few)
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    // Of two photos one is left, which cannot be predicted without itself.
    let none = tuned("2", in: try TinyDataset(training: 2))
    #expect(none.code == .badData)
    #expect(none.diagnostics.contains("cats: 1 image without those of fold"))
    #expect(none.diagnostics.contains("try: more images of cats"), "\(none.diagnostics)")
  }

  @Test func `Fewer folds than were asked for are told, where a last layer alone is solved`() throws
  {
    let source = try data.trained()
    let few = try TinyDataset(training: 3)
    let line = "--folds 5 is reduced to 3: no class has more than 3 different images"
    for (words, isTold) in [(["--folds", "5"], true), ([], false), (["--folds", "3"], false)] {
      let out = few.folder.file("run-\(words.joined())")
      let trained = cnnctl(
        ["train", few.path, "--recipe", "instant", "--from", source, "--out", out, "--no-plots"]
          + words)
      #expect(trained.code == .done && trained.diagnostics.contains(line) == isTold)
      let audited = cnnctl(["audit", few.path + "/training_set", "--from", source] + words)
      #expect(audited.code == .done && audited.diagnostics.contains(line) == isTold)
    }
  }
}
