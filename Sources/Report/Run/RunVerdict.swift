internal import Classifier
internal import ImageData
internal import Primitives
package import Training

/// The result of a run in words: its output and its page begin with them.
package struct RunVerdict: Sendable, Hashable {
  /// Reasons for which the accuracy may mislead; they come before it.
  package let cautions: [String]
  /// The accuracy with its interval: `accuracy 95.8 % (90.6-98.2) on 120 test images`.
  package let accuracy: String
  /// What it means, in sentences without a full stop: correct predictions, how far above guessing,
  /// the weakest class.
  package let details: [String]
  /// The wrong predictions with the highest probability, at most three.
  package let mistakes: [Mistake]

  /// A wrong prediction.
  package struct Mistake: Sendable, Hashable {
    /// The image.
    package let path: String
    /// The true class and the prediction: `cats, predicted dogs 99.2 %`.
    package let text: String
  }

  private static let shownMistakes = 3
  /// The longest that a class's name is shown.
  private static let nameLimit = 30

  /// The result of predictions; `noun` is what an image is called, such as `test image`.
  package init(_ answers: RecordedAnswers, of noun: String) {
    let evaluation = answers.evaluation
    func name(_ label: Int) -> String { shortened(answers.classes[label], RunVerdict.nameLimit) }
    cautions = evaluation.cautions(of: noun)
    let images = counted(evaluation.images, noun)
    guard evaluation.images > 0 else {
      accuracy = "no \(noun) could be read: the accuracy is not known"
      (details, mistakes) = ([], [])
      return
    }
    accuracy = "accuracy \(evaluation.accuracyText) on \(images)"
    details = [
      RunVerdict.share(answers.right, of: evaluation),
      RunVerdict.weakest(of: evaluation.confusion, name), RunVerdict.basis(noun),
    ].compactMap(\.self)
    mistakes = ShownAnswers(answers.predictions).worst.prefix(RunVerdict.shownMistakes).compactMap {
      guard let truth = $0.trueIndex, let answer = $0.index else { return nil }
      return Mistake(
        path: $0.path,
        text: "\(name(truth)), predicted \(name(answer)) \(percent($0.probability ?? 0))")
    }
  }

  /// The result that a run's folder tells of; nil if nothing was evaluated.
  package init?(of contents: RunContents) {
    guard let answers = contents.answers else { return nil }
    self.init(answers, of: contents.evaluatedNoun)
  }

  /// The accuracy and its meaning as a paragraph.
  package var paragraph: String {
    ([accuracy + (details.first.map { ": " + $0 } ?? "")] + details.dropFirst())
      .map { $0.prefix(1).uppercased() + $0.dropFirst() + "." }.joined(separator: " ")
  }

  private static func share(_ right: Int, of evaluation: Evaluation) -> String {
    let text =
      right == evaluation.images
      ? "all are right" : "\(grouped(right)) of \(grouped(evaluation.images)) are right"
    guard let guess = evaluation.baseline, guess.isBeaten else { return text }
    return text + ", \(fixed(100 * (evaluation.accuracy - guess.accuracy), 1)) points above always "
      + "predicting \(shortened(guess.name, nameLimit)) (\(percent(guess.accuracy)))"
  }

  /// What is to be known of images that are no test images; nil for others.
  private static func basis(_ noun: String) -> String? {
    switch noun {
    case RunRecord.Test.noun(of: Split.val.rawValue):
      "there are no test images: these helped to choose the weights, so expect slightly less"
    case OutOfFold.noun: "each training image was predicted by a model that had not seen it"
    default: nil
    }
  }

  /// The class with the lowest share of correct predictions; nil where none is wrong.
  private static func weakest(of counts: ConfusionCounts, _ name: (Int) -> String) -> String? {
    let (members, hits) = (counts.members, counts.hits)
    let present = counts.indices.filter { members[$0] > 0 }
    func share(_ label: Int) -> Double { Double(hits[label]) / Double(members[label]) }
    guard present.count > 1, let worst = present.min(by: { share($0) < share($1) }),
      hits[worst] < members[worst]
    else { return nil }
    let text =
      "weakest class: \(name(worst)), \(grouped(hits[worst])) of \(grouped(members[worst])) right "
      + "(\(percent(share(worst))))"
    var row = counts[worst]
    row[worst] = 0
    guard counts.count > 2, let most = row.max(), let other = row.firstIndex(of: most) else {
      return text
    }
    return text + ", \(grouped(most)) taken for \(name(other))"
  }
}
