internal import Classifier
internal import Compute
internal import Training

/// The photos that belong to none of a model's classes: those that lie farther from all of them than
/// a share of the model's own photos.
struct Rejection {
  let detector: NoveltyDetector
  /// The distance above which a photo is rejected.
  let threshold: Double

  /// The option; `consequence` is what becomes of such a photo.
  static func option(_ consequence: String) -> Option<Double?> {
    Option(
      "reject-above", Form<Double>.keptShare(auto: NoveltyDetector.automaticShare), "P|auto",
      said: "off", in: .results,
      "\(consequence) if it lies farther from all classes than the share P of the model's own "
        + "photos; auto: \(NoveltyDetector.automaticShare)")
  }

  /// The rejection of photos that lie farther than this share of the model's own.
  ///
  /// Error: a model that cannot tell.
  init(
    keeping share: Double, _ model: ClassifierModel, at location: ModelLocation,
    option: String = "--reject-above", of command: CommandDescription
  ) throws(Failure) {
    guard let detector = model.novelty else {
      throw command.usageError(
        "\(option) needs distances that \(location.title) does not have",
        expected: "a model of cnnctl train --recipe instant, with more than two different photos "
          + "per class, or of finetune with validation photos",
        advice: "cnnctl train PHOTOS --recipe instant --from MODEL")
    }
    self.detector = detector
    threshold = detector.threshold(keeping: share)
  }
}

extension Predictor {
  /// A predictor that measures distances where photos may be rejected.
  convenience init(
    model: ClassifierModel, rejection: Rejection?, engine: Engine, tta: TestTimeAugmentation?,
    maxPixels: Int
  ) throws {
    if let rejection {
      try self.init(
        model: model, measuring: rejection.detector, engine: engine, tta: tta, maxPixels: maxPixels)
    } else {
      self.init(model: model, engine: engine, tta: tta, maxPixels: maxPixels)
    }
  }
}
