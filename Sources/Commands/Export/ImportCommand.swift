internal import CNN
internal import Classifier
internal import Interchange
internal import Primitives
internal import Training

/// `cnnctl import FILE -o MODEL`: weights of another program as a model.
struct ImportCommand: Command {
  static let description = CommandDescription(
    name: "import", usage: "cnnctl import FILE -o MODEL [options]",
    summary: "a model from weights that PyTorch saved",
    details: [
      "FILE has the weights of torchvision's or timm's resnet18 or resnet34, whose names and shapes "
        + "tell which: a safetensors file, a .pth or .pt file of torch.save, or a .whl or .zip "
        + "archive that holds one of them. Every tensor must be there, and none more. MODEL is a "
        + "model file as train writes it, which predict, evaluate, inspect, explain and train --from "
        + "take; a file that is there is never written over.",
      "Images are prepared as for ImageNet: the shorter side to 256 pixels, the middle 224 of both, "
        + "and ImageNet's mean and deviation. Nothing in a .pth file is executed: one that names "
        + "anything but tensors is refused with that name.",
    ],
    operands: 1...1, operandName: "FILE",
    options: [arch, labels, output],
    unlisted: [SharedOption.threads, SharedOption.seed, SharedOption.isa, SharedOption.conv],
    examples: [
      ("cnnctl import resnet18-f37072fd.pth -o imagenet", "classes by number"),
      ("cnnctl import w.safetensors --labels names.txt -o m", "classes by name"),
      ("cnnctl train flowers --from imagenet", "your own classes, from its weights"),
    ])

  private static let arch = Option(
    "arch", also: ["net"], Form<TorchNetwork>.word, "NETWORK", said: "the one that the names tell",
    in: .model, "the network that the weights must be of")
  private static let labels = Option(
    "labels", .text, "FILE", said: "class-000, class-001 and so on", in: .model,
    "the names of the classes in their order, one a line")
  private static let output = SharedOption.output("FILE", "the model file to write")

  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let source = arguments.operands[0]
    guard let path = arguments[Self.output], path != "-" else {
      throw usage(
        "-o MODEL is missing: a model file is not written to standard output",
        expected: ImportCommand.description.usage)
    }
    try ModelFileName(path, of: Self.description).checkOwn()
    // Before anything is read; the writing itself refuses a file that appears meanwhile.
    guard !FileSystem.exists(path) else { throw ExportedFile.isThere(path) }
    let labels = try arguments[Self.labels].map(ClassLabels.read)
    let model = try TorchImport.model(source, as: arguments[Self.arch], labels: labels)
    let bytes = try model.encoded(.single, card: model.card)
    let sha256 = try ExportedFile.write(bytes, to: path)
    let (classes, network) = (model.classes.count, model.network.architecture.name)
    if arguments[SharedOption.json] {
      try console.result(
        JSON.object([
          .init("file", .string(path)), .init("arch", .string(network)),
          .init("classes", .int(classes)),
          .init("parameters", .int(model.network.parameterCount)),
          .init("file_bytes", .int(bytes.count)), .init("weights_sha256", .string(sha256)),
        ]).line)
    } else {
      try console.result(
        "\(path): \(byteCount(bytes.count)), \(network), \(grouped(classes)) classes, "
          + "SHA-256 \(sha256)")
    }
    return .done
  }

  private func usage(_ message: String, expected: String) -> Failure {
    Failure(
      .usage, message, expected: expected, helpPage: ImportCommand.description.helpPage)
  }
}
