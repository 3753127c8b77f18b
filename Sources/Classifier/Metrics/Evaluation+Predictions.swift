import Glibc
internal import Primitives

extension Evaluation {
  /// The figures of predictions whose true class is known.
  ///
  /// A division by zero gives 0, as scikit-learn's `zero_division=0`. With no prediction at all
  /// accuracy and loss are 0 and the interval is 0...1. `temperature` and `tta` are those that the
  /// predictions were given with.
  package init(
    predictions: [Prediction], classes names: [String], topK: Int = 1, temperature: Double = 1,
    tta: TestTimeAugmentation = .plain
  ) {
    var confusion = ConfusionCounts(classes: names.count)
    var lossSum = 0.0
    var right = 0
    var plainRight = 0
    var amongTop = 0
    var sureness: [(probability: Double, isRight: Bool)] = []
    var uncalibrated: [(probability: Double, isRight: Bool)] = []
    var answered: [(truth: Int, probabilities: [Double])] = []
    for prediction in predictions {
      guard let truth = prediction.trueIndex, let answer = prediction.index else { continue }
      confusion.add(truth: truth, answer: answer)
      right += truth == answer ? 1 : 0
      plainRight += truth == prediction.plainIndex ? 1 : 0
      lossSum += Evaluation.loss(of: prediction, truth: truth, temperature: temperature)
      sureness.append((prediction.probabilities[answer], truth == answer))
      if temperature != 1 {
        let share = prediction.with(temperature: 1).probabilities[answer]
        uncalibrated.append((share, truth == answer))
      }
      if topK > 1, prediction.top(topK).contains(where: { $0.index == truth }) { amongTop += 1 }
      answered.append((truth, prediction.probabilities))
    }
    let count = answered.count
    let rows = confusion.members
    let (hits, answers) = (confusion.hits, confusion.answers)
    let scores = names.indices.map { i in
      Evaluation.scores(hits: hits[i], answers: answers[i], members: rows[i])
    }
    let interval = wilsonInterval(right, of: count)

    images = count
    accuracy = ratio(right, count)
    accuracyLow = interval.lowerBound
    accuracyHigh = interval.upperBound
    loss = count == 0 ? 0 : lossSum / Double(count)
    self.tta = tta
    accuracyPlain = ratio(plainRight, count)
    self.temperature = temperature
    ece = ReliabilityBins(sureness).expectedCalibrationError
    eceUncalibrated =
      temperature == 1 ? ece : ReliabilityBins(uncalibrated).expectedCalibrationError
    brier = ProbabilityScores.brier(
      probabilities: answered.map(\.probabilities), truths: answered.map(\.truth))
    selective = Reliability.selective(sureness)
    classes = Dictionary(zip(names, scores)) { first, _ in first }
    macro = Evaluation.mean(scores, weights: scores.map { _ in 1 })
    weighted = Evaluation.mean(scores, weights: rows.map(Double.init))
    auc = Evaluation.auc(
      answered.map(\.probabilities), truths: answered.map(\.truth), classes: names.count,
      members: rows)
    self.confusion = confusion
    skipped = predictions.compactMap(\.failure)
    self.topK = topK > 1 ? topK : nil
    topKAccuracy = topK > 1 ? ratio(amongTop, count) : nil
    let most = rows.max() ?? 0
    if most < count, let index = rows.firstIndex(of: most) {
      let share = ratio(most, count)
      baseline = Baseline(
        name: names[index], accuracy: share, isBeaten: interval.lowerBound > share)
    }
  }

  /// Cross-entropy of one image in nats; of its probability where no logits are known.
  private static func loss(of answer: Prediction, truth: Int, temperature: Double) -> Double {
    guard answer.logits.isEmpty else {
      return loss(logits: answer.logits, truth: truth, temperature: temperature)
    }
    return ProbabilityScores.logLoss(
      probabilities: [answer.probabilities], truths: [truth]) ?? 0
  }

  /// Cross-entropy of one image in nats, from the logits: exact where a probability rounds to 0.
  static func loss(
    logits: some Collection<Float>, truth: Int, temperature: Double = 1
  ) -> Double {
    let logits = logits.map { Double($0) / temperature }
    if logits.count == 1 {
      // -log σ(x) for the second class, -log σ(-x) for the first.
      let x = truth == 1 ? logits[0] : -logits[0]
      return max(-x, 0) + log1p(exp(-abs(x)))
    }
    let most = logits.max() ?? 0
    let sum = logits.reduce(0.0) { $0 + exp($1 - most) }
    return most + log(sum) - logits[truth]
  }

  private static func scores(hits: Int, answers: Int, members: Int) -> Scores {
    Scores(
      precision: ratio(hits, answers), recall: ratio(hits, members),
      f1: ratio(2 * hits, answers + members), support: members)
  }

  private static func mean(_ scores: [Scores], weights: [Double]) -> Scores {
    let total = weights.reduce(0, +)
    func mean(_ value: (Scores) -> Double) -> Double {
      total == 0 ? 0 : zip(scores, weights).reduce(0) { $0 + value($1.0) * $1.1 } / total
    }
    return Scores(
      precision: mean(\.precision), recall: mean(\.recall), f1: mean(\.f1),
      support: scores.reduce(0) { $0 + $1.support })
  }

  private static func auc(
    _ probabilities: [[Double]], truths: [Int], classes: Int, members: [Int]
  ) -> Double? {
    // A class without a curve leaves no mean: then nothing need be ranked.
    guard classes >= 2, members.allSatisfy({ $0 > 0 && $0 < truths.count }) else { return nil }
    let counters = RankCounter.classes(
      probabilities: probabilities, truths: truths, count: classes)
    let areas = counters[(classes == 2 ? 1 : 0)...].compactMap { $0.ranks?.area }
    guard areas.count == (classes == 2 ? 1 : classes) else { return nil }
    return areas.reduce(0, +) / Double(areas.count)
  }
}
