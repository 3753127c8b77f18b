internal import CNN
import Glibc

/// The figures of the validation images in an epoch's row.
///
/// They are those of an `Evaluation` of the same predictions, to the bit, without what only the
/// last evaluation needs: no prediction is kept, and the work is one pass over the logits.
package struct EpochFigures: Sendable, Hashable {
  package var images: Int
  /// Share of correct predictions.
  package var accuracy: Double
  /// Mean of -log of the true class's probability.
  package var loss: Double
  /// Plain mean of the classes' F1.
  package var f1: Double

  /// The part of a prediction that the figures need.
  package struct Answer: Sendable, Hashable, BitwiseCopyable {
    /// Cross-entropy in nats.
    package var loss: Double
    /// The most probable class, on a tie the first.
    package var index: Int

    /// The prediction that a row of logits gives to an image of the class `truth`.
    ///
    /// One logit means two classes. `powers` is room for as many numbers as there are logits.
    package init(_ logits: ArraySlice<Float>, truth: Int, powers: inout [Double]) {
      if let only = logits.first, logits.count == 1 {
        loss = Evaluation.loss(logits: logits, truth: truth)
        // σ(x) is the greater of the two where it is above a half.
        index = sigmoid(Double(only)) > sigmoid(-Double(only)) ? 1 : 0
        return
      }
      let greatest = Double(logits.max() ?? 0)
      powers.removeAll(keepingCapacity: true)
      for logit in logits { powers.append(exp(Double(logit) - greatest)) }
      let sum = powers.reduce(0, +)
      // `Evaluation.loss` by the powers that are there.
      loss = greatest + log(sum) - Double(logits[logits.startIndex + truth])
      // Logits that differ may have one probability: the label is that of the probabilities. Only a
      // greater power may have a greater one.
      var best = (index: 0, power: powers[0])
      for (index, power) in powers.enumerated()
      where power > best.power && power / sum > best.power / sum {
        best = (index, power)
      }
      index = best.index
    }
  }

  /// The figures of answers to images of the classes `truths`, in the images' order.
  package init(_ answers: [Answer], truths: [Int32], classes: Int) {
    precondition(answers.count == truths.count, "a true class for each answer")
    var hits = [Int](repeating: 0, count: classes)
    var given = hits
    var members = hits
    var lossSum = 0.0
    for (answer, truth) in zip(answers, truths) {
      members[Int(truth)] += 1
      given[answer.index] += 1
      if answer.index == Int(truth) { hits[answer.index] += 1 }
      lossSum += answer.loss
    }
    images = answers.count
    accuracy = ratio(hits.reduce(0, +), images)
    loss = images == 0 ? 0 : lossSum / Double(images)
    let scores = (0..<classes).map { ratio(2 * hits[$0], given[$0] + members[$0]) }
    f1 = classes == 0 ? 0 : scores.reduce(0, +) / Double(classes)
  }

  /// Figures that are known.
  package init(images: Int, accuracy: Double, loss: Double, f1: Double) {
    (self.images, self.accuracy, self.loss, self.f1) = (images, accuracy, loss, f1)
  }
}

/// A share; that of nothing is 0.
func ratio(_ part: Int, _ whole: Int) -> Double {
  whole == 0 ? 0 : Double(part) / Double(whole)
}
