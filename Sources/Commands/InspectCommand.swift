internal import CNN
internal import FoundationEssentials
internal import KernelSelection
internal import Training

/// `cnnctl inspect MODEL|PRESET|FILE.json`: what a network is made of.
struct InspectCommand {
  private let arguments: Arguments
  private let console: Console

  init(_ arguments: Arguments, _ console: Console) {
    self.arguments = arguments
    self.console = console
  }

  func run() throws -> ExitCode {
    let name = arguments.operands[0]
    // Nothing is computed: it says by which method a layer would be.
    let engine = try Engine(arguments, console.environment, threads: 1)
    let subject = try subject(name, engine)
    if arguments.flag("json") {
      try console.result(subject.json.line)
    } else {
      try console.result(subject.text)
    }
    return .done
  }

  /// An existing path wins over a model or a preset of that name.
  private func subject(_ name: String, _ engine: Engine) throws -> InspectedNetwork {
    if FileSystem.exists(name) {
      if name.hasSuffix(".json"), !FileSystem.isFolder(name) {
        return try InspectedNetwork(described(by: name), engine)
      }
      return try model(name, engine)
    }
    if BoxedModel.named(name) != nil { return try model(name, engine) }
    guard Architecture.presetNames.contains(name) else {
      throw Failure(
        .noInput, "\(name) does not exist and is no preset",
        expected: "a run folder, a weights file, a JSON file, or one of "
          + names.joined(separator: ", "),
        advice: nearest(to: name, among: names).map { "cnnctl inspect \($0)" })
    }
    // One output: what two classes train.
    return try InspectedNetwork(
      Network(Architecture.preset(name, size: nil, outputs: 1, dropout: nil)), engine)
  }

  private var names: [String] { Architecture.presetNames + BoxedModel.all.map(\.name) }

  private func model(_ name: String, _ engine: Engine) throws -> InspectedNetwork {
    let location = try ClassifierModel.locate(name)
    return InspectedNetwork(
      try ClassifierModel(at: location), at: location, file: try location.fileFacts(), engine)
  }

  private func described(by path: String) throws -> Network {
    let bytes: [UInt8]
    do {
      bytes = Array(try Data(contentsOf: URL(filePath: path)))
    } catch {
      throw Failure(.io, "cannot read \(path)")
    }
    do {
      return try Network(Architecture(bytes: bytes))
    } catch {
      throw Failure(.badData, "\(path): \(error)", expected: "a network's description in JSON")
    }
  }
}
