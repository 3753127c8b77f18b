package import Compute
import Glibc
internal import Primitives

extension Evaluation {
  /// The figures of predictions whose true class is known.
  ///
  /// A division by zero gives 0, as scikit-learn's `zero_division=0`. With no prediction at all
  /// accuracy and loss are 0 and the interval is 0...1. `temperature` and `tta` are those that the
  /// predictions were given with. The figures are the same with any `workers`, or none.
  package init(
    predictions: [Prediction], classes names: [String], topK: Int = 1, temperature: Double = 1,
    tta: TestTimeAugmentation = .plain, workers: WorkerPool? = nil
  ) {
    let judged = workers.mapRanges(predictions.count, length: 32) { range in
      range.map { Judged(predictions[$0], topK: topK, temperature: temperature) }
    }
    var confusion = ConfusionCounts(classes: names.count)
    var lossSum = 0.0
    var right = 0
    var plainRight = 0
    var amongTop = 0
    var sureness: [(probability: Double, isRight: Bool)] = []
    var uncalibrated: [(probability: Double, isRight: Bool)] = []
    var answered: [(truth: Int, probabilities: [Double])] = []
    for (prediction, judged) in zip(predictions, judged) {
      guard let judged else { continue }
      let isRight = judged.truth == judged.answer
      confusion.add(truth: judged.truth, answer: judged.answer)
      right += isRight ? 1 : 0
      plainRight += judged.isPlainRight ? 1 : 0
      lossSum += judged.loss
      sureness.append((judged.probability, isRight))
      if temperature != 1 { uncalibrated.append((judged.uncalibrated, isRight)) }
      if judged.isAmongTop { amongTop += 1 }
      answered.append((judged.truth, prediction.probabilities))
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
    selective = Reliability.selective(sureness)
    classes = Dictionary(zip(names, scores)) { first, _ in first }
    macro = Evaluation.mean(scores, weights: scores.map { _ in 1 })
    weighted = Evaluation.mean(scores, weights: rows.map(Double.init))
    self.confusion = confusion
    skipped = predictions.compactMap(\.failure)
    // Of an excerpt they are not known.
    let isWhole = answered.allSatisfy { $0.probabilities.count == names.count }
    brier =
      isWhole
      ? ProbabilityScores.brier(
        probabilities: answered.map(\.probabilities), truths: answered.map(\.truth)) : nil
    auc =
      isWhole
      ? Evaluation.auc(
        answered.map(\.probabilities), truths: answered.map(\.truth), classes: names.count,
        members: rows, workers: workers) : nil
    self.topK = topK > 1 ? topK : nil
    topKAccuracy = topK > 1 ? ratio(amongTop, count) : nil
    let most = rows.max() ?? 0
    if most < count, let index = rows.firstIndex(of: most) {
      let share = ratio(most, count)
      baseline = Baseline(
        name: names[index], accuracy: share, isBeaten: interval.lowerBound > share)
    }
  }

  /// The parts of one prediction that the figures need.
  private struct Judged {
    var truth: Int
    var answer: Int
    var probability: Double
    /// The same at a temperature of 1, where it was another.
    var uncalibrated: Double
    var loss: Double
    var isPlainRight: Bool
    var isAmongTop: Bool

    /// Nil without a true class or an answer.
    init?(_ prediction: Prediction, topK: Int, temperature: Double) {
      guard let truth = prediction.trueIndex, let answer = prediction.index else { return nil }
      (self.truth, self.answer) = (truth, answer)
      probability = prediction.probability ?? 0
      uncalibrated =
        temperature == 1 ? probability : prediction.probability(of: answer, temperature: 1)
      loss =
        prediction.logits.isEmpty
        ? ProbabilityScores.logLoss(prediction.probability(of: truth))
        : Evaluation.loss(logits: prediction.logits, truth: truth, temperature: temperature)
      isPlainRight = truth == prediction.plainIndex
      isAmongTop = topK > 1 && prediction.top(topK).contains { $0.index == truth }
    }
  }

  /// Cross-entropy of one image in nats, from the logits: exact where a probability rounds to 0.
  package static func loss(
    logits: some Collection<Float>, truth: Int, temperature: Double = 1
  ) -> Double {
    func logit(_ place: Int) -> Double {
      Double(logits[logits.index(logits.startIndex, offsetBy: place)]) / temperature
    }
    if logits.count == 1 {
      // -log σ(x) for the second class, -log σ(-x) for the first.
      let x = truth == 1 ? logit(0) : -logit(0)
      return max(-x, 0) + log1p(exp(-abs(x)))
    }
    let most = Double(logits.max() ?? 0) / temperature
    let sum = logits.reduce(0.0) { $0 + exp(Double($1) / temperature - most) }
    return most + log(sum) - logit(truth)
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
    _ probabilities: [[Double]], truths: [Int], classes: Int, members: [Int],
    workers: WorkerPool?
  ) -> Double? {
    // A class without a curve leaves no mean: then nothing need be ranked.
    guard classes >= 2, members.allSatisfy({ $0 > 0 && $0 < truths.count }) else { return nil }
    let areas = workers.mapRanges(classes, length: 16) { range in
      RankCounter.classes(range, probabilities: probabilities, truths: truths)
        .map { $0.ranks?.area }
    }
    let counted = areas[(classes == 2 ? 1 : 0)...].compactMap(\.self)
    guard counted.count == (classes == 2 ? 1 : classes) else { return nil }
    return counted.reduce(0, +) / Double(counted.count)
  }
}
