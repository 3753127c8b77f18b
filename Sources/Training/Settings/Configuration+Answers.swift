package import Classifier
internal import ImageData

extension Configuration {
  /// The default test-time augmentation of this run's model.
  ///
  /// Averages mirrored views, except with the tutorial's recipes or if training does not mirror
  /// images: a mirrored digit or letter is something else.
  package var tta: TestTimeAugmentation {
    let mirrors = augmentation.flip == .h || augmentation.flip == .hv
    return mirrors && !recipe.isSeed ? .flip : .plain
  }

  /// Advice for a model that is no better than always predicting the same class; it was trained on
  /// `images` images.
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
