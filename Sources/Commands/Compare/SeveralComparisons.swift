internal import Classifier
internal import Primitives
internal import Report
internal import Training

/// More than two models on the same images: each is compared with the first.
struct SeveralComparisons {
  private let comparisons: [ModelComparison]
  private let first: ModelComparison

  /// Comparisons of one model with others, at least one.
  init(_ comparisons: [ModelComparison]) {
    self.comparisons = comparisons
    first = comparisons[0]
  }

  /// The table for people, without a final newline.
  var text: String {
    let table = TextTable(
      header: ["", "Model", "Recipe", "Accuracy", "Difference from A"],
      rows: [row(first.first, "–")] + comparisons.map { row($0.second, difference($0)) },
      leftColumns: 5)
    let note =
      "Differences are in percentage points, with their 95 % intervals. Each model is "
      + "compared with A by McNemar's exact test on the images that only one of the two predicts "
      + "correctly; of 20 comparisons of equal models, one finds a difference by chance."
    return
      (table.lines + [""] + HelpText.wrapped(note, indent: 0, width: 80)).map(terminalSafe)
      .joined(separator: "\n")
  }

  /// The text of compare.txt, without a final newline.
  var wholeText: String { terminalSafe(first.heading) + "\n" + text }

  private func row(_ side: ModelComparison.Side, _ difference: String) -> [String] {
    [side.letter, side.name, side.recipe, side.evaluation.accuracyText].map(terminalSafe)
      + [difference]
  }

  private func difference(_ comparison: ModelComparison) -> String {
    let test = comparison.test
    let interval = test.differenceInterval
    let report = comparison.report(names: ("A", comparison.second.letter))
    let verdict =
      !report.tellsApart ? "not told apart" : test.difference > 0 ? "better" : "worse"
    return "\(points(test.difference)) (\(points(interval.lowerBound)) to "
      + "\(points(interval.upperBound))), \(verdict), \(ComparisonReport.pText(test.exactPValue))"
  }

  private func points(_ difference: Double) -> String {
    (difference < 0 ? "" : "+") + fixed(100 * difference, 1)
  }

  /// `compare --json` and compare.json.
  var json: JSON {
    [
      "dataset": .string(first.dataset), "split": .string(first.split),
      "heading": .string(first.heading), "classes": .array(first.classes.map(JSON.string)),
      "images": .int(first.pairs.count), "left_out": .int(first.skipped.count),
      "test": "mcnemar_exact",
      "models": .array([object(first.first, nil)] + comparisons.map { object($0.second, $0) }),
      "skipped": first.skippedImages,
    ]
  }

  /// A model, its figures, and its comparison with the first; null for the first itself.
  private func object(_ side: ModelComparison.Side, _ comparison: ModelComparison?) -> JSON {
    let test = comparison?.test
    let interval = test?.differenceInterval
    return [
      "letter": .string(side.letter), "figures": first.object(side),
      "difference": .optional(test?.difference),
      "difference_low": .optional(interval?.lowerBound),
      "difference_high": .optional(interval?.upperBound),
      "both_right": .optional(test?.bothRight), "only_a": .optional(test?.onlyFirst),
      "only_this": .optional(test?.onlySecond), "both_wrong": .optional(test?.bothWrong),
      "p": .optional(test?.exactPValue),
      "told_apart": comparison.map { .bool($0.report(names: ("A", side.letter)).tellsApart) }
        ?? .null,
    ]
  }
}
