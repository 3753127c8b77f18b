internal import CNN
internal import Classifier
internal import Interchange
internal import Primitives
internal import Training

/// `cnnctl export --names torch`: weights as PyTorch has them, and a module that loads them.
struct TorchExportCommand {
  let arguments: Arguments
  let console: Console

  /// Writes the weights to `path` and the module in Python to standard output.
  func run(_ model: ClassifierModel, to path: String) throws -> ExitCode {
    let precision = try precision()
    let model =
      arguments[ExportCommand.temperature].map { model.calibrated(temperature: $0) } ?? model
    let export = TorchExport(model)
    let bytes = try export.encoded(precision)
    let sha256 = try ExportedFile.write(bytes, to: path)
    let source = export.source(loading: path)
    if arguments[SharedOption.json] {
      try console.result(
        ([
          "file": .string(path), "format": .string(ExportFormat.safetensors.rawValue),
          "names": "torch", "dtype": .string(precision.rawValue),
          "file_bytes": .int(bytes.count), "sha256": .string(sha256), "module": .string(source),
        ] as JSON).line)
    } else {
      console.note(
        "\(path): \(byteCount(bytes.count)), weights \(precision.rawValue), SHA-256 \(sha256); the "
          + "Python module that loads them follows")
      try console.result(String(source.dropLast()))
    }
    return .done
  }

  /// The number format of the weights; refuses options that have no meaning here.
  private func precision() throws(Failure) -> TensorFile.Precision {
    func refusal(_ option: String, expected: String) -> Failure {
      ExportCommand.description.usageError(
        "\(option) has no meaning with --names torch", expected: expected)
    }
    if let format = arguments[ExportCommand.format], format != .safetensors {
      throw refusal("--format \(format.rawValue)", expected: "--format safetensors")
    }
    for option in [ExportCommand.card, ExportCommand.report] where arguments.has(option) {
      throw refusal(option.description.title, expected: "a card only in cnnctl's own model files")
    }
    let precision = arguments[ExportCommand.dtype]
    guard precision != .bytes else {
      throw refusal("--dtype i8", expected: "--dtype f32 or f16, which PyTorch loads")
    }
    return precision
  }
}
