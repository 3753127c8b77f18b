internal import CNN
internal import ImageData
internal import KernelSelection
internal import Primitives
internal import Training

/// A network as `inspect` shows it: a table in Keras's shape, totals, and a model's own facts.
struct InspectedNetwork {
  private let name: String
  private let input: Shape
  private let layers: [LayerSummary]
  /// How each convolution is computed, by its layer's name.
  private let methods: [String: String]
  private let facts: [(name: String, text: String, json: JSON)]

  /// A network without weights worth mentioning.
  init(_ network: Network, _ engine: Engine) {
    self.init(network, engine, facts: [])
  }

  /// A trained model.
  init(_ model: ClassifierModel, at path: String, _ engine: Engine) {
    let images = model.preprocessing
    let size = "\(images.width)x\(images.height)"
    func numbers(_ values: [Float]) -> String {
      values.map { fixed(Double($0), 2) }.joined(separator: ", ")
    }
    self.init(
      model.network, engine,
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
        ("temperature", "\(model.temperature)", .number(model.temperature)),
        (
          "tta", model.tta == .flip ? "flip (mirrored views averaged)" : "none",
          .string(model.tta.rawValue)
        ),
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

  private init(
    _ network: Network, _ engine: Engine, facts: [(name: String, text: String, json: JSON)]
  ) {
    name = network.architecture.name
    input = network.architecture.input
    layers = network.summary
    methods = network.convolutionMethods(engine)
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
    // A network without convolutions has no methods to tell of.
    func row(_ start: [String], _ method: String, _ end: [String]) -> [String] {
      start + (methods.isEmpty ? [] : [method]) + end
    }
    let rows = layers.map { layer in
      row(
        [layer.name, layer.kind, layer.outputShape.description], methods[layer.name] ?? "",
        [
          grouped(layer.parameters), grouped(layer.multiplyAdds),
          byteCount(layer.activationBytes),
        ])
    }
    let table = TextTable(
      header: row(
        ["Layer", "Kind", "Output shape"], "Method", ["Parameters", "Multiply-adds", "Memory"]),
      rows: rows, leftColumns: methods.isEmpty ? 3 : 4)
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
      .object(
        [
          .init("name", .string(layer.name)), .init("kind", .string(layer.kind)),
          .init("output", shape(layer.outputShape)),
        ]
          + (methods[layer.name].map { [.init("method", .string($0))] } ?? []) + [
            .init("parameters", .integer(layer.parameters)),
            .init("statistics", .integer(layer.statistics)),
            .init("multiply_adds", .integer(layer.multiplyAdds)),
            .init("activation_bytes", .integer(layer.activationBytes)),
          ])
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
