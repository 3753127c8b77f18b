internal import Classifier
internal import Primitives
internal import Training

extension Console {
  /// Says in one line which model answers, how good it is, and how to name another: `advice` is how
  /// the command names it.
  func introduce(
    _ model: ClassifierModel, at location: ModelLocation, named name: String?,
    advice: String = "--model selects another"
  ) {
    warn(ofRunsPassedOver: location)
    note(ModelLine(model, at: location).text(advice: name == nil ? advice : nil))
  }

  /// Says that the newest run is not the one that is used, if so.
  func warn(ofRunsPassedOver location: ModelLocation) {
    guard let passedOver = location.passedOver else { return }
    warning("the newest run, \(passedOver), has no weights; an older one is used")
  }

  /// Names the images that could not be read, or that were `skipped` for another reason; after the
  /// tenth only with `-v`.
  func leftOut(_ images: [SkippedImage], _ skipped: String = "skipped") {
    let shown = isVerbose ? images[...] : images.prefix(10)
    for image in shown { warning("\(skipped) \(image.path): \(image.message)") }
    let rest = images.count - shown.count
    if rest > 0 { warning("\(skipped) \(counted(rest, "more image")) (-v lists them)") }
  }
}
