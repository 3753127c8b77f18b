internal import Primitives

extension Evaluation {
  /// Reasons for which the accuracy may mislead, in sentences without a full stop.
  ///
  /// `images` is what the evaluated images are called, such as `test image`; `remedies` follows what
  /// is said of a model that is no better than one answer to everything.
  package func cautions(of images: String = "image", remedies: String? = nil) -> [String] {
    [
      baselineCaution.map { $0 + (remedies.map { "; " + $0 } ?? "") },
      seen?.caution(of: self.images, images),
    ].compactMap(\.self)
  }

  private var baselineCaution: String? {
    guard let baseline, !baseline.isBeaten else { return nil }
    let figure = fixed(baseline.accuracy, 2)
    let start = "no better than always predicting \(baseline.name) (\(figure)"
    return accuracy <= baseline.accuracy
      ? "\(start) of these \(counted(images, "image")))"
      : "\(start)), given only \(counted(images, "image"))"
  }

}

extension Evaluation.Seen {
  /// The consequence for the accuracy on `all` images; nil if none of them was trained on.
  package func caution(of all: Int, _ noun: String) -> String? {
    guard images > 0 else { return nil }
    return "\(grouped(images)) of \(counted(all, noun)) \(images == 1 ? "was" : "were") in "
      + "\(model.possessive) training set: the accuracy "
      + (images >= all ? "says nothing about new photos" : "would be lower on new photos")
  }
}

extension Configuration {
  /// Suggestions for a model that is no better than a constant prediction, given the number of its
  /// training images.
  package static func remedies(
    _ configuration: Configuration?, images: Int, classes: Int
  ) -> String {
    var steps: [String] = []
    if let configuration {
      let (own, recipe) = (configuration.training, configuration.recipe.configuration.training)
      if own.epochs < recipe.epochs || own.minimumSteps < recipe.minimumSteps {
        steps.append("more --epochs")
      }
    }
    if images < 200 * classes { steps.append("more photos of each class") }
    if configuration?.transfer.from == nil { steps.append("--from cats-dogs") }
    return steps.isEmpty
      ? "cnnctl check may find problems in the images" : "try " + listed(steps, last: "or")
  }

  private static func listed(_ steps: [String], last word: String) -> String {
    guard let last = steps.last, steps.count > 1 else { return steps.first ?? "" }
    return steps.dropLast().joined(separator: ", ") + " \(word) " + last
  }
}

extension String {
  /// With the ending of an owner: `cats-dogs'`, `runs/train-001's`.
  var possessive: String { self + (hasSuffix("s") ? "'" : "'s") }
}
