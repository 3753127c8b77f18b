internal import Classifier
internal import Compute
internal import Drawing
internal import ImageData
internal import Primitives
internal import Report
internal import Training

/// The files of `compare --out`.
struct ComparisonFiles {
  private let comparison: ModelComparison
  private let arguments: Arguments

  /// Images shown of each kind.
  private static let mostTiles = 24
  /// Longer side of an image, in pixels: twice what a page shows.
  private static let tileSide = 256
  /// Pixels of a file for one of the drawing.
  private static let scale = 2.0

  /// The files of a comparison that the command line asked for.
  init(_ comparison: ModelComparison, arguments: Arguments) {
    self.comparison = comparison
    self.arguments = arguments
  }

  /// Writes figures, texts and the page, and with `plots` the images, on it and as files.
  func write(to folder: OutputFolder, plots: Bool, engine: Engine) throws {
    var report = comparison.report(
      names: (comparison.first.shortName, comparison.second.shortName))
    report.facts = facts
    report.commands = [command]
    if plots {
      report.lost = tiles(comparison.lost, engine)
      report.gained = tiles(comparison.gained, engine)
    } else {
      report.first.epochs = []
      report.second.epochs = []
    }
    try folder.write([
      ("compare.json", comparison.json.indented),
      (
        "compare.txt",
        terminalSafe(comparison.heading) + "\n" + comparison.text(isVerbose: true) + "\n"
      ),
      ("predictions.csv", comparison.csv), ("compare.html", try report.html()),
    ])
    let sheets = [
      ("only_a", "A right, B wrong", report.lost), ("only_b", "B right, A wrong", report.gained),
    ].filter { !$0.2.isEmpty }.map { name, title, tiles in
      (name: name, scene: PictureSheet(title: title, tiles: tiles).scene)
    }
    for plot in report.plots + sheets {
      try folder.write(try plot.scene.png(scale: Self.scale), to: plot.name + ".png")
    }
  }

  private var facts: [Fact] {
    var facts: [Fact] = [
      ("Images that both predicted", grouped(comparison.pairs.count)),
      ("Skipped because they cannot be read", grouped(comparison.skipped.count)),
    ]
    if comparison.classes.count > 2 {
      let count = grouped(comparison.bothWrongDifferently)
      facts.append(("Both wrong, with different predictions", count))
    }
    for side in [comparison.first, comparison.second] {
      let views = side.evaluation.tta == .flip ? ", mirrored views averaged" : ""
      facts.append(
        (
          "\(side.letter): \(side.name)",
          "recipe \(side.recipe)\(views), SHA-256 \(side.sha256.prefix(12))"
        ))
    }
    return facts
  }

  /// The command line that repeats it.
  private var command: String {
    var words = ["cnnctl", "compare", comparison.first.name, comparison.second.name]
    words += [comparison.dataset, "--split", comparison.split]
    for option in [SharedOption.tta, SharedOption.maxPixels] as [any CommandOption] {
      if case .text(let value) = arguments.given[option.description.name] {
        words += [option.description.title, value]
      }
    }
    return words.map(shellWord).joined(separator: " ")
  }

  private func tiles(_ pairs: [ModelComparison.Pair], _ engine: Engine) -> [Tile] {
    let shown = pairs.prefix(Self.mostTiles)
    let pictures = Thumbnails.read(
      shown.map(\.path), side: Self.tileSide,
      maxPixels: arguments[SharedOption.maxPixels],
      workers: engine.workers)
    return zip(shown, pictures).compactMap { pair, picture in
      picture.map { Tile(picture: $0, caption: comparison.answers(pair)) }
    }
  }
}
