internal import CNN
internal import Classifier
internal import Interchange
internal import Primitives
internal import Training

/// `cnnctl import FILE --arch NETWORK -o MODEL`: weights of another program as a model.
struct ImportCommand {
  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let source = arguments.operands[0]
    guard let network = arguments.text("arch").flatMap(TorchNetwork.init(rawValue:)) else {
      throw usage(
        "--arch is missing: a weights file does not name its network",
        expected: "--arch with one of "
          + TorchNetwork.allCases.map(\.rawValue).joined(separator: ", "))
    }
    guard let path = arguments.text("output"), path != "-" else {
      throw usage(
        "-o MODEL is missing: a model file is not written to standard output",
        expected: CommandDescription.import.usage)
    }
    try ModelFileName(path, of: .import).checkOwn()
    // Before anything is read; the writing itself refuses a file that appears meanwhile.
    guard !FileSystem.exists(path) else { throw ExportedFile.isThere(path) }
    let labels = try arguments.text("labels").map(ClassLabels.read)
    let model = try TorchImport.model(source, as: network, labels: labels)
    let bytes = try model.encoded(.single, card: model.card)
    let sha256 = try ExportedFile.write(bytes, to: path)
    let classes = model.classes.count
    if arguments.flag("json") {
      try console.result(
        JSON.object([
          .init("file", .string(path)), .init("arch", .string(network.rawValue)),
          .init("classes", .integer(classes)),
          .init("parameters", .integer(model.network.parameterCount)),
          .init("file_bytes", .integer(bytes.count)), .init("weights_sha256", .string(sha256)),
        ]).line)
    } else {
      try console.result(
        "\(path): \(byteCount(bytes.count)), \(network.rawValue), \(grouped(classes)) classes, "
          + "SHA-256 \(sha256)")
    }
    return .done
  }

  private func usage(_ message: String, expected: String) -> Failure {
    Failure(
      .usage, message, expected: expected, helpPage: CommandDescription.import.helpPage)
  }
}
