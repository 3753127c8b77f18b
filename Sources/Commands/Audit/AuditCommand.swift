internal import Classifier
internal import Compute
internal import Drawing
internal import ImageData
internal import Primitives
internal import Report
internal import Training

/// `cnnctl audit DATASET|RUN`: which labels are probably wrong.
struct AuditCommand: Command {
  static let name = "audit"
  static let description = CommandDescription(
    name: name, usage: "cnnctl audit DATASET|RUN [--from MODEL] [options]",
    summary: "which labels of a dataset are probably wrong; moves nothing",
    details: [
      "Predicts every image of DATASET, a folder as for train, by a last layer that was fitted "
        + "without it, as --recipe instant does, on the features of MODEL: a name that 'cnnctl "
        + "models' lists, a run folder, a weights file, or cats-dogs. Lists the images whose label "
        + "the prediction doubts, the most doubtful first. Not every one is wrong: look before you "
        + "move.",
      "Of RUN, a run of train --folds or --recipe instant, the training images are judged by the "
        + "predictions out of fold that it has made: nothing is computed again, and --from and the "
        + "options of the division are refused.",
      "With --out DIR it writes labels.csv with all images, audit.json, audit.txt, suspects.png "
        + "with the most doubtful, report.html with these and figures, and moves.sh, a shell script that would move each suspect into "
        + "the folder of its prediction and never over a file.",
    ],
    operands: 1...1, operandName: "DATASET or RUN",
    options: [
      from, groupBy, nearDuplicates, folds, SharedOption.maxPixels, SharedOption.out,
      SharedOption.noPlots,
    ],
    examples: [
      ("cnnctl audit photos --from imagenet", "the most doubtful labels"),
      ("cnnctl audit photos --from imagenet --out audited", "with a picture and a script of moves"),
      ("cnnctl audit runs/latest", "by the newest run's own predictions, if it had folds"),
    ])

  private static let from = Option(
    "from", also: ["model"], .text, "MODEL", in: .model, "the model whose features are used")
  private static let groupBy = Option<String?>(
    like: \.data.groupBy, Form.regularExpression.optional, or: nil)
  private static let nearDuplicates = Option<NearDuplicatePolicy>(
    like: \.data.nearDuplicates, .word, or: .together)
  private static let folds = Option(
    "folds", .integer(2...100), "K", or: Folds.most, in: .data,
    "parts that the images are divided into: each is predicted by a layer fitted on the others")
  /// Suspects that are listed without -v, and those in the picture.
  private static let (mostLines, mostTiles) = (20, 60)

  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let engine = try Engine(arguments, console.environment)
    let root = arguments.operands[0]
    guard RunFolder.holdsRun(root) else { return try audit(root, engine) }
    return try report(on: RunReportBuilder(reading: root, engine: engine))
  }

  /// Audits a folder of photos.
  private func audit(_ root: String, _ engine: Engine) throws -> ExitCode {
    guard let name = arguments[Self.from] else {
      // A mistyped run would be refused because an option is missing that a run does not take.
      if !FileSystem.exists(root) { _ = try Dataset.open(root) }
      throw Self.description.usageError(
        "--from is missing: labels are judged by the features of a model",
        expected: Self.description.usage,
        advice:
          "--from with a name that 'cnnctl models' lists; 'cnnctl help import' says how to get one")
    }
    let location = try ClassifierModel.locate(name, shelf: console.environment.shelf)
    let folder = try outputFolder(outside: root)
    let model = try ClassifierModel(at: location)
    console.introduce(model, at: location, named: name)
    let scanning = StepProgress("scanning", unit: "files", console)
    let dataset = try Dataset.open(root) { entries in
      scanning.show(entries, of: nil)
      return false
    }
    let progress = StepProgress("computing features", console)
    let audit = try LabelAudit(
      dataset, model: model, groupBy: arguments[Self.groupBy],
      nearDuplicates: arguments[Self.nearDuplicates], folds: arguments[Self.folds],
      maxPixels: arguments[SharedOption.maxPixels], engine: engine
    ) { step in
      switch step {
      case .features(let done, let all): progress.show(done, of: all)
      case .fitting: console.clear()
      }
    }
    console.clear()
    console.leftOut(audit.skipped)
    if arguments.has(Self.folds),
      let line = Folds.line(
        reduced: arguments[Self.folds], to: audit.folds,
        isGrouped: arguments[Self.groupBy] != nil)
    {
      console.warning(line)
    }
    return try report(AuditText(audit, root: root), folder) {
      let shown = Array(audit.suspects.prefix(Self.mostTiles))
      let pictures = Thumbnails.read(
        shown.map(\.path), side: 160, maxPixels: arguments[SharedOption.maxPixels],
        workers: engine.workers)
      return zip(shown, pictures).compactMap { label, picture in
        picture.map { Tile(picture: $0, caption: label.caption(audit.classes), verdict: .wrong) }
      }
    }
  }

  /// Audits the training images of a run by what its own models predicted of them.
  private func report(on builder: RunReportBuilder) throws -> ExitCode {
    let run = builder.contents.folder.path
    let others: [any CommandOption] = [Self.from, Self.groupBy, Self.nearDuplicates, Self.folds]
    if let other = others.map(\.description).first(where: { arguments.given[$0.name] != nil }) {
      throw Self.description.usageError(
        "\(other.title) is for a folder of photos: \(run) is a run, whose own predictions "
          + "are used", expected: Self.description.usage)
    }
    let audit = try LabelAudit(of: builder.contents)
    let root = builder.contents.record?.dataset ?? run
    let folder = try outputFolder(outside: root)
    return try report(AuditText(audit, root: root), folder) { builder.doubtfulTiles }
  }

  /// Shows an audit and writes its files, with tiles of the most doubtful labels.
  private func report(
    _ text: AuditText, _ folder: OutputFolder?, tiles: () -> [Tile]
  ) throws -> ExitCode {
    if let folder { try write(text, to: folder, tiles: tiles) }
    try show(
      json: text.json,
      text: text.lines(most: console.isVerbose ? .max : Self.mostLines).joined(separator: "\n")
        + "\n\n" + OutputFolder.line(folder?.path))
    return text.audit.skipped.isEmpty ? .done : .conditionFailed
  }

  private func write(_ text: AuditText, to folder: OutputFolder, tiles: () -> [Tile]) throws {
    try folder.write([
      ("labels.csv", text.csv), ("audit.json", text.json.indented),
      ("audit.txt", text.lines(most: .max).joined(separator: "\n") + "\n"),
      ("moves.sh", text.script),
    ])
    guard !arguments[SharedOption.noPlots] else { return }
    let tiles = tiles()
    let page = try AuditReport(text.audit, of: text.root, tiles: tiles).html()
    try folder.write([("report.html", page)])
    guard !tiles.isEmpty else { return }
    try folder.write(
      try PictureSheet(title: "Doubtful labels", tiles: tiles).scene.png(scale: 2),
      to: "suspects.png")
  }
}
