internal import CNN
internal import ImageData
internal import KernelInterface
internal import Primitives
internal import Report
internal import Training

/// Makes a report of what a run's folder holds.
///
/// Nothing else goes into it but the pictures of the dataset, so that a run's own report and one
/// made again later are the same bytes.
struct RunReportBuilder {
  let contents: RunContents
  /// What could not be used, and why.
  private(set) var problems: [RunContents.Problem]
  private let workers: WorkerPool

  /// Reads a run's folder.
  init(reading run: String, workers: WorkerPool) throws(TrainingError) {
    contents = try RunContents(reading: run)
    problems = contents.problems
    self.workers = workers
  }

  /// The report, as far as the folder goes.
  mutating func report() -> RunReport {
    var report = RunReport(title: contents.name)
    report.epochs = contents.metrics.map(RunReport.Epoch.init)
    report.bestEpoch = contents.record?.bestEpoch
    if let answers = contents.answers { addAnswers(answers, to: &report) }
    report.samples = samples()
    report.dataset = contents.datasetFacts
    addNetwork(to: &report)
    report.subtitle = contents.subtitle
    report.settings = contents.settings
    report.seconds = contents.seconds
    report.timingFacts = contents.timing
    report.environment = contents.environment
    report.commands = contents.commands
    return report
  }

  /// Which images the answers are about.
  private var imagesName: String {
    guard let splits = contents.events?.dataset?.splits else { return "evaluated images" }
    return splits.contains { $0.split == Split.test.rawValue }
      ? "test images" : "validation images (there is no test set)"
  }

  private mutating func addAnswers(_ answers: RecordedAnswers, to report: inout RunReport) {
    report.evaluated = RunReport.evaluated(answers, of: imagesName)
    let places = ImagePlaces(
      named: contents.configuration?.dataset ?? contents.events?.start?.dataset,
      recorded: contents.record?.dataset)
    let tiles = ShownAnswers(answers.predictions).tiles(
      classes: answers.classes, places: places,
      maxPixels: contents.configuration?.data.maxPixels ?? ShownAnswers.maxPixels,
      workers: workers)
    report.show(tiles)
    if let first = tiles.unread.first {
      let count = tiles.unread.count
      problems.append(
        RunContents.Problem(
          file: first, isMissing: false,
          message: "\(grouped(count)) of the images to show cannot be read, the first is \(first)"))
    }
  }

  /// Longer side of the sheet of training images in the page.
  private static let sheetSide = 1080

  private mutating func samples() -> ReportPicture? {
    let path = contents.folder.file(RunFolder.samplesName)
    guard FileSystem.exists(path) else {
      problems.append(
        RunContents.Problem(
          file: RunFolder.samplesName, isMissing: true, message: "\(path) does not exist"))
      return nil
    }
    do {
      let sheet = try ImageReader.decode(bytes: FileBytes.read(path, onlyPicture: true))
      let picture = ReportPicture(sheet)
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
      let model = try ClassifierModel(path: contents.folder.bestWeights)
      report.network = NetworkDiagram(model.network)
      report.networkFacts = contents.facts(of: model)
    } catch {
      problems.append(
        RunContents.Problem(
          file: contents.folder.bestWeights, isMissing: error.kind == .missing,
          message: error.problem))
    }
  }
}

extension RunReport.Epoch {
  /// An epoch of a run's metrics.csv.
  init(_ row: MetricsRow) {
    self.init(
      number: row.epoch, loss: row.loss, accuracy: row.accuracy, validationLoss: row.valLoss,
      validationAccuracy: row.valAccuracy, learningRate: row.learningRate)
  }
}
