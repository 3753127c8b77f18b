internal import KernelSelection
internal import Training

/// `cnnctl predict IMAGE…`: label and probability, one answer an input, in input order.
struct PredictCommand {
  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let format = try format()
    let engine = try Engine(arguments, console.environment)
    let location = try ClassifierModel.locate(arguments.text("model"))
    let model = try ClassifierModel(unconfirmed: location)
    let predictor = Predictor(
      model: model, engine: engine,
      tta: arguments.text("tta").flatMap(TestTimeAugmentation.init),
      maxPixels: arguments.integer("max-pixels") ?? 64_000_000)

    let abstainBelow = arguments.number("abstain-below") ?? 0
    let output = try output()
    var writer = PredictionWriter(
      format: format, classes: model.classes, model: location.run ?? location.weights,
      topK: arguments.integer("top-k") ?? 1, abstainBelow: abstainBelow,
      isTerminal: output.isTerminal)
    var answered = 0
    var abstained = 0
    var failures: [SkippedImage] = []
    var inputs = PredictionInputs(
      arguments.operands, recursive: arguments.flag("recursive"),
      read: console.environment.input, warn: console.warning,
      scanned: { [scanning = StepProgress("scanning", unit: "files", console)] in
        scanning.show($0, of: nil)
      })
    let progress = StepProgress("predicting", console)
    // The file's digest and the first answers are computed side by side; nothing is said before
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
        if prediction.abstains(below: abstainBelow) { abstained += 1 }
        try write(writer.text(of: prediction), to: output)
        progress.show(answered, of: total)
      }
    }
    try begin()
    try write(writer.closing, to: output)
    console.clear()
    if abstained > 0 {
      console.note("\(grouped(abstained)) of \(grouped(answered)) images: don't know")
    }
    return console.verdict(failures, of: answered, command: .predict)
  }

  private func format() throws(Failure) -> PredictionWriter.Format {
    let named = arguments.text("format").flatMap(PredictionWriter.Format.init(rawValue:))
    guard arguments.flag("json") else { return named ?? .text }
    guard named == nil || named == .ndjson else {
      throw Failure(
        .usage, "--json means --format ndjson, and --format \(named?.rawValue ?? "") is given",
        helpPage: CommandDescription.predict.helpPage)
    }
    return .ndjson
  }

  private func output() throws(Failure) -> any TextStream {
    guard let path = arguments.text("output"), path != "-" else {
      return console.environment.output
    }
    do {
      return try DescriptorStream(creating: path)
    } catch {
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
