internal import CNN
internal import Classifier
internal import ImageData
internal import Primitives
internal import Training

/// One thing that a model file says beside its layers, as text and as JSON.
struct ModelFact {
  /// The key in JSON.
  let name: String
  let lines: [String]
  let json: JSON

  private init(_ name: String, _ text: String, _ json: JSON) {
    self.init(name, lines: [name.replacing("_", with: " ") + ": " + text], json)
  }

  private init(_ name: String, lines: [String], _ json: JSON) {
    self.name = name
    self.lines = lines
    self.json = json
  }

  static func all(
    of model: ClassifierModel, at location: ModelLocation, file: (bytes: Int, sha256: String)
  ) -> [ModelFact] {
    let place =
      location.shelved.map { "\($0), \(location.weights)" }
      ?? location.weights + (location.boxed == nil ? "" : ", built in")
    let record = location.run.flatMap { try? RunRecord(folder: RunFolder(existing: $0)) }
    let isUnfinished = record.map { $0.status != .done } ?? false
    let facts = [
      ModelFact(
        "model", place + (isUnfinished ? ModelLine.unfinished : ""), .string(location.weights)),
      ModelFact(
        "classes", listed(model.classes),
        .array(model.classes.map(JSON.string))),
      ModelFact("recipe", model.recipe, .string(model.recipe)),
      ModelFact(
        "training_images", grouped(model.trainingImages), .int(model.trainingImages)),
      ModelFact(
        "dataset_fingerprint", model.datasetFingerprint, .string(model.datasetFingerprint)),
      ModelFact(
        "known_images", model.trainedOn.map { grouped($0.count) } ?? "unknown",
        .optional(model.trainedOn?.count)),
      ModelFact("temperature", "\(model.temperature)", .double(model.temperature)),
      ModelFact(
        "tta", model.tta == .flip ? "flip (mirrored views averaged)" : "none",
        .string(model.tta.rawValue)),
      novelty(model.novelty),
      ModelFact("tool_version", model.toolVersion, .string(model.toolVersion)),
      preprocessing(model.preprocessing),
      ModelFact("dtype", model.precision.meaning, .string(model.precision.rawValue)),
      ModelFact("file_bytes", grouped(file.bytes), .int(file.bytes)),
      ModelFact("weights_sha256", file.sha256, .string(file.sha256)),
    ]
    return facts + (model.card.map { [ModelFact("card", lines: $0.lines, JSON($0))] } ?? [])
  }

  /// What the model knows of photos that belong to none of its classes.
  private static func novelty(_ detector: NoveltyDetector?) -> ModelFact {
    guard let detector else { return ModelFact("none_of_these", "cannot tell", .null) }
    let threshold = detector.automaticThreshold
    let known = detector.arrays.distances.count
    return ModelFact(
      "none_of_these",
      "distances of \(detector.features) features along "
        + "\(counted(detector.directionCount, "direction")); auto rejects above "
        + "\(fixed(threshold, 4)), by \(counted(known, "distance")) of photos that it had not seen",
      [
        "features": .int(detector.features), "directions": .int(detector.directionCount),
        "known_distances": .int(known), "automatic_threshold": .double(threshold),
      ])
  }

  private static func preprocessing(_ images: Preprocessing) -> ModelFact {
    let size = "\(images.width)x\(images.height)"
    func numbers(_ values: [Float]) -> String {
      values.map { fixed(Double($0), 2) }.joined(separator: ", ")
    }
    let share = images.cropShare == 1 ? "" : " of \(images.cropShare)"
    return ModelFact(
      "preprocessing",
      "\(images.resize.rawValue)\(share) to \(size), \(images.filter.rawValue), EXIF "
        + "\(images.exif.rawValue); minus \(numbers(images.mean)), over "
        + numbers(images.deviation),
      [
        "width": .int(images.width), "height": .int(images.height),
        "resize": .string(images.resize.rawValue), "crop_share": .double(images.cropShare),
        "filter": .string(images.filter.rawValue), "exif": .string(images.exif.rawValue),
        "mean": .array(images.mean.map { .double(Double($0)) }),
        "deviation": .array(images.deviation.map { .double(Double($0)) }),
      ])
  }
}

extension TensorFile.Precision {
  fileprivate var meaning: String {
    switch self {
    case .single: "f32"
    case .half: "f16 (16-bit weights, read as f32)"
    case .bytes: "i8 (8-bit weights with one factor per channel, read as f32)"
    }
  }
}

extension ModelCard {
  /// A heading and an indented line for each thing that it says.
  fileprivate var lines: [String] {
    func line(_ name: String, _ text: String?) -> String? { text.map { "  \(name): \($0)" } }
    let figure = accuracy.map { accuracy in
      guard let accuracyLow, let accuracyHigh else { return percent(accuracy) }
      return percent(accuracy, from: accuracyLow, to: accuracyHigh)
    }
    let images = testImages.map { grouped($0) + " images" }
    return ["card:"]
      + [
        line("description", description), line("data", data), line("test data", testData),
        line("test images", images), line("accuracy", figure),
        line("accuracy on the plain images", accuracyPlain.map(percent)),
        line("limits", limits), line("licence", licence),
      ].compactMap(\.self)
  }
}

extension JSON {
  /// A card with every key, null where it says nothing.
  init(_ card: ModelCard) {
    self = [
      "description": .optional(card.description), "data": .optional(card.data),
      "test_data": .optional(card.testData), "test_images": .optional(card.testImages),
      "accuracy": .optional(card.accuracy), "accuracy_low": .optional(card.accuracyLow),
      "accuracy_high": .optional(card.accuracyHigh),
      "accuracy_plain": .optional(card.accuracyPlain), "limits": .optional(card.limits),
      "licence": .optional(card.licence),
    ]
  }
}
