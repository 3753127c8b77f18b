internal import CNN
internal import Classifier
internal import Compute
internal import ImageData
internal import Interchange
internal import Primitives
internal import Training

/// `cnnctl export [MODEL]`: a model as one file, in this program's form or another's.
struct ExportCommand {
  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let path = try output()
    let format = try ModelFileName(path, of: .export).format(
      named: arguments.text("format").flatMap(ExportFormat.init(rawValue:)))
    var settings = ExportFormat.Settings(
      precision: arguments.text("dtype").flatMap(TensorFile.Precision.init(rawValue:)) ?? .single,
      choices: Set(ExportFormat.Choice.allCases.filter { arguments.flag($0.rawValue) }))
    // Before a large model is read for nothing.
    try format.check(settings)
    let isTorch = arguments.text("names") == "torch"
    guard format == .safetensors && !isTorch || !arguments.has("training-images") else {
      throw Failure(
        .usage, "--training-images has no meaning in a file for other programs",
        expected: "-o FILE.safetensors", helpPage: CommandDescription.export.helpPage)
    }
    if isTorch { try ModelFileName(path, of: .export).checkOwn() }
    let name = arguments.operands.first
    let location = try ClassifierModel.locate(name)
    var model = try ClassifierModel(at: location)
    if name == nil { console.introduce(model, at: location, named: name) }
    if isTorch {
      return try TorchExportCommand(arguments: arguments, console: console).run(model, to: path)
    }
    settings.card = try card(of: model, at: location)
    settings.trainedOn = try trainingImages(of: model, at: location)
    if let temperature = arguments.number("temperature") {
      model = model.calibrated(temperature: temperature)
    }
    // The file's bytes as they grow, and the network once more as the other form has it.
    try AnswerMemory.require(
      (24 << 20) + 16 * (model.network.parameterCount + model.network.statisticsCount),
      for: "the export")
    let bytes = try format.encoded(model, settings)
    let sha256 = try ExportedFile.write(bytes, to: path)
    let dtype = settings.precision.rawValue
    if arguments.flag("json") {
      try console.result(
        JSON.object([
          .init("file", .string(path)), .init("format", .string(format.rawValue)),
          .init("dtype", .string(dtype)), .init("file_bytes", .integer(bytes.count)),
          .init("weights_sha256", .string(sha256)),
          .init("card", settings.card.map(JSON.init) ?? .null),
        ]).line)
    } else {
      try console.result(
        "\(path): \(byteCount(bytes.count)), weights \(dtype), SHA-256 \(sha256)")
    }
    return .done
  }

  /// The file to write, which must not be there.
  private func output() throws -> String {
    guard let path = arguments.text("output"), path != "-" else {
      throw Failure(
        .usage, "-o FILE is missing: a model file is not written to standard output",
        expected: CommandDescription.export.usage, helpPage: CommandDescription.export.helpPage)
    }
    // Before anything is read; the writing itself refuses a file that appears meanwhile.
    guard !FileSystem.exists(path) else { throw ExportedFile.isThere(path) }
    return path
  }

  /// The images of `--training-images`, as many as the model says that it was trained on.
  private func trainingImages(
    of model: ClassifierModel, at location: ModelLocation
  ) throws -> ImageDigests? {
    guard let dataset = arguments.text("training-images") else { return nil }
    let engine = try Engine(arguments, console.environment)
    var request = Evaluator.Request()
    request.dataset = dataset
    request.split = Split.train.rawValue
    request.isWhole = location.run == nil
    let images = try Evaluator(model: model, run: location.run, engine: engine).images(request)
    guard images.samples.count == model.trainingImages else {
      throw Failure(
        .badData, "\(dataset) does not hold the model's training images",
        found: counted(images.samples.count, "training image"),
        expected: counted(model.trainingImages, "training image"))
    }
    return ImageDigests(
      ImageDigests.digests(of: images.samples.map(\.path), workers: engine.workers))
  }

  /// The model's own card, overridden by the figures of its run or `--report`, and then by
  /// `--card`.
  private func card(of model: ClassifierModel, at location: ModelLocation) throws -> ModelCard? {
    var card = model.card ?? ModelCard()
    if let report = arguments.text("report") {
      card = card.overridden(by: try ModelCard(report: report))
    } else if let run = location.run, let figures = try ModelCard(run: run) {
      card = card.overridden(by: figures)
    }
    if let path = arguments.text("card") { card = card.overridden(by: try ModelCard(file: path)) }
    return card == ModelCard() ? nil : card
  }
}
