internal import Classifier
internal import Drawing
internal import Primitives
internal import Training

extension RunReport {
  /// Charts of the training: `loss`, `accuracy` and `lr`, those that have values.
  package var trainingPlots: [Plot] {
    let marks = bestEpoch.map { [LineChart.Mark(x: Double($0), name: "kept: epoch \($0)")] } ?? []
    func line(_ name: String, _ paint: Paint, _ value: (Epoch) -> Double?) -> LineChart.Line? {
      let points = epochs.map { Point(Double($0.epoch), value($0) ?? .nan) }
      return points.contains { $0.y.isFinite }
        ? LineChart.Line(name, points: points, paint: paint) : nil
    }
    let loss = [
      line("training", .series(0)) { $0.loss },
      line("validation", .series(1)) { $0.valLoss },
    ].compactMap { $0 }
    let accuracy = [
      line("training", .series(0)) { $0.accuracy },
      line("validation", .series(1)) { $0.valAccuracy },
    ].compactMap { $0 }
    let rate = [line("learning rate", .series(2)) { $0.learningRate }].compactMap { $0 }
    return [
      (
        "loss",
        LineChart(
          title: "Loss", yTitle: "cross-entropy", lines: loss, marks: marks, startsAtZero: true)
      ),
      (
        "accuracy",
        LineChart(
          title: "Accuracy", yTitle: "accuracy", format: .percent, lines: accuracy,
          marks: marks)
      ),
      (
        "lr",
        LineChart(
          title: "Learning rate", yTitle: "at the epoch's end", lines: rate, startsAtZero: true)
      ),
    ].compactMap { name, chart in chart.lines.isEmpty ? nil : (name, chart.scene) }
  }

  /// Charts of the evaluation: `confusion_matrix`, `confusion_matrix_normalized` and, where the
  /// predictions themselves are known, `roc`, `precision_recall`, `reliability` and `histogram`.
  package var evaluationPlots: [Plot] {
    guard let evaluated else { return [] }
    return evaluated.matrices + (evaluated.predictions.isEmpty ? [] : evaluated.curvePlots)
  }

  /// Images of images with their predictions: `misclassified`, `least_sure` and `examples`.
  ///
  /// One without images is omitted, but for the mistakes if there are none.
  package var pictureSheets: [Plot] {
    let sheets = [
      ("misclassified", PictureSheet(title: "Most confident mistakes", tiles: worstMistakes)),
      ("least_sure", PictureSheet(title: "Least confident", tiles: leastSure)),
      ("examples", PictureSheet(title: "Examples", tiles: examples)),
    ]
    return sheets.compactMap { name, sheet in
      var sheet = sheet
      if sheet.tiles.isEmpty {
        guard name == "misclassified", let evaluated, evaluated.isAllRight else { return nil }
        sheet.emptyNote = "no mistakes"
      }
      return (name, sheet.scene)
    }
  }
}

extension RecordedAnswers {
  /// Whether there are predictions, all of them correct.
  fileprivate var isAllRight: Bool {
    evaluation.images > 0 && right == evaluation.images
  }

  fileprivate var matrices: [RunReport.Plot] {
    guard classes.count <= MatrixChart.maximumClasses else { return [] }
    return [
      ("confusion_matrix", MatrixChart(classes: classes, counts: evaluation.confusion).scene),
      (
        "confusion_matrix_normalized",
        MatrixChart(classes: classes, counts: evaluation.confusion, showsShares: true).scene
      ),
    ]
  }

  fileprivate var curvePlots: [RunReport.Plot] {
    let answers = predictions.compactMap { answer in
      answer.probability.map { (probability: $0, isRight: answer.index == answer.trueIndex) }
    }
    let reliability = ("reliability", ReliabilityChart(ReliabilityBins(answers)).scene)
    // A table of many classes does not hold what the others are drawn from.
    guard classes.count <= Prediction.mostColumns else { return [reliability] }
    let probabilities = predictions.map(\.probabilities)
    let truths = predictions.compactMap(\.trueIndex)
    let curves = ClassCurves(
      probabilities: probabilities, truths: truths, classes: classes.count)
    // Of many classes those that are told apart worst come first.
    var panels = ProbabilityHistogram.panels(
      probabilities: probabilities, truths: truths, names: classes)
    if panels.count > 12 {
      let areas = curves.classes.map { $0?.rocArea ?? 2 }
      panels = panels.indices.sorted { (areas[$0], $0) < (areas[$1], $1) }.map { panels[$0] }
    }
    return [
      (
        "roc",
        CurveChart(
          kind: .roc, title: "ROC, area under the curve", classes: curves, names: classes
        ).scene
      ),
      (
        "precision_recall",
        CurveChart(
          kind: .precisionRecall, title: "Precision and recall, average precision",
          classes: curves, names: classes
        ).scene
      ),
      reliability,
      ("histogram", HistogramChart(panels: panels).scene),
    ]
  }
}
