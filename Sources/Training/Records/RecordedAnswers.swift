package import Classifier
internal import FoundationEssentials
package import Primitives

/// An evaluation as it stands in a folder: answers, their figures, or both.
package struct RecordedAnswers: Sendable {
  package var classes: [String]
  package var evaluation: Evaluation
  /// The predictions; empty where they are not known.
  package var predictions: [Prediction]
  /// Whether temperature, views and skipped images are known, in addition to what the predictions
  /// determine.
  package var isComplete: Bool

  /// Predictions that were just given.
  package init(classes: [String], evaluation: Evaluation, predictions: [Prediction]) {
    self.classes = classes
    self.evaluation = evaluation
    self.predictions = predictions.filter { $0.failure == nil }
    isComplete = true
  }

  package init(_ result: EvaluationResult) {
    self.init(
      classes: result.classes, evaluation: result.evaluation, predictions: result.predictions)
  }

  /// Combines the two files; nil if both are missing.
  ///
  /// Where figures and answers do not fit, one of the files was edited: figures are made from the
  /// predictions then, and `doubts` says so.
  init?(_ evaluation: Evaluation?, _ table: PredictionTable?, doubts: inout [String]) {
    guard let table else {
      guard let evaluation else { return nil }
      classes = evaluation.classNames
      self.evaluation = evaluation
      predictions = []
      isComplete = true
      return
    }
    classes = table.classes
    predictions = table.predictions
    let own = Evaluation(predictions: table.predictions, classes: table.classes)
    if let evaluation {
      // Of a probability near 0 too few digits are left to tell its logarithm.
      let isExact = table.predictions.allSatisfy { ($0.probabilityOfTruth ?? 0) > 1e-9 }
      let difference =
        evaluation.difference(from: own, isWhole: table.isWhole)
        ?? (isExact && !(abs(evaluation.loss - own.loss) <= 1e-6 * (1 + own.loss))
          ? "loss is \(evaluation.loss), from the predictions \(own.loss)" : nil)
      guard let difference else {
        self.evaluation = evaluation
        isComplete = true
        return
      }
      doubts.append("does not match the predictions in predictions.csv: \(difference)")
    }
    self.evaluation = own
    isComplete = false
  }
}

extension Evaluation {
  private static let sizeLimit = 1 << 28

  /// The classes in order, which is the byte order of their names.
  var classNames: [String] {
    classes.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
  /// The largest difference between figures of the same predictions.
  private static let tolerance = 1e-9

  /// Reads a report.json.
  ///
  /// Errors: a file that is none, or whose figures contradict each other.
  package init(reading place: FilePlace) throws(TrainingError) {
    let path = place.path
    let bytes = try FileSystem.read(place, limit: Evaluation.sizeLimit)
    do {
      self = try JSONText.decoder().decode(Evaluation.self, from: Data(bytes))
    } catch {
      throw TrainingError(
        .badData, "\(path) is not an evaluation report: \(JSONText.message(error))")
    }
    guard isSound else {
      throw TrainingError(.badData, "\(path) contradicts itself: its counts do not match")
    }
  }

  /// Whether the counts are consistent, and shares lie in 0...1.
  private var isSound: Bool {
    let count = classes.count
    guard count >= 2, confusion.classes == count,
      classes.keys.allSatisfy({ ForeignText.problem(inName: $0) == nil })
    else { return false }
    let rows = confusion.members
    let right = confusion.hits.reduce(0, +)
    let all = rows.reduce(0, +)
    return isCount(images) && images == all
      && classes.values.map(\.support).sorted() == rows.sorted()
      && (images == 0 || abs(accuracy - Double(right) / Double(images)) <= Evaluation.tolerance)
      && macro.support == all && weighted.support == all
      && 0 <= accuracyLow && accuracyLow <= accuracyHigh && accuracyHigh <= 1
  }

  /// The first difference among the figures that the predictions determine; nil if there is none.
  ///
  /// Where their probabilities are not whole they do not determine all of them.
  fileprivate func difference(from own: Evaluation, isWhole: Bool) -> String? {
    func differs(_ a: Double?, _ b: Double?) -> Bool {
      guard let a, let b else { return (a == nil) != (b == nil) }
      return !(abs(a - b) <= Evaluation.tolerance)
    }
    func differs(_ a: Scores?, _ b: Scores) -> Bool {
      guard let a else { return true }
      return a.support != b.support || differs(a.precision, b.precision)
        || differs(a.recall, b.recall) || differs(a.f1, b.f1)
    }
    let figures = [
      ("accuracy", accuracy, own.accuracy), ("accuracy_low", accuracyLow, own.accuracyLow),
      ("accuracy_high", accuracyHigh, own.accuracyHigh), ("ece", ece, own.ece),
    ]
    if let (name, a, b) = figures.first(where: { differs($0.1, $0.2) }) {
      return "\(name) is \(a), from the predictions \(b)"
    }
    for (name, scores) in own.classes.sorted(by: { $0.key < $1.key })
    where differs(classes[name], scores) {
      return "the scores of \(name)"
    }
    if classes.count != own.classes.count { return "the classes" }
    if confusion != own.confusion { return "the confusion matrix" }
    if differs(macro, own.macro) || differs(weighted, own.weighted) { return "the averages" }
    guard isWhole else { return nil }
    if differs(auc, own.auc) { return "the area under the ROC curve" }
    // Earlier versions did not write it.
    if brier != nil, differs(brier, own.brier) { return "the Brier score" }
    return nil
  }
}
