internal import Classifier
internal import Primitives
internal import Report
internal import Training

extension ModelComparison {
  /// `compare --json` and compare.json.
  var json: JSON {
    let interval = test.differenceInterval
    return [
      "a": object(first), "b": object(second), "dataset": .string(dataset),
      "split": .string(split), "heading": .string(heading),
      "classes": .array(classes.map(JSON.string)), "images": .int(pairs.count),
      "left_out": .int(skipped.count), "both_right": .int(test.bothRight),
      "only_a": .int(test.onlyFirst), "only_b": .int(test.onlySecond),
      "both_wrong": .int(test.bothWrong),
      "both_wrong_differently": .int(bothWrongDifferently),
      "difference": .double(test.difference), "difference_low": .double(interval.lowerBound),
      "difference_high": .double(interval.upperBound), "test": "mcnemar_exact",
      "p": .double(test.exactPValue), "chi_square": .optional(test.chiSquare),
      "chi_square_p": .optional(test.chiSquarePValue),
      "told_apart": .bool(report(names: ("A", "B")).tellsApart),
      "flipped": ["only_a": .array(lost.map(object)), "only_b": .array(gained.map(object))],
      "skipped": skippedImages,
    ]
  }

  /// The images that were left out.
  var skippedImages: JSON {
    .array(
      skipped.map { image in
        [
          "path": .string(image.path), "code": .string(image.code),
          "message": .string(image.message),
        ]
      })
  }

  func object(_ side: Side) -> JSON {
    let figures = side.evaluation
    return [
      "model": .string(side.name), "run": .optional(side.run),
      "weights_sha256": .string(side.sha256), "recipe": .string(side.recipe),
      "tta": .string(figures.tta.rawValue), "accuracy": .double(figures.accuracy),
      "accuracy_low": .double(figures.accuracyLow),
      "accuracy_high": .double(figures.accuracyHigh), "loss": .double(figures.loss),
    ]
  }

  private func object(_ pair: Pair) -> JSON {
    func answer(_ prediction: Prediction) -> JSON {
      guard let index = prediction.index else { return .null }
      return [
        "label": .string(classes[index]), "probability": .double(prediction.probabilities[index]),
      ]
    }
    return [
      "path": .string(pair.path),
      "true": pair.first.trueIndex.map { .string(classes[$0]) } ?? .null,
      "a": answer(pair.first), "b": answer(pair.second),
    ]
  }

  /// The text of predictions.csv: a row per image that both answered.
  var csv: String {
    // As in a run's own file, many classes have no columns.
    let isWhole = classes.count <= Prediction.mostColumns
    let names =
      !isWhole
      ? [] : ["a", "b"].flatMap { letter in classes.map { CSV.name("\(letter)_p_\($0)") } }
    var text = CSV.row(["path", "true", "a", "b", "a_probability", "b_probability"] + names)
    for pair in pairs {
      let both = [pair.first, pair.second]
      let labels = both.map { $0.index.map { CSV.name(classes[$0]) } ?? "" }
      let sureness = both.map { one in one.index.map { "\(one.probabilities[$0])" } ?? "" }
      text += CSV.row(
        [CSV.path(pair.path), pair.first.trueIndex.map { CSV.name(classes[$0]) } ?? ""] + labels
          + sureness
          + (isWhole ? both.flatMap { $0.probabilities.map { "\($0)" } } : []))
    }
    return text
  }
}
