internal import CNN
internal import Classifier
internal import Compute
internal import ImageData
internal import Interchange
internal import Primitives
internal import Training

/// `cnnctl export [MODEL]`: a model as one file, in this program's form or another's.
struct ExportCommand: Command {
  static let name = "export"
  static let description = CommandDescription(
    name: name, usage: "cnnctl export [MODEL] -o FILE [options]",
    summary: "a model as one file, for this program, ONNX Runtime or Core ML",
    details: [
      "MODEL is a run folder, a weights file, cats-dogs, the model built into this program, or a "
        + "name that 'cnnctl models' lists; it defaults to the newest run. FILE's ending chooses the format: .safetensors, .onnx or "
        + ".mlmodel (Core ML). A .safetensors file is a model as train writes it: every command "
        + "reads it, and so does Python's safetensors. An existing file is never overwritten.",
      "An ONNX model takes photos of any size; Core ML's is a classifier. Both give the "
        + "probabilities that predict gives. Other programs read these files, this one does not.",
      "Weights in f16 take half the space and in i8 a quarter; biases and normalizations stay "
        + "f32. The model card holds the figures of the run's test, or of --report; --card adds "
        + "texts and overrides the fields that it names.",
      "With --names torch FILE holds the weights by PyTorch's names and in its order, and a "
        + "Python module that loads them, prepares images and predicts goes to standard output.",
    ],
    operands: 0...1, operandName: "MODEL",
    options: [output, format, fold, raw, names, dtype, temperature, card, trainingImages, report],
    unlisted: [SharedOption.threads, SharedOption.seed, SharedOption.isa, SharedOption.conv],
    examples: [
      ("cnnctl export -o model.safetensors", "one file to give away"),
      ("cnnctl export runs/latest --dtype f16 -o small.safetensors", "half as large"),
      ("cnnctl export runs/latest --card card.json -o model.safetensors", "with your words"),
      ("cnnctl export -o model.onnx", "for servers and web pages"),
      ("cnnctl export runs/latest --names torch -o w.safetensors > net.py", "for PyTorch"),
    ])

  /// Whose names and order weights have.
  enum Names: String, CaseIterable {
    case cnnctl
    case torch
  }

  private static let output = SharedOption.output("FILE", "the model file to write")
  static let format = Option(
    "format", Form<ExportFormat>.word, said: "as FILE ends", in: .output,
    "file format: this program's own, or one that others run")
  private static let fold = Option(
    flag: "fold", in: .output,
    "onnx, coreml: fold batch normalizations into the weights before them")
  private static let raw = Option(
    flag: "raw", in: .output, "onnx: leave preprocessing to the caller")
  private static let names = Option(
    "names", .word, or: Names.cnnctl, in: .output,
    "names and order of the weights; torch: also print a Python module")
  static let dtype = Option(
    "dtype", .word, or: TensorFile.Precision.single, in: .output,
    "number format of the weights: 32 or 16 bits, or 8 with a scale per channel")
  static let temperature = Option(
    "temperature",
    .number(NumberRange(Temperature.range.lowerBound, Temperature.range.upperBound)), "X",
    said: "the model's", in: .output,
    "temperature: logits are divided by it before the softmax")
  static let card = Option(
    "card", .text, "FILE.json", in: .output, "texts and figures for the model card")
  private static let trainingImages = Option(
    "training-images", .text, "DATASET", in: .output,
    "record in the file that the model was trained on these images: evaluate, compare and train "
      + "--from then report when they meet one (8 bytes each)")
  static let report = Option(
    "report", .text, "FILE.json", said: "the run's test/report.json", in: .output,
    "evaluation whose figures go into the card")

  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let path = try output()
    let format = try ModelFileName(path, of: Self.description).format(
      named: arguments[Self.format])
    var settings = ExportFormat.Settings(
      precision: arguments[Self.dtype],
      choices: Set((arguments[Self.fold] ? [.fold] : []) + (arguments[Self.raw] ? [.raw] : [])))
    // Before a large model is read for nothing.
    try format.check(settings)
    let isTorch = arguments[Self.names] == .torch
    guard format == .safetensors && !isTorch || !arguments.has(Self.trainingImages) else {
      throw Self.description.usageError(
        "--training-images has no meaning in a file for other programs",
        expected: "-o FILE.safetensors")
    }
    if isTorch { try ModelFileName(path, of: Self.description).checkOwn() }
    let name = arguments.operands.first
    let location = try ClassifierModel.locate(name, shelf: console.environment.shelf)
    var model = try ClassifierModel(at: location)
    if name == nil {
      console.introduce(
        model, at: location, named: name, advice: "cnnctl export MODEL exports another")
    }
    if isTorch {
      return try TorchExportCommand(arguments: arguments, console: console).run(model, to: path)
    }
    settings.card = try card(of: model, at: location)
    settings.trainedOn = try trainingImages(of: model, at: location)
    if let temperature = arguments[Self.temperature] {
      model = model.calibrated(temperature: temperature)
    }
    // The file's bytes as they grow, and the network once more as the other form has it.
    try AnswerMemory.require(
      (24 << 20) + 16 * (model.network.parameterCount + model.network.statisticsCount),
      for: "the export")
    let bytes = try format.encoded(model, settings)
    let sha256 = try ExportedFile.write(bytes, to: path)
    let dtype = settings.precision.rawValue
    try show(
      json: [
        "file": .string(path), "format": .string(format.rawValue), "dtype": .string(dtype),
        "file_bytes": .int(bytes.count), "weights_sha256": .string(sha256),
        "card": settings.card.map(JSON.init) ?? .null,
      ], text: "\(path): \(byteCount(bytes.count)), weights \(dtype), SHA-256 \(sha256)")
    return .done
  }

  /// The file to write, which must not be there.
  private func output() throws -> String {
    guard let path = arguments[Self.output], path != "-" else {
      throw Self.description.usageError(
        "-o FILE is missing: a model file is not written to standard output",
        expected: Self.description.usage)
    }
    // Before anything is read; the writing itself refuses a file that appears meanwhile.
    guard !FileSystem.exists(path) else { throw ExportedFile.isThere(path) }
    return path
  }

  /// The images of `--training-images`, as many as the model says that it was trained on.
  private func trainingImages(
    of model: ClassifierModel, at location: ModelLocation
  ) throws -> ImageDigests? {
    guard let dataset = arguments[Self.trainingImages] else { return nil }
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
    if let report = arguments[Self.report] {
      card = card.overridden(by: try ModelCard(report: report))
    } else if let run = location.run, let figures = try ModelCard(run: run) {
      card = card.overridden(by: figures)
    }
    if let path = arguments[Self.card] { card = card.overridden(by: try ModelCard(file: path)) }
    return card == ModelCard() ? nil : card
  }
}
