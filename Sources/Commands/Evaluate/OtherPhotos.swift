internal import Classifier
internal import Compute
internal import ImageData
internal import Primitives
internal import Training

/// The photos of `evaluate --others`, which belong to none of a model's classes.
struct OtherPhotos {
  let folder: String
  let rejection: Rejection
  private let paths: [String]
  private let console: Console

  /// The photos in a folder and its folders.
  ///
  /// Errors: a model that cannot tell, no folder, none in it.
  init(
    in folder: String, _ model: ClassifierModel, at location: ModelLocation, _ console: Console
  ) throws {
    (self.folder, self.console) = (folder, console)
    rejection = try Rejection(
      keeping: NoveltyDetector.automaticShare, model, at: location, option: "--others",
      of: EvaluateCommand.description)
    guard FileSystem.isFolder(folder) else {
      throw Failure(
        FileSystem.exists(folder) ? .usage : .noInput, "\(folder) is not a folder",
        expected: "--others with a folder of photos that belong to no class")
    }
    let found = ImageFolder(below: folder)
    for problem in found.problems { console.warning(problem.summary) }
    if let line = found.passedOver.line { console.warning("\(folder): \(line)") }
    guard !found.paths.isEmpty else {
      throw Failure(
        .badData, "\(folder) holds no image",
        expected: "photos that belong to no class")
    }
    paths = Array(found.paths)
  }

  /// What the model says of each photo, with its distance.
  ///
  /// Errors: none of them can be read; a signal.
  func predictions(
    by model: ClassifierModel, _ engine: Engine, tta: TestTimeAugmentation?, maxPixels: Int,
    _ signal: () -> Int32?
  ) throws -> [Prediction] {
    let predictor = try Predictor(
      model: model, rejection: rejection, engine: engine, tta: tta, maxPixels: maxPixels)
    let progress = StepProgress("others", console)
    var predictions: [Prediction] = []
    try predictor.predict(paths) { prediction in
      predictions.append(prediction)
      progress.show(predictions.count, of: paths.count)
      if let number = signal(), predictions.count < paths.count {
        console.clear()
        throw Failure(
          ExitCode(signal: number), "stopped by \(signalName(number)); nothing was written")
      }
    }
    console.clear()
    console.leftOut(predictions.compactMap(\.failure))
    guard predictions.contains(where: { $0.failure == nil }) else {
      throw Failure(
        .badData, "\(folder): none of \(counted(paths.count, "image")) can be read")
    }
    return predictions
  }
}
