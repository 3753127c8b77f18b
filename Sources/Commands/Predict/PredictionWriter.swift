internal import Classifier
internal import Primitives
internal import Training

/// Predictions as text, CSV or JSON.
struct PredictionWriter {
  /// The form of the predictions.
  enum Format: String, CaseIterable {
    case text
    case csv
    case json
    case ndjson

    /// Whether it is JSON, as one array or as a line per image.
    var isJSON: Bool { self == .json || self == .ndjson }
  }

  let format: Format
  let classes: [String]
  /// The model's name in JSON.
  let model: String
  /// The classes listed for an image.
  let topK: Int
  /// A prediction that is less probable is none.
  let abstainBelow: Double
  /// An image that lies farther is of no class; nil where distances are not measured.
  let rejectAbove: Double?
  private(set) var isFirst = true

  /// The text before the first prediction.
  var opening: String {
    switch format {
    case .text, .ndjson: ""
    case .json: "["
    case .csv:
      CSV.row(
        ["path", "label", "probability"] + classes.map { CSV.name("p_" + $0) } + [
          "error", "abstained",
        ] + (rejectAbove == nil ? [] : ["rejected", "distance", "nearest"]))
    }
  }

  /// The text after the last prediction.
  var closing: String { format == .json ? "\n]\n" : "" }

  mutating func text(of prediction: Prediction) -> String {
    defer { isFirst = false }
    switch format {
    case .text: return lines(prediction)
    case .csv: return row(prediction)
    case .ndjson: return record(prediction).line + "\n"
    case .json: return (isFirst ? "\n" : ",\n") + record(prediction).line
    }
  }

  private func lines(_ prediction: Prediction) -> String {
    let path = terminalSafe(prediction.path)
    guard let best = prediction.top(1).first else {
      let failure = prediction.failure
      return "\(path): error: " + terminalSafe(failure?.message ?? "no prediction") + "\n"
    }
    let likeliest = answer(best.index, best.probability)
    let isUnsure = prediction.abstains(below: abstainBelow)
    var text = "\(path): "
    if let novelty = prediction.novelty, prediction.isRejected(above: rejectAbove) {
      text += "none of these (nearest: \(terminalSafe(classes[novelty.nearest])))\n"
    } else {
      text += (isUnsure ? "don't know (\(likeliest))" : likeliest) + "\n"
    }
    if topK > 1 {
      for entry in prediction.top(topK) {
        text += "  \(answer(entry.index, entry.probability))\n"
      }
    }
    return text
  }

  private func answer(_ index: Int, _ probability: Double) -> String {
    terminalSafe(classes[index]) + " "
      + fixed(probability * 100, 1) + " %"
  }

  private func row(_ prediction: Prediction) -> String {
    let best = prediction.top(1).first
    let answer = best.map { [CSV.name(classes[$0.index]), "\($0.probability)"] } ?? ["", ""]
    let probabilities =
      best == nil ? classes.map { _ in "" } : prediction.probabilities.map { "\($0)" }
    let error = prediction.failure.map { "\($0.code): \($0.message)" } ?? ""
    let abstained = best == nil ? "" : "\(prediction.abstains(below: abstainBelow))"
    return CSV.row(
      [CSV.path(prediction.path)] + answer + probabilities + [terminalSafe(error), abstained]
        + (rejectAbove == nil ? [] : novelty(prediction)))
  }

  /// The fields of an image's distance; empty ones for an image that could not be read.
  private func novelty(_ prediction: Prediction) -> [String] {
    guard let novelty = prediction.novelty else { return ["", "", ""] }
    return [
      "\(prediction.isRejected(above: rejectAbove))", "\(novelty.distance)",
      CSV.name(classes[novelty.nearest]),
    ]
  }

  /// An object's members for an image's distance, where distances are measured.
  private func members(_ prediction: Prediction) -> [JSON.Member] {
    guard rejectAbove != nil else { return [] }
    let novelty = prediction.novelty
    return [
      .init(
        "rejected", novelty == nil ? .null : .bool(prediction.isRejected(above: rejectAbove))),
      .init("distance", .optional(novelty?.distance)),
      .init("nearest", .optional(novelty.map { classes[$0.nearest] })),
    ]
  }

  /// An image's record in JSON.
  private func record(_ prediction: Prediction) -> JSON {
    guard case .object(let list) = object(prediction) else { return .null }
    return .object(list + members(prediction))
  }

  private func object(_ prediction: Prediction) -> JSON {
    guard let best = prediction.top(1).first else {
      let failure = prediction.failure
      return [
        "path": .string(prediction.path), "label": .null, "index": .null, "probability": .null,
        "top": .null, "abstained": .null, "model": .null,
        "error": [
          "code": .string(failure?.code ?? "unreadable"),
          "message": .string(failure?.message ?? "no prediction"),
        ],
      ]
    }
    let top = prediction.top(topK).map { entry -> JSON in
      [
        "label": .string(classes[entry.index]),
        "probability": .double(Double(entry.probability)),
      ]
    }
    return [
      "path": .string(prediction.path), "label": .string(classes[best.index]),
      "index": .int(best.index), "probability": .double(Double(best.probability)),
      "top": .array(top),
      "abstained": .bool(prediction.abstains(below: abstainBelow)), "model": .string(model),
      "error": .null,
    ]
  }
}
