import Classifier
import Glibc
import Primitives
import TestSupport
import Testing
import Training

/// A run of so many classes that its table of predictions has the most probable alone.
@Suite("Many classes")
struct ManyClassesTests {
  private let classes = (0..<300).map { "class\(1000 + $0)" }

  private var predictions: [Prediction] {
    (0..<40).map { image in
      var random = RandomStream(seed: 3, purpose: .subset, sample: image)
      var shares = classes.indices.map { _ in Double(random.uniform()) }
      shares[image * 7] += image % 3 == 0 ? 1 : 9
      let sum = shares.reduce(0, +)
      return Prediction(
        path: "photos/\(image).png", trueIndex: image % 3 == 0 ? image : image * 7,
        probabilities: shares.map { $0 / sum })
    }
  }

  /// Writes a run's test folder; `edit` changes the text of its table.
  private func contents(
    _ folder: String, edit: (String) -> String = { $0 }
  ) throws -> RunContents {
    let evaluation = Evaluation(predictions: predictions, classes: classes)
    let rows = Prediction.csvRows(predictions, classes: classes).joined()
    let run = try RunFolder.create(out: folder + "/run", configuration: Array("{}".utf8))
    try run.createFolder(RunFolder.testName)
    try run.write(evaluation.indentedJSON(), to: RunFolder.reportName)
    try run.write(edit(rows), to: RunFolder.predictionsName)
    return try RunContents(reading: run.path)
  }

  @Test("Answers, figures and sureness are read back from the five most probable classes")
  func readBack() throws {
    try withTemporaryFolder { folder in
      let contents = try contents(folder)
      let answers = try #require(contents.answers)
      #expect(!contents.problems.contains { $0.file == RunFolder.predictionsName })
      #expect(!contents.problems.contains { $0.file == RunFolder.reportName })
      #expect(answers.classes == classes && answers.isComplete)
      #expect(answers.evaluation == Evaluation(predictions: predictions, classes: classes))
      for (read, given) in zip(answers.predictions, predictions) {
        #expect(read.index == given.index && read.probability == given.probability)
        #expect(read.probabilityOfTruth == given.probabilityOfTruth && read.path == given.path)
        #expect(read.trueIndex == given.trueIndex)
      }
      #expect(answers.predictions.count == predictions.count)
    }
  }

  @Test(
    "A table that contradicts itself or the figures is named",
    arguments: [
      ("true_probability", "p_true", "unknown columns"),
      (",class1007,", ",lion,", "contradicts itself"),
      (",0.", ",1.", "contradicts itself"),
    ])
  func edited(from: String, to: String, problem: String) throws {
    try withTemporaryFolder { folder in
      let contents = try contents(folder) { $0.replacing(from, with: to) }
      let found = contents.problems.first { $0.file == RunFolder.predictionsName }
      #expect(found?.message.contains(problem) == true, "\(found?.message ?? "none")")
      #expect(contents.answers?.predictions.isEmpty == true)
    }
  }

  @Test("A table of other answers than the figures' is told")
  func otherFigures() throws {
    try withTemporaryFolder { folder in
      // Two images change their classes.
      let contents = try contents(folder) {
        $0.replacing("photos/3.png,class1003", with: "photos/3.png,class1004")
      }
      let found = contents.problems.first { $0.file == RunFolder.reportName }
      #expect(found?.message.contains("does not match the predictions") == true)
      #expect(contents.answers?.isComplete == false)
      #expect(contents.answers?.evaluation.auc == nil && contents.answers?.evaluation.brier == nil)
    }
  }
}
