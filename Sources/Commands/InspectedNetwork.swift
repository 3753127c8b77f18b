internal import CNN
internal import ImageData
internal import Primitives
internal import Training

/// A network as `inspect` shows it: a table in Keras's shape, totals, and a model's own facts.
struct InspectedNetwork {
  private let name: String
  private let input: Shape
  private let layers: [LayerSummary]
  private let facts: [(name: String, text: String, json: JSON)]

  /// A network without weights worth mentioning.
  init(_ network: Network) {
    self.init(network, facts: [])
  }

  /// A trained model.
  init(_ model: ClassifierModel, at path: String) {
    let images = model.preprocessing
    let size = "\(images.width)x\(images.height)"
    func numbers(_ values: [Float]) -> String {
      values.map { fixed(Double($0), 2) }.joined(separator: ", ")
    }
    self.init(
      model.network,
      facts: [
        ("model", path, .string(path)),
        (
          "classes", model.classes.joined(separator: ", "),
          .array(model.classes.map(JSON.string))
        ),
        ("recipe", model.recipe, .string(model.recipe)),
        (
          "training_images", grouped(model.trainingImages), .integer(model.trainingImages)
        ),
        ("dataset_fingerprint", model.datasetFingerprint, .string(model.datasetFingerprint)),
        ("tool_version", model.toolVersion, .string(model.toolVersion)),
        (
          "preprocessing",
          "\(images.resize.rawValue) to \(size), \(images.filter.rawValue), EXIF "
            + "\(images.exif.rawValue); minus \(numbers(images.mean)), over "
            + numbers(images.deviation),
          [
            "width": .integer(images.width), "height": .integer(images.height),
            "resize": .string(images.resize.rawValue),
            "filter": .string(images.filter.rawValue), "exif": .string(images.exif.rawValue),
            "mean": .array(images.mean.map { .number(Double($0)) }),
            "deviation": .array(images.deviation.map { .number(Double($0)) }),
          ]
        ),
      ])
  }

  private init(_ network: Network, facts: [(name: String, text: String, json: JSON)]) {
    name = network.architecture.name
    input = network.architecture.input
    layers = network.summary
    self.facts = facts
  }

  private func sum(_ value: (LayerSummary) -> Int) -> Int { layers.reduce(0) { $0 + value($1) } }
  private var parameters: Int { sum(\.parameters) }
  private var statistics: Int { sum(\.statistics) }
  private var multiplyAdds: Int { sum(\.multiplyAdds) }
  /// Of what the layers give for one image, in 32-bit floating point.
  private var activationBytes: Int { sum(\.activationBytes) }
  private var weightBytes: Int { 4 * (parameters + statistics) }

  /// The table, the totals and the facts, without a final newline.
  var text: String {
    var lines = facts.map {
      let title = $0.name.replacing("_", with: " ")
      return terminalSafe(title + ": " + $0.text)
    }
    lines.append(terminalSafe("network: \(name), input \(input)"))
    lines.append("")
    let header = ["Layer", "Kind", "Output shape", "Parameters", "Multiply-adds", "Memory"]
    let rows = layers.map { layer in
      [
        layer.name, layer.kind, layer.outputShape.description, grouped(layer.parameters),
        grouped(layer.multiplyAdds), byteCount(layer.activationBytes),
      ]
    }
    let table = TextTable(header: header, rows: rows, leftColumns: 3)
    lines += table.lines + [table.rule]
    lines += [
      "parameters: \(grouped(parameters)) trained, \(grouped(statistics)) running statistics, "
        + byteCount(weightBytes),
      "for one image: \(largeCount(multiplyAdds)) multiply-adds forward, "
        + "\(byteCount(activationBytes)) of activations",
    ]
    return lines.joined(separator: "\n")
  }

  /// The same as one object.
  var json: JSON {
    let rows = layers.map { layer -> JSON in
      [
        "name": .string(layer.name), "kind": .string(layer.kind),
        "output": shape(layer.outputShape), "parameters": .integer(layer.parameters),
        "statistics": .integer(layer.statistics), "multiply_adds": .integer(layer.multiplyAdds),
        "activation_bytes": .integer(layer.activationBytes),
      ]
    }
    return .object(
      [
        .init("name", .string(name)), .init("input", shape(input)),
        .init("layers", .array(rows)), .init("parameters", .integer(parameters)),
        .init("statistics", .integer(statistics)), .init("multiply_adds", .integer(multiplyAdds)),
        .init("activation_bytes", .integer(activationBytes)),
        .init("weight_bytes", .integer(weightBytes)),
      ] + facts.map { .init($0.name, $0.json) })
  }

  private func shape(_ shape: Shape) -> JSON {
    [.integer(shape.height), .integer(shape.width), .integer(shape.channels)]
  }
}

extension LayerSummary {
  /// Of what the layer gives for one image, in 32-bit floating point.
  fileprivate var activationBytes: Int { 4 * outputShape.count }
}
