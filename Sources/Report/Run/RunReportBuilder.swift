internal import CNN
internal import Classifier
package import Compute
package import Drawing
internal import ImageData
package import Primitives
package import Training

/// Makes a report of what a run's folder holds.
///
/// Nothing else goes into it but the images that the run has answered, so that a run's own report
/// and one made again later are the same bytes.
package struct RunReportBuilder {
  package let contents: RunContents
  /// The files that could not be used, with reasons.
  package private(set) var problems: [RunContents.Problem]
  private let engine: Engine
  private let dataset: String?
  /// The images that are not shown.
  private var hidden: Set<String> = []

  /// Reads a run's folder.
  ///
  /// The images are where the run found them, and those with the digests that it noted are shown; or
  /// they are in a dataset's folder that the user names, of which all may be shown.
  package init(reading run: String, dataset: String? = nil, engine: Engine) throws(TrainingError) {
    self.dataset = dataset
    contents = try RunContents(reading: run)
    problems = contents.problems
    self.engine = engine
  }

  /// Refuses a report for which there is not enough memory.
  package func requireMemory() throws(TrainingError) {
    let answers = contents.answers
    try AnswerMemory.requireDrawing(
      answers?.predictions.count ?? 0, classes: answers?.classes.count ?? 0)
  }

  /// The report, as far as the folder goes.
  package mutating func report() -> RunReport {
    var report = RunReport(title: contents.name)
    report.outOfFold = contents.record?.outOfFold
    report.hasTest = contents.record?.test?.split != OutOfFold.name
    // A last layer that was solved has a penalty and no epochs.
    report.isSolved = report.outOfFold?.penalty != nil
    report.epochs = report.isSolved ? [] : contents.metrics
    (report.trainingAccuracy, report.validationAccuracy) = contents.keptAccuracies
    report.evaluatedNoun = contents.evaluatedNoun
    // No epoch has the weights that training started from.
    report.bestEpoch = contents.record?.bestEpoch.flatMap { $0 > 0 ? $0 : nil }
    if let answers = contents.answers { addAnswers(answers, to: &report) }
    report.doubtful = contents.folds.map(doubtful)
    report.distances = contents.distances
    report.samples = samples()
    report.dataset = contents.events?.dataset
    report.validatesOnTest = contents.configuration?.data.validateOnTest == true
    report.findings = contents.findings
    addNetwork(to: &report)
    report.subtitle = contents.subtitle
    report.settings = contents.settings
    report.seconds = contents.seconds
    report.timingFacts = contents.timing
    report.environment = contents.environment
    report.commands = contents.commands
    return report
  }

  private var imagesName: String {
    if contents.record?.test?.split == OutOfFold.name {
      return "training images, out of fold: each predicted by a model that had not seen it"
    }
    guard let splits = contents.events?.dataset?.splits else { return "evaluated images" }
    return splits.contains { $0.split == Split.test.rawValue }
      ? "test images" : "validation images (there is no test set)"
  }

  /// The most doubtful labels among the training images, as the report shows them.
  package var doubtfulTiles: [Tile] { contents.folds.map(doubtful)?.tiles ?? [] }

  /// Doubtful labels with their images.
  private func doubtful(_ answers: RecordedAnswers) -> (tiles: [Tile], count: Int) {
    let doubtful = DoubtfulLabels(of: answers.predictions, classes: answers.classes)
    let tiles = doubtful.tiles(
      from: pictures(digests: RunFolder.foldsName),
      maxPixels: contents.configuration?.data.maxPixels ?? ShownAnswers.maxPixels,
      workers: engine.workers)
    return (tiles, doubtful.count)
  }

  /// The images that may be shown.
  private var pictures: ShownPictures { pictures(digests: RunFolder.testName) }

  private func pictures(digests folder: String) -> ShownPictures {
    let named = contents.configuration?.dataset ?? contents.events?.start?.dataset
    if let dataset {
      let places = ImagePlaces(named: named, recorded: dataset)
      return ShownPictures(places: places) { path, _ in
        Dataset.lies(places.place(path), in: dataset)
      }
    }
    let digests = PictureDigests(
      reading: contents.folder.place(folder + "/" + PictureDigests.name))
    return ShownPictures(
      places: ImagePlaces(named: named, recorded: contents.record?.dataset), allows: digests.know)
  }

  private mutating func addAnswers(_ answers: RecordedAnswers, to report: inout RunReport) {
    let unread = report.show(
      answers, of: imagesName, from: pictures,
      maxPixels: contents.configuration?.data.maxPixels ?? ShownAnswers.maxPixels,
      workers: engine.workers)
    if let first = unread.first {
      problems.append(
        RunContents.Problem(
          file: first, isMissing: false,
          message:
            "\(grouped(unread.count)) of the images to show cannot be read or have changed since the run, "
            + "the first is \(first); cnnctl report RUN DATASET shows the images of a folder that you "
            + "name"))
    }
    hidden = Set(unread)
  }

  /// Longer side of the sheet of training images in the page.
  private static let sheetSide = 1080

  private mutating func samples() -> RGBImage? {
    let path = contents.folder.file(RunFolder.samplesName)
    let place = contents.folder.place(RunFolder.samplesName)
    guard place.isThere else {
      // A run without epochs changes no image.
      guard contents.configuration?.recipe.hasEpochs != false else { return nil }
      problems.append(
        RunContents.Problem(
          file: RunFolder.samplesName, isMissing: true, message: "\(path) does not exist"))
      return nil
    }
    do {
      let picture = try ImageReader.decode(bytes: place.bytes(limit: FileBytes.limit))
      return picture.fitted(
        into: min(max(picture.width, picture.height), RunReportBuilder.sheetSide))
    } catch {
      problems.append(
        RunContents.Problem(
          file: RunFolder.samplesName, isMissing: false, message: "\(path): \(error)"))
      return nil
    }
  }

  private mutating func addNetwork(to report: inout RunReport) {
    do throws(TrainingError) {
      let model = try ClassifierModel(at: contents.folder.model)
      report.network = NetworkDiagram(model.network)
      report.networkFacts = contents.facts(of: model)
      report.explanations = explanations(model)
    } catch {
      problems.append(
        RunContents.Problem(
          file: RunFolder.bestName, isMissing: error.kind == .missing,
          message: error.problem))
    }
  }

  /// Mistakes that are shown with what spoke for them.
  private static let explained = 12

  /// Explanations of the worst mistakes; none for a network without feature maps.
  private mutating func explanations(_ model: ClassifierModel) -> [Tile] {
    guard let answers = contents.answers, answers.classes == model.classes else { return [] }
    let worst = ShownAnswers(answers.predictions).worst.prefix(RunReportBuilder.explained)
      .filter { !hidden.contains($0.path) }
    let places = pictures.places
    do {
      let explainer = try Explainer(model: model, engine: engine, photoSide: ShownAnswers.side)
      return try explainer.tiles(
        of: worst.compactMap { answer in
          answer.trueIndex.map { (path: places.place(answer.path), trueIndex: $0) }
        })
    } catch {
      problems.append(
        RunContents.Problem(
          file: contents.folder.bestWeights, isMissing: true,
          message: "no explanations of the mistakes: \(TrainingError(error).problem)"))
      return []
    }
  }
}
