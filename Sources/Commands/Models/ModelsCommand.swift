internal import CNN
internal import Classifier
internal import ImageData
internal import Primitives
internal import Training

/// `cnnctl models`: the models that go by a name.
struct ModelsCommand: Command {
  static let name = "models"
  static let description = CommandDescription(
    name: name, usage: "cnnctl models [options]",
    summary: "the imported models that go by a name",
    details: [
      "Lists the models that cnnctl import FILE --name NAME has put into the folder "
        + "$XDG_DATA_HOME/cnnctl/models, by default ~/.local/share/cnnctl/models: name, network, "
        + "size of the image, number of classes, SHA-256 of the file and the file that it was "
        + "imported from. Every file is read and checked; a damaged one is listed as such. "
        + "--from NAME, --model NAME and MODEL operands find them."
    ],
    operands: 0...0, operandName: "",
    options: [remove],
    unlisted: [SharedOption.threads, SharedOption.seed, SharedOption.isa, SharedOption.conv],
    examples: [
      ("cnnctl models", "all of them"),
      ("cnnctl models --remove imagenet", "remove one"),
    ])

  private static let remove = Option(
    "remove", .text, "NAME", in: .output, "remove the model of this name and its file")

  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    guard let shelf = console.environment.shelf else { throw Failure.noShelf }
    if let name = arguments[Self.remove] {
      let path = shelf.path(of: name)
      try shelf.remove(name)
      try show(
        json: ["name": .string(name), "removed": .string(path)],
        text: "removed \(terminalSafe(name)): \(terminalSafe(path))")
      return .done
    }
    try shelf.requireListable()
    let models = shelf.names.map { ShelvedModel($0, on: shelf) }
    if arguments[SharedOption.json] {
      for model in models { try console.result(model.json.line) }
      return .done
    }
    guard !models.isEmpty else {
      console.note("no models in \(shelf.folder); cnnctl import FILE --name NAME puts one there")
      return .done
    }
    let table = TextTable(
      header: ["Name", "Network", "Image", "Classes", "SHA-256", "From"],
      rows: models.map { $0.row.map { terminalSafe($0) } }, leftColumns: 6)
    try console.result(table.lines.joined(separator: "\n"))
    for model in models {
      if let problem = model.problem { console.warning(problem.message) }
    }
    return .done
  }
}

extension Failure {
  /// The refusal where no variable names a home for the models.
  static var noShelf: Failure {
    Failure(
      .cannotCreate, "there is no folder for models: neither XDG_DATA_HOME nor HOME names one",
      expected: "one of them set to an absolute path")
  }
}

/// A model of the shelf, or what is wrong with its file.
private struct ShelvedModel {
  private let name: String
  private let path: String
  private let facts: Facts?
  /// The reason why the file cannot be used; nil if it can.
  let problem: Failure?

  private struct Facts {
    var network: String
    var width: Int
    var height: Int
    var classes: Int
    var bytes: Int
    var sha256: String
    var source: String?
  }

  /// Reads and checks the whole file.
  init(_ name: String, on shelf: ModelShelf) {
    self.name = name
    path = shelf.path(of: name)
    do throws(TrainingError) {
      guard let location = shelf.model(named: name) else {
        throw TrainingError(.missing, "\(path) does not exist any more")
      }
      let file = try location.fileFacts()
      let model = try ClassifierModel(at: location)
      facts = Facts(
        network: model.network.architecture.name, width: model.preprocessing.width,
        height: model.preprocessing.height, classes: model.classes.count, bytes: file.bytes,
        sha256: file.sha256, source: shelf.source(of: name, sha256: file.sha256))
      problem = nil
    } catch {
      facts = nil
      problem = Failure(error)
    }
  }

  /// The cells of the table.
  var row: [String] {
    guard let facts else { return [name, "cannot be read", "", "", "", ""] }
    return [
      name, facts.network, "\(facts.width)x\(facts.height)", grouped(facts.classes),
      String(facts.sha256.prefix(12)), facts.source ?? "unknown",
    ]
  }

  /// The same as one object; all but name, path and error null for a file that cannot be read.
  var json: JSON {
    [
      "name": .string(name), "path": .string(path), "network": .optional(facts?.network),
      "width": .optional(facts?.width), "height": .optional(facts?.height),
      "classes": .optional(facts?.classes), "file_bytes": .optional(facts?.bytes),
      "weights_sha256": .optional(facts?.sha256), "source": .optional(facts?.source),
      "error": .optional(problem?.message),
    ]
  }
}
