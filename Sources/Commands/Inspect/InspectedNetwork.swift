internal import CNN
internal import Classifier
internal import Compute
internal import Drawing
internal import Primitives
internal import Report
internal import Training

/// A network as `inspect` shows it: a table in Keras's shape, totals, and a model's own facts.
struct InspectedNetwork {
  private let name: String
  private let input: Shape
  private let layers: [LayerSummary]
  /// The convolution methods by layer name.
  private let methods: [String: String]
  private let facts: [ModelFact]
  let diagram: NetworkDiagram

  /// A network without weights worth mentioning.
  init(_ network: Network, _ engine: Engine) {
    self.init(network, engine, facts: [])
  }

  init(
    _ model: ClassifierModel, at location: ModelLocation, file: (bytes: Int, sha256: String),
    _ engine: Engine
  ) {
    self.init(
      model.network, engine, facts: ModelFact.all(of: model, at: location, file: file))
  }

  private init(
    _ network: Network, _ engine: Engine, facts: [ModelFact]
  ) {
    name = network.architecture.name
    input = network.architecture.input
    layers = network.summary
    methods = network.convolutionMethods(engine)
    diagram = NetworkDiagram(network)
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
    var lines = facts.flatMap(\.lines).map { terminalSafe($0) }
    lines.append(terminalSafe("network: \(name), input \(input)"))
    lines.append("")
    // A network without convolutions has no methods to tell of.
    func row(_ start: [String], _ method: String, _ end: [String]) -> [String] {
      start + (methods.isEmpty ? [] : [method]) + end
    }
    let rows = layers.map { layer in
      row(
        ["\(layer.name) (\(layer.kind))", layer.outputShape.description],
        methods[layer.name] ?? "",
        [
          grouped(layer.parameters), grouped(layer.multiplyAdds),
          byteCount(layer.activationBytes),
        ])
    }
    let table = TextTable(
      header: row(
        ["Layer (type)", "Output shape"], "Method", ["Parameters", "Multiply-adds", "Memory"]),
      rows: rows, leftColumns: methods.isEmpty ? 2 : 3)
    lines += table.lines + [table.rule]
    lines += [
      "parameters: \(grouped(parameters + statistics)), \(byteCount(weightBytes))",
      "trainable: \(grouped(parameters))",
      "non-trainable: \(grouped(statistics))"
        + (statistics > 0 ? " (running statistics of batch normalization)" : ""),
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
            .init("parameters", .int(layer.parameters)),
            .init("statistics", .int(layer.statistics)),
            .init("multiply_adds", .int(layer.multiplyAdds)),
            .init("activation_bytes", .int(layer.activationBytes)),
          ])
    }
    return .object(
      [
        .init("name", .string(name)), .init("input", shape(input)),
        .init("layers", .array(rows)), .init("parameters", .int(parameters)),
        .init("statistics", .int(statistics)), .init("multiply_adds", .int(multiplyAdds)),
        .init("activation_bytes", .int(activationBytes)),
        .init("weight_bytes", .int(weightBytes)),
      ] + facts.map { .init($0.name, $0.json) })
  }

  private func shape(_ shape: Shape) -> JSON {
    [.int(shape.height), .int(shape.width), .int(shape.channels)]
  }
}

extension LayerSummary {
  /// Of what the layer gives for one image, in 32-bit floating point.
  fileprivate var activationBytes: Int { 4 * outputShape.count }
}
