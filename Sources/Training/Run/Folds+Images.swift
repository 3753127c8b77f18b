internal import Classifier
internal import ImageData
internal import Primitives

extension Folds {
  /// The folds of some of a store's images, in which what belongs together stays together.
  ///
  /// Error: a class with less than two groups.
  init(
    of images: [Int], in store: ImageStore, _ configuration: Configuration, classes: [String],
    most: Int
  ) throws(TrainingError) {
    do throws(Problem) {
      try self.init(
        targets: store.targets(images).map { Int($0) }, groups: store.units(images).map(\.bytes),
        classes: classes.count, most: most)
    } catch {
      let isGrouped = configuration.data.groupBy != nil
      let (label, found): (Int, String) =
        switch error {
        case .oneGroup(let label, let count):
          (
            label,
            count == 1
              ? "1 image"
              : "\(count) images, all \(isGrouped ? "of one group" : "the same picture")"
          )
        case .wholeClass(let label):
          (label, "images that would all be in one fold, with those of other classes")
        }
      throw .tooFew(classes[label], found: found, in: configuration, isGrouped: isGrouped)
    }
  }
}

extension TrainingError {
  /// The refusal of a class of which no image can be both predicted and, meanwhile, trained on.
  static func tooFew(
    _ name: String, found: String, in configuration: Configuration, isGrouped: Bool = false
  ) -> TrainingError {
    let option =
      configuration.recipe.solvesHead ? "--recipe \(configuration.recipe.rawValue)" : "--folds"
    let mayDivide = configuration.data.nearDuplicates == .together && found != "1 image"
    return TrainingError(
      .badData, "\(configuration.dataset): too few images of \(name) for \(option)",
      found: "\(name): \(found)",
      expected: "at least 2 different images per class"
        + (isGrouped ? ", of 2 groups of --group-by" : "")
        + ": one to train on while another is predicted",
      advice: "more images of \(name)"
        + (mayDivide ? ", or --near-duplicates ignore if they are different pictures" : ""))
  }
}
