internal import CNN
internal import Classifier
internal import Compute
internal import Drawing
internal import Primitives
internal import Report
internal import Training

/// `cnnctl inspect MODEL|PRESET|FILE.json`: what a network is made of.
struct InspectCommand: Command {
  static let name = "inspect"
  static let description = CommandDescription(
    name: name, usage: "cnnctl inspect [MODEL|PRESET|FILE.json] [options]",
    summary: "layers, parameters, memory, classes of a model; the network as a picture",
    details: [
      "MODEL is a run folder, a weights file, cats-dogs, the model built into this program, or the "
        + "name of a model that 'cnnctl models' lists; PRESET is one of "
        + "\(Architecture.presetNames.joined(separator: ", ")); FILE.json is a list of layers. An "
        + "existing path takes precedence over a name. The default is the "
        + "newest run, or cats-dogs if there is no run."
    ],
    operands: 0...1, operandName: "MODEL, PRESET or FILE.json",
    options: [size, output],
    examples: [
      ("cnnctl inspect seed", "the tutorial's network"),
      ("cnnctl inspect", "the newest run's model"),
      ("cnnctl inspect cats-dogs", "the model built into this program, with its card"),
      ("cnnctl inspect r18h --size 160 -o r18h.svg", "a preset for larger images, drawn"),
    ])

  private static let size = Option<Int?>(
    like: \.network.size, Form.side.optional, or: nil, said: "the network's")
  static let output = SharedOption.output(
    "FILE.svg|png", "draw the network to this file")

  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let picture = try NetworkPicture(arguments)
    if let picture {
      try OutputGuard(operands: arguments.operands, recursive: false)
        .check(picture.path, as: .picture)
    }
    // Nothing is computed: it says by which method a layer would be.
    let engine = try Engine(arguments, console.environment, threads: 1)
    let subject =
      try arguments.operands.first.map { try self.subject($0, engine) } ?? newest(engine)
    try picture?.write(subject.diagram)
    try show(json: subject.json, text: subject.text)
    if let picture { console.note("drew the network into \(picture.path)") }
    return .done
  }

  /// An existing path wins over a model or a preset of that name.
  private func subject(_ name: String, _ engine: Engine) throws -> InspectedNetwork {
    let size = arguments[Self.size]
    let isModel = BoxedModel.named(name) != nil || shelf?.model(named: name) != nil
    if size != nil, isModel || FileSystem.exists(name) {
      throw Self.description.usageError(
        "--size is for presets: \(name) has its own image size",
        expected: "--size with one of " + Architecture.presetNames.joined(separator: ", "))
    }
    if FileSystem.exists(name) {
      if name.hasSuffix(".json"), !FileSystem.isFolder(name) {
        return try InspectedNetwork(described(by: name), engine)
      }
      return try model(name, engine)
    }
    if isModel { return try model(name, engine) }
    guard Architecture.presetNames.contains(name) else {
      throw Failure(
        .noInput, "\(name) does not exist and is not a preset",
        expected: "a run folder, a weights file, a JSON file, or one of "
          + names.joined(separator: ", "),
        advice: nearest(to: name, among: names).map { "cnnctl inspect \($0)" })
    }
    // One output: what two classes train.
    do throws(ModelError) {
      return try InspectedNetwork(
        Network(Architecture.preset(name, size: size, outputs: 1, dropout: nil)), engine)
    } catch {
      // The options are good for themselves: an image may be too small for a network.
      throw Self.description.usageError(
        "\(name)\(size.map { " at \($0) px" } ?? ""): \(error)", expected: "a larger --size")
    }
  }

  private var names: [String] {
    Architecture.presetNames + BoxedModel.all.map(\.name) + (shelf?.names ?? [])
  }

  private var shelf: ModelShelf? { console.environment.shelf }

  /// The newest run's model, as every command takes it where none is named.
  private func newest(_ engine: Engine) throws -> InspectedNetwork {
    guard !arguments.has(Self.size) else {
      throw Self.description.usageError(
        "--size is for presets, and none is named",
        expected: "one of " + Architecture.presetNames.joined(separator: ", "))
    }
    return try model(nil, engine)
  }

  private func model(_ name: String?, _ engine: Engine) throws -> InspectedNetwork {
    let location = try ClassifierModel.locate(name, shelf: shelf)
    return InspectedNetwork(
      try ClassifierModel(at: location), at: location, file: try location.fileFacts(), engine)
  }

  private func described(by path: String) throws -> Network {
    let bytes: [UInt8]
    do {
      let file = try InputFile(path, limit: 1 << 26)
      bytes = try file.bytes(0..<file.size)
    } catch {
      throw Failure(.io, "cannot read \(path)")
    }
    do {
      return try Network(Architecture(bytes: bytes))
    } catch {
      throw Failure(.badData, "\(path): \(error)", expected: "a network description in JSON")
    }
  }
}

/// The image file that `inspect -o FILE` asks for.
private struct NetworkPicture {
  let path: String
  private let isVector: Bool

  /// Pixels of a PNG for one of the drawing.
  private static let scale = 2.0

  /// Nil where none is asked for; the error is a name that ends in neither .svg nor .png.
  init?(_ arguments: Arguments) throws(Failure) {
    guard let path = arguments[InspectCommand.output] else { return nil }
    let name = path.lowercased()
    guard name.hasSuffix(".svg") || name.hasSuffix(".png") else {
      throw InspectCommand.description.usageError(
        "--output \(path): the network can only be drawn as SVG or PNG",
        expected: "a name that ends in .svg or .png")
    }
    self.path = path
    isVector = name.hasSuffix(".svg")
  }

  /// Writes the file in one step, over one that is there.
  func write(_ diagram: NetworkDiagram) throws {
    let scene = diagram.scene
    let bytes =
      isVector
      ? Array(try scene.svg(standalone: true).utf8)
      : try scene.png(scale: NetworkPicture.scale)
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let folder = parts.dropLast().joined(separator: "/")
    let place = parts.count == 1 ? "." : folder.isEmpty ? "/" : folder
    try RunFolder(existing: place).write(bytes, to: String(parts.last ?? ""))
  }
}
