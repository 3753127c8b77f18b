internal import Primitives
internal import Training

extension Console {
  /// Says in one line which model answers, what it was trained on, and how to name another.
  func introduce(_ model: ClassifierModel, at location: ModelLocation, named name: String?) {
    let boxed = BoxedModel.all.map(\.name).joined(separator: "|")
    let others = location.boxed == nil ? "RUN|FILE|\(boxed)" : "RUN|FILE"
    let chosen = name == nil ? "; --model \(others) names another" : ""
    let place = location.boxed == nil ? "" : ", inside this program"
    note(
      "model \(location.weights)\(place): \(listed(model.classes)), "
        + (model.recipe == ClassifierModel.importedRecipe
          ? "weights of another program"
          : "recipe \(model.recipe), trained on \(grouped(model.trainingImages)) images")
        + (model.card?.data.map { " (\($0))" } ?? "") + chosen)
  }

  /// Names the images that could not be read; after the tenth only with `-v`.
  func leftOut(_ images: [SkippedImage]) {
    let shown = isVerbose ? images[...] : images.prefix(10)
    for image in shown { warning("left out \(image.path): \(image.message)") }
    let rest = images.count - shown.count
    if rest > 0 { warning("left out \(rest) more images (-v names them)") }
  }
}
