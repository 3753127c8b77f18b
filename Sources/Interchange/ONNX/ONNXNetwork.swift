internal import CNN

/// Writes a network's steps as ONNX's nodes.
///
/// A map is [N, channels, rows, columns]. A vector of features is [N, features], or a map of one
/// pixel until a step needs a vector.
struct ONNXNetwork {
  private(set) var graph: ONNXGraph
  /// Whether weights are stored in 16 bits.
  let halves: Bool
  /// The name in the graph of each value that is a map, by the value's name.
  private var maps: [String: String] = [:]
  /// The same for vectors.
  private var vectors: [String: String] = [:]

  /// A writer that continues with `graph`.
  init(_ graph: ONNXGraph, halves: Bool) {
    self.graph = graph
    self.halves = halves
  }

  /// Adds all steps on the tensor of that name, and returns the name of the logits, [N, outputs].
  mutating func add(_ network: InferenceGraph, input: String) throws(ExportError) -> String {
    maps[network.input.name] = input
    for node in network.nodes { try add(node) }
    return flattened(network.output)
  }

  /// The name of the features that reach the last layer of a network that was added, [N, features].
  mutating func features(of network: InferenceGraph) -> String? {
    network.nodes.last.map { flattened($0.inputs[0]) }
  }

  private mutating func add(_ node: InferenceGraph.Node) throws(ExportError) {
    let (input, name) = (node.inputs[0], node.output.name)
    switch node.operation {
    case .convolution(let weights, let window):
      var attributes = window.attributes
      if weights.groups > 1 { attributes["group"] = .int(weights.groups) }
      maps[name] = graph.add(
        "Conv",
        [map(input)]
          + (try parameters(
            of: weights, [weights.outputs, weights.inputs, weights.kernel, weights.kernel])),
        name, attributes)
    case .dense(let weights):
      vectors[name] = graph.add(
        "Gemm",
        [flattened(input)] + (try parameters(of: weights, [weights.outputs, weights.inputs])),
        name, ["transB": .int(1)])
    case .normalization(let weights):
      keep(name, like: input) { graph, value in
        let channels = [weights.scale.count]
        let numbers = [
          ("scale", weights.scale), ("shift", weights.shift), ("runningMean", weights.mean),
          ("runningVariance", weights.variance),
        ].map { graph.constant("\(weights.name).\($0.0)", channels, $0.1) }
        return graph.add(
          "BatchNormalization", [value] + numbers, name,
          ["epsilon": .float(Float(weights.epsilon))])
      }
    case .maxPool(let window):
      maps[name] = graph.add("MaxPool", [map(input)], name, window.attributes)
    case .averagePool(let window):
      maps[name] = graph.add("AveragePool", [map(input)], name, window.attributes)
    case .globalAverage:
      maps[name] = graph.add("GlobalAveragePool", [map(input)], name)
    case .flatten:
      vectors[name] = flattened(input)
    case .rectify:
      keep(name, like: input) { $0.add("Relu", [$1], name) }
    case .rectify6:
      keep(name, like: input) { graph, value in
        let ends = [Float(0), 6].map { graph.constant("\(name).\(Int($0))", [], [$0]) }
        return graph.add("Clip", [value] + ends, name)
      }
    case .sigmoid:
      keep(name, like: input) { $0.add("Sigmoid", [$1], name) }
    case .hardSigmoid:
      keep(name, like: input) {
        $0.add("HardSigmoid", [$1], name, ["alpha": .float(1 / 6), "beta": .float(0.5)])
      }
    case .add: join("Add", input, node.inputs[1], name)
    case .multiply: join("Mul", input, node.inputs[1], name)
    }
  }

  /// A step of two values of equal extents, or of a map and a factor for each of its channels.
  private mutating func join(
    _ type: String, _ first: InferenceGraph.Value, _ second: InferenceGraph.Value, _ name: String
  ) {
    if first.shape != second.shape || maps[first.name] != nil && maps[second.name] != nil {
      maps[name] = graph.add(type, [map(first), map(second)], name)
    } else {
      // Equal extents, one of them a vector: both have one pixel.
      vectors[name] = graph.add(type, [flattened(first), flattened(second)], name)
    }
  }

  /// Adds a step that accepts maps and vectors alike.
  private mutating func keep(
    _ name: String, like input: InferenceGraph.Value,
    _ step: (inout ONNXGraph, String) -> String
  ) {
    if let map = maps[input.name] {
      maps[name] = step(&graph, map)
    } else {
      vectors[name] = step(&graph, flattened(input))
    }
  }

  /// The value as a map; a vector becomes a map of one pixel.
  private mutating func map(_ value: InferenceGraph.Value) -> String {
    if let name = maps[value.name] { return name }
    let shape = graph.constant("\(value.name).mapShape", [0, value.shape.count, 1, 1])
    let name = graph.add("Reshape", [flattened(value), shape], "\(value.name).map")
    maps[value.name] = name
    return name
  }

  /// The value as a vector in the order row, column, channel.
  private mutating func flattened(_ value: InferenceGraph.Value) -> String {
    if let name = vectors[value.name] { return name }
    var source = maps[value.name] ?? value.name
    let shape = value.shape
    if shape.channels > 1, shape.height * shape.width > 1 {
      source = graph.add(
        "Transpose", [source], "\(value.name).channelsLast", ["perm": .ints([0, 2, 3, 1])])
    }
    let name = graph.add("Flatten", [source], "\(value.name).vector", ["axis": .int(1)])
    vectors[value.name] = name
    return name
  }

  /// The names of a layer's weights and, if it has one, its bias.
  private mutating func parameters(
    of weights: LinearWeights, _ shape: [Int]
  ) throws(ExportError) -> [String] {
    let name: String
    if halves {
      try weights.checkHalves()
      let held = graph.halves("\(weights.name).f16", shape, weights.outputsFirst)
      name = graph.cast(held, to: .float, weights.name)
    } else {
      name = graph.constant(weights.name, shape, weights.outputsFirst)
    }
    guard let bias = weights.bias else { return [name] }
    return [name, graph.constant(weights.biasName, [weights.outputs], bias)]
  }
}

extension Window {
  /// As attributes of ONNX; its average excludes padding by default.
  fileprivate var attributes: [String: ONNXGraph.Attribute] {
    [
      "kernel_shape": .ints([size, size]), "strides": .ints([stride, stride]),
      "pads": .ints([top, left, bottom, right]),
    ]
  }
}
