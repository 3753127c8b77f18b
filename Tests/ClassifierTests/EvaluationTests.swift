import CNN
import Classifier
import FoundationEssentials
import Primitives
import TestSupport
import Testing

/// Figures of scikit-learn and SciPy, written by Fixtures/generate_metrics.py.
private struct Metrics: Decodable {
  struct Row: Decodable {
    var precision: Double
    var recall: Double
    var f1: Double
    var support: Double

    enum CodingKeys: String, CodingKey {
      case precision
      case recall
      case f1 = "f1-score"
      case support
    }
  }

  struct Case: Decodable {
    var name: String
    var truth: [Int]
    var classes: Int
    var top_k: Int
    var logits: [[Float]]
    var accuracy: Double
    var accuracy_low: Double
    var accuracy_high: Double
    var loss: Double
    var brier: Double
    var auc: Double?
    var top_k_accuracy: Double?
    var confusion: [[Int]]
    var report: [String: Row]

    var names: [String] { (0..<classes).map { "c\($0)" } }

    var evaluation: Evaluation {
      let outputs = logits[0].count
      let shares = probabilities(logits: logits.flatMap(\.self), outputs: outputs)
      let predictions = truth.indices.map {
        Prediction(
          path: "\($0).jpg", trueIndex: truth[$0], logits: logits[$0], probabilities: shares[$0])
      }
      return Evaluation(predictions: predictions, classes: names, topK: top_k)
    }
  }

  var cases: [Case]

  static func read() throws -> Metrics {
    try JSONDecoder().decode(Metrics.self, from: Data(fixture("metrics.json")))
  }
}

private func isClose(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-12 + 1e-9 * abs(b) }

private func isClose(_ scores: Evaluation.Scores?, _ row: Metrics.Row?) -> Bool {
  guard let scores, let row else { return false }
  return isClose(scores.precision, row.precision) && isClose(scores.recall, row.recall)
    && isClose(scores.f1, row.f1) && scores.support == Int(row.support)
}

@Test("Figures agree with scikit-learn and SciPy")
func figuresMatchReference() throws {
  let cases = try Metrics.read().cases
  #expect(cases.count == 5)
  for reference in cases {
    let evaluation = reference.evaluation
    let name = Comment(rawValue: reference.name)
    #expect(evaluation.images == reference.truth.count, name)
    #expect(isClose(evaluation.accuracy, reference.accuracy), name)
    #expect(isClose(evaluation.accuracyLow, reference.accuracy_low), name)
    #expect(isClose(evaluation.accuracyHigh, reference.accuracy_high), name)
    #expect(isClose(evaluation.loss, reference.loss), name)
    #expect(evaluation.brier.map { isClose($0, reference.brier) } == true, name)
    #expect(evaluation.confusion == ConfusionCounts(reference.confusion), name)
    #expect((evaluation.auc == nil) == (reference.auc == nil), name)
    if let auc = evaluation.auc, let expected = reference.auc {
      #expect(isClose(auc, expected), name)
    }
    if let expected = reference.top_k_accuracy {
      #expect(evaluation.topKAccuracy.map { isClose($0, expected) } == true, name)
    }
    for label in reference.names {
      #expect(isClose(evaluation.classes[label], reference.report[label]), "\(name) \(label)")
    }
    #expect(isClose(evaluation.macro, reference.report["macro avg"]), name)
    #expect(isClose(evaluation.weighted, reference.report["weighted avg"]), name)
  }
}

@Test("The comparison with a reference finds a difference")
func comparisonCanFail() throws {
  let reference = try #require(try Metrics.read().cases.first)
  var evaluation = reference.evaluation
  #expect(!isClose(evaluation.accuracy + 1e-6, reference.accuracy))
  evaluation.macro.f1 += 1e-6
  #expect(!isClose(evaluation.macro, reference.report["macro avg"]))
}

@Test("The JSON object has exactly the promised keys, also without an AUC")
func jsonKeys() throws {
  let promised: Set = [
    "images", "accuracy", "accuracy_low", "accuracy_high", "loss", "classes", "macro", "weighted",
    "auc", "confusion", "skipped", "tta", "accuracy_plain", "temperature", "ece",
    "ece_uncalibrated", "selective", "brier",
  ]
  let failure = SkippedImage(path: "x.jpg", code: "truncated", message: "ends early")
  let evaluation = Evaluation(
    predictions: [Prediction(path: "x.jpg", trueIndex: 0, failure: failure)],
    classes: ["a", "b"])
  let tree = try JSON.parse(Array(evaluation.json().utf8)[...], depth: 8)
  guard case .object(let members) = tree else { throw TestFailure("no object") }
  #expect(Set(members.map(\.key)) == promised)
  #expect(members.first { $0.key == "auc" }?.value == .null)
  #expect(!evaluation.json().contains("\n"))
  let back = try JSONDecoder().decode(Evaluation.self, from: Data(evaluation.json().utf8))
  #expect(back == evaluation)
  #expect(evaluation.skipped == [failure])
  #expect(evaluation.accuracyLow == 0 && evaluation.accuracyHigh == 1)
}

@Test("The loss of a sure and wrong answer is finite")
func lossOfExtremes() {
  func loss(_ logits: [Float], truth: Int) -> Double {
    let shares = probabilities(logits: logits, outputs: logits.count)[0]
    let answer = Prediction(path: "", trueIndex: truth, logits: logits, probabilities: shares)
    return Evaluation(predictions: [answer], classes: shares.indices.map { "\($0)" }).loss
  }
  #expect(isClose(loss([1000], truth: 0), 1000))
  #expect(loss([1000], truth: 1) == 0)
  #expect(isClose(loss([900, 0, -900], truth: 2), 1800))
}

@Test("On a tie the first class answers, and the top classes come in class order")
func ties() {
  let prediction = Prediction(path: "", probabilities: [0.2, 0.4, 0.4])
  #expect(prediction.index == 1)
  #expect(prediction.top(3).map(\.index) == [1, 2, 0])
  #expect(Prediction(path: "").index == nil)
}

@Test("predictions.csv has a column a class and quotes paths")
func predictionsCSV() {
  let predictions = [
    Prediction(path: "a,b.jpg", trueIndex: 1, logits: [0], probabilities: [0.25, 0.75]),
    Prediction(path: "bad.jpg", trueIndex: 0),
  ]
  #expect(
    Prediction.csvRows(predictions, classes: ["cats", "dogs"]).joined() == """
      path,true,pred,probability,p_cats,p_dogs
      "a,b.jpg",dogs,dogs,0.75,0.25,0.75

      """)
}

@Test("The matrix in JSON reads back, whatever the classes are called")
func confusionInJSON() throws {
  let names = ["confusion", "\"confusion\":[", "\"confusion\" : [", "d"]
  let predictions = (0..<20).map { image in
    Prediction(
      path: "", trueIndex: image % 4, logits: [0, 1, Float(image % 3), 0.5],
      probabilities: probabilities(logits: [0, 1, Float(image % 3), 0.5], outputs: 4)[0])
  }
  let evaluation = Evaluation(predictions: predictions, classes: names)
  for text in [evaluation.json(), evaluation.indentedJSON()] {
    let back = try JSONDecoder().decode(Evaluation.self, from: Data(text.utf8))
    #expect(back == evaluation)
  }
  let rows = evaluation.confusion.map { row in
    "[" + row.map(String.init).joined(separator: ",") + "]"
  }
  #expect(evaluation.json().contains("\"confusion\":[" + rows.joined(separator: ",") + "]"))
  let lines = evaluation.indentedJSON().split(separator: "\n")
  #expect(rows.allSatisfy { row in lines.contains { $0.contains(row) } })
  #expect(!evaluation.json().contains("\n"))
  for broken in ["[[1,2],[3]]", "[[1,2]]", "[[1,-2],[3,4]]"] {
    let text = evaluation.json().replacing(
      "\"confusion\":[" + rows.joined(separator: ",") + "]", with: "\"confusion\":" + broken)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(Evaluation.self, from: Data(text.utf8))
    }
  }
}
