internal import CNN
package import Compute
internal import ImageData
internal import KernelTypes
internal import Primitives

/// Finds out where a model looks in images.
///
/// The predictions are those of `Predictor`, to the bit. With mirrored views the prediction is the
/// mean over the image and its mirror image, and so is a map, the second turned back. Memory does
/// not grow with the number of images. A class, because it owns the memory of its passes.
package final class Explainer {
  package let model: ClassifierModel
  private let methods: [ExplanationMethod]
  private let photoSide: Int?
  private let engine: Engine
  private let predictor: Predictor
  private let gradCAM: GradCAM?
  private let occlusion: Occlusion

  /// Images that are worked on together.
  package static let batchSize = 16

  /// Explains a model's predictions by some methods.
  ///
  /// Without `tta` it answers as the model says. Explanations come with the photo, scaled to so many
  /// pixels on its longer side; without `photoSide` with none.
  ///
  /// Errors: Grad-CAM of a network without a convolution that gives a map.
  package init(
    model: ClassifierModel, methods: [ExplanationMethod] = [.gradcam], engine: Engine,
    tta: TestTimeAugmentation? = nil, maxPixels: Int = 64_000_000, photoSide: Int? = 448
  ) throws {
    self.model = model
    self.methods = methods
    self.photoSide = photoSide
    self.engine = engine
    predictor = Predictor(
      model: model, engine: engine, tta: tta, batchSize: Explainer.batchSize,
      maxPixels: maxPixels)
    occlusion = Occlusion(model.preprocessing)
    // Gradients keep every layer's values: about as much again as the predictions' passes take.
    try predictor.runner.makeRoom(for: predictor.runner.batchSize)
    guard methods.contains(.gradcam) else {
      gradCAM = nil
      return
    }
    do throws(ModelError) {
      gradCAM = try GradCAM(
        network: model.network, batchSize: Explainer.batchSize * predictor.tta.views,
        engine: engine)
    } catch .description(let place, let expected, let found) {
      throw TrainingError(
        .badData, "Grad-CAM cannot explain this model: \(place)", found: found,
        expected: expected, advice: "--method \(ExplanationMethod.occlusion.rawValue)")
    }
  }

  /// Explains the answers to `paths` in order: why the likeliest class, or that of `classIndex`.
  ///
  /// `each` gets every explanation as its batch is done, and none before the model's digest is
  /// confirmed. Errors: those of the model and what `each` throws; an image that cannot be read is
  /// an explanation with a failure.
  package func explain(
    _ paths: [String], classIndex: Int? = nil, each: (Explanation) throws -> Void
  ) throws {
    precondition(classIndex.map(model.classes.indices.contains) ?? true, "a class of the model")
    for part in paths.indices.parts(of: Explainer.batchSize) {
      for explanation in try explain(batch: Array(paths[part]), classIndex) {
        try each(explanation)
      }
    }
  }

  /// The contents of an image file.
  private struct Picture {
    var tensor: [Float] = []
    var photo: RGBImage?
    var view: Explanation.View?
  }

  private func explain(batch paths: [String], _ classIndex: Int?) throws -> [Explanation] {
    let pictures = engine.workers.map(paths) { path, _ in
      Result { () throws(ImageFailure) in try read(path) }
    }
    let readable = pictures.compactMap { try? $0.get() }
    let answers = try predictor.answers(
      to: readable.flatMap { predictor.runner.views(of: $0.tensor) })
    let classes = answers.map { classIndex ?? $0.index ?? 0 }
    var maps = readable.map { _ in [ExplanationMap]() }
    for method in methods {
      let found =
        switch method {
        case .gradcam: try gradients(readable, classes)
        case .occlusion: try drops(readable, answers, classes)
        }
      for (row, map) in found.enumerated() { maps[row].append(map) }
    }
    var row = -1
    return zip(paths, pictures).map { path, picture in
      switch picture {
      case .failure(let failure):
        return Explanation(prediction: Prediction(path: path, failure: SkippedImage(path, failure)))
      case .success(let picture):
        row += 1
        var answer = answers[row]
        answer.path = path
        return Explanation(
          prediction: answer, classIndex: classes[row], maps: maps[row], photo: picture.photo,
          view: picture.view)
      }
    }
  }

  /// The tensor of an image, and the image itself where it is to be shown.
  private func read(_ path: String) throws(ImageFailure) -> Picture {
    let bytes = try FileBytes.read(path, onlyImage: true)
    let preprocessing = predictor.runner.reader.preprocessing
    var picture = Picture(
      tensor: predictor.runner.reader.tensor(try predictor.runner.reader.read(bytes: bytes)))
    guard let photoSide else { return picture }
    let decoded = try ImageReader.decodeImage(
      bytes: bytes, exif: preprocessing.exif, maxPixels: preprocessing.maxPixels
    ) { width, height in [8, 4, 2].first { max(width, height) >= photoSide * $0 } ?? 1 }
    let photo = decoded.upright
    let longer = max(photo.width, photo.height)
    func fitted(_ side: Int) -> Int {
      max(1, (2 * side * photoSide + longer) / (2 * longer))
    }
    picture.photo = Resizer(.bilinear, kernels: engine.kernels).stretch(
      photo, width: fitted(photo.width), height: fitted(photo.height))
    picture.view = Explanation.View(
      geometry: preprocessing.geometry(width: photo.width, height: photo.height),
      width: preprocessing.width, height: preprocessing.height)
    return picture
  }

  /// Grad-CAM's maps, with mirrored views the means of two.
  private func gradients(_ pictures: [Picture], _ classes: [Int]) throws -> [ExplanationMap] {
    guard let gradCAM, !pictures.isEmpty else { return [] }
    let views = predictor.tta.views
    let heat = try gradCAM.heat(
      images: pictures.flatMap { predictor.runner.views(of: $0.tensor) },
      classes: classes.flatMap { [Int](repeating: $0, count: views) })
    let width = gradCAM.maps.width
    return pictures.indices.map { row in
      var values = heat[row * views]
      if views == 2 {
        var second = heat[row * views + 1]
        appendMirrored(&second, width: width, channels: 1)
        values = zip(values, second.suffix(values.count)).map { ($0 + $1) / 2 }
      }
      let greatest = values.max() ?? 0
      return ExplanationMap(
        method: .gradcam, width: width, height: gradCAM.maps.height,
        values: greatest > 0 ? values.map { $0 / greatest } : values)
    }
  }

  /// By how much the class's probability falls where each cell's patch is covered.
  private func drops(
    _ pictures: [Picture], _ answers: [Prediction], _ classes: [Int]
  ) throws -> [ExplanationMap] {
    try pictures.indices.map { row in
      let tensor = pictures[row].tensor
      var values: [Float] = []
      for cells in (0..<occlusion.count).parts(of: predictor.runner.batchSize) {
        let covered = try predictor.answers(
          to: cells.flatMap { predictor.runner.views(of: occlusion.covered(tensor, cell: $0)) })
        values += covered.map {
          Float(answers[row].probabilities[classes[row]] - $0.probabilities[classes[row]])
        }
      }
      return ExplanationMap(
        method: .occlusion, width: occlusion.columns, height: occlusion.rows, values: values)
    }
  }
}
