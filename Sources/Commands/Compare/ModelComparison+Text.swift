internal import Classifier
internal import Primitives
internal import Report
internal import Training

extension ModelComparison {
  /// Images listed of each kind; all with `-v`.
  private static let shownFlips = 10

  /// The report for people, without a final newline.
  func text(isVerbose: Bool) -> String {
    let table = TextTable(
      header: ["", "B right", "B wrong"],
      rows: [
        ["A right", grouped(test.bothRight), grouped(test.onlyFirst)],
        ["A wrong", grouped(test.onlySecond), grouped(test.bothWrong)],
      ], leftColumns: 1)
    let report = report(names: (first.letter, second.letter))
    var lines = [line(first), line(second), differenceLine, ""] + table.lines
    if bothWrongDifferently > 0 {
      lines.append(
        "of those both wrong, \(grouped(bothWrongDifferently)) have different predictions")
    }
    lines += ["", testLine, report.verdict]
    lines += flips(lost, right: first, wrong: second, isVerbose: isVerbose)
    lines += flips(gained, right: second, wrong: first, isVerbose: isVerbose)
    return lines.map(terminalSafe).joined(separator: "\n")
  }

  private func line(_ side: Side) -> String {
    let mirrored = side.evaluation.tta == .flip ? ", mirrored views averaged" : ""
    return "\(side.letter)      \(side.evaluation.figures)  \(side.name)\(mirrored)"
  }

  private var differenceLine: String {
    let interval = test.differenceInterval
    return "B - A  accuracy \(signed(test.difference)) "
      + "(\(signed(interval.lowerBound)) to \(signed(interval.upperBound)))"
  }

  private func signed(_ value: Double) -> String { (value < 0 ? "" : "+") + fixed(value, 4) }

  private var testLine: String {
    "McNemar's exact test (binomial): \(ComparisonReport.pText(test.exactPValue)), from "
      + "\(counted(test.onlyFirst + test.onlySecond, "image")) that only one "
      + "predicts correctly"
  }

  private func flips(
    _ pairs: [Pair], right: Side, wrong: Side, isVerbose: Bool
  ) -> [String] {
    if pairs.isEmpty { return [] }
    let heading =
      "\(right.letter) right, \(wrong.letter) wrong: "
      + "\(counted(pairs.count, "image")), most confident \(wrong.letter) first"
    let shown = isVerbose ? pairs[...] : pairs.prefix(ModelComparison.shownFlips)
    let rest = pairs.count - shown.count
    return ["", heading]
      + shown.map { "  \($0.path): " + answers($0).joined(separator: ", ") }
      + (rest > 0 ? ["  and \(grouped(rest)) more (-v lists them)"] : [])
  }

  /// The true class and both predictions: `dogs`, `A dogs 88.1 %`, `B cats 99.0 %`.
  func answers(_ pair: Pair) -> [String] {
    let truth = pair.first.trueIndex.map { classes[$0] } ?? ""
    return [truth]
      + [(first, pair.first), (second, pair.second)].map { side, prediction in
        guard let index = prediction.index else { return side.letter }
        return "\(side.letter) \(classes[index]) "
          + fixed(100 * prediction.probabilities[index], 1) + " %"
      }
  }
}
