internal import Classifier
internal import Drawing
internal import ImageData
internal import Primitives
internal import Training

extension RunReport {
  /// The page: a section a subject, those without anything to show omitted.
  var page: ReportPage {
    ReportPage(
      title: title, subtitle: subtitle,
      sections: [
        summary, training, answers, crossValidation, perClass, pictures, data, architecture, recipe,
        timing,
        repetition,
      ].compactMap { $0 })
  }

  private var summary: ReportPage.Section? {
    guard let evaluated else { return nil }
    let evaluation = evaluated.evaluation
    let count = evaluation.images
    let verdict = RunVerdict(evaluated, of: evaluatedNoun)
    let numbers: [(name: String, value: String?, note: String)] = [
      (
        accuracyName, count > 0 ? percent(evaluation.accuracy) : "–",
        count > 0 ? evaluation.intervalNote : "no predictions"
      ),
      ("Validation accuracy", validationAccuracy.map(percent), "in the epoch that was kept"),
      (
        "Training accuracy", trainingAccuracy.map(percent),
        isSolved
          ? "of the solved last layer" : "on augmented images, while the weights changed"
      ),
      ("Macro F1", shown(evaluation.macro.f1, 4), "mean of the classes"),
      ("Loss", shown(evaluation.loss, 4), "cross-entropy in nats"),
      ("Brier score", evaluation.brier.map { shown($0, 4) }, "0 is perfect"),
      ("Images", grouped(count), evaluatedName),
    ]
    return ReportPage.Section(
      title: "Summary",
      blocks: [
        .findings(verdict.cautions.map { (isError: true, text: $0, places: []) }),
        .text(verdict.paragraph),
        .headline(
          numbers.compactMap { name, value, note in
            value.map { ReportPage.Headline(name: name, value: $0, note: note) }
          }), .facts(title: "", evaluated.facts),
        .facts(title: "", hasTest ? outOfFold?.facts ?? [] : []),
      ])
  }

  /// The accuracy's name, by the images that it was measured on.
  private var accuracyName: String {
    switch evaluatedNoun {
    case RunRecord.Test.noun(of: Split.test.rawValue): "Test accuracy"
    case RunRecord.Test.noun(of: Split.val.rawValue): "Validation accuracy"
    case OutOfFold.noun: "Accuracy out of fold"
    default: "Accuracy"
    }
  }

  private var training: ReportPage.Section? {
    section("Training", figures: trainingPlots)
  }

  private var answers: ReportPage.Section? {
    // Without numbers the two matrices look the same.
    let saysShares = evaluated.map {
      $0.classes.count <= MatrixChart.maximumClasses
        && MatrixChart(classes: $0.classes, counts: $0.evaluation.confusion, showsShares: true)
          .saysNumbers
    }
    let shown = evaluationPlots.filter {
      $0.name != "confusion_matrix_normalized" || saysShares == true
    }
    return section(
      "Accuracy and confidence", note: evaluated.map { _ in "On the \(evaluatedName)." } ?? "",
      figures: shown)
  }

  private func section(
    _ title: String, note: String = "", figures: [Plot]
  ) -> ReportPage.Section? {
    figures.isEmpty
      ? nil
      : ReportPage.Section(
        title: title, note: note,
        blocks: [
          .figures(
            figures.map {
              ReportPage.Figure(scene: $0.scene, caption: RunReport.caption(of: $0.name))
            })
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
  /// Classes in a folded table at most, so that the page stays small whatever their number.
  private static let listedClasses = 1_000
  /// So many of the worst.
  private static let worstClasses = 10

  /// What predictions out of fold say of the labels and the classes.
  private var crossValidation: ReportPage.Section? {
    guard let outOfFold else { return nil }
    let solved = outOfFold.penalty != nil
    let text =
      "Every training image was predicted by "
      + (solved ? "a last layer that was fitted" : "a model that was trained")
      + " without it: on the other \(outOfFold.folds - 1) of \(outOfFold.folds) parts. "
      + (solved
        ? "The figures are those of these predictions; the model itself is fitted on all images. "
        : "The model itself is not one of these. ")
      + "Files of folds/ have the predictions."
    let gallery = doubtful.map { doubtful in
      ReportPage.Gallery(
        title: "Most doubtful labels",
        note:
          "\(grouped(doubtful.count)) of \(counted(outOfFold.images, "label")) are doubtful: the "
          + "image has another class more clearly than that class's own images have it on average. "
          + "Not every one is wrong.",
        tiles: doubtful.tiles)
    }
    return ReportPage.Section(
      title: "Out of fold",
      blocks: [.text(text), .facts(title: "", outOfFold.facts)]
        + (gallery.map { [.gallery($0)] } ?? []) + (distances.map { [.table($0.table)] } ?? []))
  }

  private var perClass: ReportPage.Section? {
    guard let evaluated else { return nil }
    let scores = ClassificationReport(evaluated.evaluation, classes: evaluated.classes)
    let confusion = evaluated.evaluation.confusion
    func row(_ name: String, _ row: Evaluation.Scores) -> [String] {
      [name] + [row.precision, row.recall, row.f1].map { shown($0, 4) } + [grouped(row.support)]
    }
    let columns = ["class", "precision", "recall", "F1", "images"]
    let pairs = confusion.mostConfused(limit: RunReport.shownPairs).map { pair in
      let total = confusion[pair.truth].reduce(0, +)
      return [
        evaluated.classes[pair.truth], evaluated.classes[pair.answer], grouped(pair.count),
        percent(Double(pair.count) / Double(max(1, total))),
      ]
    }
    let isLong = scores.classes.count > RunReport.fewClasses
    let order = isLong ? scores.worstFirst : Array(scores.classes.indices)
    let rows = order.map { row(scores.classes[$0].name, scores.classes[$0].scores) }
    let averages = scores.averages.map(row)
    let worst = ReportPage.Table(
      title: "The \(RunReport.worstClasses) classes with the lowest F1", columns: columns,
      rows: Array(rows.prefix(RunReport.worstClasses)), summaryRows: averages)
    return ReportPage.Section(
      title: "Classes",
      blocks: (isLong ? [.table(worst)] : []) + [
        .table(
          ReportPage.Table(
            columns: columns, rows: Array(rows.prefix(RunReport.listedClasses)),
            summaryRows: averages,
            fold: isLong
              ? RunReport.listed(rows.count) + " classes, lowest F1 first" : nil)),
        .table(
          ReportPage.Table(
            title: "Most confused", columns: ["true class", "predicted", "images", "of the class"],
            rows: pairs, textColumns: 2)),
      ])
  }

  /// The number of classes that a folded table has of all: `all 120`, `the first 1,000 of 5,000`.
  private static func listed(_ classes: Int) -> String {
    classes <= listedClasses
      ? "all \(grouped(classes))" : "the first \(grouped(listedClasses)) of \(grouped(classes))"
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
        scene: PictureSheet.scene(
          of: picture, title: "Training images as the network saw them",
          width: RunReport.sampleWidth),
        caption: "Left: as stored; to the right: as augmented in the first epochs.")
    }
    return ReportPage.Section(
      title: "Images", blocks: galleries.map { .gallery($0) } + [.figures(sheet.map { [$0] } ?? [])]
    )
  }

  private var data: ReportPage.Section? {
    guard let dataset else { return nil }
    let splits = dataset.splits.filter { split in
      split.split != "val" || !validatesOnTest || !dataset.splits.contains { $0.split == "test" }
    }
    func row(_ name: String, _ counts: [Int]) -> [String] {
      [name] + (counts + (counts.count > 1 ? [counts.reduce(0, +)] : [])).map { grouped($0) }
    }
    let table = ReportPage.Table(
      columns: ["class"] + splits.map(\.split) + (splits.count > 1 ? ["all"] : []),
      rows: dataset.classes.prefix(RunReport.listedClasses).enumerated().map { index, name in
        row(name, splits.map { $0.perClass[index] })
      }, summaryRows: [row("all", splits.map { $0.perClass.reduce(0, +) })],
      fold: dataset.classes.count > RunReport.fewClasses
        ? "images of \(RunReport.listed(dataset.classes.count)) classes" : nil)
    var facts: [Fact] = [("folder", dataset.path)]
    facts += dataset.splits.map { ($0.split, counted($0.images, "image") + ", " + $0.origin) }
    facts += [
      ("hidden files and folders", grouped(dataset.hidden)),
      ("fingerprint", dataset.fingerprint),
    ]
    let findings: ReportPage.Block =
      switch findings {
      case .some(let findings) where !findings.isEmpty: .findings(findings)
      case .some:
        .text(
          "No file is unreadable, in two classes, in two splits or duplicated. cnnctl check looks for "
            + "more.")
      case nil: .text("")
      }
    return ReportPage.Section(
      title: "Dataset", blocks: [.facts(title: "", facts), findings, .table(table)])
  }

  private var architecture: ReportPage.Section? {
    ReportPage.Section(
      title: "Network",
      blocks: [
        .facts(title: "", networkFacts),
        .figures(network.map { [ReportPage.Figure(scene: $0.scene)] } ?? []),
      ])
  }

  private var recipe: ReportPage.Section? {
    ReportPage.Section(
      title: "Settings", blocks: settings.map { .facts(title: $0.title, $0.facts) })
  }

  private var timing: ReportPage.Section? {
    let chart = seconds.isEmpty ? [] : [ReportPage.Figure(scene: BarChart(seconds: seconds).scene)]
    return ReportPage.Section(
      title: "Time", blocks: [.facts(title: "", timingFacts), .figures(chart)])
  }

  private var repetition: ReportPage.Section? {
    ReportPage.Section(
      title: "Environment, and how to reproduce it",
      blocks: [.facts(title: "", environment), .commands(commands)])
  }
}

extension ClassDistances {
  /// A row per class: how far its images lie from their own mean and from the nearest other's.
  fileprivate var table: ReportPage.Table {
    let rows = zip(classes.indices, nearest).map { own, nearest in
      [
        classes[own], classes[nearest.other], shown(values[own][own], 3),
        shown(values[own][nearest.other], 3), shown(nearest.ratio, 2),
      ]
    }
    return ReportPage.Table(
      title:
        "Distances of the classes' images in the features, from their own mean and the nearest "
        + "other class's: near 1 the classes are hard to tell apart",
      columns: ["class", "nearest other", "own", "other", "other / own"], rows: rows,
      textColumns: 2,
      fold: rows.count > 20 ? "distances of all \(grouped(rows.count)) classes" : nil)
  }
}

extension OutOfFold {
  /// The facts beside the figures of a test.
  fileprivate var facts: [Fact] {
    [
      (
        "Out of fold",
        "accuracy \(percent(accuracy)) (95 % interval \(percent(accuracyLow)) to "
          + "\(percent(accuracyHigh))) on \(counted(images, "training image")), each predicted by "
          + "a model that had not seen it"
      )
    ]
  }
}

extension RecordedAnswers {
  /// The number of correct predictions.
  var right: Int { evaluation.confusion.hits.reduce(0, +) }

  /// More numbers, such as how many images could not be read.
  fileprivate var facts: [Fact] {
    var facts: [Fact] = [
      ("Correct predictions", "\(grouped(right)) of \(grouped(evaluation.images))")
    ]
    if let auc = evaluation.auc {
      let kind = classes.count > 2 ? ", mean of one class versus the rest" : ""
      facts.append(("Area under the ROC curve", fixed(auc, 4) + kind))
    }
    var error = fixed(evaluation.ece, 4)
    if isComplete, evaluation.temperature != 1 {
      error +=
        " (\(fixed(evaluation.eceUncalibrated, 4)) without the temperature of "
        + "\(evaluation.temperature))"
    }
    facts.append(("Expected calibration error", error))
    if isComplete, evaluation.tta != .plain {
      let plain = fixed(100 * evaluation.accuracyPlain, 1)
      facts.append(("Mirrored views", "averaged; on the plain images accuracy is \(plain) %"))
    }
    if let topK = evaluation.topK, let share = evaluation.topKAccuracy {
      facts.append(("Top-\(topK) accuracy", fixed(100 * share, 1) + " %"))
    }
    if !evaluation.skipped.isEmpty {
      facts.append(("Could not be read", grouped(evaluation.skipped.count)))
    }
    return facts
  }
}
