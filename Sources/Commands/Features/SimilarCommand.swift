internal import Classifier
internal import ImageData
internal import Primitives
internal import Training

/// `cnnctl similar PHOTO FOLDER`: the photos of a folder that look most like one.
struct SimilarCommand: Command {
  static let name = "similar"
  static let description = CommandDescription(
    name: name, usage: "cnnctl similar PHOTO FOLDER... [options]",
    summary: "the photos of a folder that look most like one photo",
    details: [
      "Compares the features of PHOTO with those of every image below each FOLDER, and lists the "
        + "nearest, each with its distance: 1 minus the cosine of the angle between the two, 0 for "
        + "the same picture. PHOTO itself is left out. What counts as alike is what the model has "
        + "learned: one that knows many things compares more than one that knows cats and dogs.",
      SharedOption.namingModels,
    ],
    operands: 2...Int.max, operandName: "PHOTO and FOLDER",
    options: [SharedOption.maxPixels, SharedOption.model, EmbedCommand.tta, topK],
    examples: [
      ("cnnctl similar cat.jpg photos --model imagenet.safetensors", "the ten nearest"),
      ("cnnctl similar cat.jpg photos --top-k 3 --json", "one JSON object per photo"),
    ])

  private static let topK = Option(
    "top-k", .integer(1...Int.max), "K", or: 10, in: .results, "show the K nearest photos")

  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let photo = arguments.operands[0]
    for folder in arguments.operands.dropFirst() where !FileSystem.isFolder(folder) {
      throw Failure(
        FileSystem.exists(folder) ? .usage : .noInput, "\(folder) is not a folder",
        expected: "the folder whose photos are compared with \(photo)")
    }
    let embedder = try Embedder(locateModel(), arguments, console)
    var wanted: Embedder.Embedding?
    try embedder.embed([photo]) { wanted = $0 }
    guard let wanted, wanted.failure == nil else {
      throw Failure(
        FileSystem.exists(photo) ? .badData : .noInput, "\(photo) could not be read",
        found: wanted?.failure?.message)
    }
    var found: [(path: String, distance: Double)] = []
    var failures: [SkippedImage] = []
    var count = 0
    let most = arguments[Self.topK]
    let own = FileSystem.identity(photo)
    let progress = StepProgress("comparing", console)
    var inputs = PredictionInputs(Array(arguments.operands.dropFirst()), recursive: true, console)
    while let chunk = try inputs.next() {
      let others = chunk.filter { FileSystem.identity($0) != own }
      try embedder.embed(others) { embedding in
        count += 1
        progress.show(count, of: others.count)
        if let failure = embedding.failure { return failures.append(failure) }
        found.append((embedding.path, Embedder.distance(wanted.features, embedding.features)))
      }
    }
    console.clear()
    console.leftOut(failures)
    // In the order of the paths where distances are equal.
    found.sort { ($0.distance, $0.path) < ($1.distance, $1.path) }
    for (path, distance) in found.prefix(most) {
      let line =
        arguments[SharedOption.json]
        ? (["path": .string(path), "distance": .double(distance)] as JSON).line
        : "\(fixed(distance, 4))  \(terminalSafe(path))"
      try console.environment.output.write(line + "\n")
    }
    return failures.isEmpty ? .done : .conditionFailed
  }
}
