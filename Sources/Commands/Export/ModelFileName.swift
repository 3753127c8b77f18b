internal import Interchange
internal import Primitives

/// The name of a model file to write: its ending says in which form.
struct ModelFileName {
  private let path: String
  private let command: CommandDescription

  /// Endings of files that other programs take models from, and the way there.
  private static let foreign: [String: String] = {
    let torch = "--names torch -o FILE.safetensors, which writes a Python module beside it"
    let onnx = "-o FILE.onnx, which other converters read"
    let coreml = "-o FILE.mlmodel"
    let own = "-o FILE.safetensors"
    return [
      "pt": torch, "pth": torch, "pkl": torch, "ckpt": torch, "torchscript": torch,
      "h5": onnx, "hdf5": onnx, "keras": onnx, "pb": onnx, "tflite": onnx, "engine": onnx,
      "trt": onnx, "xml": onnx, "param": onnx, "mlpackage": coreml, "mlmodelc": coreml,
      "zip": own, "whl": own, "tar": own, "gz": own, "npz": own,
    ]
  }()

  init(_ path: String, of command: CommandDescription) {
    self.path = path
    self.command = command
  }

  /// The form that the ending says, else `named`, else this program's own.
  ///
  /// Errors: an ending and a `--format` that contradict each other, an ending of a form that is not
  /// written here.
  func format(named: ExportFormat?) throws(Failure) -> ExportFormat {
    guard let ending else { return named ?? .safetensors }
    if let format = ExportFormat.allCases.first(where: { $0.ending == ending }) {
      guard named == nil || named == format else {
        throw failure(
          "-o \(path) and --format \(named?.rawValue ?? "") contradict each other",
          found: "a name that ends in .\(ending)", advice: "-o with .\(named?.ending ?? "")")
      }
      return format
    }
    if let named, ModelFileName.foreign[ending] == nil { return named }
    throw failure(
      "cannot write a .\(ending) file: \(path)", found: nil,
      advice: ModelFileName.foreign[ending]
        ?? "--format, with a file name of any other ending"
    )
  }

  /// Refuses an ending that says another form than this program's own, which is written.
  func checkOwn() throws(Failure) {
    guard let ending, ending != ExportFormat.safetensors.ending else { return }
    let isForm = ExportFormat.allCases.contains { $0.ending == ending }
    guard isForm || ModelFileName.foreign[ending] != nil else { return }
    throw command.usageError(
      "\(path) would be a .safetensors file with a misleading name", found: ".\(ending)",
      expected: "a name that ends in .safetensors, or without an ending")
  }

  private func failure(_ problem: String, found: String?, advice: String) -> Failure {
    command.usageError(
      problem, found: found,
      expected: "a name that ends in "
        + ExportFormat.allCases.map { "." + $0.ending }.joined(separator: ", "),
      advice: advice)
  }

  /// The extension in lower case: letters and digits after the last dot, beginning with a letter;
  /// nil for a name such as `model` or `model-1.5`.
  private var ending: String? {
    let name = FileSystem.lastName(of: path)
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return nil }
    let ending = name[name.index(after: dot)...].lowercased()
    let isEnding =
      ending.first?.isLetter == true && ending.allSatisfy { $0.isLetter || $0.isNumber }
    return isEnding ? ending : nil
  }
}
