internal import CNN
internal import Classifier
internal import Glibc
internal import ImageData
internal import Primitives

/// Descriptions of small networks, and files of models of them.
enum Networks {
  private static let layers = [
    "{\"kind\":\"conv2D\",\"filters\":4,\"kernelSize\":3,\"stride\":1,\"padding\":\"same\"}",
    "{\"kind\":\"conv2D\",\"filters\":16,\"kernelSize\":1,\"stride\":2,\"padding\":0,\"bias\":false}",
    "{\"kind\":\"maxPool2D\",\"size\":2,\"stride\":2,\"padding\":\"valid\"}",
    "{\"kind\":\"averagePool2D\",\"size\":3,\"stride\":2,\"padding\":1}",
    "{\"kind\":\"globalAveragePool2D\"}", "{\"kind\":\"flatten\"}", "{\"kind\":\"relu\"}",
    "{\"kind\":\"dense\",\"units\":3}", "{\"kind\":\"dropout\",\"rate\":0.5}",
    "{\"kind\":\"batchNorm\"}",
    "{\"kind\":\"residual\",\"body\":[{\"kind\":\"relu\"}],\"shortcut\":[]}",
    "{\"kind\":\"residual\",\"body\":[],\"rectifies\":false}",
    "{\"kind\":\"conv2D\",\"filters\":4,\"groups\":4,\"padding\":\"same\"}",
    "{\"kind\":\"conv2D\",\"filters\":8,\"groups\":2,\"stride\":2}",
    "{\"kind\":\"activation\",\"function\":\"hardSwish\"}",
    "{\"kind\":\"gate\",\"body\":[{\"kind\":\"globalAveragePool2D\"}]}",
  ].compactMap { try? JSON.parse(Array($0.utf8)[...], depth: 9) }

  private static let seed = """
    {"name":"n","input":{"height":9,"width":8,"channels":3},"layers":[
    {"kind":"conv2D","filters":4},{"kind":"globalAveragePool2D"},{"kind":"dense","units":1}]}
    """

  private static let numbers = [
    "0", "1", "2", "3", "4", "5", "7", "8", "9", "15", "16", "17", "31", "32", "33", "63", "64",
    "-1", "0.5", "1e-12", "4096", "16384", "65536", "4294967296", "9223372036854775807",
    "-9223372036854775808", "1e300",
  ]

  /// The tree with a number, a word or a layer changed somewhere.
  static func changed(_ node: JSON, _ stream: inout RandomStream) -> JSON {
    switch node {
    case .object(var members):
      guard !members.isEmpty else { return node }
      let place = stream.index(below: members.count)
      if stream.index(below: 40) == 0 { members.remove(at: place) }
      guard place < members.count else { return .object(members) }
      members[place].value = changed(members[place].value, &stream)
      return .object(members)
    case .array(var values):
      let place = stream.index(below: values.count + 1)
      switch stream.index(below: 4) {
      case 0: values.insert(layers[stream.index(below: layers.count)], at: place)
      case 1 where place < values.count: values.remove(at: place)
      default:
        if place < values.count { values[place] = changed(values[place], &stream) }
      }
      return .array(values)
    case .number: return .number(numbers[stream.index(below: numbers.count)])
    case .string(let text):
      return .string(["same", "valid", "zeros", text][stream.index(below: 4)])
    case .bool(let value): return .bool(!value)
    case .null: return node
    }
  }

  /// A model file of a small network of that description; nil for one that is none, or large.
  static func file(of tree: JSON, _ stream: inout RandomStream) -> [UInt8]? {
    guard let architecture = try? Architecture(json: jsonText(tree)),
      let graph = try? architecture.graph(), graph.slots.reduce(0, { $0 + $1.count }) < 3000,
      let network = try? Network(architecture, seed: stream.next()), network.outputs != 2,
      network.outputs < 100, architecture.input.channels == 3,
      max(architecture.input.width, architecture.input.height) <= 4096
    else { return nil }
    let count = max(2, network.outputs)
    let model = ClassifierModel(
      network: network, classes: (0..<count).map { "c\($0)" },
      preprocessing: Preprocessing(
        width: architecture.input.width, height: architecture.input.height),
      recipe: "r", datasetFingerprint: "f", trainingImages: 1)
    var card = ModelCard()
    card.data = "d"
    let precisions = TensorFile.Precision.allCases
    return try? model.encoded(
      precisions[stream.index(below: precisions.count)],
      card: stream.index(below: 2) == 0 ? card : nil)
  }

  /// Writes some models to a folder.
  static func writeSeeds(_ folder: String) {
    var stream = RandomStream(seed: 1, purpose: .test)
    guard let first = try? JSON.parse(Array(seed.utf8)[...], depth: 9) else { return }
    var tree = first
    var written = 0
    while written < 40 {
      let next = changed(tree, &stream)
      guard let file = file(of: next, &stream) else { continue }
      tree = next
      let descriptor = creat("\(folder)/\(written).safetensors", 0o600)
      _ = file.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      close(descriptor)
      written += 1
    }
  }
}

/// The fuzzer's seeds.
@_cdecl("write_seeds")
public func writeSeeds(_ folder: UnsafePointer<CChar>) {
  Networks.writeSeeds(String(cString: folder))
}
