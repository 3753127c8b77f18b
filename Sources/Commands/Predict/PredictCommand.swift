internal import Classifier
internal import Compute
internal import Primitives
internal import Training

/// `cnnctl predict IMAGE…`: label and probability, one answer an input, in input order.
struct PredictCommand: Command {
  static let name = "predict"
  static let description = CommandDescription(
    name: name, usage: "cnnctl predict IMAGE... [options]",
    summary: "label and probability for images",
    details: [
      "IMAGE is a file, a folder (with -r), - (paths on standard input, one per line) or -0 (the "
        + "same, separated by NUL). Prints one prediction per image, in the order given; an image "
        + "that cannot be read gets an error record, the others are processed, and the exit code "
        + "is 1.",
      SharedOption.namingModels,
    ],
    operands: 1...Int.max, operandName: "IMAGE",
    options: [
      SharedOption.maxPixels, SharedOption.model, topK, SharedOption.tta, abstainBelow, rejectAbove,
      format, SharedOption.recursive, output,
    ],
    examples: [
      ("cnnctl predict photo.jpg", "photo.jpg: cats 97.3 %"),
      ("cnnctl predict -r photos --format csv -o answers.csv", "a folder, into a table"),
      ("find photos -name '*.jpg' -print0 | cnnctl predict -0 --json", "one JSON object per line"),
    ])

  private static let topK = Option(
    "top-k", .integer(1...Int.max), "K", or: 1, in: .results, "show the K most likely labels")
  private static let abstainBelow = Option(
    "abstain-below", .number(.strength), "P", or: 0, said: "off", off: 0, in: .results,
    "answer don't know if the most likely label's probability is below P")
  private static let rejectAbove = Rejection.option("answer none of these for an image")
  private static let format = Option(
    "format", Form<PredictionWriter.Format>.word, said: "as FILE ends, else text", in: .results,
    "output format; --json is short for ndjson")
  private static let output = SharedOption.output(
    "FILE", "output file", said: "standard output")

  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let format = try format()
    // Before the engine: its threads take over which signals are blocked. While standard input is
    // awaited nothing would ask for one.
    let file = arguments[Self.output].flatMap { $0 == "-" ? nil : $0 }
    let waits = arguments.operands.contains { $0 == "-" || $0 == "-0" }
    let signal = file == nil || waits ? { nil } : console.environment.watchSignals()
    let engine = try Engine(arguments, console.environment)
    let location = try locateModel()
    let output = try output(beside: location)
    let model = try ClassifierModel(unconfirmed: location)
    let rejection = try arguments[Self.rejectAbove].map {
      try Rejection(keeping: $0, model, at: location, of: Self.description)
    }
    let predictor = try Predictor(
      model: model, rejection: rejection, engine: engine, tta: arguments[SharedOption.tta],
      maxPixels: arguments[SharedOption.maxPixels])

    let abstainBelow = arguments[Self.abstainBelow]
    var writer = PredictionWriter(
      format: format, classes: model.classes, model: location.title,
      topK: arguments[Self.topK], abstainBelow: abstainBelow, rejectAbove: rejection?.threshold)
    var answered = 0
    var tally = PredictionTally(classes: model.classes.count)
    var failures: [SkippedImage] = []
    var inputs = PredictionInputs(
      arguments.operands, recursive: arguments[SharedOption.recursive],
      written: file.map { [$0] } ?? [], console)
    let progress = StepProgress("predicting", console)
    // The file's digest and the first predictions are computed side by side; nothing is said before
    // the digest fits.
    var hasBegun = false
    func begin() throws {
      if hasBegun { return }
      hasBegun = true
      try model.confirm()
      console.introduce(model, at: location, named: arguments[SharedOption.model])
      try write(writer.opening, to: output)
    }
    if inputs.mayWait { try begin() }
    do {
      while let chunk = try inputs.next() {
        // What standard input still brings nobody knows.
        let total = inputs.isAtEnd ? answered + chunk.count : nil
        try predictor.predict(chunk) { prediction in
          try begin()
          if let failure = prediction.failure { failures.append(failure) }
          answered += 1
          tally.add(prediction, abstainBelow: abstainBelow, rejectAbove: rejection?.threshold)
          try write(writer.text(of: prediction), to: output)
          progress.show(answered, of: total)
          if let number = signal(), answered != total { throw Stopped(signal: number) }
        }
      }
    } catch let stopped as Stopped {
      try write(writer.closing, to: output)
      console.clear()
      throw Failure(
        ExitCode(signal: stopped.signal),
        "stopped by \(signalName(stopped.signal)) after \(counted(answered, "image")), which "
          + "\(file ?? "") holds")
    }
    try begin()
    try write(writer.closing, to: output)
    console.clear()
    if answered > 1 { console.note(tally.line(classes: model.classes)) }
    return console.verdict(
      failures, of: answered, command: Self.description.name,
      areTold: format == .text && !arguments.has(Self.output)
    )
  }

  private func format() throws(Failure) -> PredictionWriter.Format {
    let named = arguments[Self.format]
    let ofOutput = formatOfOutput
    if let ofOutput, let named = arguments[SharedOption.json] ? .ndjson : named,
      ofOutput.isJSON != named.isJSON || ofOutput == .csv && named != .csv
    {
      let option = arguments[SharedOption.json] ? "--json" : "--format \(named.rawValue)"
      let path = arguments[Self.output] ?? ""
      throw Self.description.usageError(
        "-o \(path) and \(option) contradict each other",
        advice: "one of them, or -o with another name")
    }
    guard arguments[SharedOption.json] else { return named ?? ofOutput ?? .text }
    guard named == nil || named == .ndjson else {
      throw Self.description.usageError(
        "--json is short for --format ndjson, but --format \(named?.rawValue ?? "") is given")
    }
    return .ndjson
  }

  /// The form that the ending of `-o FILE` says.
  private var formatOfOutput: PredictionWriter.Format? {
    let name = (arguments[Self.output] ?? "").lowercased()
    let endings: [(String, PredictionWriter.Format)] = [
      (".csv", .csv), (".json", .json), (".ndjson", .ndjson), (".jsonl", .ndjson),
    ]
    return endings.first { name.hasSuffix($0.0) }?.1
  }

  private func output(beside model: ModelLocation) throws -> any TextStream {
    guard let path = arguments[Self.output], path != "-" else {
      return console.environment.output
    }
    let inputs = OutputGuard(
      operands: arguments.operands, recursive: arguments[SharedOption.recursive],
      others: [model.weights])
    return try DescriptorStream(output: path, beside: inputs)
  }

  private func write(_ text: String, to output: any TextStream) throws(StreamError) {
    if text.isEmpty { return }
    // On a terminal both streams share the screen: the line of progress makes way.
    if output.isTerminal { console.clear() }
    try output.write(text)
  }
}
