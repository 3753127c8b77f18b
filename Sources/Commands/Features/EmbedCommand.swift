internal import Classifier
internal import Compute
internal import Primitives
internal import Training

/// `cnnctl embed IMAGE…`: what the model's last layer sees of each image.
struct EmbedCommand: Command {
  static let name = "embed"
  static let description = CommandDescription(
    name: name, usage: "cnnctl embed IMAGE... [options]",
    summary: "the features of images, for other programs",
    details: [
      "IMAGE is a file, a folder (with -r), - (paths on standard input, one per line) or -0 (the "
        + "same, separated by NUL). Writes the numbers that reach the model's last layer: one JSON "
        + "object per image, or with -o FILE.npy a matrix of 32-bit floats, a row per image, for "
        + "NumPy's load; FILE.csv beside it then has the path of each row. An image that cannot be "
        + "read has an error record or no row, and the exit code is 1.",
      SharedOption.namingModels,
    ],
    operands: 1...Int.max, operandName: "IMAGE",
    options: [
      SharedOption.maxPixels, SharedOption.model, tta, SharedOption.recursive, output,
    ],
    examples: [
      ("cnnctl embed -r photos -o photos.npy", "a matrix, and the paths in photos.csv"),
      ("cnnctl embed photo.jpg --model imagenet.safetensors", "one JSON object"),
    ])

  static let tta = Option(
    "tta", Form<TestTimeAugmentation>.word, or: .plain, in: .results,
    "flip: average the features of an image and its mirror image")
  private static let output = SharedOption.output(
    "FILE", "output file: .npy, or anything else for JSON", said: "standard output")

  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let location = try locateModel()
    let guarded = OutputGuard(
      operands: arguments.operands, recursive: arguments[SharedOption.recursive],
      others: [location.weights])
    let path = arguments[Self.output].flatMap { $0 == "-" ? nil : $0 }
    let matrix = try path.flatMap { try FeatureMatrix($0, beside: guarded) }
    let output: (any TextStream)? =
      matrix != nil
      ? nil
      : try path.map { try DescriptorStream(output: $0, beside: guarded) }
        ?? console.environment.output
    let embedder = try Embedder(location, arguments, console)

    var rows: [[Float]] = []
    var paths: [String] = []
    var failures: [SkippedImage] = []
    var count = 0
    let progress = StepProgress("embedding", console)
    var inputs = PredictionInputs(
      arguments.operands, recursive: arguments[SharedOption.recursive],
      written: matrix.map { [$0.path, $0.table] } ?? path.map { [$0] } ?? [], console)
    while let chunk = try inputs.next() {
      let total = inputs.isAtEnd ? count + chunk.count : nil
      if matrix != nil {
        try AnswerMemory.require(
          2 * chunk.count * 4 * embedder.features, for: "the features",
          advice: "-o with a name that does not end in .npy: JSON is written image by image")
      }
      try embedder.embed(chunk) { embedding in
        count += 1
        if let failure = embedding.failure { failures.append(failure) }
        if let output {
          if output.isTerminal { console.clear() }
          try output.write(object(embedding).line + "\n")
        } else if embedding.failure == nil {
          rows.append(embedding.features)
          paths.append(embedding.path)
        }
        progress.show(count, of: total)
      }
    }
    try matrix?.write(rows, of: embedder.features, paths: paths)
    console.clear()
    if count > failures.count {
      console.note(
        "\(counted(count - failures.count, "image")), \(embedder.features) features each")
    }
    return console.verdict(
      failures, of: count, command: Self.description.name, areTold: false)
  }

  private func object(_ embedding: Embedder.Embedding) -> JSON {
    [
      "path": .string(embedding.path),
      "features": embedding.failure == nil
        ? .array(embedding.features.map { .double(Double("\($0)") ?? Double($0)) }) : .null,
      "error": .failure(embedding.failure),
    ]
  }
}

extension Embedder {
  /// The embedder that a command line asks for, introduced on the console.
  convenience init(
    _ location: ModelLocation, _ arguments: Arguments, _ console: Console
  ) throws {
    let model = try ClassifierModel(unconfirmed: location)
    try self.init(
      model: model, engine: try Engine(arguments, console.environment),
      tta: arguments[EmbedCommand.tta], maxPixels: arguments[SharedOption.maxPixels])
    try model.confirm()
    console.introduce(model, at: location, named: arguments[SharedOption.model])
  }
}
