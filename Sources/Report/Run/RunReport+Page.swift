internal import Primitives

extension RunReport {
  /// The page: a section a subject, those without anything to show omitted.
  package var page: ReportPage {
    ReportPage(
      title: title, subtitle: subtitle,
      sections: [
        summary, training, answers, perClass, pictures, data, architecture, recipe, timing,
        repetition,
      ].compactMap { $0 })
  }

  private var summary: ReportPage.Section? {
    guard let evaluated else { return nil }
    let count = evaluated.images
    let interval =
      "95 % interval \(percent(evaluated.interval.lowerBound)) to "
      + percent(evaluated.interval.upperBound)
    var numbers = [
      ReportPage.Headline(
        name: "Accuracy", value: count > 0 ? percent(evaluated.scores.accuracy) : "–",
        note: count > 0 ? interval : "no predictions"),
      ReportPage.Headline(
        name: "Macro F1", value: shown(evaluated.scores.macro.f1, 4), note: "mean of the classes"),
      ReportPage.Headline(
        name: "Loss", value: shown(evaluated.loss, 4), note: "cross-entropy in nats"),
    ]
    if let brier = evaluated.brier {
      numbers.append(
        ReportPage.Headline(
          name: "Brier score", value: shown(brier, 4), note: "0 is perfect"))
    }
    numbers.append(
      ReportPage.Headline(
        name: "Images", value: grouped(String(count)), note: evaluated.name))
    return ReportPage.Section(
      "Summary",
      blocks: [
        .findings(evaluated.cautions.map { ReportPage.Finding(isError: true, text: $0) }),
        .headline(numbers), .facts(title: "", evaluated.facts),
      ])
  }

  private var training: ReportPage.Section? {
    section("Training", figures: trainingPlots)
  }

  private var answers: ReportPage.Section? {
    // Without numbers the two matrices look the same.
    let saysShares = evaluated.map {
      MatrixChart(classes: $0.classes, counts: $0.confusion, showsShares: true).saysNumbers
    }
    let shown = evaluationPlots.filter {
      $0.name != "confusion_matrix_normalized" || saysShares == true
    }
    return section(
      "Accuracy and confidence", note: evaluated.map { "On the \($0.name)." } ?? "", figures: shown)
  }

  private func section(
    _ title: String, note: String = "", figures: [Plot]
  ) -> ReportPage.Section? {
    figures.isEmpty
      ? nil
      : ReportPage.Section(
        title, note: note,
        blocks: [
          .figures(
            figures.map { ReportPage.Figure($0.scene, caption: RunReport.caption(of: $0.name)) })
        ])
  }

  /// A hint for reading a chart.
  private static func caption(of plot: String) -> String {
    switch plot {
    case "roc": "Closer to the upper left is better; the dotted line is random guessing."
    case "precision_recall": "Closer to the upper right is better."
    case "reliability":
      "On the dashed line, 80 % of the predictions made at 80 % are correct; below it the model is "
        + "overconfident."
    default: ""
    }
  }

  /// Width of the sheet of training images in CSS pixels; narrow pages scroll it.
  private static let sampleWidth = 720.0

  /// Pairs of classes listed in the page at most.
  private static let shownPairs = 15

  /// A table of more classes is folded, and the worst of them stand before it.
  private static let fewClasses = 20
  /// So many of the worst.
  private static let worstClasses = 10

  private var perClass: ReportPage.Section? {
    guard let evaluated else { return nil }
    let scores = evaluated.scores
    func row(_ row: ClassificationReport.Row) -> [String] {
      [row.name] + [row.precision, row.recall, row.f1].map { shown($0, 4) }
        + [grouped(String(row.support))]
    }
    let columns = ["class", "precision", "recall", "F1", "images"]
    let pairs = evaluated.confusion.mostConfused(limit: RunReport.shownPairs).map { pair in
      let total = evaluated.confusion[pair.truth].reduce(0, +)
      return [
        evaluated.classes[pair.truth], evaluated.classes[pair.answer],
        grouped(String(pair.count)), percent(Double(pair.count) / Double(max(1, total))),
      ]
    }
    let isLong = scores.classes.count > RunReport.fewClasses
    let order = isLong ? scores.worstFirst : Array(scores.classes.indices)
    let rows = order.map { row(scores.classes[$0]) }
    let averages = [row(scores.macro), row(scores.weighted)]
    let worst = ReportPage.Table(
      title: "The \(RunReport.worstClasses) classes with the lowest F1", columns: columns,
      rows: Array(rows.prefix(RunReport.worstClasses)), summaryRows: averages)
    return ReportPage.Section(
      "Classes",
      blocks: (isLong ? [.table(worst)] : []) + [
        .table(
          ReportPage.Table(
            columns: columns, rows: rows, summaryRows: averages,
            fold: isLong
              ? "all \(grouped(String(rows.count))) classes, lowest F1 first" : nil)),
        .table(
          ReportPage.Table(
            title: "Most confused", columns: ["true class", "predicted", "images", "of the class"],
            rows: pairs, textColumns: 2)),
      ])
  }

  private var pictures: ReportPage.Section? {
    let galleries: [ReportPage.Gallery] = [
      ReportPage.Gallery(
        title: "Worst mistakes", note: "Wrong predictions with the highest probability.",
        tiles: worstMistakes),
      ReportPage.Gallery(
        title: "Where the model looked",
        note: "The worst mistakes; bright regions contributed to the prediction.",
        tiles: explanations),
      ReportPage.Gallery(
        title: "Least confident",
        note: "Predictions with the lowest probability, right or wrong.",
        tiles: leastSure),
      ReportPage.Gallery(title: "Examples", note: "Chosen at random.", tiles: examples),
    ]
    let sheet = samples.map { picture in
      ReportPage.Figure(
        PictureSheet.scene(
          of: picture, title: "Training images as the network saw them",
          width: RunReport.sampleWidth),
        caption: "Left: as stored; to the right: as augmented in the first epochs.")
    }
    return ReportPage.Section(
      "Images", blocks: galleries.map { .gallery($0) } + [.figures(sheet.map { [$0] } ?? [])])
  }

  private var data: ReportPage.Section? {
    guard let dataset else { return nil }
    func row(_ name: String, _ counts: [Int]) -> [String] {
      [name]
        + (counts + (counts.count > 1 ? [counts.reduce(0, +)] : [])).map {
          grouped(String($0))
        }
    }
    let table = ReportPage.Table(
      columns: ["class"] + dataset.splits.map(\.name) + (dataset.splits.count > 1 ? ["all"] : []),
      rows: dataset.classes.enumerated().map { index, name in
        row(name, dataset.splits.map { $0.counts[index] })
      }, summaryRows: [row("all", dataset.splits.map { $0.counts.reduce(0, +) })],
      fold: dataset.classes.count > RunReport.fewClasses
        ? "images of all \(grouped(String(dataset.classes.count))) classes" : nil)
    let findings: ReportPage.Block =
      switch dataset.findings {
      case .some(let findings) where !findings.isEmpty: .findings(findings)
      case .some:
        .text(
          "No file is unreadable, in two classes, in two splits or duplicated. cnnctl check looks for "
            + "more.")
      case nil: .text("")
      }
    return ReportPage.Section(
      "Dataset", blocks: [.facts(title: "", dataset.facts), findings, .table(table)])
  }

  private var architecture: ReportPage.Section? {
    ReportPage.Section(
      "Network",
      blocks: [
        .facts(title: "", networkFacts),
        .figures(network.map { [ReportPage.Figure($0.scene)] } ?? []),
      ])
  }

  private var recipe: ReportPage.Section? {
    ReportPage.Section("Settings", blocks: settings.map { .facts(title: $0.title, $0.facts) })
  }

  private var timing: ReportPage.Section? {
    let chart = seconds.isEmpty ? [] : [ReportPage.Figure(BarChart(seconds: seconds).scene)]
    return ReportPage.Section(
      "Time", blocks: [.facts(title: "", timingFacts), .figures(chart)])
  }

  private var repetition: ReportPage.Section? {
    ReportPage.Section(
      "Environment, and how to reproduce it",
      blocks: [.facts(title: "", environment), .commands(commands)])
  }
}
