internal import Classifier
internal import Compute
internal import Training

/// `cnnctl predict IMAGE…`: label and probability, one answer an input, in input order.
struct PredictCommand {
  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let format = try format()
    let engine = try Engine(arguments, console.environment)
    let location = try ClassifierModel.locate(arguments.text("model"))
    let output = try output(beside: location)
    let model = try ClassifierModel(unconfirmed: location)
    let predictor = Predictor(
      model: model, engine: engine,
      tta: arguments.text("tta").flatMap(TestTimeAugmentation.init),
      maxPixels: arguments.integer("max-pixels") ?? 64_000_000)

    let abstainBelow = arguments.number("abstain-below") ?? 0
    var writer = PredictionWriter(
      format: format, classes: model.classes, model: location.run ?? location.weights,
      topK: arguments.integer("top-k") ?? 1, abstainBelow: abstainBelow)
    var answered = 0
    var tally = PredictionTally(classes: model.classes.count)
    var failures: [SkippedImage] = []
    var inputs = PredictionInputs(
      arguments.operands, recursive: arguments.flag("recursive"),
      read: console.environment.input, warn: console.warning,
      scanned: { [scanning = StepProgress("scanning", unit: "files", console)] in
        scanning.show($0, of: nil)
      })
    let progress = StepProgress("predicting", console)
    // The file's digest and the first predictions are computed side by side; nothing is said before
    // the digest fits.
    var hasBegun = false
    func begin() throws {
      if hasBegun { return }
      hasBegun = true
      try model.confirm()
      console.introduce(model, at: location, named: arguments.text("model"))
      try write(writer.opening, to: output)
    }
    if inputs.mayWait { try begin() }
    while let chunk = try inputs.next() {
      // What standard input still brings nobody knows.
      let total = inputs.isAtEnd ? answered + chunk.count : nil
      try predictor.predict(chunk) { prediction in
        try begin()
        if let failure = prediction.failure { failures.append(failure) }
        answered += 1
        tally.add(prediction, abstainBelow: abstainBelow)
        try write(writer.text(of: prediction), to: output)
        progress.show(answered, of: total)
      }
    }
    try begin()
    try write(writer.closing, to: output)
    console.clear()
    if answered > 1 { console.note(tally.line(classes: model.classes)) }
    return console.verdict(
      failures, of: answered, command: .predict,
      areTold: format == .text && !arguments.has("output")
    )
  }

  private func format() throws(Failure) -> PredictionWriter.Format {
    let named = arguments.text("format").flatMap(PredictionWriter.Format.init(rawValue:))
    guard arguments.flag("json") else { return named ?? formatOfOutput ?? .text }
    guard named == nil || named == .ndjson else {
      throw Failure(
        .usage,
        "--json is short for --format ndjson, but --format \(named?.rawValue ?? "") is given",
        helpPage: CommandDescription.predict.helpPage)
    }
    return .ndjson
  }

  /// The form that the ending of `-o FILE` says.
  private var formatOfOutput: PredictionWriter.Format? {
    let name = (arguments.text("output") ?? "").lowercased()
    let endings: [(String, PredictionWriter.Format)] = [
      (".csv", .csv), (".json", .json), (".ndjson", .ndjson), (".jsonl", .ndjson),
    ]
    return endings.first { name.hasSuffix($0.0) }?.1
  }

  private func output(beside model: ModelLocation) throws -> any TextStream {
    guard let path = arguments.text("output"), path != "-" else {
      return console.environment.output
    }
    let inputs = OutputGuard(
      operands: arguments.operands, recursive: arguments.flag("recursive"),
      others: [model.weights])
    do {
      return try DescriptorStream(creating: path, beside: inputs)
    } catch let error as StreamError {
      throw Failure(
        .cannotCreate, "cannot write \(error)", expected: "a file in a folder that exists")
    }
  }

  private func write(_ text: String, to output: any TextStream) throws(StreamError) {
    if text.isEmpty { return }
    // On a terminal both streams share the screen: the line of progress makes way.
    if output.isTerminal { console.clear() }
    try output.write(text)
  }
}
