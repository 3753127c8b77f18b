internal import Classifier
internal import Primitives
internal import Training

/// Explanations as lines of text or JSON, one an image.
struct ExplanationLines {
  let classes: [String]
  /// The model's name in JSON.
  let model: String
  let isJSON: Bool

  /// The line of an image; `picture` is the file that will show it.
  func text(of explanation: Explanation, picture: String?) -> String {
    isJSON ? object(explanation, picture).line : line(explanation)
  }

  /// The line of a finished picture; none in JSON, where each image names its own.
  func picture(_ path: String, images: Int, isSingle: Bool) -> String? {
    if isJSON { return nil }
    let count = isSingle ? "" : " (\(counted(images, "image")))"
    return "picture: " + terminalSafe(path) + count
  }

  private func line(_ explanation: Explanation) -> String {
    let prediction = explanation.prediction
    let path = terminalSafe(prediction.path)
    guard let index = explanation.classIndex, let best = prediction.top(1).first else {
      return "\(path): error: " + terminalSafe(prediction.failure?.message ?? "no prediction")
    }
    let answer = "\(path): " + named(best.index, best.probability)
    return index == best.index
      ? answer : answer + ", explained: " + named(index, explanation.probability ?? 0)
  }

  private func named(_ index: Int, _ probability: Double) -> String {
    terminalSafe(classes[index]) + " " + percent(probability)
  }

  private func object(_ explanation: Explanation, _ picture: String?) -> JSON {
    let prediction = explanation.prediction
    let best = prediction.top(1).first
    let isAnswered = explanation.classIndex != nil
    return [
      "path": .string(prediction.path), "label": .optional(best.map { classes[$0.index] }),
      "index": .optional(best?.index), "probability": .optional(best?.probability),
      "class": .optional(explanation.classIndex.map { classes[$0] }),
      "class_probability": .optional(explanation.probability),
      "maps": isAnswered ? .array(explanation.maps.map(JSON.init)) : .null,
      "picture": .optional(picture), "model": isAnswered ? .string(model) : .null,
      "error": .failure(prediction.failure),
    ]
  }
}

extension JSON {
  /// A map with its numbers row by row.
  fileprivate init(_ map: ExplanationMap) {
    self = [
      "method": .string(map.method.rawValue), "width": .int(map.width),
      "height": .int(map.height),
      "values": .array(map.values.map { .double(Double($0)) }),
    ]
  }
}
